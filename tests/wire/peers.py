"""The two ends of a tap, for tests of the tap alone: a server that says what it is told, and a plain client.

The server is no broker and imitates none: what the tap does with a real one is tested on a real one.
"""

from __future__ import annotations

import gc
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from kio.schema.add_partitions_to_txn.v3.request import AddPartitionsToTxnRequest
from kio.schema.add_partitions_to_txn.v3.response import (
    AddPartitionsToTxnPartitionResult,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopicResult,
)
from kio.schema.end_txn.v3.request import EndTxnRequest
from kio.schema.end_txn.v3.response import EndTxnResponse
from kio.schema.errors import ErrorCode
from kio.schema.heartbeat.v4.request import HeartbeatRequest
from kio.schema.heartbeat.v4.response import HeartbeatResponse
from kio.schema.produce.v9.request import ProduceRequest
from kio.schema.types import GroupId, ProducerId, TopicName, TransactionalId
from kio.static.primitive import i16, i32, i32Timedelta

from stream_contracts.wire.kafka import FETCH
from tests.wire.drawing import answer_frame, request_frame

PATIENCE_S = 10.0
ZERO = i32Timedelta.parse(timedelta(0))
Reply = Callable[[bytes], bytes | None]
"""A request frame -> what goes back on the wire, length included; None for silence."""


def framed(frame: bytes) -> bytes:
    """A frame with its length before it."""
    return struct.pack(">i", len(frame)) + frame


def received(sock: socket.socket, size: int) -> bytes:
    """Exactly so many bytes; EOFError where the other side ends before."""
    found = bytearray()
    while len(found) < size:
        piece = sock.recv(min(size - len(found), 1 << 20))
        if not piece:
            raise EOFError(bytes(found))
        found += piece
    return bytes(found)


def ended(sock: socket.socket) -> bool:
    """Whether the other side has closed, politely or not."""
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def frame_from(sock: socket.socket) -> bytes:
    return received(sock, int.from_bytes(received(sock, 4), "big", signed=True))


class Server:
    """Listens on loopback; ``reply`` answers each frame, ``heard`` keeps what came, ``paused`` stops the reading."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.heard: list[bytes] = []
        self.connections: list[socket.socket] = []
        self.resumed = threading.Event()
        self.resumed.set()
        self.came = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._listener.getsockname()
        return host, port

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(PATIENCE_S)
                self.connections.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, EOFError), connection:
            while True:
                self.resumed.wait(PATIENCE_S)
                frame = frame_from(connection)
                answer = self.reply(frame)
                with self.came:
                    self.heard.append(frame)
                    self.came.notify_all()
                if answer is not None:
                    connection.sendall(answer)

    def wait_for(self, frames: int) -> bool:
        with self.came:
            return self.came.wait_for(lambda: len(self.heard) >= frames, PATIENCE_S)

    def close(self) -> None:
        self.resumed.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        assert not any(thread.is_alive() for thread in self._threads)


@contextmanager
def connected(bootstrap: str) -> Iterator[socket.socket]:
    """A client's socket to the first of these addresses."""
    host, port = bootstrap.split(",")[0].rsplit(":", 1)
    with socket.create_connection((host, int(port)), PATIENCE_S) as sock:
        yield sock


def echo(frame: bytes) -> bytes:
    """A Heartbeat answer to whatever asked: the right correlation id, no error."""
    body = HeartbeatResponse(throttle_time=ZERO, error_code=ErrorCode.none)
    return framed(answer_frame(body, int.from_bytes(frame[4:8], "big", signed=True)))


def end_txn(number: int) -> bytes:
    """An EndTxn request: a moment."""
    body = EndTxnRequest(
        transactional_id=TransactionalId("t"), producer_id=ProducerId(1), producer_epoch=i16(0), committed=True
    )
    return request_frame(body, number)


def end_txn_answer(frame: bytes, error: ErrorCode = ErrorCode.none) -> bytes:
    body = EndTxnResponse(throttle_time=ZERO, error_code=error)
    return framed(answer_frame(body, int.from_bytes(frame[4:8], "big", signed=True)))


def heartbeat(number: int, member: str = "m") -> bytes:
    """A Heartbeat request: no moment; ``member`` makes it as long as one likes."""
    body = HeartbeatRequest(group_id=GroupId("g"), generation_id=i32(1), member_id=member, group_instance_id=None)
    return request_frame(body, number)


def produce(number: int, acks: int) -> bytes:
    body = ProduceRequest(transactional_id=None, acks=i16(acks), timeout=ZERO, topic_data=())
    return request_frame(body, number)


def add_partitions(number: int) -> bytes:
    """An AddPartitionsToTxn request: a moment once in a transaction."""
    body = AddPartitionsToTxnRequest(
        v3_and_below_transactional_id=TransactionalId("t"),
        v3_and_below_producer_id=ProducerId(1),
        v3_and_below_producer_epoch=i16(0),
        v3_and_below_topics=(),
    )
    return request_frame(body, number)


def add_partitions_answer(frame: bytes, error: ErrorCode) -> bytes:
    partition = AddPartitionsToTxnPartitionResult(partition_index=i32(0), partition_error_code=error)
    topic = AddPartitionsToTxnTopicResult(name=TopicName("out"), results_by_partition=(partition,))
    body = AddPartitionsToTxnResponse(throttle_time=ZERO, results_by_topic_v3_and_below=(topic,))
    return framed(answer_frame(body, int.from_bytes(frame[4:8], "big", signed=True)))


def fetch(number: int) -> bytes:
    """A Fetch request, version 11: only its header is read."""
    return struct.pack(">hhih", FETCH, 11, number, -1)


def fetch_answer(frame: bytes, size: int) -> bytes:
    """An answer with one partition that is full of so many bytes."""
    part = struct.pack(">iih1siihqqqiii", 0, 1, 1, b"t", 1, 0, 0, 9, 9, 0, 0, -1, size)
    return framed(frame[4:8] + struct.pack(">ih", 0, 0) + part + bytes(size))


def rss_mb() -> float:
    """What this process has in memory now."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Pipe:
    """Listens on loopback and says, and keeps, bytes: the newest connection counts."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        self._connection: socket.socket | None = None

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._listener.getsockname()
        return host, port

    @property
    def connection(self) -> socket.socket:
        """The one that is open; waits for it where there is none."""
        if self._connection is None:
            self._connection, _ = self._listener.accept()
            self._connection.settimeout(PATIENCE_S)
        return self._connection

    def receive(self, size: int) -> bytes:
        return received(self.connection, size)

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def hang_up(self) -> None:
        self.connection.close()
        self._connection = None

    def close(self) -> None:
        self._listener.close()
        if self._connection is not None:
            self._connection.close()
