"""What trials run on: stacks and the tap, started once at first need, and arenas on them in which one trial at a time runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import replace
from functools import cache, partial
from time import time
from typing import NamedTuple

from stream_contracts.contract.model import Contract
from stream_contracts.errors import UnsupportedError
from stream_contracts.pipelines import kind_of
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import EMBEDDED, Blueprint
from stream_contracts.stack.model import Stack
from stream_contracts.trial import capture_arena
from stream_contracts.trial.arena import Arena, Input
from stream_contracts.trial.capture_arena import CaptureArena
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.database import Database
from stream_contracts.trial.feed import Feeder
from stream_contracts.trial.subjects import Subjects, subjects
from stream_contracts.wire.tap import Tap
from stream_contracts.workload.events import draw
from stream_contracts.workload.writers import Ids, framed

LOCAL = "local"
MOST_BROKERS = 3
"""A contract that asks for more replicas than this is tried with as many."""
FIRST_ABORTED_ID = 1_000_000
"""Events of aborted transactions are numbered from here, so that nobody mistakes them for the workload's."""
DAY_S = 86_400
"""Events with times of their own count them from midnight (UTC): the same windows in every run."""


class Needed(NamedTuple):
    """The stacks that one pipeline needs: its brokers, and a registry and a database where it has to have them."""

    brokers: Stack
    registry: Stack | None
    postgres: Stack | None


