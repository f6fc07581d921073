"""The tap itself, between two ends that do as they are told (a real broker has its own file): bytes, bounds, ends."""

from __future__ import annotations

import gc
import os
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from kio.schema.errors import ErrorCode

from stream_contracts.errors import HarnessError
from stream_contracts.history.model import Request, Row
from stream_contracts.wire import tap as tap_module
from stream_contracts.wire.kafka_moments import WAITS
from stream_contracts.wire.moment import Moment
from stream_contracts.wire.tap import Tap
from tests.waiting import until
from tests.wire.conftest import Serve
from tests.wire.peers import (
    PATIENCE_S,
    Reply,
    Server,
    add_partitions,
    add_partitions_answer,
    connected,
    echo,
    end_txn,
    end_txn_answer,
    ended,
    fetch,
    fetch_answer,
    frame_from,
    framed,
    heartbeat,
    produce,
    received,
    rss_mb,
)

END_TXN = Moment("app", "producer", "EndTxn", 1, "before")
AFTER = Moment("app", "producer", "EndTxn", 1, "after")


@pytest.mark.parametrize("seed", range(4))
def test_both_directions_pass_byte_for_byte_however_they_are_cut(serve: Serve, seed: int) -> None:
    dice = random.Random(seed)
    sizes = [dice.choice([0, 1, 100, 5_000, 70_000, 300_000]) for _ in range(30)]
    requests = [heartbeat(number, "x" * size) for number, size in enumerate(sizes)]
    answers = {number: os.urandom(dice.choice([0, 1, 300, 90_000, 400_000])) for number in range(30)}

    def reply(frame: bytes) -> bytes:
        return framed(frame[4:8] + answers[int.from_bytes(frame[4:8], "big")])

    server, lane = serve(reply)
    with connected(lane.bootstrap) as sock:

        def send() -> None:
            whole = b"".join(map(framed, requests))
            while whole:
                size = dice.choice([1, 2, 3, 5, 1_000, 60_000, 1_000_000])
                sock.sendall(whole[:size])
                whole = whole[size:]

        sender = threading.Thread(target=send)
        sender.start()
        came = [frame_from(sock) for _ in requests]
        sender.join(PATIENCE_S)
    assert came == [number.to_bytes(4, "big") + answers[number] for number in range(30)]
    assert server.heard == requests
    assert lane.failure is None


def stuffed(sock: socket.socket, frame: bytes, most: int) -> int:
    """Send until the other side takes no more for half a second, or ``most`` bytes: what it took."""
    sock.settimeout(0.5)
    taken = 0
    with suppress(TimeoutError):
        while taken < most:
            taken += sock.send(frame)
    return taken


KERNEL_MB = 24
"""What the socket buffers of two connections on loopback may hold (tcp_rmem and tcp_wmem grow to 6 and 4 MB each)."""


def test_a_server_that_does_not_read_slows_the_client_down(serve: Serve) -> None:
    server, lane = serve(lambda _: None)
    server.resumed.clear()
    before = rss_mb()
    with connected(lane.bootstrap) as sock:
        taken = stuffed(sock, framed(heartbeat(1, "x" * 30_000)), 200_000_000)
        assert taken < KERNEL_MB * 1e6
        assert rss_mb() - before < KERNEL_MB


@pytest.mark.parametrize("ask", [heartbeat, fetch])
def test_a_client_that_does_not_read_slows_the_server_down(serve: Serve, ask: Callable[[int], bytes]) -> None:
    sent: list[int] = []

    def reply(frame: bytes) -> bytes:
        sent.append(1_000_000)
        return fetch_answer(frame, 999_940) if ask is fetch else framed(frame[4:8] + bytes(1_000_000))

    _, lane = serve(reply)
    before = rss_mb()
    with connected(lane.bootstrap) as sock:
        sock.sendall(b"".join(framed(ask(number)) for number in range(200)))
        seen = -1
        while seen != len(sent):  # until half a second brings nothing more
            seen = len(sent)
            time.sleep(0.5)
        assert sum(sent) < KERNEL_MB * 1e6
        assert rss_mb() - before < KERNEL_MB
        assert len({len(frame_from(sock)) for _ in range(200)}) == 1


