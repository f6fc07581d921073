"""A case: a namespace on the cluster, a journal, and the instances of one pipeline behind their taps."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree
from time import monotonic

from stream_contracts.errors import HarnessError
from stream_contracts.history.journal import Journal
from stream_contracts.history.model import KICKED, Expected, FaultApplied, Note, Record
from stream_contracts.pipelines import kind_of
from stream_contracts.pipelines.launch import Launch
from stream_contracts.trial import doors, evidence, rows
from stream_contracts.trial.arena import Arena
from stream_contracts.trial.cluster import GROUP, TRANSACTION, Partition, partitions_of
from stream_contracts.trial.feed import Fed
from stream_contracts.trial.instance import Instance
from stream_contracts.trial.intake import altered, moment_of
from stream_contracts.trial.names import Names
from stream_contracts.trial.namespace import Namespace, namespace
from stream_contracts.trial.rest import Rest
from stream_contracts.trial.rows import Effect
from stream_contracts.wire.lane import Lane
from stream_contracts.workload.events import Event
from stream_contracts.workload.plan import Plan

PORTIONS = 4
"""In how many portions a paced feed comes."""


class Case:
    """Enter it to have topics made and lanes opened; on the way out every process is dead and every lane closed."""

    def __init__(self, arena: Arena, folder: Path, number: int, plan: Plan) -> None:
        self.arena, self.folder, self.plan = arena, folder, plan
        self.names = Names(f"{arena.prefix}.{number}", bare=arena.fresh is not None)
        self.journal = Journal(folder / "journal.jsonl")
        self.instances: list[Instance] = []
        self._changed = threading.Event()
        self._leaving = ExitStack()
        self._began = monotonic()
        self._fed = Fed()
        self._expected: Sequence[Expected] = ()
        self.struck = 0
        """How many faults of the input took effect."""
        self.poison: tuple[Event, ...] = ()
        """What was fed that belongs among the dead letters."""
        self._namespace: Namespace | None = None
        self._live: list[Lane] = []
        sinks = {self.names.topic(topic): topic for topic in arena.pipeline.topics_written}
        self.outputs = partitions_of({name: arena.contract.topics[topic].partitions for name, topic in sinks.items()})
        self._rest = Rest(
            arena.cluster, self._live, self.outputs, self.clock, sinks=self._progress, complete=self._complete
        )

    def clock(self) -> float:
        """Seconds since the case began."""
        return monotonic() - self._began

    def __enter__(self) -> Case:
        arena = self.arena
        self._leaving.enter_context(self.journal)
        try:
            self._make_names()
            for number in range((self.plan.instances or arena.pipeline.instances) + kind_of(arena.pipeline).besides):
                self.instances.append(self._instance(name := f"{arena.pipeline_name}-{number}", name))
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

    def instance(self, name: str) -> Instance:
        """The instance of that name; `HarnessError` where a plan speaks of one that the contract does not have."""
        found = next((instance for instance in self.instances if instance.lane.instance == name), None)
        if found is None:
            known = ", ".join(instance.lane.instance for instance in self.instances)
            raise HarnessError(f"the plan speaks of the instance {name!r}, and there are only {known}")
        return found

    def start_another(self, identity: str | None) -> Instance:
        """Start one more instance now: in the place of ``identity``, with its names; None: one with names of its own."""
        number = len(self.instances)
        own = f"{self.arena.pipeline_name}-{number}"
        another = self._instance(own if identity is None else f"{identity}+{number}", identity or own)
        self.instances.append(another)
        another.start()
        return another

    def _instance(self, name: str, identity: str) -> Instance:
        arena = self.arena
        lane = doors.lane(arena, name, self.journal, self.clock, self._changed)
        self._leaving.callback(arena.tap.close_lane, lane)
        # Beside the evidence, not in it; a stand-in has one of its own, for the frozen one still holds that of its namesake.
        state = self.folder.with_name(f"{self.folder.name}-state") / name
        scratch = state.with_name(f"{name}.tmp")  # who is killed cannot clear up after itself
        for place in (state, scratch):
            place.mkdir(parents=True)
            self._leaving.callback(rmtree, place, ignore_errors=True)
        launch = Launch(
            arena.pipeline,
            f"{self.names.prefix}.{name}",  # processes are killed by their name: trials run side by side
            arena.contract.folder,
            addresses={**doors.addresses(lane, self._namespace, arena.subjects), "TMPDIR": str(scratch.absolute())},
            names=self.names.environment(arena.contract, arena.pipeline, identity, state.absolute()),
            topics={declared: self.names.topic(declared) for declared in arena.contract.topics},
            group=self.names.group,
            log_path=self.folder / f"{name}.log",
            run_id=arena.run_id,
        )
        service = kind_of(arena.pipeline).service(launch)
        self._leaving.callback(service.kill)
        lost = state if arena.pipeline.state == "lost" else None
        made = Instance(lane, service, arena.cluster, self.journal, self.clock, identity, lost)
        made.patient = self.plan.patient
        return made

    def feed(self) -> Iterator[Fed]:
        """Send the workload of the plan, a portion at each step; yields what was fed so far."""
        arena, plan = self.arena, self.plan
        drawn = arena.draw(plan.seed)
        events = self._intake(tuple(event for event in drawn.events if not plan.events or event.id in plan.events))
        portions = PORTIONS if plan.feed in ("paced", "tail") else 1
        aborted = drawn.aborted if plan.with_aborted else ()
        for portion in arena.feeder.feed(
            arena.contract, arena.pipeline, self.names, events, aborted, self.clock, portions
        ):
            self._fed = self._fed.and_then(portion)
            self.journal.add(*portion.sends)
            yield self._fed

    def _intake(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """The events as the plan alters them; the history says which of its strikes took effect."""
        contract, strikes = self.arena.contract, self.plan.altered
        intake = altered(contract, self.arena.pipeline_name, events, strikes)
        self.poison = tuple(event for event in intake.events if event.kind == "poison")
        self.struck, now = len(intake.struck), self.clock()
        for strike in strikes:
            effect = strike in intake.struck
            at = now if effect else None
            self.journal.add(FaultApplied(strike.fault, str(moment_of(strike)), at, at, effect))
        return intake.events

    @property
    def grouped(self) -> bool:
        """Whether a consumer group deals out the partitions among the instances."""
        return kind_of(self.arena.pipeline).grouped

    @property
    def prepares(self) -> bool:
        """Whether a transaction that a dead process left open may be committed by its successor."""
        return kind_of(self.arena.pipeline).prepares

    def shared(self) -> bool:
        """Whether the instances are one stable group, so that each has its partitions; without a group, all are there."""
        if not self.grouped:
            return all(instance.lane.connections for instance in self.instances)
        groups = set[str]().union(*(instance.lane.groups for instance in self.instances))
        return any(self.arena.cluster.is_shared(group, len(self.instances)) for group in groups)

    def look_after(self, *, disturbed: bool) -> str | None:
        """Start again what ended by itself, and say so when it keeps ending; raise what the wire did not understand.

        ``disturbed`` says that a fault is on: whoever ends now has a reason to.
        """
        for instance in self.instances:
            if instance.lane.failure is not None:
                raise HarnessError(f"the wire of {instance.lane.instance}: {instance.lane.failure}")
        hopeless = [told for instance in self.instances if (told := instance.supervise(counts=not disturbed))]
        self._live[:] = [instance.lane for instance in self.instances if instance.alive or not instance.retired]
        return hopeless[0] if hopeless else None

    def broker(self, which: str) -> str:
        """The service of the broker that holds an office now: leader of the first output, a coordinator, controller."""
        cluster = self.arena.cluster
        ids = sorted(set().union(*(instance.lane.transactional_ids for instance in self.instances)))
        groups = sorted(set().union(*(instance.lane.groups for instance in self.instances)))
        if which == "leader":
            node = cluster.leader(self.outputs[0])
        elif which == "transaction-coordinator" and ids:
            node = cluster.coordinator(ids[0], TRANSACTION)
        elif which == "group-coordinator" and groups:
            node = cluster.coordinator(groups[0], GROUP)
        elif which == "controller":
            node = cluster.controller()
        else:
            return which
        return f"broker-{node}"

    def drop_slot(self, *, again: bool) -> bool:
        """No: a pipeline reads topics."""
        del again
        return False

    def take_offsets(self, *, yes: bool) -> bool:
        """No: the brokers keep the offsets of a pipeline, or its database does."""
        del yes
        return False

    def kick(self, why: str) -> None:
        """Kill the living and start them anew, as the liveness probe of a platform would; the history says so."""
        for instance in self.instances:
            if instance.alive and not instance.retired:
                self.journal.add(Note(KICKED, f"{instance.lane.instance}: {why}", self.clock()))
                instance.kill()
                instance.replace()

    def rewind(self) -> int:
        """End every process, let the groups begin at offset 0 again, and start anew; how many partitions begin again.

        0 where no group has committed an offset of the input: then only the pipeline knows where it is.
        """
        groups = sorted(set().union(*(instance.lane.groups for instance in self.instances)))
        for instance in self.instances:
            instance.stop()
            instance.lane.cut()
            instance.evict()
        rewound = 0
        for group in groups:
            begun = [at for at, offset in (self.arena.cluster.committed(group, self._owed) or {}).items() if offset > 0]
            if begun:
                self.arena.cluster.rewind(group, begun)
            rewound += len(begun)
        for instance in self.instances if rewound else ():
            instance.start()
        return rewound

    def declared(self, partitions: Iterable[Partition]) -> Iterator[tuple[str, int]]:
        """These topic-partitions under the names that the contract has for them; those of no contract are left out."""
        names = {self.names.topic(topic): topic for topic in self.arena.contract.topics}
        return ((names[topic], number) for topic, number in partitions if topic in names)

    def wait(self, timeout_s: float) -> None:
        """Until something passes on the wire, or the timeout."""
        self._changed.wait(timeout_s)
        self._changed.clear()

    def expects(self, oracle: Sequence[Expected]) -> None:
        """What the fault-free run left: when it is all there, less else has to say that the run is over."""
        self._expected = oracle

    def unfinished(self) -> str | None:
        """What keeps the run from being at rest; None at rest."""
        try:
            return self._rest.unfinished(self._owed)
        except HarnessError as error:  # a broker that was struck is back, and our own connection to it is not
            self.arena.cluster.forget()
            return str(error)

    def accounted(self) -> bool:
        """Whether all that was fed is behind a committed offset, or has its effect."""
        return self._rest.accounted(self._owed)

    @property
    def _owed(self) -> dict[Partition, int]:
        """What has to be behind a committed offset: a table that each instance holds whole is read without a group."""
        whole = {self.names.topic(join.table) for join in self.arena.pipeline.joins if join.everywhere}
        return {partition: end for partition, end in self._fed.ends.items() if partition[0] not in whole}

    def _progress(self) -> tuple[int, bool]:
        return self._namespace.progress() if self._namespace else (0, False)

    def _complete(self) -> bool | None:
        return rows.whole(self._found({}), self._expected) if self._expected else None

    def evidence(self, causes: dict[tuple[str, str], int]) -> Sequence[Effect]:
        """What the outputs hold now; it goes into the journal too."""
        found = self._found(causes)
        self.journal.add(*found)
        if self.arena.subjects is not None:
            named = {each.schema_id for each in found if isinstance(each, Record) and each.schema_id is not None}
            self.journal.add(*self.arena.subjects.resolved(self.arena.ids, named))
        return found

    def _found(self, causes: dict[tuple[str, str], int]) -> Sequence[Effect]:
        arena = self.arena
        found: list[Effect] = []
        ids = {event.id for event in self.poison}
        known = {(row.topic, row.digest) for row in self._expected if row.event_id not in ids}
        letters = evidence.Letters(self.poison, known)
        appends = [instance.lane.appends for instance in self.instances]
        found += evidence.records(arena.cluster, arena.contract, arena.pipeline, self.names, causes, appends, letters)
        if self._namespace is not None:
            found += rows.writes(self._namespace, arena.pipeline, causes)
        return found
