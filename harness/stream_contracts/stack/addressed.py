"""What every stack says in the same way, whatever runs it: its addresses by need, and its services by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, overload

from stream_contracts.stack.capabilities import Part, capable, named

C = TypeVar("C")


class Addressed:
    """Half of a Stack; the Stack protocol tells what its parts promise.

    The other half sets ``backend``, has ``services``, and knows the address of each need of the blueprint.
    """

    backend: str

    @property
    def services(self) -> Mapping[str, Part]:
        """Every service by its name."""
        raise NotImplementedError

    def address(self, need: str) -> str:
        """Return what clients are told of the need. UsageError where the blueprint does not have it."""
        raise NotImplementedError

    @property
    def bootstrap(self) -> str:
        """The brokers' client addresses, comma-separated."""
        return self.address("brokers")

    @property
    def client_config(self) -> Mapping[str, str]:
        """What a librdkafka client is configured with to reach the brokers."""
        return {"bootstrap.servers": self.bootstrap}

    @property
    def schema_registry_url(self) -> str:
        """Where the Confluent API of the registry begins."""
        return self.address("registry")

    @property
    def postgres_dsn(self) -> str:
        """How a client connects to PostgreSQL, as the owner of its database."""
        return self.address("postgres")

    @property
    def connect_url(self) -> str:
        """Where the REST API of Kafka Connect begins."""
        return self.address("connect")

    @overload
    def service(self, name: str) -> Part:
        """By its name alone: what every service is."""

    @overload
    def service(self, name: str, *, can: type[C]) -> C:
        """As what can do that."""

    def service(self, name: str, *, can: type[C] | None = None) -> Part | C:
        """Return the service of that name, able to do what ``can`` says."""
        found = named(self.services, name)
        return found if can is None else capable(found, can, self.backend)