class Servers:
    """Close it in the end: nothing that it started stays."""

    def __init__(self, backend: str, progress: Callable[[str], None], *, reuse: bool) -> None:
        self._backend, self._reuse, self._progress = backend, reuse, progress
        self._leaving = ExitStack()
        self._stacks: list[Stack] = []
        self._opened_tap: Tap | None = None
        self._count, self._epoch_s = 0, time() // DAY_S * DAY_S

    def close(self) -> None:
        """End everything that was started."""
        self._leaving.close()

    @property
    def descriptions(self) -> list[str]:
        """A line for each stack that runs."""
        return [stack.describe() for stack in self._stacks]

    def stack(self, brokers: int = 1) -> Stack:
        """The stack with that many brokers, started at first need. Raises `StackError` where it does not come up."""
        # A broker without peers cannot be cut from them.
        return self._opened(Blueprint(brokers=brokers, partable=brokers > 1))

    def _opened(self, wanted: Blueprint, backend: str = "") -> Stack:
        for stack in self._stacks:
            if stack.blueprint == wanted:
                return stack
        backend = backend or self._backend
        opening = open_stack(backend, wanted, progress=self._progress, reuse=self._reuse)
        opened = self._leaving.enter_context(opening)
        self._stacks.append(opened)
        return opened

    def needed(self, contract: Contract, pipeline: str) -> Needed:
        """What a pipeline of a contract needs, each part of it a stack that is shared by all who need the same.

        So contracts with a database and contracts without one have the same broker. On somebody else's servers it is one
        stack, which removes its traces from all of them.
        """
        brokers = min(MOST_BROKERS, max((topic.replication for topic in contract.topics.values()), default=1))
        registry = EMBEDDED if framed(contract) else ""
        postgres = bool(contract.pipelines[pipeline].tables_written)
        if self._backend == "external":
            whole = self._opened(Blueprint(brokers=brokers, registry=registry, postgres=postgres))
            return Needed(whole, whole if registry else None, whole if postgres else None)
        return Needed(
            self.stack(brokers),
            self._opened(Blueprint(brokers=0, registry=registry)) if registry else None,
            self._opened(Blueprint(brokers=0, postgres=True)) if postgres else None,
        )

    def _tap(self) -> Tap:
        if self._opened_tap is None:
            self._opened_tap = self._leaving.enter_context(Tap())
        return self._opened_tap

    @contextmanager
    def arena(self, contract: Contract, pipeline: str, seed: int) -> Iterator[Arena]:
        """Where one trial at a time of this pipeline can be run; what it needs is started, and shared with the others."""
        ids = None
        draw(contract, pipeline, seed=seed)  # what cannot be drawn is told before anything starts
        kind_of(contract.pipelines[pipeline]).prepare(contract, pipeline, self._progress)
        needed = self.needed(contract, pipeline)
        stack = needed.brokers
        self._count += 1
        prefix = f"{stack.run_id}.{self._count}"
        brokers = tuple((broker.host, broker.port) for broker in stack.brokers)
        with ExitStack() as leaving:
            cluster = Cluster(brokers)
            leaving.callback(cluster.close)
            registered = _subjects(needed.registry, contract, prefix)
            if registered is not None:
                ids = registered.register()
            database = _database(needed.postgres, leaving)
            arena = Arena(
                contract=contract,
                pipeline_name=pipeline,
                stack=stack,
                stacks=tuple(dict.fromkeys(each for each in needed if each is not None)),
                brokers=brokers,
                run_id=stack.run_id,
                prefix=prefix,
                folder=stack.run_dir / f"{contract.name}-{pipeline}-{self._count}",
                tap=self._tap(),
                cluster=cluster,
                feeder=Feeder(stack.bootstrap, cluster, prefix, self._epoch_s),
                draw=cache(lambda seed: _input(contract, pipeline, seed, ids)),
                database=database,
                subjects=registered,
                ids=ids or {},
            )
            alone = contract.pipelines[pipeline].isolation == "broker"
            fresh = partial(self._fresh, arena, bare=alone)
            yield replace(arena, fresh=fresh if alone else None, spare=None if alone else fresh)

    @contextmanager
    def _fresh(self, arena: Arena, *, bare: bool) -> Iterator[Arena]:
        """The arena with brokers that nobody has used; with ``bare``, topics have their own names on them."""
        if self._backend == "external":
            where = arena.contract.place("pipelines", arena.pipeline_name, *["isolation"] * bare)
            raise UnsupportedError(f"{where}: a trial needs brokers that nobody has used, and these are yours")
        with open_stack(self._backend, arena.stack.blueprint, progress=lambda _: None) as stack:
            brokers = tuple((broker.host, broker.port) for broker in stack.brokers)
            with closing(Cluster(brokers)) as cluster:
                yield replace(
                    arena,
                    stack=stack,
                    stacks=(stack, *arena.stacks[1:]),
                    brokers=brokers,
                    run_id=stack.run_id,
                    cluster=cluster,
                    feeder=Feeder(stack.bootstrap, cluster, arena.prefix, self._epoch_s),
                    fresh=(lambda: nullcontext(arena)) if bare else None,
                )

    @contextmanager
    def capture_arena(self, contract: Contract, capture: str) -> Iterator[CaptureArena]:
        """Where one trial at a time of a captured table can be run; its stack is shared with captures of the same kind.

        UnsupportedError where servers are not child processes of ours: a connector must reach the tap.
        """
        if self._backend not in ("auto", LOCAL):
            where = contract.place("cdc", capture)
            raise UnsupportedError(f"{where}: captured tables are tried with --stream-backend {LOCAL} only")
        stack = self._opened(capture_arena.blueprint(contract, capture), LOCAL)
        self._count += 1
        prefix, folder = f"{stack.run_id}.{self._count}", stack.run_dir / f"{contract.name}-{capture}-{self._count}"
        with capture_arena.opened(contract, capture, stack, self._tap(), prefix, folder) as arena:
            yield arena


def _subjects(stack: Stack | None, contract: Contract, prefix: str) -> Subjects | None:
    """The contract in a registry; the embedded one keeps each arena apart, in a context of its own."""
    if stack is None:
        return None
    return subjects(contract, stack.schema_registry_url, prefix, contexts=stack.backend != "external")


def _database(stack: Stack | None, leaving: ExitStack) -> Database | None:
    if stack is None:
        return None
    database = Database(stack.postgres_dsn)
    leaving.callback(database.close)
    return database


def _input(contract: Contract, pipeline: str, seed: int, ids: Ids | None) -> Input:
    """The events of a seed, and other events of the same kind, to be sent in a transaction that is aborted."""
    events = draw(contract, pipeline, seed=seed, ids=ids)
    others = draw(contract, pipeline, seed=seed + 1, ids=ids)[: max(1, len(events) // 4)]
    return Input(events, tuple(replace(event, id=FIRST_ABORTED_ID + event.id) for event in others))