@pytest.mark.parametrize(
    ("bytes_", "says"),
    [
        (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", "claims 1195725856 bytes"),
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "claims 369295618 bytes"),  # a client that speaks TLS
        (b"\xff\xff\xff\xff", "claims -1 bytes"),
        (b"\0\0\0\0", "claims 0 bytes"),
        (framed(b"\0\0\0"), "has no Kafka header"),
        (framed(b"\0\x1a\0\3\0\0\0\7\0\2me\0"), "EndTxnRequest version 3"),
        (framed(end_txn(1) + b"\0"), "EndTxnRequest version 3"),
        (framed(b"\0\x1a\0\x63\0\0\0\7\0\2me\0"), "does not know version 99 of EndTxn"),
    ],
)
def test_a_broken_request_fails_the_lane_and_ends_the_connection(serve: Serve, bytes_: bytes, says: str) -> None:
    server, lane = serve(echo)
    with connected(lane.bootstrap) as sock:
        sock.sendall(bytes_)
        assert ended(sock)
    assert until(lambda: lane.failure is not None)
    assert says in str(lane.failure)
    assert lane.changed.is_set()
    assert server.heard == []


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (lambda frame: framed(b"\0\0\0\x63" + frame[8:]), "out of order"),
        (lambda frame: framed(frame[4:7]), "out of order"),
        (lambda frame: framed(frame[4:8]), "EndTxnResponse version 3"),
        (lambda frame: end_txn_answer(frame) + end_txn_answer(frame), "answered what nobody had asked"),
        (lambda _: b"HTTP/1.1 400 Bad Request\r\n", "claims 1213486160 bytes"),
    ],
)
def test_a_broken_answer_fails_the_lane_and_ends_the_connection(serve: Serve, reply: Reply, says: str) -> None:
    _, lane = serve(reply)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(7)))
        while not ended(sock):
            pass
    assert until(lambda: lane.failure is not None)
    assert says in str(lane.failure)


def test_the_first_failure_is_kept(serve: Serve) -> None:
    _, lane = serve(echo)
    for bytes_ in (b"\xff\xff\xff\xff", b"\0\0\0\0"):
        with connected(lane.bootstrap) as sock:
            sock.sendall(bytes_)
            assert ended(sock)
    assert until(lambda: lane.failure is not None)
    assert "claims -1 bytes" in str(lane.failure)


def test_a_torn_frame_is_an_end_and_no_failure(serve: Serve) -> None:
    server, lane = serve(echo)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(heartbeat(1)) + framed(heartbeat(2))[:-1])
        assert frame_from(sock)[:4] == b"\0\0\0\1"
    assert until(lambda: not lane.connections)
    assert (len(server.heard), lane.failure) == (1, None)


def test_whatever_else_breaks_in_the_tap_fails_the_lane_too(tap: Tap) -> None:
    def broken(_: Row) -> None:
        raise ZeroDivisionError("the disk is full, say")

    server = Server(end_txn_answer)
    try:
        lane = tap.open_lane("app", [server.address], broken, time.monotonic, threading.Event())
        with connected(lane.bootstrap) as sock:
            sock.sendall(framed(end_txn(7)))
            assert ended(sock)
        assert until(lambda: lane.failure is not None)
        assert "ZeroDivisionError" in str(lane.failure)
    finally:
        server.close()


def test_a_produce_that_is_never_answered_does_not_shift_the_answers(serve: Serve, rows: list[Row]) -> None:
    server, lane = serve(lambda frame: None if frame[:2] == b"\0\0" else echo(frame))
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(heartbeat(1)) + framed(produce(2, 0)) + framed(produce(3, 0)) + framed(heartbeat(4)))
        assert [frame_from(sock)[:4] for _ in range(2)] == [b"\0\0\0\1", b"\0\0\0\4"]
    assert len(server.heard) == 4
    assert (lane.failure, lane.in_flight) == (None, 0)
    produced = [row for row in rows if isinstance(row, Request)]
    assert [(row.api, row.nth, row.answered_at) for row in produced] == [("Produce", 1, None), ("Produce", 2, None)]


def test_nobody_behind_the_door_closes_the_client(tap: Tap) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = closed.getsockname()
    lane = tap.open_lane("app", [address], lambda _: None, time.monotonic, threading.Event())
    with connected(lane.bootstrap) as sock:
        assert ended(sock)
    assert until(lambda: not lane.connections)
    assert lane.failure is None


def test_a_broker_that_hangs_up_closes_the_client_after_its_last_answer(serve: Serve) -> None:
    def reply(frame: bytes) -> bytes:
        if frame[4:8] == b"\0\0\0\2":
            server.connections[0].sendall(framed(frame[4:8] + bytes(3_000_000)))
            server.connections[0].shutdown(socket.SHUT_RDWR)
        return echo(frame)

    server, lane = serve(reply)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(heartbeat(1)) + framed(heartbeat(2)))
        assert len(frame_from(sock)) < 100
        assert len(frame_from(sock)) == 3_000_004
        assert ended(sock)


