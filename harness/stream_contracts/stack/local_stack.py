"""A running local stack: its units started in dependency order, side by side where they can be, and ended together."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stream_contracts.errors import StackError, UnsupportedError
from stream_contracts.stack import embedded
from stream_contracts.stack.addressed import Addressed
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import EMBEDDED, KAFKA_VERSION, POSTGRES_VERSION, Blueprint
from stream_contracts.stack.brokers import brokers_of
from stream_contracts.stack.capabilities import Part
from stream_contracts.stack.derived import reason
from stream_contracts.stack.model import Broker
from stream_contracts.stack.ports import reserved
from stream_contracts.stack.service import Startable
from stream_contracts.stack.unit import HOST, Site, Unit
from stream_contracts.stack.warden import Warden

STARTS = 3
PORT_TAKEN = re.compile(r"Address already in use|Socket server failed to bind|Failed to bind|already bound")
VERSIONS = {"brokers": f"Apache Kafka {KAFKA_VERSION}, ", "postgres": f"{POSTGRES_VERSION} "}
TIMING = {"brokers": "ready_s"}
"""Need -> the name of its timing, where that is not ``<need>_s``."""


class Kind(Protocol):
    """What is prepared for one kind of service: it knows how many ports it takes, and how it is laid out."""

    def ports(self, blueprint: Blueprint) -> int:
        """How many ports it takes."""

    def lay_out(self, site: Site) -> Unit:
        """Write its folders and settings, and return what is to be started."""

    def summary(self) -> str:
        """Say what was prepared, for people."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a start needs and that is computed once: need -> how what answers it is laid out."""

    kinds: Mapping[str, Kind]

    def summary(self) -> str:
        """Say what was prepared, for people."""
        return "; ".join(kind.summary() for kind in self.kinds.values()) or "nothing is needed"


class LocalStack(Addressed):
    """A running local stack; the Stack protocol tells what its parts promise."""

    def __init__(self, blueprint: Blueprint, run_id: str, run_dir: Path, warden: Warden, why: str) -> None:
        self.backend, self.why = "local", why
        self.blueprint, self.run_id, self.run_dir = blueprint, run_id, run_dir
        self.timings: dict[str, float] = {}
        self._units: dict[str, Unit] = {}
        self._embedded: embedded.Registry | None = None
        self._warden = warden
        self._leaving = ExitStack()
        self._leaving.callback(warden.dismiss)

    @property
    def brokers(self) -> tuple[Broker, ...]:
        """The brokers by node id."""
        return brokers_of(self._units["brokers"].address) if "brokers" in self._units else ()

    def address(self, need: str) -> str:
        """Return what clients are told of the need. UsageError where the blueprint does not have it."""
        self.blueprint.require(need)
        return self._embedded.url if need == "registry" and self._embedded is not None else self._units[need].address

    def inside(self, need: str) -> str:
        """Return the address of what answers the need, as Kafka Connect and others of the stack reach it."""
        outside = self.address(need)
        return self._units[need].inside or outside if need in self._units else outside

    @property
    def processes(self) -> Mapping[str, Startable]:
        """The services that are started and ended with the stack, each a process or a container of its own, by name."""
        return {service.name: service for unit in self._units.values() for service in unit.services}

    @property
    def services(self) -> Mapping[str, Part]:
        """Every service by its name."""
        inner: dict[str, Part] = {} if self._embedded is None else {self._embedded.name: self._embedded}
        return {**self.processes, **inner}

    def await_ready(self, timeout_s: float = 60) -> None:
        """Wait until everything answers again, as after a restart. StackError where that does not come."""
        deadline = time.monotonic() + timeout_s
        for unit in self._units.values():
            unit.await_ready(max(0.0, deadline - time.monotonic()))

    def describe(self) -> str:
        """Say in one line what runs, where, and how long it took."""
        return f"local ({self.why}): {', '.join(self.parts(VERSIONS))}"

    def parts(self, versions: Mapping[str, str]) -> Iterator[str]:
        """Say of each part what it is, of which of the ``versions``, where, and how long it took."""
        told = self.blueprint.needs()
        if self._embedded is not None:
            yield f"{told['registry']} at {self._embedded.url}"
        for need, unit in self._units.items():
            before, after = (versions.get(need, ""), "") if need == "brokers" else ("", versions.get(need, ""))
            where = unit.address.rpartition("@")[2]
            took = self.timings.get(TIMING.get(need, f"{need}_s"), 0)
            yield f"{before}{told[need]} {after}at {where}, ready in {took:.2f} s"
        if "prewarm_s" in self.timings:
            yield f"warm in {self.timings['prewarm_s']:.2f} s"

    def keep(self) -> None:
        """Leave the run's folder, logs included, where it is when the stack closes."""
        self._warden.keep()

    def close(self) -> None:
        """Kill everything (the data is thrown away, so nothing is asked to end), and remove the run's folder."""
        with self._leaving:
            self._kill()

    def _kill(self) -> None:
        with ExitStack() as closing:
            for unit in self._units.values():
                closing.callback(unit.closing)
            for service in self.processes.values():
                service.kill()

    def start(self, prepared: Prepared, ports: Iterable[int]) -> None:
        """Lay everything out on these ports; start what waits for nothing at once, the rest as soon as it can be."""
        site = Site(self.blueprint, self.run_id, self.run_dir, iter(ports), self._units)
        begin, ready, idle, starting = time.monotonic(), set[str](), list[Unit](), list[Unit]()
        for need, kind in prepared.kinds.items():
            unit = self._units[need] = self._laid_out(need, kind, site)
            if unit.after:
                idle.append(unit)
            else:
                unit.start()  # it comes up while the next one is laid out
                starting.append(unit)
        while starting:
            unit = starting.pop(0)
            unit.await_ready()
            ready.add(unit.need)
            self.timings[TIMING.get(unit.need, f"{unit.need}_s")] = time.monotonic() - begin
            for next_one in [each for each in idle if ready.issuperset(each.after)]:
                next_one.start()
                idle.remove(next_one)
                starting.append(next_one)

    def _laid_out(self, need: str, kind: Kind, site: Site) -> Unit:
        try:
            return kind.lay_out(site)
        except OSError as error:
            raise StackError(
                f"{self.blueprint.needs()[need]} cannot be laid out in {self.run_dir}: {reason(error)}; free some space "
                f"there, or name another folder: $TMPDIR"
            ) from error

    def start_embedded(self) -> None:
        """Start the registry that lives in this process."""
        begin = time.monotonic()
        self._embedded = self._leaving.enter_context(embedded.running())
        self.timings["registry_s"] = time.monotonic() - begin

    def warm_up(self) -> None:
        """Make the first transaction and the first group, so that no client meets a coordinator that is loading."""
        # Imported here: see `readiness`.
        from stream_contracts.stack.warmup import warm_up

        begin = time.monotonic()
        warm_up(self.brokers, self._units["brokers"].services)
        self.timings["prewarm_s"] = time.monotonic() - begin

    def reset(self) -> None:
        """Kill what was started, and forget it; the log stays for whoever asks why."""
        self._kill()
        for service in self.processes.values():
            shutil.rmtree(service.cwd / "data", ignore_errors=True)
        self._units = {}

    def hold(self, resources: ExitStack) -> None:
        """Keep the resources until the stack closes."""
        self._leaving.enter_context(resources)

    def port_taken(self, error: StackError) -> bool:
        """Tell whether a start ended in this error because another program took a port first."""
        return PORT_TAKEN.search(str(error)) is not None or any(
            not service.alive and PORT_TAKEN.search(service.log_tail(200)) for service in self.processes.values()
        )


