"""The tap before a registry, and before an end that does as it is told: moments, fates, and answers that stay wrong."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from stream_contracts.errors import UsageError
from stream_contracts.history.model import Request, Row
from stream_contracts.registry.server import Running, Settings, running_registry
from stream_contracts.wire.hold import Fate
from stream_contracts.wire.http import LARGE, endpoint
from stream_contracts.wire.lane import Lane
from stream_contracts.wire.moment import Moment, Phase
from stream_contracts.wire.refusals import Refuse
from stream_contracts.wire.tap import Tap
from tests.waiting import until
from tests.wire.peers import PATIENCE_S, Pipe, ended, rss_mb

KERNEL_MB = 36
"""What may be on the way: the buffers of both kernels' sockets, and ours."""
ONE, TWO = '{"type":"string"}', '{"type":"long"}'
REGISTER, BY_ID = "POST /subjects/{subject}/versions", "GET /schemas/ids/{id}"


def open_lane(tap: Tap, rows: list[Row], address: tuple[str, int], service: str = "registry") -> Lane:
    services = {service: address}
    return tap.open_lane("app", [], lambda row: rows.append(row), time.monotonic, threading.Event(), **services)  # type: ignore[arg-type]


@pytest.fixture
def registry() -> Iterator[Running]:
    with running_registry(Settings()) as running:
        yield running


@pytest.fixture
def lane(tap: Tap, rows: list[Row], registry: Running) -> Iterator[Lane]:
    host, port = registry.url.removeprefix("http://").split(":")
    lane = open_lane(tap, rows, (host, int(port)))
    yield lane
    assert lane.failure is None


def client(lane: Lane) -> SchemaRegistryClient:
    return SchemaRegistryClient({"url": "http://{}:{}".format(*lane.registry_address), "max.retries": 0, "timeout": 10})


def register(lane: Lane, text: str = ONE, subject: str = "orders-value") -> int:
    return int(client(lane).register_schema(subject, Schema(text, "AVRO")))


