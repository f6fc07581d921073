"""What all trials of one pipeline share: its contract, what runs, the tap, and the input that a seed draws."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.stack.model import Stack
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.database import Database
from stream_contracts.trial.feed import Feeder
from stream_contracts.trial.subjects import Subjects
from stream_contracts.wire.kafka import Address
from stream_contracts.wire.tap import Tap
from stream_contracts.workload.events import Event
from stream_contracts.workload.writers import Ids


class Input(NamedTuple):
    """What a seed draws: the events, and others that are fed in a transaction that is aborted."""

    events: tuple[Event, ...]
    aborted: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Arena:
    """Where one trial at a time is run. ``stack`` has the brokers, ``stacks`` are all that run.

    ``prefix`` begins every name on the cluster; ``draw`` is cheap to repeat. ``database`` and ``subjects`` are there where
    the contract needs a database or a registry, which gave the ``ids``.
    """

    contract: Contract
    pipeline_name: str
    stack: Stack
    stacks: tuple[Stack, ...]
    brokers: tuple[Address, ...]
    run_id: str
    prefix: str
    folder: Path
    tap: Tap
    cluster: Cluster
    feeder: Feeder
    draw: Callable[[int], Input]
    database: Database | None = None
    subjects: Subjects | None = None
    ids: Ids = field(default_factory=dict)

    fresh: Callable[[], AbstractContextManager[Arena]] | None = None
    """Gives each trial brokers of its own, where the contract says ``isolation: broker``."""
    spare: Callable[[], AbstractContextManager[Arena]] | None = None
    """Gives a trial brokers of its own, where the shared ones are not as good as new."""

    def stack_of(self, service: str) -> Stack:
        """The stack in which a service runs; that of the brokers where none has one of that name."""
        return next((stack for stack in self.stacks if service in stack.services), self.stack)

    @property
    def name(self) -> str:
        """What is tried."""
        return self.pipeline_name

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline under test."""
        return self.contract.pipelines[self.pipeline_name]
