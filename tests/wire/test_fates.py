"""What can become of a held frame, between two ends that do as they are told."""

from __future__ import annotations

import pytest
from kio.schema.errors import ErrorCode

from stream_contracts.errors import UsageError
from stream_contracts.history.model import Request, Row
from stream_contracts.wire.kafka import decode_response, header_of
from stream_contracts.wire.membership import errors_in
from stream_contracts.wire.moment import Moment
from stream_contracts.wire.refusals import Refuse
from tests.waiting import until
from tests.wire.conftest import Serve
from tests.wire.peers import (
    PATIENCE_S,
    add_partitions,
    connected,
    echo,
    end_txn,
    end_txn_answer,
    ended,
    frame_from,
    framed,
    heartbeat,
    produce,
)

BEFORE = Moment("app", "producer", "EndTxn", 1, "before")
AFTER = Moment("app", "producer", "EndTxn", 1, "after")
BOTH = pytest.mark.parametrize("moment", [BEFORE, AFTER], ids=str)


def both(frame: bytes) -> bytes:
    return end_txn_answer(frame) if frame[:2] == b"\0\x1a" else echo(frame)


def requests(rows: list[Row]) -> list[Request]:
    return [row for row in rows if isinstance(row, Request)]


@BOTH
def test_a_swallowed_frame_is_gone_and_its_connection_goes_on(serve: Serve, rows: list[Row], moment: Moment) -> None:
    server, lane = serve(both)
    hold = lane.arm(moment)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(heartbeat(6)) + framed(end_txn(7)) + framed(heartbeat(8)))
        assert frame_from(sock)[:4] == b"\0\0\0\6"
        assert hold.hit.wait(PATIENCE_S)
        hold.settle("swallow")
        assert frame_from(sock)[:4] == b"\0\0\0\x08"
        sock.sendall(framed(end_txn(9)))
        assert frame_from(sock)[:4] == b"\0\0\0\x09"
    assert sum(frame[:2] == b"\0\x1a" for frame in server.heard) == 1 + (moment.phase == "after")
    assert (lane.failure, lane.in_flight) == (None, 0)
    assert [row.error for row in requests(rows)] == [0] * (1 + (moment.phase == "after"))


@BOTH
def test_a_refused_request_is_answered_with_the_error_in_its_turn(
    serve: Serve, rows: list[Row], moment: Moment
) -> None:
    server, lane = serve(both)
    server.resumed.clear()
    hold = lane.arm(moment)
    request = end_txn(7)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(heartbeat(6)) + framed(request) + framed(heartbeat(8)))
        if moment.phase == "after":
            server.resumed.set()
        assert hold.hit.wait(PATIENCE_S)
        hold.settle(Refuse("NOT_COORDINATOR"))
        server.resumed.set()
        came = [frame_from(sock) for _ in range(3)]
    assert [frame[:4] for frame in came] == [b"\0\0\0\6", b"\0\0\0\7", b"\0\0\0\x08"]
    assert errors_in(decode_response(header_of(request), came[1])) == 16
    assert sum(frame[:2] == b"\0\x1a" for frame in server.heard) == (moment.phase == "after")
    (row,) = requests(rows)  # the history tells what the broker said, or, where it was not asked, what we said
    assert (row.api, row.error) == ("EndTxn", 0 if moment.phase == "after" else 16)
    assert (lane.failure, lane.in_flight) == (None, 0)


def test_refused_and_asked_again_is_the_same_moment(serve: Serve) -> None:
    _, lane = serve(both)
    hold = lane.arm(BEFORE)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(1)))
        assert hold.hit.wait(PATIENCE_S)
        hold.settle(Refuse(51))
        assert frame_from(sock)
        for number in (2, 3):
            sock.sendall(framed(end_txn(number)))
            assert frame_from(sock)
    assert [(m.nth, m.phase) for m in lane.moments] == [
        (1, "before"), (1, "after"), (2, "before"), (2, "after"),
    ]  # fmt: skip


def test_a_refused_produce_that_wants_no_answer_gets_none(serve: Serve) -> None:
    server, lane = serve(lambda frame: None if frame[:2] == b"\0\0" else echo(frame))
    hold = lane.arm(Moment("app", "producer", "Produce", 1, "before"))
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(produce(1, 0)) + framed(heartbeat(2)))
        assert hold.hit.wait(PATIENCE_S)
        hold.settle(Refuse("NOT_LEADER_OR_FOLLOWER"))
        assert frame_from(sock)[:4] == b"\0\0\0\2"
    assert len(server.heard) == 1


