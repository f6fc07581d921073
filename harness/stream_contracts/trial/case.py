"""A case: a namespace on the cluster, a journal, and the instances of one pipeline behind their taps."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.errors import HarnessError
from stream_contracts.faults import Fault
from stream_contracts.history.journal import Journal
from stream_contracts.history.model import Expected, FaultApplied
from stream_contracts.pipelines import PIPELINES
from stream_contracts.trial import doors, evidence, rows
from stream_contracts.trial.cluster import Cluster, partitions_of
from stream_contracts.trial.database import Database
from stream_contracts.trial.feed import Fed, Feeder
from stream_contracts.trial.instance import Instance
from stream_contracts.trial.names import Names
from stream_contracts.trial.namespace import Namespace, namespace
from stream_contracts.trial.rest import Rest
from stream_contracts.trial.rows import Effect
from stream_contracts.trial.subjects import Subjects
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.kafka import Address
from stream_contracts.wire.tap import Tap
from stream_contracts.workload.events import Event


@dataclass(frozen=True, slots=True)
class Arena:
    """What all trials of one pipeline share.

    ``prefix`` begins every name on the cluster; ``aborted`` are events that are fed in a transaction that is aborted.
    ``database`` and ``subjects`` are there where the contract needs a database or a registry.
    """

    contract: Contract
    pipeline_name: str
    brokers: tuple[Address, ...]
    run_id: str
    prefix: str
    folder: Path
    tap: Tap
    cluster: Cluster
    feeder: Feeder
    events: tuple[Event, ...]
    aborted: tuple[Event, ...]
    database: Database | None = None
    subjects: Subjects | None = None

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline under test."""
        return self.contract.pipelines[self.pipeline_name]


@dataclass(frozen=True, slots=True)
class Armed:
    """A fault that waits for its moment, and whom it will hit."""

    name: str
    fault: Fault
    hold: Hold
    victim: Instance


class Case:
    """Enter it to have topics made and lanes opened; on the way out every process is dead and every lane closed."""

    def __init__(self, arena: Arena, folder: Path, number: int) -> None:
        self.arena, self.folder = arena, folder
        self.names = Names(f"{arena.prefix}.{number}")
        self.journal = Journal(folder / "journal.jsonl")
        self.instances: list[Instance] = []
        self._changed = threading.Event()
        self._leaving = ExitStack()
        self._began = monotonic()
        self._fed: Fed | None = None
        self._expected: Sequence[Expected] = ()
        self._namespace: Namespace | None = None
        self._rest: Rest | None = None
        sinks = {self.names.topic(topic): topic for topic in arena.pipeline.topics_written}
        self._outputs = partitions_of({name: arena.contract.topics[topic].partitions for name, topic in sinks.items()})

    def clock(self) -> float:
        """Seconds since the case began."""
        return monotonic() - self._began

    def __enter__(self) -> Case:
        self._leaving.enter_context(self.journal)
        try:
            self._make_names()
            for number in range(self.arena.pipeline.instances):
                self.instances.append(self._instance(f"{self.arena.pipeline_name}-{number}"))
        except BaseException:
            self._leaving.close()
            raise
        return self

    def _make_names(self) -> None:
        """Topics, the database's schema, and the subjects of this trial."""
        arena = self.arena
        arena.feeder.make_topics(arena.contract, self.names, len(arena.brokers))
        if arena.subjects is not None:
            arena.subjects.name_for(self.names)
        if arena.database is not None:
            made = namespace(arena.database, self.names.prefix, arena.contract, arena.pipeline_name, self.clock)
            self._leaving.callback(made.drop)
            self._namespace = made

    def __exit__(self, *_: object) -> None:
        self._leaving.close()

    def _instance(self, name: str) -> Instance:
        arena = self.arena
        lane = doors.lane(arena, name, self.journal, self.clock, self._changed)
        self._leaving.callback(arena.tap.close_lane, lane)
        service = PIPELINES["command"](
            arena.pipeline,
            name,
            folder=arena.contract.folder,
            addresses=doors.addresses(lane, self._namespace, arena.subjects),
            names=self.names.environment(arena.contract, arena.pipeline, name),
            log_path=self.folder / f"{name}.log",
            run_id=arena.run_id,
        )
        self._leaving.callback(service.kill)
        return Instance(lane, service, self.journal, self.clock)

    def feed(self, *, with_aborted: bool) -> Fed:
        """Send the workload, all at once."""
        arena, aborted = self.arena, self.arena.aborted if with_aborted else ()
        self._fed = arena.feeder.feed(arena.contract, self.names, arena.events, aborted, self.clock)
        self.journal.add(*self._fed.sends)
        return self._fed

    def shared(self) -> bool:
        """Whether the instances are one stable group, so that each has its partitions."""
        groups = set[str]().union(*(instance.lane.groups for instance in self.instances))
        return any(self.arena.cluster.is_shared(group, len(self.instances)) for group in groups)

    def arm(self, name: str, fault: Fault) -> Armed:
        """Let a fault wait for its moment."""
        victim = next(instance for instance in self.instances if instance.lane.instance == fault.at.instance)
        return Armed(name, fault, victim.lane.arm(fault.at), victim)

    def strike(self, armed: Armed) -> bool:
        """The moment has come: apply the fault, heal it, and say whether it took effect."""
        at = self.clock()
        took_effect = armed.fault.strike(armed.hold, armed.victim)
        if took_effect:  # one that had died before is for `look_after`, which counts it
            armed.victim.replace(self.arena.cluster)
        moment = str(armed.fault.at)
        self.journal.add(FaultApplied(armed.name, moment, at if took_effect else None, self.clock(), took_effect))
        return took_effect

    def look_after(self) -> str | None:
        """Start again what ended by itself, and say so when it keeps ending; raise what the wire did not understand."""
        for instance in self.instances:
            if instance.lane.failure is not None:
                raise HarnessError(f"the wire of {instance.lane.instance}: {instance.lane.failure}")
        hopeless = [told for instance in self.instances if (told := instance.supervise(self.arena.cluster))]
        return hopeless[0] if hopeless else None

    def wait(self, timeout_s: float) -> None:
        """Until something passes on the wire, or the timeout."""
        self._changed.wait(timeout_s)
        self._changed.clear()

    def expects(self, oracle: Sequence[Expected]) -> None:
        """What the fault-free run left: when it is all there, less else has to say that the run is over."""
        self._expected = oracle

    def unfinished(self) -> str | None:
        """What keeps the run from being at rest; None at rest."""
        if self._rest is None:
            lanes = [instance.lane for instance in self.instances]
            sinks = self._namespace.progress if self._namespace else (lambda: (0, False))
            self._rest = Rest(
                self.arena.cluster, lanes, self._outputs, self.clock, sinks=sinks, complete=self._complete
            )
        return self._rest.unfinished(self._fed.ends if self._fed else {})

    def _complete(self) -> bool | None:
        return rows.whole(self._found({}), self._expected) if self._expected else None

    def evidence(self, causes: dict[tuple[str, str], int]) -> Sequence[Effect]:
        """What the outputs hold now; it goes into the journal too."""
        found = self._found(causes)
        self.journal.add(*found)
        return found

    def _found(self, causes: dict[tuple[str, str], int]) -> Sequence[Effect]:
        arena = self.arena
        found: list[Effect] = []
        found += evidence.records(arena.cluster, arena.contract, arena.pipeline, self.names, causes)
        if self._namespace is not None:
            found += rows.writes(self._namespace, arena.pipeline, causes)
        return found