def ask(lane: Lane, method: str, target: str, body: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*lane.registry_address, timeout=PATIENCE_S)
    try:
        connection.request(method, target, body, {"Content-Type": "application/json", "User-Agent": "test"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def asked(rows: list[Row]) -> list[Request]:
    return [row for row in rows if isinstance(row, Request)]


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    found: list[object] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, found


def test_a_real_client_shows_its_moments_and_its_rows(lane: Lane, rows: list[Row]) -> None:
    first, second = register(lane), register(lane, TWO, "totals-value")
    assert client(lane).get_schema(second).schema_str
    assert ask(lane, "GET", "/schemas/ids/999")[0] == 404
    assert [(m.role, m.api, m.nth, m.phase) for m in lane.moments] == [
        ("registry", api, nth, phase)
        for api, nth in ((REGISTER, 1), (REGISTER, 2), (BY_ID, 1), (BY_ID, 2))
        for phase in ("before", "after")
    ]
    assert [(row.api, row.error) for row in asked(rows)] == [(REGISTER, 0), (REGISTER, 0), (BY_ID, 0), (BY_ID, 404)]
    assert json.loads(asked(rows)[-1].detail) == {"target": "/schemas/ids/999", "status": 404}
    assert asked(rows)[-1].client_id == "test"
    assert (first, second, lane.in_flight) == (1, 2, 0)


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("fate", ["release", "drop", "late", Refuse(503)], ids=str)
def test_every_fate_of_a_request(lane: Lane, registry: Running, phase: Phase, fate: object) -> None:
    hold = lane.arm(Moment("app", "registry", REGISTER, 1, phase))
    body = json.dumps({"schema": ONE})
    thread, found = in_thread(lambda: ask(lane, "POST", "/subjects/a/versions", body))
    assert hold.hit.wait(PATIENCE_S)
    hold.settle(fate)  # type: ignore[arg-type]
    thread.join(PATIENCE_S)
    if fate == "release":
        status, told = found[0]  # type: ignore[misc]
        assert (status, json.loads(told)["id"]) == (200, 1)
    elif isinstance(fate, Refuse):
        assert found[0][0] == 503  # type: ignore[index]
    else:
        assert isinstance(found[0], ConnectionError | http.client.HTTPException)
    worked = phase == "after" or fate in ("release", "late")
    assert until(lambda: direct(registry, "/subjects") == (["a"] if worked else []))
    assert until(lambda: not lane.connections)


def direct(registry: Running, path: str) -> object:
    host, port = registry.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_S)
    connection.request("GET", path)
    found = json.loads(connection.getresponse().read())
    connection.close()
    return found


def test_a_swallowed_request_is_never_answered(lane: Lane, registry: Running) -> None:
    hold = lane.arm_next("registry", REGISTER, "before")
    with socket.create_connection(lane.registry_address, 1) as sock:
        sock.sendall(b"POST /subjects/a/versions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        assert hold.hit.wait(PATIENCE_S)
        hold.settle("swallow")
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sock.recv(1)
    assert direct(registry, "/subjects") == []


def test_a_refusal_must_be_an_error(lane: Lane) -> None:
    hold = lane.arm_next("registry", BY_ID, "before")
    for code in (200, "40401", 999):
        with pytest.raises(UsageError, match="a status from 400 to 599"):
            hold.settle(Refuse(code))
    with pytest.raises(UsageError, match="give one from 200 to 599"):
        lane.http_answer("*", 101)


def test_a_rule_stays_on_until_it_is_healed(lane: Lane, rows: list[Row]) -> None:
    register(lane)
    rule = lane.http_answer(BY_ID, 404, '{"error_code": 40403, "message": "Schema not found"}')
    other = lane.http_answer("DELETE /subjects/*", 500)
    for _ in range(2):
        assert ask(lane, "GET", "/schemas/ids/1?subject=a")[0] == 404
    assert ask(lane, "GET", "/subjects")[0] == 200
    assert ask(lane, "DELETE", "/subjects/orders-value") == (
        500, b'{"error_code": 500, "message": "Internal Server Error"}',
    )  # fmt: skip
    assert (rule.hits, other.hits) == (2, 1)
    rule.heal()
    rule.heal()
    assert ask(lane, "GET", "/schemas/ids/1")[0] == 200
    assert [row.error for row in asked(rows)] == [0, 404, 404, 0, 500, 0]


def test_a_wrong_id_is_wrong_in_both_directions(lane: Lane) -> None:
    one, two = register(lane, ONE, "a"), register(lane, TWO, "b")
    rule = lane.http_wrong_id(one, two)
    assert ask(lane, "GET", f"/schemas/ids/{one}")[1] == ask(lane, "GET", f"/schemas/ids/{two}")[1]
    assert register(lane, ONE, "a") == two
    assert register(lane, TWO, "b") == two  # and this one is not mistaken
    assert rule.hits == 2
    rule.heal()
    assert register(lane, ONE, "a") == one


def test_a_slow_registry_and_one_that_is_out(lane: Lane) -> None:
    lane.slow(latency_s=0.2, only="registry")
    began = time.monotonic()
    assert ask(lane, "GET", "/subjects")[0] == 200
    assert time.monotonic() - began >= 0.4
    lane.slow()
    lane.refuse(True, only="registry")
    with pytest.raises(ConnectionRefusedError):
        ask(lane, "GET", "/subjects")
    lane.refuse(False, only="registry")
    assert ask(lane, "GET", "/subjects")[0] == 200


@pytest.mark.parametrize(
    ("service", "asked_for", "told"),
    [
        ("registry", "GET /schemas/ids/7", BY_ID),
        ("registry", "POST /subjects/a%2Fb/versions?normalize=true", REGISTER),
        ("registry", "GET /contexts/.eu./subjects/a/versions/latest", "GET /subjects/{subject}/versions/{version}"),
        ("registry", "GET /nowhere/7", "GET /nowhere/…"),
        ("connect", "PUT /connectors/shop/config", "PUT /connectors/{name}/config"),
        ("connect", "POST /connectors/shop/tasks/0/restart", "POST /connectors/{name}/tasks/{task}/restart"),
        ("connect", "GET /connectors/", "GET /connectors"),
        ("connect", "GET /", "GET /"),
    ],
)
def test_an_endpoint_has_no_names_in_it(service: str, asked_for: str, told: str) -> None:
    assert endpoint(service, *asked_for.split(" ", 1)) == told


# ---- an end that does as it is told


@pytest.fixture
def pipe(tap: Tap, rows: list[Row]) -> Iterator[tuple[Pipe, Lane]]:
    far = Pipe()
    yield far, open_lane(tap, rows, far.address, "connect")
    far.close()


GET = b"GET /connectors HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-LENGTH:  5\r\n\r\nhello",
        b"HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_answers_of_every_kind_pass_as_they_are(pipe: tuple[Pipe, Lane], answer: bytes) -> None:
    far, lane = pipe
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        for _ in range(2):  # and the connection is kept
            sock.sendall(GET)
            assert far.receive(len(GET)) == GET
            for at in range(len(answer)):  # however it is cut
                far.send(answer[at : at + 1])
            assert received_all(sock, len(answer)) == answer
    assert lane.failure is None


def received_all(sock: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = sock.recv(size - len(found))
        if not piece:
            break
        found += piece
    return found


def test_an_answer_that_ends_with_its_connection(pipe: tuple[Pipe, Lane], rows: list[Row]) -> None:
    far, lane = pipe
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        sock.sendall(GET)
        far.receive(len(GET))
        far.send(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
        far.hang_up()
        assert received_all(sock, 100) == b"HTTP/1.0 200 OK\r\n\r\nuntil the end"
    assert until(lambda: [row.error for row in asked(rows)] == [0])
    assert lane.failure is None


def test_a_head_has_a_length_and_no_body(pipe: tuple[Pipe, Lane]) -> None:
    far, lane = pipe
    head = GET.replace(b"GET", b"HEAD")
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        for _ in range(2):
            sock.sendall(head)
            assert far.receive(len(head)) == head
            far.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
            assert received_all(sock, 39) == b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
    assert lane.failure is None


def test_a_client_that_waits_to_be_told_to_continue_is_told(pipe: tuple[Pipe, Lane]) -> None:
    far, lane = pipe
    head = b"PUT /connectors/a/config HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        sock.sendall(head)
        assert received_all(sock, 25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"{}")
        assert far.receive(len(head) + 2) == head + b"{}"
        far.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
        assert received_all(sock, 39) == b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"


def test_a_request_sent_early_has_its_turn(pipe: tuple[Pipe, Lane]) -> None:
    far, lane = pipe
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        sock.sendall(GET * 3)
        for number in range(3):
            assert far.receive(len(GET)) == GET
            far.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)
        assert received_all(sock, 3 * 39)[38::39] == b"012"


def test_a_service_that_ends_a_kept_connection_ends_the_client_s(pipe: tuple[Pipe, Lane]) -> None:
    far, lane = pipe
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        sock.sendall(GET)
        far.receive(len(GET))
        far.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        received_all(sock, 38)
        far.hang_up()
        assert ended(sock)
    assert until(lambda: not lane.connections)


def test_a_kept_connection_that_times_out_while_a_request_is_held_is_not_its_end(pipe: tuple[Pipe, Lane]) -> None:
    far, lane = pipe
    hold = lane.arm(Moment("app", "connect", "GET /connectors", 1, "before"))
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        sock.sendall(GET)
        assert hold.hit.wait(PATIENCE_S)
        far.hang_up()
        hold.settle("release")
        assert far.receive(len(GET)) == GET
        far.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert received_all(sock, 38).startswith(b"HTTP/1.1 200 OK")


UPGRADE = b"GET /connectors HTTP/1.1\r\nHost: x\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n"


def test_behind_a_switch_to_another_protocol_every_byte_passes(pipe: tuple[Pipe, Lane], rows: list[Row]) -> None:
    far, lane = pipe
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        sock.sendall(UPGRADE + b"\0early")
        assert far.receive(len(UPGRADE)) == UPGRADE
        far.send(SWITCHED + b"\1first")
        assert received_all(sock, len(SWITCHED) + 6) == SWITCHED + b"\1first"
        assert far.receive(6) == b"\0early"
        for turn in (bytes(range(256)), b"GET / HTTP/1.1\r\n\r\n", b"x" * 300_000):
            sock.sendall(turn)
            assert far.receive(len(turn)) == turn
            far.send(turn)
            assert received_all(sock, len(turn)) == turn
        far.hang_up()
        assert ended(sock)
    assert [row.detail for row in asked(rows)] == ['{"target": "/connectors", "status": 101}']
    assert lane.failure is None


def test_a_large_body_passes_both_ways_and_the_next_turn_comes(pipe: tuple[Pipe, Lane]) -> None:
    far, lane = pipe
    body = bytes(range(256)) * (LARGE // 100)
    question = b"PUT /connectors/a/config HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    chunk = b"%x\r\n" % len(body) + body + b"\r\n"
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 2 + b"0\r\n\r\n"
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        asking, _ = in_thread(lambda: sock.sendall(question + GET))
        assert far.receive(len(question)) == question
        answering, _ = in_thread(lambda: far.send(answer))
        assert received_all(sock, len(answer)) == answer
        assert far.receive(len(GET)) == GET
        asking.join(PATIENCE_S)
        answering.join(PATIENCE_S)
    assert lane.failure is None


@pytest.mark.parametrize("fate", ["swallow", Refuse(503)])
def test_a_large_request_that_is_held_back_is_read_to_its_end(pipe: tuple[Pipe, Lane], fate: Fate) -> None:
    far, lane = pipe
    hold = lane.arm_next("connect", "PUT /connectors/{name}/config", "before")
    body = bytes(2 * LARGE)
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        head = b"PUT /connectors/a/config HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        asking, _ = in_thread(lambda: sock.sendall(head + body + GET))
        assert hold.hit.wait(PATIENCE_S)
        hold.settle(fate)
        assert far.receive(len(GET)) == GET
        asking.join(PATIENCE_S)
    assert lane.failure is None


def test_who_does_not_read_a_large_body_slows_its_sender_down(pipe: tuple[Pipe, Lane]) -> None:
    far, lane = pipe
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        sock.sendall(GET)
        far.receive(len(GET))
        far.connection.settimeout(1)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n"
        before, sent = rss_mb(), 0
        far.send(head)
        with suppress(TimeoutError):
            while sent < 200_000_000:
                sent += far.connection.send(bytes(100_000))
        assert sent < KERNEL_MB * 1e6
        assert rss_mb() - before < KERNEL_MB
        assert received_all(sock, len(head)) == head
    assert lane.failure is None


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "could not be read as HTTP/1.1"),
        (b"GET / HTTP/1.1\r\n\r\n", "Missing mandatory Host"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", "could not be read as HTTP/1.1"),
        (b"x" * 70_000, "could not be read as HTTP/1.1"),
    ],
)
def test_a_broken_request_fails_the_lane(pipe: tuple[Pipe, Lane], sent: bytes, says: str) -> None:
    _, lane = pipe
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        sock.sendall(sent)
        assert ended(sock)
    assert until(lambda: lane.failure is not None)
    assert says in str(lane.failure)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"hello\r\n\r\n", "could not be read as HTTP/1.1"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "HTTP"),
    ],
)
def test_a_broken_answer_fails_the_lane(pipe: tuple[Pipe, Lane], sent: bytes, says: str) -> None:
    far, lane = pipe
    with socket.create_connection(lane.connect_address, PATIENCE_S) as sock:
        sock.sendall(GET)
        far.receive(len(GET))
        far.send(sent)
        assert ended(sock)
    assert until(lambda: lane.failure is not None)
    assert says in str(lane.failure)
