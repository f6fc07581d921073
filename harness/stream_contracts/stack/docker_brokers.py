"""Brokers in containers: what the image's environment says, and on which networks they sit under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_contracts.stack import storage
from stream_contracts.stack.blueprint import TEST_SETTINGS, Blueprint, replication_settings
from stream_contracts.stack.docker_containers import Containers, Crew
from stream_contracts.stack.model import Broker
from stream_contracts.stack.readiness import cluster_complete
from stream_contracts.stack.unit import Site, Unit

CLIENT, INSIDE, REPLICATION, CONTROLLER = 9092, 9093, 9094, 9095
"""Ports in the container. The first is published on the host; the second is for containers of the same run, which do not
reach what is published; peers use the others, on a network of their own."""

READY_S = 90.0
LOG_DIR = "/tmp/kraft-combined-logs"
"""Where the official image keeps its data; in the container, so that it lives through kill and start."""

JVM: Mapping[str, str] = {
    # As on the local backend: the first compiler tier and the simplest collector start fastest.
    "KAFKA_HEAP_OPTS": "-Xms64m -Xmx320m",
    "KAFKA_JVM_PERFORMANCE_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData",
}


REMEDY = (
    "read the log above; a setting that Kafka refuses comes from the blueprint's config, a full disk or too little memory "
    "from the engine's machine (a broker takes about 300 MB); where the log says that it started and the port does not "
    "answer, the section Docker in docs/stack.md tells what may stand between"
)


def edge_name(node: int) -> str:
    """The name by which other containers of the run find the broker."""
    return f"broker-{node}"


def peer_name(node: int) -> str:
    """The name by which its peers find it."""
    return f"peer-{node}"


@dataclass(frozen=True, slots=True)
class Brokers:
    """Brokers of the official image's kind, each combined with a controller (KRaft)."""

    containers: Containers

    def ports(self, blueprint: Blueprint) -> int:
        """One each; peers talk inside."""
        return blueprint.brokers

    def summary(self) -> str:
        """Say what was prepared, for people."""
        return self.containers.images["kafka"]

    def lay_out(self, site: Site) -> Unit:
        """Create the containers of the blueprint."""
        host, count = self.containers.host, site.blueprint.brokers
        brokers = tuple(Broker(node, host, next(site.ports)) for node in range(1, count + 1))
        cluster_id = storage.kafka_uuid()
        services = tuple(
            self.containers.create(
                "kafka",
                edge_name(broker.node_id),
                broker_environment(site.blueprint, broker.node_id, host=host, port=broker.port, cluster_id=cluster_id),
                folder=site.folder(edge_name(broker.node_id)),
                ports={CLIENT: broker.port},
                # Alone, a broker finds itself on the only network there is.
                **({"peer": peer_name(broker.node_id)} if count > 1 else {"also": peer_name(broker.node_id)}),
            )
            for broker in brokers
        )
        return Crew(
            "brokers",
            services,
            ",".join(f"{broker.host}:{broker.port}" for broker in brokers),
            cluster_complete(brokers),
            REMEDY,
            timeout_s=READY_S,
            inside=",".join(f"{edge_name(broker.node_id)}:{INSIDE}" for broker in brokers),
        )


def broker_environment(blueprint: Blueprint, node: int, *, host: str, port: int, cluster_id: str) -> dict[str, str]:
    """Return the environment of the container of one combined broker and controller (KRaft).

    ``host:port`` is where clients outside reach it. Pure: the same arguments give the same answer.
    """
    properties = {
        **replication_settings(blueprint.brokers),
        **TEST_SETTINGS,
        **blueprint.config,
        **_identity(blueprint.brokers, node, f"{host}:{port}"),
    }
    return {**JVM, "CLUSTER_ID": cluster_id, **{variable(name): value for name, value in properties.items()}}


def variable(setting: str) -> str:
    """Return the environment variable by which Kafka's official image takes a setting.

    A dot is an underscore there, an underscore two, a dash three.
    """
    return "KAFKA_" + setting.replace("_", "__").replace("-", "___").replace(".", "_").upper()


def _identity(brokers: int, node: int, outside: str) -> dict[str, str]:
    listeners = {"CLIENT": CLIENT, "INSIDE": INSIDE, "REPLICATION": REPLICATION, "CONTROLLER": CONTROLLER}
    advertised = {
        "CLIENT": outside,
        "INSIDE": f"{edge_name(node)}:{INSIDE}",
        "REPLICATION": f"{peer_name(node)}:{REPLICATION}",
    }
    voters = (f"{other}@{peer_name(other)}:{CONTROLLER}" for other in range(1, brokers + 1))
    return {
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.quorum.voters": ",".join(voters),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "REPLICATION",
        "listeners": ",".join(f"{name}://0.0.0.0:{port}" for name, port in listeners.items()),
        "advertised.listeners": ",".join(f"{name}://{where}" for name, where in advertised.items()),
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in listeners),
        "log.dirs": LOG_DIR,
    }
