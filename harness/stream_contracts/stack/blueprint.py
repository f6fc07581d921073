"""What runs, as data: versions, images, and the broker settings that tests need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from stream_contracts.errors import UsageError

KAFKA_VERSION = "4.3.1"
KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
"""What the docker backend and docker-compose.yml run."""

POSTGRES_VERSION = "18.4"
POSTGRES_IMAGE = f"postgres:{POSTGRES_VERSION}"
POSTGRES_DATABASE = "contracts"
"""The database that a stack's DSN names; the role and the password are called so too."""

DEBEZIUM_VERSION = "3.7.0.Final"
"""Of the PostgreSQL connector; 3.7.1.Final has no plugin archive on Maven Central."""
DEBEZIUM_SINK_VERSION = "3.6.0.Final"
"""Of the JDBC sink connector: the newest whose plugin archive is on Maven Central."""
CONNECT_IMAGE = f"quay.io/debezium/connect:{DEBEZIUM_VERSION}"

APICURIO_VERSION = "3.3.3"

ECJ_VERSION = "3.46.100"
"""The Java compiler that runs on a JRE: for pipelines that are given as Java source."""
FLINK_CONNECTOR_VERSION = "5.0.0-2.2"
"""Of the Kafka connector of Apache Flink; behind the dash the Flink that it was built for."""

EMBEDDED = "embedded"
"""The registry of this package, run in the harness's own process."""

REGISTRIES: Mapping[str, str] = {
    EMBEDDED: "",
    "apicurio": f"apicurio/apicurio-registry:{APICURIO_VERSION}",
    "confluent": "confluentinc/cp-schema-registry:8.3.1",
    "karapace": "ghcr.io/aiven-open/karapace:5.0.3",
}
"""Registry -> its image; what has none runs without a container."""

MAX_BROKERS = 9
CONTROLLER_IDS = 100
"""A separate controller's node id is its number and this: it must differ from those of the brokers."""

OURS = (
    "process.roles",
    "node.id",
    "broker.id",
    "controller.quorum.voters",
    "controller.quorum.bootstrap.servers",
    "controller.listener.names",
    "inter.broker.listener.name",
    "security.inter.broker.protocol",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "log.dir",
    "log.dirs",
    "metadata.log.dir",
)
"""Settings that say who a broker is and where it listens; a blueprint cannot change them."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What runs: only what is named here is started.

    ``brokers`` may be 0 where something else is wanted. Each is its own controller too, unless ``controllers`` asks for
    that many separate ones: then a broker can be lost without the quorum, and the other way round. ``registry`` is a key
    of REGISTRIES, or empty. ``postgres`` comes with logical replication; ``connect`` is a distributed worker that knows
    the Debezium PostgreSQL connector.
    With ``partable``, brokers and controllers can be cut from their peers also where that needs relays (the local backend).
    ``config``, ``postgres_config`` and ``connect_config`` map settings of the broker, of ``postgresql.conf`` and of the
    worker to values, and win over the ones chosen here. UsageError for what cannot be run: a number of brokers
    outside of 0..9, controllers without a broker, an unknown registry, Connect without a broker, nothing at all, and a
    setting that decides who a broker is (``OURS``).
    """

    brokers: int = 1
    config: Mapping[str, str] = field(default_factory=dict)
    registry: str = ""
    postgres: bool = False
    connect: bool = False
    postgres_config: Mapping[str, str] = field(default_factory=dict)
    connect_config: Mapping[str, str] = field(default_factory=dict)
    controllers: int = 0
    partable: bool = False

    def __post_init__(self) -> None:
        if self.registry and self.registry not in REGISTRIES:
            raise UsageError(f"unknown registry {self.registry!r}; known are {', '.join(sorted(REGISTRIES))}")
        least = 0 if (self.registry or self.postgres) and not self.connect else 1
        if not least <= self.brokers <= MAX_BROKERS:
            raise UsageError(f"brokers: {self.brokers} cannot be run; between {least} and {MAX_BROKERS} can")
        if not 0 <= self.controllers <= MAX_BROKERS or (self.controllers and not self.brokers):
            raise UsageError(
                f"controllers: {self.controllers} cannot be run beside {self.brokers} brokers; between 0 (each broker is one "
                f"itself) and {MAX_BROKERS} can, beside at least one broker"
            )
        fixed = sorted(set(self.config) & set(OURS))
        if fixed:
            raise UsageError(
                f"broker config: {', '.join(fixed)} cannot be set, because the stack decides who a broker is and where "
                f"it listens; the ones it keeps to itself are {', '.join(OURS)}"
            )

    def needs(self) -> dict[str, str]:
        """Return what it asks for: the field that asks -> how a sentence says it."""
        beside = f" and {counted(self.controllers, 'controller')}" if self.controllers else ""
        asked = {
            "brokers": counted(self.brokers, "broker") + beside if self.brokers else "",
            "registry": f"the {self.registry} registry" if self.registry else "",
            "postgres": "PostgreSQL" if self.postgres else "",
            "connect": "Kafka Connect" if self.connect else "",
        }
        return {name: told for name, told in asked.items() if told}

    def require(self, need: str) -> None:
        """Raise UsageError, naming what there is and how to ask for the other, unless ``need`` is among the needs."""
        has = self.needs()
        if need not in has:
            raise UsageError(
                f"this stack has {', '.join(has.values())}; to have more, ask for it: Blueprint({need}={ASK[need]})"
            )


