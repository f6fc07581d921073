"""The addresses that an instance is given: every server of its stack, by the way that the tap can see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event

from stream_contracts.history.journal import Journal
from stream_contracts.trial.arena import Arena
from stream_contracts.trial.namespace import Namespace
from stream_contracts.trial.subjects import Subjects
from stream_contracts.wire.lane import Lane


def lane(arena: Arena, instance: str, journal: Journal, clock: Callable[[], float], changed: Event) -> Lane:
    """A private entrance of an instance to every server that its pipeline has."""
    return arena.tap.open_lane(
        instance, arena.brokers, journal.add, clock, changed,
        postgres=arena.database.address if arena.database else None,
        registry=arena.subjects.address if arena.subjects else None,
    )  # fmt: skip


def addresses(entrance: Lane, namespace: Namespace | None, subjects: Subjects | None) -> Mapping[str, str]:
    """The variables of our own: Kafka always, the database and the registry where the contract needs them."""
    found = {"KAFKA_BOOTSTRAP_SERVERS": entrance.bootstrap}
    if namespace is not None and entrance.postgres_address is not None:
        found["DATABASE_URL"] = namespace.url(entrance.instance, entrance.postgres_address)
    if subjects is not None and entrance.registry_address is not None:
        found["SCHEMA_REGISTRY_URL"] = subjects.url_at(entrance.registry_address)
    return found
