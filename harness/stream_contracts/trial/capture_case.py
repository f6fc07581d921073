"""A case of a captured table: a database, topics and a connector of its own, behind a tap of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from time import monotonic, time

from stream_contracts.cdc.catalog import Table
from stream_contracts.cdc.events import shape
from stream_contracts.cdc.instrument import COMPRESSED, OFFSETS, ROOM, SHUT, configured, exactly_once
from stream_contracts.cdc.load import Unit, last, units
from stream_contracts.cdc.outbox import Outbox, events, last_event, outbox
from stream_contracts.cdc.pgoutput import RowChange
from stream_contracts.cdc.statements import Script
from stream_contracts.cdc.watched import Watched
from stream_contracts.errors import HarnessError
from stream_contracts.history.journal import Journal
from stream_contracts.history.model import Note
from stream_contracts.pipelines.connector import Connector
from stream_contracts.pipelines.second_worker import SecondWorker
from stream_contracts.trial.capture_arena import CaptureArena
from stream_contracts.trial.capture_evidence import Reader, boundaries, entries, expected, expected_events
from stream_contracts.trial.cluster import READ_COMMITTED, partitions_of
from stream_contracts.trial.connector_life import ConnectorLife, SecondLife
from stream_contracts.trial.instance import Instance
from stream_contracts.trial.names import Names
from stream_contracts.trial.source import Source
from stream_contracts.trial.sql_load import SqlLoad
from stream_contracts.workload.plan import Plan

FROZEN_S = 2.5
"""How long a frozen worker stays so: longer than the session of a worker (1.5 s here)."""
STATUS_S = 0.5
"""How often a connector is asked how it is."""
PAUSES_S = (0.5, 1.0, 2.0)
"""How long it is waited before a connector that failed is started again, as an operator would; then it has given up."""
MOST_TOLD = 300
"""Characters of what a connector says of its failure."""
MOST_OF_A_TRACE = 4000
"""Characters of it that are kept as evidence."""
PARTS = (0.25, 0.5, 0.8)
"""Up to which part of the units they come before the connector, while it starts, and while it runs; the rest comes at the end."""


class CaptureCase:
    """Enter it to have everything made and the first rows there; on the way out the connector and its database are gone."""

    def __init__(self, arena: CaptureArena, folder: Path, number: int, plan: Plan) -> None:
        self.arena, self.folder, self.plan = arena, folder, plan
        self.names = Names(f"{arena.prefix}.{number}")
        self.journal = Journal(folder / "journal.jsonl")
        self.settings = arena.settings
        self._database = "".join(letter if letter.isalnum() else "_" for letter in self.names.prefix.lower())
        self._leaving, self._changed, self._began = ExitStack(), threading.Event(), monotonic()
        self._asked_at, self._again, self._frozen_until, self.told_wrong = 0.0, 0, 0.0, ""
        self._lasts = 0
        self._failed_at: float | None = None
        self.gave_up = ""
        """Why the connector is not worth a restart any more; empty while it is."""
        topic = arena.contract.topics.get(arena.capture.topic)
        self.outputs = partitions_of({self.names.topic(arena.capture.topic): topic.partitions if topic else 1})

    def clock(self) -> float:
        """Seconds since the case began."""
        return monotonic() - self._began

    def __enter__(self) -> CaptureCase:
        arena = self.arena
        self._leaving.enter_context(self.journal)
        try:
            arena.feeder.make_topics(arena.contract, self.names, len(arena.stack.brokers))
            self.source = Source(arena.stack.postgres_dsn, self._database, arena.contract, arena.capture_name)
            self._leaving.callback(self.source.drop)
            self.load = SqlLoad(self.source)
            self._leaving.callback(self.load.close)
            self.instance_of_it = self._connector()
            chosen = [each for each in self.units if not self.plan.events or each.number in self.plan.events]
            # What was removed from an outbox before anybody looked is told to nobody: there all comes once it is read.
            parts = (0.0, 0.0, PARTS[2]) if self.outbox else PARTS
            first, second, third = (round(len(chosen) * part) for part in parts)
            self.load.run(chosen[:first])
            self.while_it_starts, self.while_it_runs = chosen[first:second], chosen[second:third]
            self.at_the_end = chosen[third:]
        except BaseException:
            self._leaving.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.close()

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """All that the seed draws."""
        workload, seed = self.arena.capture.workload, self.plan.seed
        if self.outbox is not None:
            return events(self.source.table, self.outbox, seed, workload.units, workload.keys)
        return units(self.source.table, seed, workload.units, workload.keys)

    @cached_property
    def outbox(self) -> Outbox | None:
        """How the table is read as an outbox, where the connector routes its events."""
        return outbox(self.settings, self.arena.capture.topic) if shape(self.settings) == "routed" else None

    def _connector(self) -> Instance:
        arena, name = self.arena, f"{self.arena.capture_name}-0"
        brokers = tuple((broker.host, broker.port) for broker in arena.stack.brokers)
        lane = arena.tap.open_lane(
            name, brokers, self.journal.add, self.clock, self._changed, postgres=self.source.address
        )
        self._leaving.callback(arena.tap.close_lane, lane)
        address = lane.postgres_address or self.source.address
        config = configured(
            self.settings, self.source.where(address), lane.bootstrap, self.source.slot, self.names.prefix
        )
        self.connector = Connector(arena.stack, self.names.prefix, config)
        self._leaving.callback(self.connector.remove)
        for setting, value in COMPRESSED.items():
            self.journal.add(Note("time compressed", f"{setting}={value}", 0.0))
        return ConnectorLife(lane, self.connector, arena.cluster, self.journal, self.clock, name)

    # ---- what faults ask for

    def instance(self, name: str) -> Instance:
        """The connector; `HarnessError` where a plan speaks of another."""
        if name != self.instance_of_it.lane.instance:
            raise HarnessError(f"the plan speaks of {name!r}, and there is only {self.instance_of_it.lane.instance}")
        return self.instance_of_it

    def start_another(self, identity: str | None) -> Instance:
        """One more worker of the group, once it is a member. Under the names of the first nobody: its place stays empty."""
        if identity is None:
            return self._second()
        self._frozen_until = self.clock() + FROZEN_S
        self.instance_of_it.retired = False
        return self.instance_of_it

    def _second(self) -> Instance:
        first = self.instance_of_it
        worker = SecondWorker(self.arena.stack)
        self._leaving.callback(worker.kill)
        second = SecondLife(first.lane, worker, self.arena.cluster, self.journal, self.clock, first.lane.instance)
        second.start()
        self._frozen_until = self.clock() + FROZEN_S
        return second

    def accounted(self) -> bool:
        """Whether a worker has been away for longer than its session, and somebody reads the slot."""
        return self.clock() > self._frozen_until and self.source.streams()

    def take_offsets(self, *, yes: bool) -> bool:
        """Let the topic in which the connector's offsets are take nothing, or everything again."""
        own = f"{self.names.prefix}.{OFFSETS}"
        topic = own if exactly_once(self.settings) else f"{self.arena.stack.run_id}.connect-offset"
        self.arena.feeder.configure(topic, ROOM if yes else SHUT)
        return True

    def broker(self, which: str) -> str:
        """The service of the broker that leads the captured topic, or one by its own name."""
        return f"broker-{self.arena.cluster.leader(self.outputs[0])}" if which == "leader" else which

    def drop_slot(self, *, again: bool) -> bool:
        """Drop the connector's slot while the worker lives, and make it anew. In between the table is changed."""
        dropped = self.source.drop_slot(again=again)
        if dropped and not again and not self.load.busy:
            self.load.run(self.at_the_end)
            self.at_the_end = []
        return dropped

    def wait(self, timeout_s: float) -> None:
        """Until something passes on the wire, or the timeout."""
        self._changed.wait(timeout_s)
        self._changed.clear()

    # ---- how it is

    def look_after(self, *, disturbed: bool) -> str | None:
        """Start again what failed; say so where it keeps failing. Raises what the wire did not understand.

        ``disturbed`` says that a fault is on: what fails now has a reason to, and does not count.
        """
        instance = self.instance_of_it
        if instance.lane.failure is not None:
            raise HarnessError(f"the wire of {instance.lane.instance}: {instance.lane.failure}")
        if self.load.failure is not None:
            raise HarnessError(f"the SQL of the trial: {self.load.failure}")
        hopeless = instance.supervise(counts=not disturbed)
        now = self.clock()
        if hopeless or not instance.alive or now - self._asked_at < STATUS_S:
            return hopeless
        self._asked_at = now
        failed = {part: trace for part, (state, trace) in self.connector.status().items() if state == "FAILED"}
        if not failed:
            self._failed_at = None
            return None
        trace = next(iter(failed.values()))
        self.told_wrong = _short(trace)
        if self._failed_at is None:
            self._failed_at = now
        if self._again == len(PAUSES_S):
            self.gave_up = f"it failed {len(PAUSES_S) + 1} times, and was started again each time but the last"
            self.gave_up += f": {self.told_wrong}"
            self.journal.add(Note("trace", trace[:MOST_OF_A_TRACE], now))
            return self.gave_up
        if now - self._failed_at >= PAUSES_S[self._again]:
            self._again += not disturbed
            self._failed_at = None
            self.journal.add(Note("started again", self.told_wrong, now))
            self.connector.again()
        return None

    def sentinel(self) -> int:
        """Change the table once more, when all else is over; the position of that change."""
        table, seed = self.source.table, self.plan.seed
        self._lasts += 1
        self.load.run([last_event(table, self.outbox, seed, self._lasts) if self.outbox else last(table, seed)])
        found = self.source.changes()
        if not found:
            told = "; ".join(self.load.refused[:3]) or "no statement changed anything"
            raise HarnessError(f"the table {self.arena.capture.table} could not be changed: {told}")
        return found[-1].position

    def remembered(self) -> bool:
        """Whether a connector that starts anew goes on where it was, and takes no other snapshot.

        With exactly once the offset is in the transaction of its records, and an outbox is read without a snapshot.
        """
        if self.outbox is not None or exactly_once(self.settings):
            return True
        kept = self.connector.offsets()
        return bool(kept) and not any("snapshot" in each for each in kept)

    def passed(self, position: int) -> bool:
        """Whether the topic holds the change at this position, and no transaction is open on it."""
        cluster = self.arena.cluster
        try:
            if cluster.ends(self.outputs, READ_COMMITTED) != cluster.ends(self.outputs):
                return False
            reader = self._reader(self.source.table, self.source.changes())
            found = reader.records(entries(cluster, self.outputs))
        except HarnessError:
            cluster.forget()
            return False
        return any(each.position == position and each.fate in ("committed", "plain") for each in found)

    def _reader(self, table: Table, found: Sequence[RowChange]) -> Reader:
        box = self.outbox
        ids = {str(each.new.get(box.id)): each for each in found if each.op == "create"} if box else {}
        return Reader(self.arena.capture.topic, shape(self.settings), table, ids)

    def evidence(self) -> None:
        """Put everything into the journal that the judge compares."""
        capture, cluster = self.arena.capture, self.arena.cluster
        table, rows = self.source.rows()
        found = self.source.changes()
        reader = self._reader(table, found)
        self.journal.add(*reader.records(entries(cluster, self.outputs)))
        if self.outbox is not None:
            self.journal.add(*expected_events(reader.topic, self.outbox, found, self._ahead()))
            return
        watched = Watched(self.arena.contract, self.arena.capture_name, capture, self.settings, Script(()))
        self.journal.add(*expected(reader, found, self._ahead(), tombstones=watched.compacted))
        self.journal.add(*(reader.source_row(row) for row in rows))
        told = self.names.topic(f"{self.settings.get('topic.prefix')}.transaction")
        if self.settings.on("provide.transaction.metadata") and cluster.leads(told, 1):
            collection = ".".join(capture.qualified)
            self.journal.add(*boundaries(capture.topic, entries(cluster, [(told, 0)]), collection))

    def _ahead(self) -> float:
        """What the server's clock shows when the case's shows 0: both are of this machine."""
        return time() - self.clock()


def _short(trace: str) -> str:
    """The first line of a trace, without the middle of it: Debezium puts its whole state there."""
    line = trace.strip().partition("\n")[0]
    return line if len(line) <= MOST_TOLD else f"{line[: MOST_TOLD // 3]} … {line[-2 * MOST_TOLD // 3 :]}"