ASK: Mapping[str, str] = {"brokers": "1", "registry": repr(EMBEDDED), "postgres": "True", "connect": "True"}
"""Field of a Blueprint -> the value by which one asks for it."""


def counted(number: int, what: str) -> str:
    """Return the number with its noun."""
    return f"{number} {what}{'s' * (number != 1)}"


class Ports(NamedTuple):
    """The three listeners of one broker, each on a port of its own: taps can then stand before any of them.

    One listener for everything would not do: what clients are told (``advertised.listeners``) is later the address of
    a tap, and a broker that finds its peers, or itself, by that address would talk through the tap as well. A broker
    beside separate controllers leaves ``controller`` alone.
    """

    client: int
    replication: int
    controller: int


def voters(blueprint: Blueprint) -> dict[int, str]:
    """Return node id -> service of the controllers' quorum: the brokers themselves, or the separate controllers."""
    if not blueprint.controllers:
        return {node: f"broker-{node}" for node in range(1, blueprint.brokers + 1)}
    return {CONTROLLER_IDS + number: f"controller-{number}" for number in range(1, blueprint.controllers + 1)}


def broker_properties(
    blueprint: Blueprint,
    node: int,
    here: Ports,
    quorum: Mapping[int, int],
    *,
    host: str,
    log_dir: str,
    told: Ports | None = None,
) -> dict[str, str]:
    """Return everything that ``server.properties`` says for one broker (KRaft), which is a controller as well if it votes.

    ``here`` are the ports it listens on, ``told`` those that others are told, where they differ; ``quorum`` is the port of
    each voter by node id, as others are told. Pure: the same arguments give the same answer.
    """
    votes = node in quorum
    listeners, advertised = (_listeners(host, ports, votes=votes) for ports in (here, told or here))
    identity = {
        **quorum_properties(node, {voter: f"{host}:{port}" for voter, port in quorum.items()}),
        "process.roles": "broker,controller" if votes else "broker",
        "inter.broker.listener.name": "REPLICATION",
        "listeners": listeners,
        "advertised.listeners": advertised if told else _listeners(host, here, votes=False),
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,REPLICATION:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": log_dir,
    }
    return {**settings(blueprint), **identity}


def _listeners(host: str, ports: Ports, *, votes: bool) -> str:
    serving = f"CLIENT://{host}:{ports.client},REPLICATION://{host}:{ports.replication}"
    return f"{serving},CONTROLLER://{host}:{ports.controller}" if votes else serving


def controller_properties(
    blueprint: Blueprint, node: int, here: Ports, quorum: Mapping[int, int], *, host: str, log_dir: str
) -> dict[str, str]:
    """Return everything that ``server.properties`` says for a controller that is no broker; arguments as for a broker."""
    identity = {
        **quorum_properties(node, {voter: f"{host}:{port}" for voter, port in quorum.items()}),
        "process.roles": "controller",
        "listeners": f"CONTROLLER://{host}:{here.controller}",
        "advertised.listeners": f"CONTROLLER://{host}:{quorum[node]}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT",
        "log.dirs": log_dir,
    }
    return {**settings(blueprint), **identity}


def quorum_properties(node: int, quorum: Mapping[int, str]) -> dict[str, str]:
    """Return what every node says of itself and of the quorum, whose ``host:port`` are given by node id."""
    return {
        "node.id": str(node),
        "controller.quorum.voters": ",".join(f"{voter}@{address}" for voter, address in quorum.items()),
        "controller.listener.names": "CONTROLLER",
    }


def settings(blueprint: Blueprint) -> dict[str, str]:
    """Return the settings that do not say who a node is, the blueprint's own last."""
    return {**replication_settings(blueprint.brokers), **TEST_SETTINGS, **blueprint.config}


def replication_settings(brokers: int) -> dict[str, str]:
    """Return the replication settings for that many brokers: all of Kafka's defaults assume at least three."""
    factor = str(min(brokers, 3))
    # With two brokers a minimum of two would stop every internal topic as soon as one is killed.
    in_sync = "2" if brokers >= 3 else "1"
    return {
        "default.replication.factor": factor,
        "offsets.topic.replication.factor": factor,
        "transaction.state.log.replication.factor": factor,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": factor,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


TEST_SETTINGS: Mapping[str, str] = {
    # A misspelt topic is an error of the pipeline, not a new topic.
    "auto.create.topics.enable": "false",
    # One partition: one known coordinator, and nothing to load but what the test wrote.
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # Groups answer at once, and tests may ask for short sessions.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "500",
    "group.consumer.min.session.timeout.ms": "500",
    "group.consumer.min.heartbeat.interval.ms": "100",
    # A killed broker loses its leaders after 3 s, not 9.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # A peer that is frozen or cut off keeps its connections, so only time tells: 2 and 3 s, not 30.
    "controller.socket.timeout.ms": "2000",
    "replica.socket.timeout.ms": "3000",
    # The first election need not wait a second; later ones are governed by the fetch timeout, left as it is.
    "controller.quorum.election.timeout.ms": "300",
    "controller.quorum.election.backoff.max.ms": "200",
    # A follower that asks a leader which does not know its role yet would come again after a second.
    "replica.fetch.backoff.ms": "50",
    # An abandoned transaction ends when its own timeout says so, not up to 10 s later.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    # Small machine, small data: the cleaner alone would take 128 MB of heap.
    "log.cleaner.dedupe.buffer.size": "4194304",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
}
"""What a broker is told beyond its identity, in the order of why."""
