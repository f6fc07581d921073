"""What a running stack promises to whoever asks, whatever the backend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar, overload

from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.capabilities import Part

C = TypeVar("C")


class Broker(NamedTuple):
    """One broker: its node id, and the address at which clients reach it directly."""

    node_id: int
    host: str
    port: int


class Stack(Protocol):
    """What runs. Every backend gives one of these.

    An address that is asked for and that the blueprint does not have is a UsageError that names what it has
    (:meth:`Blueprint.needs`).
    """

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
    def client_config(self) -> Mapping[str, str]:
        """What a librdkafka client is configured with to reach the brokers: the bootstrap, and SASL and TLS if any."""

    @property
    def schema_registry_url(self) -> str:
        """Where the Confluent API of the registry begins, without a slash at the end."""

    @property
    def postgres_dsn(self) -> str:
        """``postgresql://user:password@host:port/database``, of a role that may do everything with its database."""

    @property
    def connect_url(self) -> str:
        """Where the REST API of Kafka Connect begins, without a slash at the end."""

    def inside(self, need: str) -> str:
        """Return the address of what answers the need (a field of the blueprint), as services of the stack reach it.

        That is what a connector's configuration must name: in a container, 127.0.0.1 is the container itself.
        """

    @property
    def brokers(self) -> tuple[Broker, ...]:
        """The brokers by node id: (node_id, host, port)."""

    @property
    def run_id(self) -> str:
        """Names this run, and begins the name of everything that is made on it: topics, groups, subjects, connectors.

        Every process that is started for the run carries it in ``STREAM_CONTRACTS_RUN``; the warden kills by it. On
        somebody else's servers it begins with the namespace that was allowed.
        """

    @property
    def run_dir(self) -> Path:
        """The folder that belongs to this stack alone, and is removed with it."""

    @property
    def services(self) -> Mapping[str, Part]:
        """Every service by its name: ``broker-1`` …, ``registry``, ``postgres``, ``connect``."""

    @property
    def timings(self) -> Mapping[str, float]:
        """How long things took, in seconds, counted from the first process start.

        ``ready_s`` (to the brokers' Metadata), ``registry_s``, ``postgres_s``, ``connect_s`` (until they answered), and
        ``prewarm_s``, which is the duration of the warm-up alone.
        """

    @overload
    def service(self, name: str) -> Part:
        """Return the service of that name, as what every service is."""

    @overload
    def service(self, name: str, *, can: type[C]) -> C:
        """Return the service of that name, able to do what ``can`` says (a protocol of ``stack.capabilities``).

        UsageError, listing the known ones, where there is none of that name; UnsupportedError, with the reason, where
        it cannot do that under this backend.
        """

    def await_ready(self, timeout_s: float = 60) -> None:
        """Wait until everything answers again, as after a restart. StackError where that does not come."""

    def describe(self) -> str:
        """Say in one line what runs, where, and how long it took."""

    def keep(self) -> None:
        """Leave the run's folder where it is when the stack closes."""

    def close(self) -> None:
        """End everything that was started, and remove the run's folder; a second call does nothing."""
