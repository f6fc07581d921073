"""Real clients of two languages through the tap, on a real broker: all they say passes here, and tells the same story."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jgo
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_contracts.history.model import Commit, Request, Row
from stream_contracts.stack.model import Stack
from stream_contracts.stack.runtime import jvm_environment, runtime
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.log import read
from stream_contracts.wire.lane import Lane
from stream_contracts.wire.tap import Tap
from tests.waiting import until

pytestmark = pytest.mark.broker

PATIENCE_S = 30.0
COMPILER = "org.eclipse.jdt:ecj:3.46.100"
HERE = Path(__file__).parent
PYTHON = [sys.executable, str(HERE / "loop.py")]
RECORDS = 12
TRANSACTION = {"InitProducerId", "Produce", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn", "Fetch"}


@dataclass
class World:
    """A broker, the tap before it, and names that nobody else has."""

    stack: Stack
    tap: Tap
    cluster: Cluster
    admin: AdminClient
    feeder: Producer
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def environment(self, lane: Lane, **more: str) -> dict[str, str]:
        """Fresh topics, the input filled with RECORDS records."""
        prefix = f"{self.stack.run_id}.loop.{next(self.numbers)}"
        topics = [f"{prefix}.in", f"{prefix}.out"]
        for made in self.admin.create_topics([NewTopic(topic, 1, 1) for topic in topics]).values():
            made.result(PATIENCE_S)
        assert until(lambda: all(self.cluster.leads(topic, 1) for topic in topics))
        self.feed(topics[0], RECORDS)
        names = {
            "INPUT": topics[0],
            "OUTPUT": topics[1],
            "GROUP": f"{prefix}.group",
            "TRANSACTIONAL_ID": f"{prefix}.id",
        }
        return {**os.environ, **names, "KAFKA_BOOTSTRAP_SERVERS": lane.bootstrap, "COUNT": f"{RECORDS}", **more}

    def feed(self, topic: str, records: int) -> None:
        for number in range(records):
            self.feeder.produce(topic, key=f"{number % 3}", value=f"{number}")
        assert self.feeder.flush(PATIENCE_S) == 0

    def lane(self, rows: list[Row]) -> Lane:
        brokers = [(broker.host, broker.port) for broker in self.stack.brokers]
        return self.tap.open_lane("app", brokers, rows.append, time.monotonic, threading.Event())


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    cluster = Cluster([(broker.host, broker.port) for broker in stack.brokers])
    servers = {"bootstrap.servers": stack.bootstrap}
    with Tap() as tap:
        yield World(stack, tap, cluster, AdminClient(servers), Producer({**servers, "linger.ms": 100}))
    cluster.close()


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that runs the loop in Java, compiled against the client in the broker's own jars."""
    classes, found = tmp_path_factory.mktemp("classes"), runtime(print)
    (compiler,) = Path(jgo.build(COMPILER).path).rglob("ecj*.jar")
    command = [
        found.java_home / "bin" / "java",
        "-jar",
        compiler,
        "-17",
        "-nowarn",
        "-cp",
        found.class_path,
        "-d",
        classes,
    ]
    subprocess.run([*command, HERE / "java" / "Loop.java"], check=True, timeout=120)
    first, *rest = found.command("Loop", [])
    place = rest.index(found.class_path)
    return [first, *rest[:place], f"{found.class_path}{os.pathsep}{classes}", *rest[place + 1 :]]


class Loop:
    """The loop as a process, and every remote port it was ever seen connected to."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.ports: set[int] = set()
        self._log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                command, env=jvm_environment(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.append(line.decode().strip())

    def done(self, records: int, timeout_s: float = PATIENCE_S) -> bool:
        """Wait until it says that it has handled so many records; look at its sockets on the way."""

        def looked() -> bool:
            self.ports |= connected_ports(self.process.pid)
            return f"{records}" in self._lines or self.process.poll() is not None

        until(looked, timeout_s)
        return f"{records}" in self._lines

    def end(self, *, kill: bool = False) -> int:
        if kill:
            self.process.kill()
        assert self.process.stdin is not None
        self.process.stdin.close()
        status = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")[-3000:]


def connected_ports(pid: int) -> set[int]:
    """The remote ports of the TCP connections of a process, from /proc: asked of the kernel, not of the client."""
    inodes = set()
    try:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            name = str(file.readlink())
            if name.startswith("socket:["):
                inodes.add(name[8:-1])
        tables = [Path(f"/proc/{pid}/net/{name}").read_text("utf-8").splitlines()[1:] for name in ("tcp", "tcp6")]
    except OSError:
        return set()  # it has just ended, or closed the file that we looked at
    rows = [line.split() for table in tables for line in table]
    return {int(row[2].rsplit(":", 1)[1], 16) for row in rows if row[9] in inodes} - {0}


@dataclass(frozen=True)
class Client:
    """A client as a command, what it needs in its environment, and which requests of KIP-98 it can do without."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    spared: frozenset[str] = frozenset()


