"""What a running stack promises to whoever asks, whatever the backend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.service import Service


class Broker(NamedTuple):
    """One broker: its node id, and the address at which clients reach it directly."""

    node_id: int
    host: str
    port: int


class Stack(Protocol):
    """What runs. Every backend gives one of these."""

    @property
    def backend(self) -> str:
        """Which backend runs it: a key of BACKENDS, never ``auto``."""

    @property
    def blueprint(self) -> Blueprint:
        """What was asked for."""

    @property
    def bootstrap(self) -> str:
        """The brokers' client addresses, ``host:port`` separated by commas."""

    @property
    def brokers(self) -> tuple[Broker, ...]:
        """The brokers by node id: (node_id, host, port)."""

    @property
    def run_id(self) -> str:
        """What every process of this run carries in ``STREAM_CONTRACTS_RUN``; the warden kills by it."""

    @property
    def run_dir(self) -> Path:
        """The folder that belongs to this stack alone, and is removed with it."""

    @property
    def services(self) -> Mapping[str, Service]:
        """Every service by its name: ``broker-1`` …"""

    @property
    def timings(self) -> Mapping[str, float]:
        """How long things took, in seconds: ``ready_s`` (process start to Metadata), ``prewarm_s``."""

    def service(self, name: str) -> Service:
        """Return the service of that name. UsageError, listing the known ones, where there is none."""

    def await_ready(self, timeout_s: float = 60) -> None:
        """Wait until every broker answers and sees the others. StackError where one does not."""

    def describe(self) -> str:
        """Say in one line what runs, where, and how long it took."""

    def keep(self) -> None:
        """Leave the run's folder where it is when the stack closes."""

    def close(self) -> None:
        """End everything that was started, and remove the run's folder; a second call does nothing."""
