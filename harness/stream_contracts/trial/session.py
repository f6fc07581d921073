"""A session: the stack, the tap and the feeder, opened once at first need and shared by every promise that is judged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from stream_contracts.contract.model import Contract
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.model import Stack
from stream_contracts.trial.case import Arena
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.explore import Proof, prove
from stream_contracts.trial.feed import Feeder
from stream_contracts.wire.tap import Tap
from stream_contracts.workload.events import Event, draw

MOST_BROKERS = 3
"""A contract that asks for more replicas than this is tried with as many."""
FIRST_ABORTED_ID = 1_000_000
"""Events of aborted transactions are numbered from here, so that nobody mistakes them for the workload's."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How promises are judged. ``keep_in`` is the folder into which the evidence of a broken promise is copied."""

    backend: str = "auto"
    seed: int = 1
    every_moment: bool = False
    keep_in: Path = Path(".stream-contracts")


class Session:
    """Judge promises on one stack. Close it, or leave its ``with`` block: nothing stays behind but kept evidence."""

    def __init__(self, settings: Settings, progress: Callable[[str], None]) -> None:
        self.settings, self._progress = settings, progress
        self._leaving = ExitStack()
        self._stacks: dict[int, Stack] = {}
        self._tap: Tap | None = None
        self._count = 0

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything that the session started."""
        self._leaving.close()

    def stack(self, brokers: int = 1) -> Stack:
        """The stack with that many brokers, started at first need. Raises `StackError` where it does not come up."""
        if brokers not in self._stacks:
            opening = open_stack(self.settings.backend, Blueprint(brokers=brokers), progress=self._progress)
            self._stacks[brokers] = self._leaving.enter_context(opening)
        return self._stacks[brokers]

    @property
    def descriptions(self) -> list[str]:
        """A line for each stack that runs."""
        return [stack.describe() for stack in self._stacks.values()]

    def prove(self, contract: Contract, pipeline: str, progress: Callable[[str], None]) -> Proof:
        """Judge the delivery promise of one pipeline of a contract."""
        events = draw(contract, pipeline, seed=self.settings.seed)
        stack = self.stack(min(MOST_BROKERS, max(topic.replication for topic in contract.topics.values())))
        if self._tap is None:
            self._tap = self._leaving.enter_context(Tap())
        self._count += 1
        brokers = tuple((broker.host, broker.port) for broker in stack.brokers)
        cluster = Cluster(brokers)
        try:
            arena = Arena(
                contract=contract,
                pipeline_name=pipeline,
                brokers=brokers,
                run_id=stack.run_id,
                folder=stack.run_dir / f"{contract.name}-{pipeline}-{self._count}",
                tap=self._tap,
                cluster=cluster,
                feeder=Feeder(stack.bootstrap, cluster, f"{stack.run_id}.{self._count}"),
                events=events,
                aborted=self._aborted(contract, pipeline, len(events)),
            )
            proof = prove(arena, self.settings.seed, progress, every_moment=self.settings.every_moment)
        finally:
            cluster.close()
        if proof.folder is not None:
            proof.folder = self._keep(proof.folder, f"{contract.name}-{pipeline}")
        return proof

    def _aborted(self, contract: Contract, pipeline: str, events: int) -> tuple[Event, ...]:
        """Other events of the same kind, to be sent in a transaction that is aborted."""
        drawn = draw(contract, pipeline, seed=self.settings.seed + 1)[: max(1, events // 4)]
        return tuple(replace(event, id=FIRST_ABORTED_ID + event.id) for event in drawn)

    def _keep(self, folder: Path, name: str) -> Path:
        """Copy a run's plan, journal and logs to where the user finds them, in place of those of an earlier run."""
        kept = self.settings.keep_in / name
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept)
        (self.settings.keep_in / ".gitignore").write_text("*\n", encoding="utf-8")
        return Path(os.path.relpath(kept))
