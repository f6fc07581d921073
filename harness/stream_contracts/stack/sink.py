"""A worker of Kafka Connect that carries one sink connector: a process of its own, with the Debezium JDBC connector's jars.

It is Connect's standalone mode: several workers with a connector of one name share its consumer group, as the tasks of a
distributed one do, and each is a process that can be killed by itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from stream_contracts.stack.artefacts import SINK_LOCK, Jar, Progress, read_lock
from stream_contracts.stack.runtime import Runtime, jvm_environment, runtime
from stream_contracts.stack.service import Service
from stream_contracts.stack.storage import write_properties

MAIN = "org.apache.kafka.connect.cli.ConnectStandalone"
FAILED = b"will not recover until manually restarted"
"""What Connect writes to its log when it gives a task up; the worker itself lives on."""
NOT_OURS = ("ojdbc", "mysql-connector", "mssql-jdbc", "mariadb-java-client")
"""Drivers of other databases: they come in the archive, and are not run."""

SETTINGS: Mapping[str, str] = {
    # The plugins are on the class path, and say who they are: nothing is scanned.
    "plugin.discovery": "service_load",
    "listeners": "http://127.0.0.1:0",
    # Offsets once a minute, as by default, would make the end of each trial a minute long.
    "offset.flush.interval.ms": "500",
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
}
"""What a worker is told where the connector does not say otherwise."""

_JAR = re.compile(r"(.+?)-(\d[\w.-]*)\.jar")


class SinkWorker(Service):
    """The process. A worker whose task has failed counts as ended, with status 1: it is killed when somebody looks.

    Connect leaves such a worker alive and idle; who runs one watches its tasks and starts them again.
    """

    _read = 0
    _failed = False

    @property
    def alive(self) -> bool:
        """Whether it runs and has not given its task up."""
        if super().alive and self._gave_up():
            self._failed = True
            self.kill()
        return super().alive

    @property
    def exit_status(self) -> int | None:
        """How it ended; 1 where its task failed."""
        return 1 if self._failed else super().exit_status

    def start(self) -> None:
        """Start it (again)."""
        self._read = self.log_path.stat().st_size if self.log_path.exists() else 0
        self._failed = False
        super().start()

    def _gave_up(self) -> bool:
        """Whether the log says so, in what was written since the last look."""
        if self.log_path.stat().st_size <= self._read:
            return False
        with self.log_path.open("rb") as log:
            log.seek(self._read)
            lines = log.read()
        whole = lines.rfind(b"\n") + 1
        self._read += whole
        return FAILED in lines[:whole]


def worker(
    found: Runtime,
    flags: Iterable[str],
    name: str,
    config: Mapping[str, str],
    *,
    bootstrap: str,
    folder: Path,
    log_path: Path,
    run_id: str,
) -> SinkWorker:
    """The process of a worker with one connector, not started yet; ``config`` is all that the connector is told."""
    own = {"bootstrap.servers": bootstrap, "offset.storage.file.filename": str(folder / "offsets")}
    worker_file, connector_file = folder / "worker.properties", folder / "connector.properties"
    write_properties(worker_file, {**SETTINGS, **own})
    write_properties(connector_file, config)
    command = found.command(
        MAIN, [str(worker_file), str(connector_file)], (*flags, f"-Djava.io.tmpdir={folder}")
    )  # fmt: skip
    env = jvm_environment(os.environ)
    return SinkWorker(name, command, cwd=folder, env=env, log_path=log_path, run_id=run_id)


def found(progress: Progress, *, thorough: bool = False) -> Runtime:
    """Return what a worker runs on, fetched where it was missing: of a jar that is there twice, the newer one.

    StackError where Java or a file cannot be had.
    """
    plain = runtime(progress, thorough=thorough, lock=read_lock(SINK_LOCK))
    archived = [jar for jar in plain.unpacked(progress).glob("*/*.jar") if not jar.name.startswith(NOT_OURS)]
    own = {artifact: numbers(version) for artifact, version in map(_coordinates, plain.jars)}
    more = {artifact: (numbers(version), jar) for jar in archived for artifact, version in _named(jar)}
    newer = {artifact for artifact, (version, _) in more.items() if version > own.get(artifact, ())}
    return replace(
        plain,
        jars=tuple(jar for jar in plain.jars if _coordinates(jar)[0] not in newer),
        more=tuple(more[artifact][1] for artifact in sorted(newer)),
    )


def _coordinates(jar: Jar) -> tuple[str, str]:
    """The artifact and the version of a jar; those of an archive are no jar's."""
    _, artifact, version, *_ = jar.coordinates.split(":")
    return (artifact, version) if jar.packaging == "jar" else ("", "")


def _named(jar: Path) -> Iterator[tuple[str, str]]:
    """The artifact and the version that a file's name tells."""
    if match := _JAR.fullmatch(jar.name):
        yield match[1], match[2]


def numbers(version: str) -> tuple[int, ...]:
    """A version as something that can be compared."""
    return tuple(map(int, re.findall(r"\d+", version)))
