"""A broker in a container: what the image's environment says, and on which networks it sits under which names."""

from __future__ import annotations

from collections.abc import Mapping

from stream_contracts.stack.blueprint import TEST_SETTINGS, Blueprint, replication_settings

CLIENT, INSIDE, REPLICATION, CONTROLLER = 9092, 9093, 9094, 9095
"""Ports in the container. The first is published on the host; the second is for containers of the same run, which do not
reach what is published; peers use the others, on a network of their own."""

LOG_DIR = "/tmp/kraft-combined-logs"
"""Where the official image keeps its data; in the container, so that it lives through kill and start."""

JVM: Mapping[str, str] = {
    # As on the local backend: the first compiler tier and the simplest collector start fastest.
    "KAFKA_HEAP_OPTS": "-Xms64m -Xmx320m",
    "KAFKA_JVM_PERFORMANCE_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData",
}


def edge_name(node: int) -> str:
    """The name by which other containers of the run find the broker."""
    return f"broker-{node}"


def peer_name(node: int) -> str:
    """The name by which its peers find it; only on their network."""
    return f"peer-{node}"


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

    >>> variable("log.dirs"), variable("a_b-c.d")
    ('KAFKA_LOG_DIRS', 'KAFKA_A__B___C_D')
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