def test_what_a_client_sent_before_it_closed_arrives(serve: Serve) -> None:
    server, lane = serve(lambda _: None)
    server.resumed.clear()  # so that the last frames wait in the tap when the client is gone
    with connected(lane.bootstrap) as sock:
        sent = stuffed(sock, framed(heartbeat(1, "x" * 20_000)), 100_000_000)
        whole = sent // len(framed(heartbeat(1, "x" * 20_000)))
    server.resumed.set()
    assert server.wait_for(whole)
    assert lane.failure is None


@pytest.mark.parametrize("moment", [END_TXN, AFTER], ids=str)
def test_a_held_frame_stands_until_it_is_released(serve: Serve, moment: Moment) -> None:
    server, lane = serve(end_txn_answer)
    hold = lane.arm(moment)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(7)))
        assert hold.hit.wait(PATIENCE_S)
        assert len(server.heard) == (moment.phase == "after")
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.settimeout(PATIENCE_S)
        hold.settle("release")
        hold.settle("drop")  # the first word counts
        assert received(sock, 4)
        assert len(server.heard) == 1
    assert lane.moments == [END_TXN, AFTER]
    assert lane.failure is None


@pytest.mark.parametrize("moment", [END_TXN, AFTER], ids=str)
def test_a_dropped_frame_takes_its_connection_with_it_and_no_other(
    serve: Serve, rows: list[Row], moment: Moment
) -> None:
    server, lane = serve(lambda frame: end_txn_answer(frame) if frame[:2] == b"\0\x1a" else echo(frame))
    hold = lane.arm(moment)
    with connected(lane.bootstrap) as sock, connected(lane.bootstrap) as other:
        sock.sendall(framed(end_txn(7)))
        assert hold.hit.wait(PATIENCE_S)
        hold.settle("drop")
        assert ended(sock)
        other.sendall(framed(heartbeat(9)))
        assert frame_from(other)[:4] == b"\0\0\0\x09"
    assert sum(frame[:2] == b"\0\x1a" for frame in server.heard) == (moment.phase == "after")
    assert (lane.failure, lane.in_flight) == (None, 0)
    # what the broker answered is known, whether or not the client heard of it
    assert [row.error for row in rows if isinstance(row, Request)] == ([0] if moment.phase == "after" else [])


def test_a_hold_waits_for_its_own_moment_only_and_once(serve: Serve) -> None:
    _, lane = serve(end_txn_answer)
    hold = lane.arm(Moment("app", "producer", "EndTxn", 2, "before"))
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(1)))
        assert frame_from(sock)
        assert not hold.hit.is_set()
        sock.sendall(framed(end_txn(2)))
        assert hold.hit.wait(PATIENCE_S)
        hold.settle("release")
        assert frame_from(sock)
        sock.sendall(framed(end_txn(3)))
        assert frame_from(sock)


@pytest.mark.parametrize("moment", [END_TXN, AFTER], ids=str)
def test_a_hold_that_nobody_settles_fails_within_its_limit(serve: Serve, moment: Moment) -> None:
    _, lane = serve(end_txn_answer)
    lane.arm(moment, limit_s=0.2)
    began = time.monotonic()
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(7)))
        assert ended(sock)
    assert 0.2 <= time.monotonic() - began < 5
    assert until(lambda: lane.failure is not None)
    assert f"held {moment} was not settled within 0.2 s" in str(lane.failure)


def test_a_request_that_was_put_off_and_asked_again_is_one_moment(serve: Serve) -> None:
    errors = [ErrorCode.concurrent_transactions, ErrorCode.coordinator_load_in_progress, ErrorCode.none, ErrorCode.none]
    _, lane = serve(lambda frame: end_txn_answer(frame, errors[int.from_bytes(frame[4:8], "big")]))
    with connected(lane.bootstrap) as sock:
        for number in range(4):
            sock.sendall(framed(end_txn(number)))
            assert frame_from(sock)
    assert [(moment.nth, moment.phase) for moment in lane.moments] == [
        (n, p) for n in (1, 2) for p in ("before", "after")
    ]


def test_within_a_transaction_only_the_first_request_of_an_api_is_a_moment_put_off_or_not(serve: Serve) -> None:
    errors = {3: ErrorCode.concurrent_transactions, 5: ErrorCode.concurrent_transactions}

    def reply(frame: bytes) -> bytes:
        number = int.from_bytes(frame[4:8], "big")
        return (
            end_txn_answer(frame) if number == 4 else add_partitions_answer(frame, errors.get(number, ErrorCode.none))
        )

    _, lane = serve(reply)
    with connected(lane.bootstrap) as sock:
        # In transaction 1 the third is put off and asked again; in transaction 2 the first is.
        for number in (1, 2, 3, 3 + 3, 4, 5, 7, 8):
            sock.sendall(framed(end_txn(number) if number == 4 else add_partitions(number)))
            assert frame_from(sock)
    assert [(m.api, m.nth, m.phase) for m in lane.moments if m.api == "AddPartitionsToTxn"] == [
        ("AddPartitionsToTxn", nth, phase) for nth in (1, 2) for phase in ("before", "after")
    ]


