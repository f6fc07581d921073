"""The tap before a real PostgreSQL, with a raw client and two drivers: the same moments, and every fate of them."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import asyncpg
import pg8000.dbapi
import pg8000.native
import pytest

from stream_contracts.errors import UsageError
from stream_contracts.history.model import Request, Row
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.lane import Lane
from stream_contracts.wire.moment import Moment, Phase
from stream_contracts.wire.postgres import made, query
from stream_contracts.wire.refusals import Refuse
from stream_contracts.wire.tap import Tap
from tests.waiting import until
from tests.wire.peers import PATIENCE_S, ended, received, rss_mb


@dataclass
class World:
    """A database behind the tap, and a lane to it."""

    tap: Tap
    user: str
    database: str
    server: tuple[str, int]
    rows: list[Row] = field(default_factory=list)

    def lane(self) -> Lane:
        self.rows = []
        return self.tap.open_lane("app", [], self.rows.append, time.monotonic, threading.Event(), postgres=self.server)

    def native(self, address: tuple[str, int]) -> pg8000.native.Connection:
        host, port = address
        return pg8000.native.Connection(self.user, host=host, port=port, database=self.database, timeout=20)

    def told(self, sql: str) -> list[list[object]]:
        """What a session that does not pass the tap sees."""
        direct = self.native(self.server)
        try:
            return direct.run(sql) or []
        finally:
            direct.close()

    @property
    def asked(self) -> list[Request]:
        return [row for row in self.rows if isinstance(row, Request)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    alone = Blueprint(brokers=0, postgres=True)
    with open_stack("local", alone, run_dir=tmp_path_factory.mktemp("run"), progress=print) as stack, Tap() as tap:
        where = urlsplit(stack.postgres_dsn)
        assert where.hostname
        assert where.port
        yield World(tap, where.username or "", where.path[1:], (where.hostname, where.port))


@pytest.fixture
def lane(world: World) -> Iterator[Lane]:
    world.told("drop table if exists effects")
    world.told("create table effects (id int primary key, note text)")
    lane = world.lane()
    yield lane
    assert lane.failure is None
    world.tap.close_lane(lane)


def moment(api: str, nth: int, phase: Phase) -> Moment:
    return Moment("app", "database", api, nth, phase)


class Raw:
    """A client that says what it is told to, and keeps the letters of what it hears."""

    def __init__(self, world: World, address: tuple[str, int]) -> None:
        self.sock = socket.create_connection(address, PATIENCE_S)
        body = f"user\0{world.user}\0database\0{world.database}\0application_name\0raw\0\0".encode()
        for code in (80_877_103, 80_877_104):  # SSL, GSS
            self.sock.sendall(struct.pack(">ii", 8, code))
            assert received(self.sock, 1) == b"N"
        self.sock.sendall(struct.pack(">ii", 8 + len(body), 196_608) + body)
        self.key = next(body for letter, body in self.heard() if letter == b"K")

    def heard(self) -> list[tuple[bytes, bytes]]:
        """Everything up to the next ReadyForQuery."""
        found = []
        while not found or found[-1][0] != b"Z":
            head = received(self.sock, 5)
            found.append((head[:1], received(self.sock, int.from_bytes(head[1:], "big") - 4)))
        return found

    def run(self, *messages: bytes) -> str:
        self.sock.sendall(b"".join(messages))
        return b"".join(letter for letter, _ in self.heard()).decode()

    def close(self) -> None:
        self.sock.close()


@contextmanager
def raw(world: World, lane: Lane) -> Iterator[Raw]:
    client = Raw(world, lane.postgres_address)
    yield client
    client.close()


def parse(sql: str, name: str = "") -> bytes:
    return made(b"P", f"{name}\0{sql}\0".encode() + b"\0\0")


def run_prepared(name: str = "", portal: str = "") -> bytes:
    return made(b"B", f"{portal}\0{name}\0".encode() + bytes(6)) + made(b"E", portal.encode() + b"\0" + bytes(4))


SYNC = made(b"S", b"")


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


def told(lane: Lane) -> list[tuple[str, int, str]]:
    return [(each.api, each.nth, each.phase) for each in lane.moments]


def both(*apis: tuple[str, int]) -> list[tuple[str, int, str]]:
    return [(api, nth, phase) for api, nth in apis for phase in ("before", "after")]


def test_a_simple_client_shows_its_moments_and_its_rows(world: World, lane: Lane) -> None:
    with raw(world, lane) as client:
        assert client.run(query("select 1")) == "TDCZ"
        assert client.run(query("begin; commit")) == "CCZ"
        client.run(query("create temp table set_up (a int)"))
        client.run(query("begin"))
        assert client.run(query("insert into effects values (1, 'a;b'), (2, '')")) == "CZ"
        client.run(query("update effects set note = 'c' where id = 2"))
        client.run(query("commit"))
        client.run(query("insert into effects values (3)"))
        client.run(query("begin; delete from effects where id = 3; rollback"))
        client.run(query("begin"))
        client.run(query("select * from effects"))
        client.run(query("rollback"))
    wanted = [("INSERT", 1), ("UPDATE", 1), ("COMMIT", 1), ("INSERT", 2)]
    assert told(lane) == both(*wanted) + [(a, 1, p) for p in ("before", "after") for a in ("DELETE", "ROLLBACK")]
    details = [json.loads(row.detail) for row in world.asked]
    assert [(row.api, row.nth, row.error, row.client_id) for row in world.asked] == [
        (api, nth, 0, "raw") for api, nth in [*wanted, ("DELETE", 1), ("ROLLBACK", 1)]
    ]  # fmt: skip
    assert [detail["transaction"] for detail in details] == [1, 1, 1, 2, 3, 3]
    assert details[0] == {
        "statement": "insert into effects values (1, 'a;b'), (2, '')",
        "transaction": 1,
        "table": "effects",
        "tag": "INSERT 0 2",
    }
    assert lane.in_flight == 0


def test_prepared_statements_are_known_by_what_was_parsed(world: World, lane: Lane) -> None:
    with raw(world, lane) as client:
        assert client.run(parse("insert into effects values ((select count(*) from effects))", "ins"), SYNC) == "1Z"
        assert told(lane) == []
        for _ in range(2):
            assert client.run(run_prepared("ins"), SYNC) == "2CZ"
        assert client.run(run_prepared("ins"), run_prepared("ins", "p"), SYNC) == "2C2CZ"
        client.run(made(b"C", b"Sins\0"), SYNC)
        client.run(query("prepare again as insert into effects values (9)"))
        client.run(query("execute again"))
    assert [(api, nth) for api, nth, phase in told(lane) if phase == "after"] == [("INSERT", n) for n in range(1, 6)]
    assert world.told("select count(*) from effects") == [[5]]


def test_an_error_ends_what_was_asked_and_the_history_says_which(world: World, lane: Lane) -> None:
    with raw(world, lane) as client:
        assert client.run(query("insert into effects values (1); insert into effects values (1); select 1")) == "CEZ"
        again = parse("insert into effects values (7), (7)")
        assert client.run(again, run_prepared(), parse("delete from effects"), run_prepared(), SYNC) == "12EZ"
        assert client.run(parse("insert into nowhere values (1)"), run_prepared(), SYNC) == "EZ"
        client.run(query("begin; insert into effects values (5)"))
        client.run(query("selec"))
        assert client.run(query("commit")) == "CZ"  # it says ROLLBACK
        assert client.run(query("insert into effects values (6)")) == "CZ"
    found = [(row.api, row.error, json.loads(row.detail).get("sqlstate")) for row in world.asked]
    assert found == [
        ("INSERT", 0, None), ("INSERT", 1, "23505"), ("INSERT", 1, "23505"), ("DELETE", 1, "23505"),
        ("INSERT", 1, "42P01"), ("INSERT", 0, None), ("COMMIT", 0, None), ("INSERT", 0, None),
    ]  # fmt: skip
    afters = [(api, nth) for api, nth, phase in told(lane) if phase == "after"]
    assert afters == [("INSERT", 1), ("INSERT", 5), ("INSERT", 6)]
    assert lane.in_flight == 0


def test_copy_in_both_protocols(world: World, lane: Lane) -> None:
    with raw(world, lane) as client:
        client.sock.sendall(query("copy effects from stdin"))
        assert received(client.sock, 1) == b"G"
        received(client.sock, int.from_bytes(received(client.sock, 4), "big") - 4)
        lines = b"".join(f"{number}\tx\n".encode() for number in range(1000))
        assert client.run(made(b"d", lines), made(b"c", b"")) == "CZ"
        assert client.run(query("copy effects to stdout")) == "H" + "d" * 1000 + "cCZ"
        client.sock.sendall(query("copy effects from stdin"))
        head = received(client.sock, 5)
        received(client.sock, int.from_bytes(head[1:], "big") - 4)
        assert client.run(made(b"f", b"no\0")) == "EZ"
    connection = world.native(lane.postgres_address)
    connection.run("copy effects from stdin", stream=["5000\tpg\n", "5001\tpg\n"])
    assert connection.run("select count(*) from effects") == [[1002]]
    connection.close()
    assert [(api, nth, phase) for api, nth, phase in told(lane)] == [
        *both(("COPY", 1)), ("COPY", 2, "before"), *both(("COPY", 3)),
    ]  # fmt: skip


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_dropped_commit_is_done_or_not_and_the_client_does_not_know(world: World, lane: Lane, phase: Phase) -> None:
    hold = lane.arm(moment("COMMIT", 1, phase))
    connection = pg8000.dbapi.connect(
        world.user, host=lane.postgres_address[0], port=lane.postgres_address[1], database=world.database
    )
    connection.cursor().execute("insert into effects values (%s, %s)", (1, "x"))
    thread, errors = in_thread(connection.commit)
    assert hold.hit.wait(PATIENCE_S)
    assert world.told("select count(*) from effects") == [[int(phase == "after")]]
    hold.settle("drop")
    thread.join(PATIENCE_S)
    assert len(errors) == 1
    assert until(lambda: world.told("select count(*) from pg_stat_activity where query ilike 'insert%'") == [[0]])
    assert world.told("select count(*) from effects") == [[int(phase == "after")]]


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("simple", [True, False], ids=["simple", "extended"])
def test_a_statement_that_commits_itself_is_done_after_its_moment(
    world: World, lane: Lane, phase: Phase, simple: bool
) -> None:
    hold = lane.arm(moment("INSERT", 1, phase))
    sql = "insert into effects values (1)"
    with raw(world, lane) as client:
        client.sock.sendall(query(sql) if simple else parse(sql) + run_prepared() + SYNC)
        assert hold.hit.wait(PATIENCE_S)
        assert world.told("select count(*) from effects") == [[int(phase == "after")]]
        hold.settle("release")
        assert b"".join(letter for letter, _ in client.heard()).decode() == ("CZ" if simple else "12CZ")
    assert world.told("select count(*) from effects") == [[1]]


@pytest.mark.parametrize("simple", [True, False], ids=["simple", "extended"])
@pytest.mark.parametrize("api", ["INSERT", "COMMIT"])
def test_a_refused_statement_fails_as_the_server_would_let_it(world: World, lane: Lane, api: str, simple: bool) -> None:
    hold = lane.arm_next("database", api, "before")

    def ask(sql: str) -> bytes:
        return query(sql) if simple else parse(sql) + run_prepared() + SYNC

    with raw(world, lane) as client:
        client.run(ask("begin"))
        held = "insert into effects values (1)"
        if api == "COMMIT":
            client.run(ask(held))
            held = "commit"
        client.sock.sendall(ask(held))
        assert hold.hit.wait(PATIENCE_S)
        with pytest.raises(UsageError, match="40001"):
            hold.settle(Refuse("42601"))
        hold.settle(Refuse("40001"))
        heard = client.heard()
        assert b"".join(letter for letter, _ in heard).decode() == ("EZ" if simple else "12EZ")
        assert b"C40001\0" in next(body for letter, body in heard if letter == b"E")
        assert heard[-1][1] == (b"I" if api == "COMMIT" else b"E")  # a commit that fails has ended its transaction
        client.run(ask("rollback"))
        for sql in ("begin", "insert into effects values (2)", "commit"):
            client.run(ask(sql))
    assert world.told("select id from effects") == [[2]]
    assert [row.error for row in world.asked if row.api == api] == [1, 0]


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("simple", [True, False], ids=["simple", "extended"])
def test_a_swallowed_statement_is_never_answered_and_the_session_goes_on(
    world: World, lane: Lane, phase: Phase, simple: bool
) -> None:
    hold = lane.arm(moment("INSERT", 1, phase))
    sql = "insert into effects values (1)"
    with raw(world, lane) as client:
        client.sock.sendall(query(sql) if simple else parse(sql) + run_prepared() + SYNC)
        assert hold.hit.wait(PATIENCE_S)
        hold.settle("swallow")
        client.sock.sendall(query("select 1"))
        letters = b"".join(letter for letter, _ in client.heard()).decode()
        assert letters == ("TDCZ" if simple else "12TDCZ")
    assert world.told("select count(*) from effects") == [[int(phase == "after")]]


def test_a_late_commit_is_done_when_its_client_has_long_given_up(world: World, lane: Lane) -> None:
    hold = lane.arm(moment("COMMIT", 1, "before"))
    connection = world.native(lane.postgres_address)
    connection.run("begin")
    connection.run("insert into effects values (1)")
    thread, errors = in_thread(lambda: connection.run("commit"))
    assert hold.hit.wait(PATIENCE_S)
    hold.detach()
    thread.join(PATIENCE_S)
    assert len(errors) == 1
    lane.cut()
    assert world.told("select count(*) from effects") == [[0]]
    hold.settle("late")
    assert until(lambda: world.told("select count(*) from effects") == [[1]])
    assert until(lambda: not lane.connections)


def test_after_a_cut_no_lock_of_the_dead_is_left(world: World, lane: Lane) -> None:
    world.told("insert into effects values (1)")
    with raw(world, lane) as client:
        client.run(query("begin; update effects set note = 'locked'"))
        lane.cut()
        assert ended(client.sock)
        began = time.monotonic()
        world.told("update effects set note = 'free'")
        assert time.monotonic() - began < 5


def test_a_cancel_request_reaches_the_session_that_it_names(world: World, lane: Lane) -> None:
    with raw(world, lane) as client:
        thread, errors = in_thread(lambda: client.run(query("select pg_sleep(30)")))
        assert until(
            lambda: world.told("select count(*) from pg_stat_activity where query ~ '^select pg_sleep'") == [[1]]
        )
        with socket.create_connection(lane.postgres_address, PATIENCE_S) as other:
            other.sendall(struct.pack(">ii", 8 + len(client.key), 80_877_102) + client.key)
            assert ended(other)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        assert errors == []
        assert client.run(query("select 1")) == "TDCZ"


def test_a_client_that_does_not_read_slows_the_server_down(world: World, lane: Lane) -> None:
    before = rss_mb()
    with raw(world, lane) as client:
        client.sock.sendall(query("select repeat('x', 1000) from generate_series(1, 200000)"))
        assert received(client.sock, 5)[:1] == b"T"
        time.sleep(1.5)  # by now the server would have sent all of its 200 MB
        assert rss_mb() - before < 24
        waits = "select count(*) from pg_stat_activity where wait_event = 'ClientWrite'"
        assert until(lambda: world.told(waits) == [[1]])


def test_several_connections_are_one_count(world: World, lane: Lane) -> None:
    connections = [world.native(lane.postgres_address) for _ in range(5)]
    for number, connection in enumerate(connections):
        connection.run("insert into effects values (:id)", id=number)
    for connection in connections:
        connection.close()
    assert told(lane) == both(*(("INSERT", number) for number in range(1, 6)))
    assert len({row.connection for row in world.asked}) == 5


def test_asyncpg_and_its_own_statement_cache(world: World, lane: Lane) -> None:
    async def work() -> None:
        host, port = lane.postgres_address
        connection = await asyncpg.connect(host=host, port=port, user=world.user, database=world.database)
        for number in range(8):
            async with connection.transaction():
                await connection.execute("insert into effects values ($1, $2)", number, "x" * 200_000)
        await connection.executemany("update effects set note = $2 where id = $1", [(n, "y") for n in range(8)])
        await connection.copy_records_to_table("effects", records=[(n, "z") for n in range(100, 200)])
        assert await connection.fetchval("select count(*) from effects") == 108
        async with connection.transaction():
            async for _ in connection.cursor("select * from effects"):
                pass
        await connection.close()

    asyncio.run(work())
    counted = {(each.api, each.phase): each.nth for each in lane.moments}
    assert counted == {
        (api, phase): nth
        for api, nth in (("INSERT", 8), ("COMMIT", 8), ("UPDATE", 8), ("COPY", 1))
        for phase in ("before", "after")
    }


def test_the_same_work_has_the_same_moments_whatever_else_is_asked(world: World, lane: Lane) -> None:
    seen = []
    for noise in (0, 3):
        lane = world.lane()
        connection = world.native(lane.postgres_address)
        for number in range(3):
            for _ in range(noise):
                connection.run("select version()")
                connection.run("begin")
                connection.run("commit")
            connection.run("begin")
            connection.run("insert into effects values (:id) on conflict do nothing", id=number)
            connection.run("commit")
        connection.close()
        assert lane.failure is None
        seen.append(told(lane))
        world.tap.close_lane(lane)
    assert seen[0] == seen[1] == both(*((api, n) for n in (1, 2, 3) for api in ("INSERT", "COMMIT")))


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "claims 1195725856 bytes"),
        (struct.pack(">ii", 8, 131_072), "code 131072"),
        (struct.pack(">ii", 4, 0), "claims 4 bytes"),
    ],
)
def test_a_broken_beginning_fails_the_lane(world: World, sent: bytes, says: str) -> None:
    lane = world.lane()
    with socket.create_connection(lane.postgres_address, PATIENCE_S) as sock:
        sock.sendall(sent)
        assert ended(sock)
    assert until(lambda: lane.failure is not None)
    assert says in str(lane.failure)
    world.tap.close_lane(lane)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"?\0\0\0\4", "b'?' of 4 bytes"),
        (b"Q\0\0\0\3", "cannot be of 3 bytes"),
        (b"Q\0\0\0\5x", "ends within a string"),
    ],
)
def test_a_broken_message_fails_the_lane(world: World, sent: bytes, says: str) -> None:
    lane = world.lane()
    client = Raw(world, lane.postgres_address)
    client.sock.sendall(sent)
    assert ended(client.sock)
    client.close()
    assert until(lambda: lane.failure is not None)
    assert says in str(lane.failure)
    world.tap.close_lane(lane)


def test_a_hold_of_the_database_knows_its_moment(world: World, lane: Lane) -> None:
    hold: Hold = lane.arm_next("database", "UPDATE", "after")
    with raw(world, lane) as client:
        client.run(query("insert into effects values (1)"))
        client.sock.sendall(query("update effects set note = 'x'"))
        assert hold.hit.wait(PATIENCE_S)
        assert hold.moment == moment("UPDATE", 1, "after")
        with pytest.raises(UsageError, match="legal there: none"):
            hold.settle(Refuse("40001"))
        hold.settle("release")
        client.heard()
