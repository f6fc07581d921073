"""A session: the stack, the tap and the feeder, opened once at first need and shared by every promise that is judged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from time import time
from typing import NamedTuple

from stream_contracts.contract.model import Contract
from stream_contracts.errors import UnsupportedError, UsageError
from stream_contracts.findings import Judgement, Reason
from stream_contracts.pipelines import kind_of
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import EMBEDDED, Blueprint
from stream_contracts.stack.model import Stack
from stream_contracts.trial import capture_arena, capture_sweep
from stream_contracts.trial.arena import Arena, Input
from stream_contracts.trial.capture_arena import CaptureArena
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.database import Database
from stream_contracts.trial.explore import BUDGET_S, prove, replay
from stream_contracts.trial.feed import Feeder
from stream_contracts.trial.proof import Proof
from stream_contracts.trial.subjects import Subjects, subjects
from stream_contracts.wire.tap import Tap
from stream_contracts.workload.events import draw
from stream_contracts.workload.plan import Plan
from stream_contracts.workload.writers import Ids, framed

LOCAL = "local"
MOST_BROKERS = 3
"""A contract that asks for more replicas than this is tried with as many."""
MOST_WORKERS = 4
"""How many trials run side by side at most; each has a process or two and a share of the broker."""
FIRST_ABORTED_ID = 1_000_000
"""Events of aborted transactions are numbered from here, so that nobody mistakes them for the workload's."""
DAY_S = 86_400
"""Events with times of their own count them from midnight (UTC): the same windows in every run."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How promises are judged. ``keep_in`` is the folder into which the evidence of a broken promise is copied.

    ``budget_s`` is for the faulted trials of one pipeline. ``workers`` trials run at a time; 0: as the machine allows.
    ``reuse`` takes the stack that an earlier run left, and leaves it for the next one. ``plan`` is run in place of a sweep.
    ``faults`` are tried and no others, and have to take effect.
    """

    backend: str = "auto"
    seed: int = 1
    every_moment: bool = False
    budget_s: float = BUDGET_S
    workers: int = 0
    keep_in: Path = Path(".stream-contracts")
    reuse: bool = False
    plan: Plan | None = None
    faults: tuple[str, ...] = ()


class Needed(NamedTuple):
    """The stacks that one pipeline needs: its brokers, and a registry and a database where it has to have them."""

    brokers: Stack
    registry: Stack | None
    postgres: Stack | None