@contextmanager
def watched(blueprint: Blueprint, run_dir: Path | None, *, keep: bool, why: str) -> Iterator[LocalStack]:
    """Yield a stack with a folder and a warden, in which nothing runs yet; close it in the end."""
    folder = run_folder(run_dir)
    run_id = folder.name.rpartition("-")[2]
    stack = LocalStack(blueprint, run_id, folder, Warden(run_id, folder), why)
    try:
        if keep:
            stack.keep()
        yield stack
    finally:
        stack.close()


def run_folder(above: Path | None) -> Path:
    """Name the folder of a run: ``stack-<run id>``. Its warden makes it."""
    return ((above or Path(tempfile.gettempdir())) / f"stack-{uuid.uuid4().hex[:12]}").absolute()


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
    """Start the blueprint, wait until everything answers and the coordinators are loaded, and yield the stack."""
    with watched(blueprint, run_dir, keep=keep, why=why) as stack:
        bring_up(stack, prepared, progress)
        yield stack


def bring_up(stack: LocalStack, prepared: Prepared, progress: Progress) -> None:
    """Start the stack on free ports, which stay reserved until it closes, and return when it is ready and warm."""
    count = sum(kind.ports(stack.blueprint) for kind in prepared.kinds.values())
    for left in reversed(range(STARTS)):
        with ExitStack() as held:
            ports = held.enter_context(reserved(count, host=HOST))
            try:
                stack.start(prepared, ports)
            except StackError as error:
                if not (left and stack.port_taken(error)):
                    raise
                progress("a port was taken by another program in the meantime; starting again on other ports")
                stack.reset()
                continue
            stack.hold(held.pop_all())
            break
    if stack.blueprint.registry == EMBEDDED:
        stack.start_embedded()
    if stack.blueprint.brokers:
        stack.warm_up()


def refuse_foreign(blueprint: Blueprint) -> None:
    """Raise UnsupportedError for what only containers can run."""
    if blueprint.registry not in ("", EMBEDDED, "apicurio"):
        raise UnsupportedError(
            f"the local backend cannot run the {blueprint.registry} registry, which is not on Maven Central as a program; "
            f"it can run {EMBEDDED} and apicurio, and the docker backend all of them"
        )
