"""A connector's settings for one trial: the user's own, with the names, addresses and clocks of the trial. Pure."""

from __future__ import annotations

from typing import NamedTuple

from stream_contracts.cdc.events import HEADERS, JSON, shape
from stream_contracts.cdc.settings import Settings
from stream_contracts.errors import UnsupportedError

ROUTER = "stream_contracts_names"
OFFSETS = "stream-contracts-offsets"
"""The topic of the offsets of one connector that writes exactly once.

Its clients reach the brokers by the tap, the worker's do not. Connect takes two addresses for two clusters, and writes the
offsets to both, to that of the worker outside of the transaction. In one topic the two would meet, and a transaction that
is aborted would be passed over: seen, with the 11 changes of one lost.
"""
EXACTLY_ONCE = {"exactly.once.source.support": "enabled"}
"""What the worker of such a connector is told."""
NO_ROOM = {"max.message.bytes": "64"}
"""How the topic of the worker's own offsets is set up then: the worker is not to keep the offsets besides."""
SHUT = {"max.message.bytes": "120"}
"""How a topic is set up that takes no offset for a while, and still the marker (78 bytes) that ends a transaction. Where a
broker refuses that one, its coordinator never asks again: seen, with a transactional id that nobody could use any more."""
ROOM = {"max.message.bytes": "1048588"}
"""What a broker allows unless it is told otherwise."""
AT_LEAST_ONCE = {"exactly.once.source.support": "disabled", "offset.flush.interval.ms": "200"}
"""What the worker of every other connector is told: Connect's default, and offsets more often than once a minute. Who is
killed before its first offset begins anew, with a snapshot; the rest of its life would not be tried."""
CLIENTS = ("producer", "consumer", "admin")
COMPRESSED = {
    # Debezium waits ten seconds before it starts again after an error.
    "retriable.restart.connector.wait.ms": "300",
    "slot.retry.delay.ms": "500",
    "errors.retry.delay.max.ms": "500",
}
"""Waits that a trial makes short, whatever the connector is told. The history says so."""
UNLESS_SAID = {
    "poll.interval.ms": "5",
    # The topics of heartbeats and of transactions; that of the table is made by the trial, as the contract has it.
    "topic.creation.default.partitions": "1",
    "topic.creation.default.replication.factor": "-1",
}
"""What a trial says where the connector does not: events come at once, into topics that are made when they are needed."""
READABLE = (JSON, "")


class Where(NamedTuple):
    """A database as a connector is told it."""

    host: str
    port: int
    user: str
    password: str
    database: str


def exactly_once(settings: Settings) -> bool:
    """Whether a connector requires that its records and its offset come in one transaction."""
    return settings.get("exactly.once.support").lower() == "required"


def configured(settings: Settings, where: Where, bootstrap: str, slot: str, prefix: str) -> dict[str, str]:
    """What the connector of a trial is told. ``prefix`` begins every topic that it writes to, after its own transforms.

    UnsupportedError where it is no connector of PostgreSQL, or its records are not JSON.
    """
    said = dict(settings.said)
    if not said.get("connector.class", "").endswith(".PostgresConnector"):
        raise UnsupportedError(
            f"{settings.file}: {said.get('connector.class')!r} is not Debezium's connector for PostgreSQL"
        )
    for role in ("key", "value"):
        if said.get(f"{role}.converter", "") not in READABLE:
            what = f"{role}.converter {said[f'{role}.converter']}"
            raise UnsupportedError(f"{settings.file}: records of {what} are not read in trials; known: {JSON}")
    told = {
        "database.hostname": where.host,
        "database.port": str(where.port),
        "database.user": where.user,
        "database.password": where.password,
        "database.dbname": where.database,
        "slot.name": slot,
        "tasks.max": "1",
        **{f"{client}.override.bootstrap.servers": bootstrap for client in CLIENTS},
        **COMPRESSED,
    }
    if exactly_once(settings):
        told["offsets.storage.topic"] = f"{prefix}.{OFFSETS}"
    return {**UNLESS_SAID, **said, **told, **_renaming(settings, prefix)}


def _renaming(settings: Settings, prefix: str) -> dict[str, str]:
    """A last transform that puts every record into the topics of the trial, and headers where an envelope is taken off."""
    added = {
        "transforms": ",".join((*settings.transforms, ROUTER)),
        f"transforms.{ROUTER}.type": "org.apache.kafka.connect.transforms.RegexRouter",
        f"transforms.{ROUTER}.regex": "(.*)",
        f"transforms.{ROUTER}.replacement": f"{prefix}.$1",
    }
    if shape(settings) == "unwrapped":
        name = next(each for each in settings.transforms if settings.transform(each, "type").endswith("RecordState"))
        headers = [each for each in settings.transform(name, "add.headers").split(",") if each]
        added[f"transforms.{name}.add.headers"] = ",".join(dict.fromkeys((*headers, *HEADERS)))
    return added
