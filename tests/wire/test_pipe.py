"""Long answers pass through a pipe of the kernel, whatever its size, and where there is none; it is given back in any case."""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
import time
from pathlib import Path

import pytest

from stream_contracts.wire import kafka_connection, pipe
from stream_contracts.wire.lane import Lane
from stream_contracts.wire.tap import Tap
from tests.waiting import until
from tests.wire.peers import Pipe, connected, ended, fetch, fetch_answer, framed, received

SIZE = 3_000_000


def lane_to(tap: Tap, far: Pipe) -> Lane:
    return tap.open_lane("app", [far.address], lambda _: None, time.monotonic, threading.Event())


def answer_of(size: int) -> bytes:
    """A Fetch answer with other bytes everywhere."""
    empty = fetch_answer(fetch(1), size)
    return empty[: len(empty) - size] + os.urandom(size)


def asked(sock: socket.socket, far: Pipe, times: int = 1) -> None:
    question = framed(fetch(1)) * times
    sock.sendall(question)
    assert far.receive(len(question)) == question


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("room", [4096, 1 << 20, 0])
def test_what_passes_is_what_was_sent(tap: Tap, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    monkeypatch.setattr(pipe, "PIPE_BYTES", room)
    if not room:
        monkeypatch.setattr(kafka_connection, "pipe", lambda: None)
    far = Pipe()
    lane = lane_to(tap, far)
    # The last one is short, and behind a long one in the same piece of the stream.
    answers = b"".join(answer_of(size) for size in (SIZE, 200_000, SIZE, 100))
    with connected(lane.bootstrap) as sock:
        asked(sock, far, 4)
        sender = threading.Thread(target=far.send, args=(answers,))
        sender.start()
        time.sleep(0.1)  # so that it is the tap that waits for its client
        assert received(sock, len(answers)) == answers
        sender.join()
    far.close()
    assert lane.failure is None
    assert len(lane.moments) == 4


def test_an_answer_that_breaks_off_ends_the_connection(tap: Tap) -> None:
    far = Pipe()
    lane = lane_to(tap, far)
    answer = answer_of(SIZE)
    with connected(lane.bootstrap) as sock:
        asked(sock, far)
        far.send(answer[:500_000])
        far.hang_up()
        assert received(sock, 500_000) == answer[:500_000]
        assert ended(sock)
        assert until(lambda: lane.connections == 0)
    far.close()
    assert lane.failure is None


@pytest.mark.skipif(sys.platform != "linux", reason="counts what /proc lists")
@pytest.mark.parametrize("polite", [True, False])
def test_a_client_that_goes_in_the_middle_leaves_nothing_behind(tap: Tap, polite: bool) -> None:
    far = Pipe()
    lane = lane_to(tap, far)
    left = []
    for _ in range(3):
        with connected(lane.bootstrap) as sock:
            asked(sock, far)
            far.send(answer_of(SIZE)[:500_000])
            received(sock, 100_000)
            if not polite:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert until(lambda: lane.connections == 0)
        far.hang_up()
        left.append(descriptors())
    assert left[2] == left[1]  # the first time, the loop takes one for itself
    far.close()
    assert lane.failure is None
