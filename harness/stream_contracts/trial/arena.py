"""What all trials of one pipeline share: its contract, what runs, the tap, and the input that a seed draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


class Input(NamedTuple):
    """What a seed draws: the events, and others that are fed in a transaction that is aborted."""

    events: tuple[Event, ...]
    aborted: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Arena:
    """Where one trial at a time is run. ``prefix`` begins every name on the cluster; ``draw`` is cheap to repeat.

    ``database`` and ``subjects`` are there where the contract needs a database or a registry.
    """

    contract: Contract
    pipeline_name: str
    stack: Stack
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

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline under test."""
        return self.contract.pipelines[self.pipeline_name]
