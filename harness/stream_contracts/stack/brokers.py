"""Brokers as child processes of ours: laid out in the run's folder, started side by side, ended with the run."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, overload

from stream_contracts.errors import StackError, UnsupportedError
from stream_contracts.stack import storage
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import KAFKA_VERSION, Blueprint, Ports, broker_properties
from stream_contracts.stack.capabilities import Part, capable, named
from stream_contracts.stack.model import Broker
from stream_contracts.stack.ports import reserved
from stream_contracts.stack.readiness import await_answer, cluster_complete
from stream_contracts.stack.runtime import Runtime, jvm_environment
from stream_contracts.stack.service import Service
from stream_contracts.stack.warden import Warden
from stream_contracts.stack.warmup import warm_up

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a start needs and that is computed once: runtime, formatted storage, flags of the AOT cache."""

    runtime: Runtime
    formatted: Path
    flags: tuple[str, ...] = ()


HOST = "127.0.0.1"
READY_S = 60.0
STARTS = 3
PORT_TAKEN = re.compile(r"Address already in use|Socket server failed to bind")
REMEDY = (
    "read the log above; a setting that Kafka refuses comes from the blueprint's config, a full disk or too little "
    "memory from this machine (a broker takes about 170 MB)"
)


class LocalStack:
    """A running local stack; the Stack protocol tells what its parts promise."""

    def __init__(self, blueprint: Blueprint, run_id: str, run_dir: Path, warden: Warden, why: str) -> None:
        self.backend, self.why = "local", why
        self.blueprint, self.run_id, self.run_dir = blueprint, run_id, run_dir
        self.brokers: tuple[Broker, ...] = ()
        self.timings: dict[str, float] = {}
        self._services: dict[str, Service] = {}
        self._addresses: dict[str, str] = {}
        self._warden = warden
        self._closed = False

    @property
    def bootstrap(self) -> str:
        """The brokers' client addresses, comma-separated."""
        return ",".join(f"{broker.host}:{broker.port}" for broker in self.brokers)

    @property
    def client_config(self) -> Mapping[str, str]:
        """What a librdkafka client is configured with to reach the brokers."""
        return {"bootstrap.servers": self.bootstrap}

    @property
    def schema_registry_url(self) -> str:
        """Where the Confluent API of the registry begins."""
        return self._address("registry")

    @property
    def postgres_dsn(self) -> str:
        """How a client connects to PostgreSQL, as the owner of its database."""
        return self._address("postgres")

    @property
    def connect_url(self) -> str:
        """Where the REST API of Kafka Connect begins."""
        return self._address("connect")

    @property
    def services(self) -> Mapping[str, Part]:
        """Every service by its name."""
        return dict(self._services)

    @overload
    def service(self, name: str) -> Part: ...

    @overload
    def service(self, name: str, *, can: type[C]) -> C: ...

    def service(self, name: str, *, can: type[C] | None = None) -> Part | C:
        """Return the service of that name, able to do what ``can`` says."""
        found = named(self._services, name)
        return found if can is None else capable(found, can, self.backend)

    def await_ready(self, timeout_s: float = READY_S) -> None:
        """Wait until every broker is there again, as after a restart. StackError where that does not come."""
        question = cluster_complete(self.brokers)
        await_answer(question, tuple(self._services.values()), timeout_s=timeout_s, where=self.bootstrap, remedy=REMEDY)

    def describe(self) -> str:
        """Say in one line what runs, where, and since when."""
        brokers = "1 broker" if len(self.brokers) == 1 else f"{len(self.brokers)} brokers"
        return (
            f"local ({self.why}): Apache Kafka {KAFKA_VERSION}, {brokers} at {self.bootstrap}, "
            f"ready in {self.timings.get('ready_s', 0):.2f} s, warm in {self.timings.get('prewarm_s', 0):.2f} s"
        )

    def keep(self) -> None:
        """Leave the run's folder, logs included, where it is when the stack closes."""
        self._warden.keep()

    def close(self) -> None:
        """Kill everything (the data is thrown away, so nothing is asked to end), and remove the run's folder."""
        if self._closed:
            return
        self._closed = True
        try:
            for service in self._services.values():
                service.kill()
        finally:
            self._warden.dismiss()

    def start(self, prepared: Prepared, nodes: tuple[Ports, ...]) -> None:
        """Lay out and start the brokers on these ports, all side by side, and wait until they answer."""
        cluster_id = storage.kafka_uuid()
        self.brokers = tuple(Broker(node, HOST, ports.client) for node, ports in enumerate(nodes, 1))
        for node in range(1, len(nodes) + 1):
            service = self._lay_out(prepared, nodes, node)
            storage.copy(prepared.formatted, service.cwd / "data", node=node, cluster_id=cluster_id)
            self._services[service.name] = service
        begin = time.monotonic()
        for service in self._services.values():
            service.start()
        self.await_ready()
        self.timings["ready_s"] = time.monotonic() - begin

    def warm_up(self) -> None:
        """Make the first transaction and the first group, so that no client meets a coordinator that is loading."""
        begin = time.monotonic()
        warm_up(self.brokers, self._services.values())
        self.timings["prewarm_s"] = time.monotonic() - begin

    def reset(self) -> None:
        """Kill what was started, and forget it; the log stays for whoever asks why."""
        for service in self._services.values():
            service.kill()
            shutil.rmtree(service.cwd / "data", ignore_errors=True)
        self._services = {}

    def port_taken(self) -> bool:
        """Tell whether a broker died because another program took its port first."""
        return any(
            not service.alive and PORT_TAKEN.search(service.log_tail(200)) for service in self._services.values()
        )

    def _address(self, need: str) -> str:
        self.blueprint.require(need)
        return self._addresses[need]

    def _lay_out(self, prepared: Prepared, nodes: tuple[Ports, ...], node: int) -> Service:
        name = f"broker-{node}"
        folder = self.run_dir / name
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        properties = broker_properties(self.blueprint, node, nodes, host=HOST, log_dir=str(folder / "data"))
        storage.write_properties(folder / "server.properties", properties)
        # Native libraries are unpacked into the temporary folder and stay there after a kill: give it one of its own.
        own = (*prepared.flags, f"-Djava.io.tmpdir={folder / 'tmp'}")
        command = prepared.runtime.command("kafka.Kafka", [str(folder / "server.properties")], own)
        env = jvm_environment(os.environ)
        return Service(name, command, cwd=folder, env=env, log_path=folder / "broker.log", run_id=self.run_id)


