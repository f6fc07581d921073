"""What passes is what was sent, byte for byte, in all three protocols, whatever is said and however it is cut."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_contracts.wire.kafka import API_KEYS, FETCH
from stream_contracts.wire.lane import Lane
from stream_contracts.wire.postgres import made
from stream_contracts.wire.tap import Tap
from tests.wire.drawing import answer_frame, pairs, request_frame, requests, responses
from tests.wire.peers import PATIENCE_S, Pipe, framed, received
from tests.wire.test_kafka import NAMING

SOME = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
CUTS = st.lists(st.integers(1, 300), min_size=1, max_size=6)


@dataclass
class Ends:
    """Both ends of the tap, the far one once for each protocol."""

    lane: Lane
    far: dict[str, Pipe]

    def talk(self, service: str, turns: Sequence[tuple[bytes, bytes]], cuts: list[int]) -> None:
        """Say each question from the near end and each answer from the far one, cut as told; compare what came."""
        door = {
            "kafka": lambda: (self.lane.bootstrap.split(":")[0], int(self.lane.bootstrap.split(":")[1])),
            "postgres": lambda: self.lane.postgres_address,
            "registry": lambda: self.lane.registry_address,
        }[service]()
        far = self.far[service]
        with socket.create_connection(door, PATIENCE_S) as near:
            for question, answer in turns:
                for piece in _cut(question, cuts):
                    near.sendall(piece)
                assert far.receive(len(question)) == question
                for piece in _cut(answer, cuts):
                    far.send(piece)
                assert received(near, len(answer)) == answer
        far.hang_up()
        assert self.lane.failure is None


def _cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = number = 0
    while at < len(data):
        # Few pieces are enough of a long one: each costs a call.
        size = max(sizes[number % len(sizes)], len(data) // 12)
        yield data[at : at + size]
        at, number = at + size, number + 1


@pytest.fixture(scope="module")
def ends() -> Iterator[Ends]:
    far = {service: Pipe() for service in ("kafka", "postgres", "registry")}
    with Tap() as tap:
        lane = tap.open_lane(
            "app", [far["kafka"].address], lambda _: None, time.monotonic, threading.Event(),
            postgres=far["postgres"].address, registry=far["registry"].address,
        )  # fmt: skip
        yield Ends(lane, far)
    for pipe in far.values():
        pipe.close()


PASSING = [pair for pair in pairs() if pair[0] not in (*NAMING, "ApiVersions") or pair[0] in ("Produce", "Fetch")]


@SOME
@given(data=st.data(), cuts=CUTS)
def test_kafka(ends: Ends, data: st.DataObject, cuts: list[int]) -> None:
    turns = []
    for number, pair in enumerate(data.draw(st.lists(st.sampled_from(PASSING), min_size=1, max_size=4))):
        request = data.draw(requests(pair).filter(lambda body: getattr(body, "acks", 1) != 0))
        answer = data.draw(responses(pair).filter(lambda body: not getattr(body, "node_endpoints", ())))
        turns.append((framed(request_frame(request, number)), framed(answer_frame(answer, number))))
    ends.talk("kafka", turns, cuts)


@SOME
@given(sizes=st.lists(st.sampled_from([1, 1_000, 131_000, 131_072, 140_000, 900_000]), max_size=3), cuts=CUTS)
def test_kafka_frames_of_every_size(ends: Ends, sizes: list[int], cuts: list[int]) -> None:
    heartbeat = struct.pack(">hhih", API_KEYS["Heartbeat"], 0, 5, -1)
    turns = [(framed(heartbeat + b"q" * size), framed(b"\0\0\0\5" + b"a" * size)) for size in sizes]
    ends.talk("kafka", turns, cuts)


@SOME
@given(
    sizes=st.lists(st.sampled_from([0, 100, 131_000, 140_000, 600_000, 2_000_000]), min_size=1, max_size=3),
    parts=st.integers(1, 2),
    cuts=CUTS,
)
def test_kafka_fetches_of_every_size(ends: Ends, sizes: list[int], parts: int, cuts: list[int]) -> None:
    """A large answer for one partition passes while it comes; of several, it is read to its end before."""
    request = struct.pack(">hhih", FETCH, 11, 5, -1)
    part = struct.pack(">ihqqqiii", 0, 0, 9, 9, 0, 0, -1, 0)
    turns = []
    for size in sizes:
        full = struct.pack(">ihqqqiii", 1, 0, 9, 9, 0, 0, -1, size) + os.urandom(size)
        topics = struct.pack(">ih1si", 1, 1, b"t", parts) + full + part * (parts - 1)
        turns.append((framed(request), framed(b"\0\0\0\5" + struct.pack(">ihi", 0, 0, 0) + topics)))
    before = len(ends.lane.moments)
    ends.talk("kafka", turns, cuts)
    assert len(ends.lane.moments) - before == sum(size > 0 for size in sizes)


TEXT = st.binary(max_size=30).map(lambda text: text.replace(b"\0", b""))
SQL = st.one_of(
    TEXT,
    st.sampled_from([b"insert into t values (1)", b"begin", b"commit", b"update t set a = 1; commit", b"select 1;"]),
)
TAGS = st.sampled_from([b"INSERT 0 1", b"SELECT 1", b"UPDATE 2", b"BEGIN", b"COMMIT", b"ROLLBACK"])
ROWS = st.lists(st.binary(max_size=200).map(lambda row: made(b"D", row)), max_size=3).map(b"".join)
STATUS = st.sampled_from([b"I", b"T", b"E"])
NOTICE = st.sampled_from(
    [b"", made(b"N", b"SNOTICE\0C00000\0\0"), made(b"S", b"TimeZone\0UTC\0"), made(b"A", bytes(6))]
)


@st.composite
def statement(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A question in either protocol, and one of the answers that there may be to it."""
    sql, rows, notice = draw(SQL), draw(ROWS), draw(NOTICE)
    error, ready = made(b"E", b"SERROR\0C23505\0Mno\0\0"), made(b"Z", draw(STATUS))
    done = error if draw(st.booleans()) else made(b"C", draw(TAGS) + b"\0")
    if draw(st.booleans()):
        return made(b"Q", sql + b"\0"), notice + rows + done + ready
    name, portal = draw(TEXT), draw(TEXT)
    asked = made(b"P", name + b"\0" + sql + b"\0\0\0") + made(b"B", portal + b"\0" + name + b"\0" + bytes(6))
    asked += made(b"D", b"P" + portal + b"\0") + made(b"E", portal + b"\0" + bytes(4)) + made(b"S", b"")
    told = made(b"1", b"") + made(b"2", b"") + draw(st.sampled_from([made(b"n", b""), made(b"T", b"\0\0")]))
    return asked, told + notice + rows + done + ready


