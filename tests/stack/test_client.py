"""The connection: typed answers from a real broker, and a clear error from anything else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from kio.schema.errors import ErrorCode
from kio.schema.list_transactions.v0.request import ListTransactionsRequest
from kio.schema.metadata.v12.request import MetadataRequest

from stream_contracts.errors import HarnessError
from stream_contracts.stack.client import Connection
from stream_contracts.stack.model import Stack

ASK = MetadataRequest(topics=(), allow_auto_topic_creation=False, include_topic_authorized_operations=False)


@contextmanager
def server(behave: Callable[[socket.socket], object]) -> Iterator[int]:
    """Accept one connection and let ``behave`` do with it as it likes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(5)


@pytest.mark.broker
def test_a_broker_answers_in_entities(broker: Stack) -> None:
    node, host, port = broker.brokers[0]
    with Connection(host, port) as connection:
        answer = connection.ask(ASK)
        assert [(row.node_id, row.host, row.port) for row in answer.brokers] == [(node, host, port)]
        listed = connection.ask(ListTransactionsRequest(state_filters=(), producer_id_filters=()))
        assert listed.error_code is ErrorCode.none


@pytest.mark.broker
def test_versions_say_what_the_broker_speaks(broker: Stack) -> None:
    with Connection(broker.brokers[0].host, broker.brokers[0].port) as connection:
        versions = connection.versions()
    assert versions[3][0] <= 12 <= versions[3][1]
    assert versions[26][1] >= 5, "EndTxn v5 is transaction version 2 (KIP-890)"


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(HarnessError, match=f"no connection to the broker at 127.0.0.1:{port}"):
        Connection("127.0.0.1", port)


def test_a_silent_server_is_given_up_in_time() -> None:
    done = threading.Event()
    with server(lambda _: done.wait(10)) as port:
        connection = Connection("127.0.0.1", port, timeout_s=0.1)
        with pytest.raises(HarnessError, match=r"did not answer MetadataRequest v12 in 0.1 s"):
            connection.ask(ASK)
        done.set()
        connection.close()


def test_a_server_that_drips_cannot_stretch_the_bound() -> None:
    """Each byte comes in time, the answer never does."""
    stop = threading.Event()

    def drip(peer: socket.socket) -> None:
        peer.sendall(b"\0\0\1\0")
        while not stop.wait(0.05):
            peer.sendall(b"\0")

    with server(drip) as port, Connection("127.0.0.1", port, timeout_s=0.3) as connection:
        with pytest.raises(HarnessError, match=r"in 0\.3 s"):
            connection.ask(ASK)
        stop.set()


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (b"", "hung up during MetadataRequest v12, after 0 of 4 bytes"),
        (b"\0\0\0\x08\0\0\0\1", "hung up during MetadataRequest v12, after 4 of 8 bytes"),
        (b"HTTP/1.1 400 Bad Request\r\n", "that is not the Kafka protocol"),
        (b"\0\0\0\x05\0\0\0\x63\0", "answered request 99 where MetadataRequest v12, request 1, was asked"),
        (b"\0\0\0\x05\0\0\0\1\0", "cannot be decoded"),
    ],
)
def test_an_answer_that_is_none(answer: bytes, complaint: str) -> None:
    def reply(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(answer)

    with (
        server(reply) as port,
        Connection("127.0.0.1", port, timeout_s=5) as connection,
        pytest.raises(HarnessError, match=complaint),
    ):
        connection.ask(ASK)
