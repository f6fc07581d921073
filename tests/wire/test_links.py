"""The condition of a link: cut, black hole, refused, slow; each healed, each for one server where it is asked for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from stream_contracts.errors import UsageError
from stream_contracts.wire.lane import Lane
from stream_contracts.wire.moment import Moment
from stream_contracts.wire.tap import Tap
from tests.waiting import until
from tests.wire.conftest import Serve
from tests.wire.peers import (
    PATIENCE_S,
    Pipe,
    Server,
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
    received,
    rss_mb,
)


@pytest.fixture
def two(tap: Tap) -> Iterator[tuple[Server, Server, Lane]]:
    servers = Server(echo), Server(echo)
    lane = tap.open_lane(
        "app", [server.address for server in servers], lambda _: None, time.monotonic, threading.Event()
    )
    yield *servers, lane
    for server in servers:
        server.close()


def doors(lane: Lane) -> list[str]:
    return lane.bootstrap.split(",")


def silent(sock: socket.socket, for_s: float = 0.2) -> bool:
    sock.settimeout(for_s)
    try:
        return sock.recv(1) is None
    except TimeoutError:
        return True
    finally:
        sock.settimeout(PATIENCE_S)


def test_a_black_hole_keeps_connections_and_lets_nothing_pass(serve: Serve) -> None:
    server, lane = serve(echo)
    with connected(lane.bootstrap) as old:
        old.sendall(framed(heartbeat(1)))
        assert frame_from(old)
        lane.blackhole(True)
        old.sendall(framed(heartbeat(2)))
        with connected(lane.bootstrap) as new:
            new.sendall(framed(heartbeat(3)))
            assert silent(old)
            assert silent(new)
            assert len(server.heard) == 1
            lane.blackhole(False)
            assert frame_from(old)[:4] == b"\0\0\0\2"
            assert frame_from(new)[:4] == b"\0\0\0\3"
    assert lane.failure is None


def test_a_black_hole_swallows_answers_and_ends_too(serve: Serve) -> None:
    server, lane = serve(echo)
    server.resumed.clear()
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(heartbeat(1)))
        assert until(lambda: len(server.connections) == 1)
        time.sleep(0.1)  # the request is on its way to a server that does not read yet
        lane.blackhole(True)
        server.resumed.set()
        assert server.wait_for(1)
        time.sleep(0.1)  # and so is its answer
        server.connections[0].shutdown(socket.SHUT_RDWR)
        assert silent(sock)
        lane.blackhole(False)
        assert frame_from(sock)[:4] == b"\0\0\0\1"
        assert ended(sock)


@pytest.mark.parametrize("condition", ["blackhole", "slow"])
def test_cut_ends_what_stands_in_a_bad_link(serve: Serve, condition: str) -> None:
    _, lane = serve(echo)
    with connected(lane.bootstrap) as sock:
        lane.blackhole(True) if condition == "blackhole" else lane.slow(bytes_per_s=10)
        sock.sendall(framed(heartbeat(1)))
        assert silent(sock)
        lane.cut()
        assert ended(sock)
    assert lane.connections == 0


def test_refused_is_refused_and_the_same_door_opens_again(serve: Serve) -> None:
    _, lane = serve(echo)
    with connected(lane.bootstrap) as old:
        old.sendall(framed(heartbeat(1)))
        assert frame_from(old)
        for _ in range(2):  # a second word changes nothing
            lane.refuse(True)
        assert ended(old)
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                connected(lane.bootstrap).__enter__()
        for _ in range(2):
            lane.refuse(False)
        with connected(lane.bootstrap) as new:
            new.sendall(framed(heartbeat(2)))
            assert frame_from(new)[:4] == b"\0\0\0\2"
    assert lane.failure is None


def test_a_condition_for_one_broker_leaves_the_other_alone(two: tuple[Server, Server, Lane]) -> None:
    one, other, lane = two
    with connected(doors(lane)[0]) as bad, connected(doors(lane)[1]) as good:
        lane.blackhole(True, only=one.address)
        for sock in (bad, good):
            sock.sendall(framed(heartbeat(1)))
        assert frame_from(good)
        assert silent(bad)
        lane.blackhole(False, only=one.address)
        assert frame_from(bad)
        lane.cut(only=one.address)
        assert ended(bad)
        lane.refuse(True, only=one.address)
        with pytest.raises(ConnectionRefusedError):
            connected(doors(lane)[0]).__enter__()
        lane.slow(latency_s=5, only=one.address)
        good.sendall(framed(heartbeat(2)))
        assert frame_from(good)
    assert len(other.heard) == 2


def test_a_condition_for_a_place_to_which_the_lane_does_not_lead_says_where_it_leads(serve: Serve) -> None:
    server, lane = serve(echo)
    for only in (("10.0.0.1", 1), "postgres"):
        with pytest.raises(UsageError, match=f"does not lead to .*; it leads to: kafka .*{server.address[1]}"):
            lane.cut(only=only)
    with pytest.raises(UsageError, match="give 0 or more"):
        lane.slow(latency_s=-1)
    assert (lane.postgres_address, lane.registry_address, lane.connect_address) == (None, None, None)


@pytest.mark.parametrize("only", [None, "kafka"])
def test_a_broker_met_later_is_in_the_same_condition(tap: Tap, serve: Serve, only: str | None) -> None:
    first, lane = serve(echo)
    for apply in (lane.refuse, lane.blackhole):
        apply(True, only=only)
        later = Server(echo)
        try:
            door = tap._call(_asked(lane, later.address))
            place = "{}:{}".format(*door)
            if apply == lane.refuse:
                with pytest.raises(ConnectionRefusedError):
                    connected(place).__enter__()
                apply(False, only=only)
                with connected(place) as sock:
                    sock.sendall(framed(heartbeat(1)))
                    assert frame_from(sock)
            else:
                with connected(place) as sock:
                    sock.sendall(framed(heartbeat(1)))
                    assert silent(sock)
                    apply(False, only=only)
                    assert frame_from(sock)
        finally:
            later.close()
    assert first.heard == []


@pytest.mark.parametrize("name", ["refuse", "blackhole"])
def test_the_last_word_counts_for_who_comes_later(tap: Tap, serve: Serve, name: str) -> None:
    _, lane = serve(echo)
    later = Server(echo)
    for only, on in ((None, True), ("kafka", True), (None, False)):
        getattr(lane, name)(on, only=only)
    with connected("{}:{}".format(*tap._call(_asked(lane, later.address)))) as sock:
        sock.sendall(framed(heartbeat(1)))
        assert frame_from(sock)
    later.close()


async def _asked(lane: Lane, address: tuple[str, int]) -> tuple[str, int]:
    return lane.door(address)


def test_latency_delays_and_does_not_serialise(serve: Serve) -> None:
    _, lane = serve(echo)
    lane.slow(latency_s=0.2)
    with connected(lane.bootstrap) as sock:
        began = time.monotonic()
        sock.sendall(b"".join(framed(heartbeat(number)) for number in range(10)))
        came = [frame_from(sock)[:4] for _ in range(10)]
        took = time.monotonic() - began
        assert came == [number.to_bytes(4, "big") for number in range(10)]
        assert 0.4 <= took < 2.0  # both directions once: ten, one behind the other, would be 4 s
        lane.slow()
        sock.sendall(framed(heartbeat(1)))
        began = time.monotonic()
        assert frame_from(sock)
        assert time.monotonic() - began < 0.4  # which is the least that it took before


def test_a_narrow_link_carries_so_much_and_no_more(serve: Serve) -> None:
    _, lane = serve(lambda frame: framed(frame[4:8] + bytes(100_000)))
    lane.slow(bytes_per_s=200_000)
    with connected(lane.bootstrap) as sock:
        began = time.monotonic()
        sock.sendall(framed(heartbeat(1)))
        assert len(frame_from(sock)) == 100_004
        assert time.monotonic() - began >= 0.45
        lane.slow(bytes_per_s=50_000)
        sock.sendall(framed(heartbeat(2)))
        received(sock, 10_000)
        lane.slow()  # healed in the middle of a frame
        began = time.monotonic()
        received(sock, 90_008)
        assert time.monotonic() - began < 1.5  # and not 1.8


def test_a_slow_link_piles_up_no_more_than_its_bound(serve: Serve) -> None:
    server, lane = serve(lambda frame: framed(frame[4:8] + bytes(1_000_000)))
    lane.slow(bytes_per_s=1_000)
    before = rss_mb()
    with connected(lane.bootstrap) as sock:
        lane.slow(latency_s=3_600)
        lane.slow(latency_s=0.01, bytes_per_s=1_000)
        sock.sendall(b"".join(framed(heartbeat(number)) for number in range(20)))
        lane.slow(bytes_per_s=100)
        sent = 0
        sock.settimeout(0.5)
        piece = framed(heartbeat(9, "x" * 30_000))
        try:
            while sent < 100_000_000:
                sent += sock.send(piece)
        except TimeoutError:
            pass
        assert sent < 24_000_000
        assert rss_mb() - before < 24
        lane.cut()
    assert lane.failure is None
    assert server.heard is not None


@pytest.mark.parametrize("condition", ["blackhole", "slow"])
def test_a_link_may_go_bad_in_the_middle_of_a_large_answer(tap: Tap, condition: str) -> None:
    far = Pipe()
    lane = tap.open_lane("app", [far.address], lambda _: None, time.monotonic, threading.Event())
    answer = fetch_answer(fetch(1), 1_500_000)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(fetch(1)))
        assert far.receive(len(framed(fetch(1))))
        far.send(answer[:500_000])
        assert received(sock, 500_000) == answer[:500_000]
        lane.blackhole(True) if condition == "blackhole" else lane.slow(bytes_per_s=500)
        sender = threading.Thread(target=far.send, args=(answer[500_000:],))
        sender.start()
        time.sleep(0.3)
        sock.settimeout(0.1)
        came, until_s = 0, time.monotonic() + 0.5
        with suppress(TimeoutError):
            while time.monotonic() < until_s:
                came += len(sock.recv(100_000))
        assert came <= RELAYED + (0 if condition == "blackhole" else 1_000)
        sock.settimeout(PATIENCE_S)
        lane.blackhole(False)
        lane.slow()
        assert received(sock, len(answer) - 500_000 - came) == answer[500_000 + came :]
        sender.join(PATIENCE_S)
    far.close()
    assert lane.failure is None


RELAYED = 512 * 1024
"""What was being received when the link went bad passes: the tap sees it only then."""


def test_a_frame_is_held_in_a_bad_link_as_well(serve: Serve) -> None:
    server, lane = serve(end_txn_answer)
    hold = lane.arm(Moment("app", "producer", "EndTxn", 1, "before"))
    lane.blackhole(True)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(1)))
        assert not hold.hit.wait(0.2)  # it has not come to us
        lane.blackhole(False)
        assert hold.hit.wait(PATIENCE_S)
        lane.blackhole(True)
        hold.settle("release")
        time.sleep(0.1)
        assert server.heard == []
        lane.blackhole(False)
        assert frame_from(sock)