@SOME
@given(turns=st.lists(statement(), max_size=5), cuts=CUTS)
def test_postgres(ends: Ends, turns: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    body = struct.pack(">i", 196_608) + b"user\0me\0\0"
    begin = struct.pack(">i", 4 + len(body)) + body
    hello = made(b"R", bytes(4)) + made(b"K", bytes(8)) + made(b"Z", b"I")
    ends.talk("postgres", [(begin, hello), *turns], cuts)


NAMES = st.text(alphabet="abcXYZ-", min_size=1, max_size=8).filter(lambda name: "-" not in (name[0], name[-1]))
HEADERS = st.dictionaries(NAMES.map(lambda name: f"X-{name}"), st.text(alphabet="abc 1;=", max_size=8).map(str.strip))


@st.composite
def exchange(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A request and its answer, each with the body framed in one of the ways that there are."""
    method = draw(st.sampled_from(["GET", "POST", "PUT", "DELETE"]))
    target = draw(st.sampled_from(["/subjects/a/versions", "/schemas/ids/1?x=%20", "/", "/config"]))
    asked = _message(draw, f"{method} {target} HTTP/1.1", {"Host": "here"}, draw(st.booleans()))
    return asked, _message(draw, f"HTTP/1.1 {draw(st.sampled_from(['200 OK', '404 ', '500 No']))}", {}, True)


def _message(draw: st.DrawFn, line: str, fixed: dict[str, str], has_body: bool) -> bytes:
    headers = {**fixed, **draw(HEADERS)}
    body = draw(st.binary(max_size=400)) if has_body else b""
    if has_body and draw(st.booleans()):
        headers["transfer-Encoding"] = "chunked"
        pieces = [body[at : at + 150] for at in range(0, len(body), 150)]
        body = b"".join(b"%X;a=b\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    elif has_body:
        headers["Content-Length"] = str(len(body))
    head = "".join(f"{name}:  {value}\r\n" for name, value in headers.items())
    return f"{line}\r\n{head}\r\n".encode() + body


@SOME
@given(turns=st.lists(exchange(), min_size=1, max_size=4), cuts=CUTS)
def test_http(ends: Ends, turns: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    ends.talk("registry", turns, cuts)