def test_cut_closes_what_is_open_and_lets_in_who_comes_next(serve: Serve) -> None:
    server, lane = serve(lambda frame: echo(frame) if frame[4:8] != b"\0\0\0\1" else None)
    with connected(lane.bootstrap) as one, connected(lane.bootstrap) as two:
        for sock in (one, two):
            sock.sendall(framed(heartbeat(1)))
        assert server.wait_for(2)
        lane.cut()
        assert ended(one)
        assert ended(two)
        assert not lane.connections
        with connected(lane.bootstrap) as three:
            three.sendall(framed(heartbeat(2)))
            assert frame_from(three)[:4] == b"\0\0\0\2"
    assert lane.failure is None


def test_cut_while_a_frame_is_held(serve: Serve, rows: list[Row]) -> None:
    _, lane = serve(end_txn_answer)
    hold = lane.arm(END_TXN)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(7)))
        assert hold.hit.wait(PATIENCE_S)
        lane.cut()
        assert ended(sock)
        hold.settle("release")
    assert (lane.failure, lane.in_flight, rows) == (None, 0, [])


def test_a_request_without_an_answer_is_written_down_as_such(serve: Serve, rows: list[Row]) -> None:
    server, lane = serve(lambda _: None)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(7)))
        assert server.wait_for(1)
        assert lane.in_flight == 1
        lane.cut()
        assert ended(sock)
    (row,) = rows
    assert isinstance(row, Request)
    assert (row.api, row.nth, row.answered_at, row.error, lane.in_flight) == ("EndTxn", 1, None, None, 0)


def descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_after_close_no_thread_and_no_socket_is_left() -> None:
    descriptors_before, threads_before = descriptors(), threading.active_count()
    server = Server(lambda frame: echo(frame) if frame[4:8] != b"\0\0\0\1" else None)
    tap = Tap()
    lanes = [
        tap.open_lane(f"app-{n}", [server.address], lambda _: None, time.monotonic, threading.Event()) for n in range(3)
    ]
    hosts = [lane.bootstrap for lane in lanes]
    clients = [socket.create_connection(("127.0.0.1", int(host.rsplit(":")[-1])), PATIENCE_S) for host in hosts * 20]
    for number, client in enumerate(clients):
        client.sendall(framed(heartbeat(number % 2)))
    for client in clients[::2]:
        assert frame_from(client)
    tap.close_lane(lanes[0])
    tap.close_lane(lanes[0])
    tap.close()
    tap.close()
    for client in clients:
        assert ended(client)
        client.close()
    for host in hosts:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(host.rsplit(":")[-1])), 1)
    server.close()
    assert until(lambda: threading.active_count() == threads_before)
    assert until(lambda: descriptors() <= descriptors_before)
    with pytest.raises(HarnessError, match="the tap is closed"):
        tap.open_lane("late", [("127.0.0.1", 1)], lambda _: None, time.monotonic, threading.Event())


def test_a_stuck_loop_is_said_to_be_stuck(tap: Tap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap_module, "PATIENCE_S", 0.2)
    free = threading.Event()
    tap._loop.call_soon_threadsafe(free.wait, PATIENCE_S)
    try:
        with pytest.raises(HarnessError, match=r"did not answer within 0\.2 s"):
            tap.open_lane("app", [("127.0.0.1", 1)], lambda _: None, time.monotonic, threading.Event())
    finally:
        free.set()
        monkeypatch.undo()


def test_many_connections_at_once(serve: Serve) -> None:
    server, lane = serve(echo)
    failures: list[Exception] = []

    def talk(number: int) -> None:
        try:
            with connected(lane.bootstrap) as sock:
                for count in range(10):
                    sock.sendall(framed(heartbeat(number * 100 + count)))
                    assert frame_from(sock)[:4] == (number * 100 + count).to_bytes(4, "big")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert failures == []
    assert len(server.heard) == 600
    assert lane.failure is None


def test_of_the_fetches_that_brought_nothing_the_first_are_rows_and_none_is_a_moment(
    serve: Serve, rows: list[Row]
) -> None:
    """How a consumer waits shows in those; a loop without a wait makes thousands of them."""
    _, lane = serve(lambda frame: fetch_answer(frame, 0))
    with connected(lane.bootstrap) as sock:
        for number in range(WAITS + 5):
            sock.sendall(framed(fetch(number)))
            assert frame_from(sock)[:4] == number.to_bytes(4, "big")
    assert [row.nth for row in rows if isinstance(row, Request) and row.api == "Fetch"] == [0] * WAITS
    assert (lane.moments, lane.failure) == ([], None)