@contextmanager
def watched(blueprint: Blueprint, run_dir: Path | None, *, keep: bool, why: str) -> Iterator[LocalStack]:
    """Yield a stack with a folder and a warden, in which nothing runs yet; close it in the end."""
    run_id = uuid.uuid4().hex[:12]
    above = run_dir or Path(tempfile.gettempdir())
    folder = (above / f"stack-{run_id}").absolute()
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StackError(f"the run's folder {folder} cannot be made: {error.strerror}") from error
    stack = LocalStack(blueprint, run_id, folder, Warden(run_id, folder), why)
    try:
        if keep:
            stack.keep()
        yield stack
    finally:
        stack.close()


@contextmanager
def running(
    prepared: Prepared,
    blueprint: Blueprint,
    *,
    run_dir: Path | None,
    progress: Progress,
    keep: bool = False,
    why: str = "asked for",
) -> Iterator[LocalStack]:
    """Start the blueprint's brokers, wait until they answer and their coordinators are loaded, and yield the stack."""
    lacking = [told for need, told in blueprint.needs().items() if need != "brokers"]
    if lacking:
        raise UnsupportedError(f"the local backend does not run {' and '.join(lacking)} yet")
    with watched(blueprint, run_dir, keep=keep, why=why) as stack:
        for left in reversed(range(STARTS)):
            with reserved(3 * blueprint.brokers, host=HOST) as ports:
                nodes = tuple(Ports(*ports[i : i + 3]) for i in range(0, len(ports), 3))
                try:
                    stack.start(prepared, nodes)
                except StackError:
                    if not (left and stack.port_taken()):
                        raise
                    progress("a port was taken by another program in the meantime; starting again on other ports")
                    stack.reset()
                    continue
                stack.warm_up()
                yield stack
                return
