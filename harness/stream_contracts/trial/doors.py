"""The addresses that an instance is given: every server of its stack, by the way that the tap can see."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from stream_contracts.trial.database import Namespace
from stream_contracts.trial.subjects import Subjects
from stream_contracts.wire.kafka import Address
from stream_contracts.wire.lane import Lane


def addresses(lane: Lane, instance: str, namespace: Namespace | None, subjects: Subjects | None) -> Mapping[str, str]:
    """The variables of our own: Kafka always, the database and the registry where the contract needs them."""
    found = {"KAFKA_BOOTSTRAP_SERVERS": lane.bootstrap}
    if namespace is not None:
        found["DATABASE_URL"] = namespace.url(instance, _door(lane, "postgres_address", namespace.database.address))
    if subjects is not None:
        parts = urlsplit(subjects.url)
        host, port = _door(lane, "registry_address", (parts.hostname or "", parts.port or 80))
        login = parts.netloc.rpartition("@")[0]
        found["SCHEMA_REGISTRY_URL"] = parts._replace(
            netloc=f"{login}@{host}:{port}" if login else f"{host}:{port}"
        ).geturl()
    return found


def _door(lane: Lane, name: str, direct: Address) -> Address:
    """The tap's door where the lane has one, else the server itself."""
    found: Address | None = getattr(lane, name, None)
    return found or direct