def test_an_answer_that_no_broker_gives_settles_nothing(serve: Serve) -> None:
    _, lane = serve(both)
    hold = lane.arm(BEFORE)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(7)))
        assert hold.hit.wait(PATIENCE_S)
        with pytest.raises(UsageError, match="legal there: "):
            hold.settle(Refuse("NOT_ENOUGH_REPLICAS"))
        hold.settle("release")
        assert frame_from(sock)


@pytest.mark.parametrize("role_api", [("producer", "EndTxn"), ("producer", "AddPartitionsToTxn")])
def test_the_next_one_can_be_armed_at_any_time(serve: Serve, role_api: tuple[str, str]) -> None:
    _, lane = serve(both)
    with connected(lane.bootstrap) as sock:
        for number in (1, 2):
            sock.sendall(framed(end_txn(number)))
            assert frame_from(sock)
        hold = lane.arm_next(*role_api, "before")
        assert hold.moment.nth == 0
        sock.sendall(framed(add_partitions(3)) if role_api[1] != "EndTxn" else framed(end_txn(3)))
        assert hold.hit.wait(PATIENCE_S)
        assert hold.moment == Moment("app", *role_api, 3, "before")
        hold.settle("drop")


@pytest.mark.parametrize("fate", ["release", "late"])
def test_a_detached_request_outlives_its_client_and_every_cut(serve: Serve, rows: list[Row], fate: str) -> None:
    server, lane = serve(both)
    hold = lane.arm(BEFORE)
    with connected(lane.bootstrap) as sock, connected(lane.bootstrap) as other:
        sock.sendall(framed(end_txn(7)))
        assert hold.hit.wait(PATIENCE_S)
        hold.detach()
        assert ended(sock)
        lane.cut()
        assert ended(other)
        with connected(lane.bootstrap) as third:
            third.sendall(framed(heartbeat(9)))
            assert frame_from(third)[:4] == b"\0\0\0\x09"
        assert len(server.heard) == 1
        hold.settle(fate)  # type: ignore[arg-type]
        assert server.wait_for(2)
    assert server.heard[1] == end_txn(7)
    assert until(lambda: not lane.connections)
    assert [(row.api, row.error) for row in requests(rows)] == [("EndTxn", 0)]
    assert (lane.failure, lane.in_flight) == (None, 0)


@BOTH
def test_late_cuts_the_client_and_the_server_gets_the_request(serve: Serve, rows: list[Row], moment: Moment) -> None:
    server, lane = serve(both)
    hold = lane.arm(moment)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(7)))
        assert hold.hit.wait(PATIENCE_S)
        hold.settle("late")
        assert ended(sock)
    assert server.wait_for(1)
    assert until(lambda: not lane.connections)
    assert [row.error for row in requests(rows)] == [0]
    assert lane.failure is None


@pytest.mark.parametrize("fate", ["drop", "swallow", Refuse(51)], ids=str)
def test_a_detached_request_that_is_not_delivered_is_dropped(serve: Serve, fate: str) -> None:
    server, lane = serve(both)
    hold = lane.arm(BEFORE)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(7)))
        assert hold.hit.wait(PATIENCE_S)
        hold.detach()
        assert ended(sock)
        hold.settle(fate)  # type: ignore[arg-type]
        assert until(lambda: not lane.connections)
    assert (server.heard, lane.failure, lane.in_flight) == ([], None, 0)


def test_a_client_that_gave_up_does_not_take_the_held_request_with_it(serve: Serve, rows: list[Row]) -> None:
    server, lane = serve(both)
    hold = lane.arm(BEFORE)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(7)))
        assert hold.hit.wait(PATIENCE_S)
    hold.settle("release")
    assert server.wait_for(1)
    assert until(lambda: [row.error for row in requests(rows)] == [int(ErrorCode.none.value)])


def test_closing_the_lane_ends_what_is_detached(serve: Serve) -> None:
    _, lane = serve(both)
    hold = lane.arm(BEFORE)
    with connected(lane.bootstrap) as sock:
        sock.sendall(framed(end_txn(7)))
        assert hold.hit.wait(PATIENCE_S)
        hold.detach()
        assert ended(sock)
    assert lane.connections == 1
    # the fixture closes the tap with the frame still held: were it to wait, the test would hang