@pytest.fixture(params=["python", "java", "java with KIP-848"])
def client(request: pytest.FixtureRequest) -> Client:
    """The loop in each client; the third one's group is kept by the broker (KIP-848)."""
    if request.param == "python":
        return Client(PYTHON)
    protocol = "consumer" if "KIP-848" in request.param else "classic"
    # With transaction version 2 (KIP-890) a TxnOffsetCommit adds its group to the transaction by itself.
    return Client(request.getfixturevalue("java"), {"GROUP_PROTOCOL": protocol}, frozenset({"AddOffsetsToTxn"}))


def test_a_transactional_loop_passes_the_tap_whole(world: World, client: Client, tmp_path: Path) -> None:
    rows: list[Row] = []
    lane = world.lane(rows)
    environment = world.environment(lane, **client.environment)
    loop = Loop(client.command, environment, tmp_path / "log")
    try:
        assert loop.done(RECORDS), loop.log()
        assert len(lane.members) == 1
        assert loop.end() == 0, loop.log()
    finally:
        loop.end(kill=True)
    doors = {port for _, port in (lane.door((broker.host, broker.port)) for broker in world.stack.brokers)}
    assert loop.ports
    assert loop.ports <= doors
    assert lane.failure is None
    entries = read(world.cluster, (environment["OUTPUT"], 0))
    assert [entry.value for entry in entries] == [f"loop:{number}".encode() for number in range(RECORDS)]
    assert {entry.fate for entry in entries} == {"committed"}
    apis = {row.api for row in rows if isinstance(row, Request)}
    assert TRANSACTION - client.spared <= apis
    commits = [row.offset for row in rows if isinstance(row, Commit)]
    assert commits == sorted(set(commits))
    assert commits[-1] == RECORDS
    assert lane.groups == {environment["GROUP"]}
    assert until(lambda: not lane.members)  # it said goodbye when it ended
    assert until(lambda: lane.in_flight == 0)
    world.tap.close_lane(lane)


def test_the_same_input_gives_the_same_moments(world: World, tmp_path: Path) -> None:
    told = []
    for number in range(3):
        lane = world.lane([])
        loop = Loop(PYTHON, world.environment(lane), tmp_path / f"log-{number}")
        try:
            assert loop.done(RECORDS), loop.log()
            assert loop.end() == 0, loop.log()
        finally:
            loop.end(kill=True)
        told.append(sorted(lane.moments))
        world.tap.close_lane(lane)
    assert told[0] == told[1] == told[2]
    ends = [moment for moment in told[0] if moment.api == "EndTxn"]
    assert [(moment.nth, moment.phase) for moment in ends] == [(n, p) for n in (1, 2, 3) for p in ("after", "before")]


def died(world: World, client: Client, lane: Lane, log: Path) -> dict[str, str]:
    """Let a loop do its work and kill it; its environment, and four records more for who comes after it."""
    environment = world.environment(lane, **client.environment)
    loop = Loop(client.command, environment, log)
    try:
        assert loop.done(RECORDS), loop.log()
    finally:
        loop.end(kill=True)
    lane.cut()
    world.feed(environment["INPUT"], 4)
    return {**environment, "COUNT": "4"}


def test_a_goodbye_for_the_dead_lets_the_next_one_in_at_once(world: World, client: Client, tmp_path: Path) -> None:
    lane = world.lane([])
    environment = died(world, client, lane, tmp_path / "first")
    (member,) = lane.members.values()
    assert member.group == environment["GROUP"]
    assert world.cluster.dismiss([member]) == [member]
    second = Loop(client.command, environment, tmp_path / "second")
    try:
        assert second.done(4, timeout_s=15), second.log()  # the session of the dead would have lasted for 45
    finally:
        second.end(kill=True)
    assert lane.failure is None
    world.tap.close_lane(lane)


def test_without_a_goodbye_the_next_one_waits(world: World, tmp_path: Path) -> None:
    """So that the test before this one shows something."""
    lane = world.lane([])
    environment = died(world, Client(PYTHON), lane, tmp_path / "first")
    second = Loop(PYTHON, environment, tmp_path / "second")
    try:
        assert until(lambda: len(lane.members) == 2), second.log()
        assert not second.done(4, timeout_s=3)
    finally:
        second.end(kill=True)
    world.tap.close_lane(lane)
