"""What all trials of one captured table share: its contract, a stack with broker, database and worker, and the tap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stream_contracts.cdc.instrument import AT_LEAST_ONCE, EXACTLY_ONCE, NO_ROOM, exactly_once
from stream_contracts.cdc.settings import Settings, settings
from stream_contracts.contract.capture import Capture
from stream_contracts.contract.model import Contract
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.model import Stack
from stream_contracts.trial.cluster import Cluster
from stream_contracts.trial.feed import Feeder
from stream_contracts.wire.tap import Tap
from stream_contracts.workload.writers import Ids


@dataclass(frozen=True, slots=True)
class CaptureArena:
    """Where one trial at a time of a captured table is run; ``prefix`` begins every name on the cluster."""

    contract: Contract
    capture_name: str
    stack: Stack
    tap: Tap
    cluster: Cluster
    feeder: Feeder
    prefix: str
    folder: Path

    database: None = None
    """Nothing that a fault would have to connect anew: a case does that by itself."""
    ids: Ids = field(default_factory=dict)
    """No registry, no ids."""

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """All that run."""
        return (self.stack,)

    def stack_of(self, service: str) -> Stack:
        """The stack in which a service runs."""
        del service
        return self.stack

    @property
    def name(self) -> str:
        """What is tried."""
        return self.capture_name

    @property
    def capture(self) -> Capture:
        """The capture under test."""
        return self.contract.cdc[self.capture_name]

    @property
    def settings(self) -> Settings:
        """What its connector is told."""
        return settings(self.contract.folder / self.capture.connector)


def blueprint(contract: Contract, capture: str) -> Blueprint:
    """What the trials of a captured table run on: the worker supports exactly once where the connector requires it."""
    return Blueprint(
        postgres=True, connect=True, connect_config=EXACTLY_ONCE if _exactly_once(contract, capture) else AT_LEAST_ONCE
    )


@contextmanager
def opened(
    contract: Contract, capture: str, stack: Stack, tap: Tap, prefix: str, folder: Path
) -> Iterator[CaptureArena]:
    """The arena on a stack that runs."""
    with closing(Cluster((broker.host, broker.port) for broker in stack.brokers)) as cluster:
        feeder = Feeder(stack.bootstrap, cluster, prefix, 0.0)  # it feeds nothing here, and makes topics
        if _exactly_once(contract, capture):
            feeder.configure(f"{stack.run_id}.connect-offset", NO_ROOM)
        yield CaptureArena(contract, capture, stack, tap, cluster, feeder, prefix, folder)


def _exactly_once(contract: Contract, capture: str) -> bool:
    return exactly_once(settings(contract.folder / contract.cdc[capture].connector))