class Session:
    """Judge promises on one stack. Close it, or leave its ``with`` block: nothing stays behind but kept evidence."""

    def __init__(self, settings: Settings, progress: Callable[[str], None]) -> None:
        self.settings, self._progress = settings, progress
        self._leaving = ExitStack()
        self._stacks: list[Stack] = []
        self._tap: Tap | None = None
        self._count, self._epoch_s = 0, time() // DAY_S * DAY_S
        self._proofs: dict[tuple[Path, str], Proof] = {}

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything that the session started."""
        self._leaving.close()

    def stack(self, brokers: int = 1) -> Stack:
        """The stack with that many brokers, started at first need. Raises `StackError` where it does not come up."""
        # A broker without peers cannot be cut from them.
        return self._opened(Blueprint(brokers=brokers, partable=brokers > 1))

    def _opened(self, wanted: Blueprint, backend: str = "") -> Stack:
        for stack in self._stacks:
            if stack.blueprint == wanted:
                return stack
        backend = backend or self.settings.backend
        opening = open_stack(backend, wanted, progress=self._progress, reuse=self.settings.reuse)
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
        if self.settings.backend == "external":
            whole = self._opened(Blueprint(brokers=brokers, registry=registry, postgres=postgres))
            return Needed(whole, whole if registry else None, whole if postgres else None)
        return Needed(
            self.stack(brokers),
            self._opened(Blueprint(brokers=0, registry=registry)) if registry else None,
            self._opened(Blueprint(brokers=0, postgres=True)) if postgres else None,
        )

    def capture_proof(self, contract: Contract, capture: str, progress: Callable[[str], None]) -> Proof:
        """Judge every promise of a captured table in one sweep, which is made once."""
        key = contract.file.absolute(), f"cdc {capture}"
        if key not in self._proofs:
            self._proofs[key] = self.prove_capture(contract, capture, progress)
        return self._proofs[key]

    def prove_capture(
        self,
        contract: Contract,
        capture: str,
        progress: Callable[[str], None],
        *,
        budget_s: float | None = None,
        seed: int | None = None,
    ) -> Proof:
        """Judge the promises of a captured table on a worker of Kafka Connect, or run the plan of the settings again."""
        settings = self.settings
        seed = settings.seed if seed is None else seed
        if settings.plan is not None:
            return self.replay(contract, settings.plan, progress)
        try:
            with self.capture_arena(contract, capture) as arena:
                budget_s = settings.budget_s if budget_s is None else budget_s
                return self._kept(capture_sweep.prove(arena, seed, progress, budget_s=budget_s), [arena])
        except UnsupportedError as error:
            return Proof(Judgement.unknown(Reason.UNSUPPORTED, str(error)), seed)

    @contextmanager
    def capture_arena(self, contract: Contract, capture: str) -> Iterator[CaptureArena]:
        """Where one trial at a time of a captured table can be run; its stack is shared with captures of the same kind.

        UnsupportedError where servers are not child processes of ours: a connector must reach the tap.
        """
        if self.settings.backend not in ("auto", LOCAL):
            where = contract.place("cdc", capture)
            raise UnsupportedError(f"{where}: captured tables are tried with --stream-backend {LOCAL} only")
        stack = self._opened(capture_arena.blueprint(contract, capture), LOCAL)
        if self._tap is None:
            self._tap = self._leaving.enter_context(Tap())
        self._count += 1
        prefix, folder = f"{stack.run_id}.{self._count}", stack.run_dir / f"{contract.name}-{capture}-{self._count}"
        with capture_arena.opened(contract, capture, stack, self._tap, prefix, folder) as arena:
            yield arena

    @property
    def descriptions(self) -> list[str]:
        """A line for each stack that runs."""
        return [stack.describe() for stack in self._stacks]

    def proof(self, contract: Contract, pipeline: str, progress: Callable[[str], None]) -> Proof:
        """Judge every promise of a pipeline in one sweep, which is made once: each promise asks `Proof.of` it."""
        key = contract.file.absolute(), pipeline
        if key not in self._proofs:
            plan = self.settings.plan
            self._proofs[key] = (
                self.replay(contract, plan, progress) if plan else self.prove(contract, pipeline, progress)
            )
        return self._proofs[key]

    def prove(
        self,
        contract: Contract,
        pipeline: str,
        progress: Callable[[str], None],
        *,
        budget_s: float | None = None,
        seed: int | None = None,
    ) -> Proof:
        """Judge the promises of one pipeline of a contract, with a budget and a seed of its own if they are given."""
        settings = self.settings
        seed = settings.seed if seed is None else seed
        workers = settings.workers or min(MOST_WORKERS, os.cpu_count() or 1)
        try:
            with ExitStack() as arenas:
                crew = [arenas.enter_context(self.arena(contract, pipeline, seed)) for _ in range(workers)]
                proof = prove(
                    crew,
                    seed,
                    progress,
                    every_moment=settings.every_moment,
                    budget_s=settings.budget_s if budget_s is None else budget_s,
                    faults=settings.faults,
                )
                return self._kept(proof, crew)
        except UnsupportedError as error:
            return Proof(Judgement.unknown(Reason.UNSUPPORTED, str(error)), seed)

    def replay(self, contract: Contract, plan: Plan, progress: Callable[[str], None]) -> Proof:
        """Run one plan again, and judge it."""
        if plan.contract != contract.name:
            raise UsageError(f"the plan is for the contract {plan.contract}, and {contract.file} is {contract.name}")
        if plan.pipeline in contract.tried_captures and plan.pipeline not in contract.pipelines:
            with self.capture_arena(contract, plan.pipeline) as captured:
                return self._kept(capture_sweep.replay(captured, plan, progress), [captured])
        with self.arena(contract, plan.pipeline, plan.seed) as arena:
            return self._kept(replay(arena, plan, progress), [arena])

    @contextmanager
    def arena(self, contract: Contract, pipeline: str, seed: int) -> Iterator[Arena]:
        """Where one trial at a time of this pipeline can be run; what it needs is started, and shared with the others."""
        ids = None
        draw(contract, pipeline, seed=seed)  # what cannot be drawn is told before anything starts
        kind_of(contract.pipelines[pipeline]).prepare(contract, pipeline, self._progress)
        needed = self.needed(contract, pipeline)
        stack = needed.brokers
        if self._tap is None:
            self._tap = self._leaving.enter_context(Tap())
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
                tap=self._tap,
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
        if self.settings.backend == "external":
            where = arena.contract.place("pipelines", arena.pipeline_name, *["isolation"] * bare)
            raise UnsupportedError(f"{where}: a trial needs brokers that nobody has used, and these are yours")
        with open_stack(self.settings.backend, arena.stack.blueprint, progress=lambda _: None) as stack:
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

    def _kept(self, proof: Proof, crew: Sequence[Arena | CaptureArena]) -> Proof:
        """Copy the evidence to where the user finds it, in place of that of an earlier run; drop the rest."""
        if proof.folder is not None:
            kept = self.settings.keep_in / f"{crew[0].contract.name}-{crew[0].name}"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(proof.folder, kept)
            (self.settings.keep_in / ".gitignore").write_text("*\n", encoding="utf-8")
            proof.folder = Path(os.path.relpath(kept))
        for arena in crew:
            shutil.rmtree(arena.folder, ignore_errors=True)
        return proof


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
