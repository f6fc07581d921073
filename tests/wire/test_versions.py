"""Clients of other versions and languages through the tap: Java from 3.0 on, Go. Each is fetched, compiled and run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import jgo
import pytest

from stream_contracts.history.model import Commit, Request, Row
from stream_contracts.stack.runtime import runtime
from stream_contracts.trial.log import read
from tests.waiting import until
from tests.wire.test_clients import COMPILER, HERE, RECORDS, TRANSACTION, Client, Loop, World, world

__all__ = ["world"]
pytestmark = [pytest.mark.broker, pytest.mark.soak]

JAVA = ("3.0.2", "3.9.1", "4.0.0", "4.1.1")
"""Versions of kafka-clients; the one of the brokers is tried by test_clients."""
BATCHES = 3
"""Twelve records, four at a time."""
BUILD_S = 500


def compiled(version: str, folder: Path) -> Client:
    """The loop in Java with that version of the client, on the JRE that the brokers run on."""
    java = runtime(print).java_home / "bin" / "java"
    (compiler,) = Path(jgo.build(COMPILER).path).rglob("ecj*.jar")
    jars = [str(jar) for jar in Path(jgo.build(f"org.apache.kafka:kafka-clients:{version}").path).rglob("*.jar")]
    assert [jar for jar in jars if jar.endswith(f"kafka-clients-{version}.jar")]
    class_path = os.pathsep.join([*jars, str(folder)])
    build = [java, "-jar", compiler, "-17", "-nowarn", "-cp", class_path, "-d", folder, HERE / "java" / "Loop.java"]
    subprocess.run(build, check=True, timeout=BUILD_S)
    # With transaction version 2 (KIP-890; clients from 4.0 on) a TxnOffsetCommit adds its group by itself.
    spared = frozenset() if version.startswith("3.") else frozenset({"AddOffsetsToTxn"})
    return Client([str(java), "-cp", class_path, "Loop"], {"GROUP_PROTOCOL": "classic"}, spared)


def built(folder: Path) -> Client:
    """The loop in Go (franz-go)."""
    if shutil.which("go") is None:
        pytest.skip("there is no Go toolchain here")
    program = folder / "loop"
    subprocess.run(["go", "build", "-o", program, "."], cwd=HERE / "go", check=True, timeout=BUILD_S)
    return Client([str(program)], {}, frozenset({"AddOffsetsToTxn"}))


@pytest.mark.parametrize("version", [*JAVA, "go"])
def test_a_transactional_loop_of_another_version_passes_whole(world: World, version: str, tmp_path: Path) -> None:
    client = built(tmp_path) if version == "go" else compiled(version, tmp_path)
    rows: list[Row] = []
    lane = world.lane(rows)
    environment = world.environment(lane, **client.environment)
    loop = Loop(client.command, environment, tmp_path / "log")
    try:
        assert loop.done(RECORDS, timeout_s=90.0), loop.log()
        assert loop.end() == 0, loop.log()
    finally:
        loop.end(kill=True)
    assert until(lambda: lane.in_flight == 0)
    assert lane.failure is None
    doors = {port for _, port in (lane.door((broker.host, broker.port)) for broker in world.stack.brokers)}
    assert loop.ports
    assert loop.ports <= doors, "it spoke past the tap"
    entries = read(world.cluster, (environment["OUTPUT"], 0))
    assert [(entry.key, entry.value, entry.fate) for entry in entries] == [
        (f"{number % 3}".encode(), f"loop:{number}".encode(), "committed") for number in range(RECORDS)
    ]
    assert TRANSACTION - client.spared <= {row.api for row in rows if isinstance(row, Request)}
    ends = sorted((moment.nth, moment.phase) for moment in lane.moments if moment.api == "EndTxn")
    assert ends == [(nth, phase) for nth in range(1, BATCHES + 1) for phase in ("after", "before")]
    assert [row.offset for row in rows if isinstance(row, Commit)] == [4, 8, 12]
    world.tap.close_lane(lane)
