"""Brokers in containers: what the image's environment says, and on which networks they sit under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_contracts.stack import storage
from stream_contracts.stack.blueprint import CONTROLLER_IDS, Blueprint, quorum_properties, settings, voters
from stream_contracts.stack.docker_containers import Containers, Crew
from stream_contracts.stack.model import Broker
from stream_contracts.stack.readiness import cluster_complete
from stream_contracts.stack.service import Startable
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


def peer_name(service: str) -> str:
    """The name by which its peers find it."""
    return f"peer-{service.removeprefix('broker-')}"


@dataclass(frozen=True, slots=True)
class Brokers:
    """Brokers of the official image's kind (KRaft), combined with a controller each, or beside separate ones."""

    containers: Containers

    def ports(self, blueprint: Blueprint) -> int:
        """One for each broker; peers talk inside."""
        return blueprint.brokers

    def summary(self) -> str:
        """Say what was prepared, for people."""
        return self.containers.images["kafka"]

    def lay_out(self, site: Site) -> Unit:
        """Create the containers of the blueprint."""
        host, asked = self.containers.host, site.blueprint
        brokers = tuple(Broker(node, host, next(site.ports)) for node in range(1, asked.brokers + 1))
        cluster_id = storage.kafka_uuid()
        alone = [
            self._created(site, name, controller_environment(asked, node, cluster_id=cluster_id), {})
            for node, name in voters(asked).items()
            if node > CONTROLLER_IDS
        ]
        serving = [
            self._created(
                site,
                f"broker-{node}",
                broker_environment(asked, node, host=host, port=port, cluster_id=cluster_id),
                {CLIENT: port},
            )
            for node, _, port in brokers
        ]
        return Crew(
            "brokers",
            (*alone, *serving),
            ",".join(f"{broker.host}:{broker.port}" for broker in brokers),
            cluster_complete(brokers, asked.controllers),
            REMEDY,
            timeout_s=READY_S,
            inside=",".join(f"broker-{broker.node_id}:{INSIDE}" for broker in brokers),
        )

    def _created(self, site: Site, name: str, environment: Mapping[str, str], ports: Mapping[int, int]) -> Startable:
        # Alone, a broker finds itself on the only network there is.
        alone = site.blueprint.brokers + site.blueprint.controllers == 1
        found = {"also": peer_name(name)} if alone else {"peer": peer_name(name)}
        return self.containers.create("kafka", name, environment, folder=site.folder(name), ports=ports, **found)


def broker_environment(blueprint: Blueprint, node: int, *, host: str, port: int, cluster_id: str) -> dict[str, str]:
    """Return the environment of the container of one broker (KRaft), which is a controller as well if it votes.

    ``host:port`` is where clients outside reach it. Pure: the same arguments give the same answer.
    """
    votes = node in voters(blueprint)
    listeners = {"CLIENT": CLIENT, "INSIDE": INSIDE, "REPLICATION": REPLICATION}
    listeners = {**listeners, "CONTROLLER": CONTROLLER} if votes else listeners
    advertised = {
        "CLIENT": f"{host}:{port}",
        "INSIDE": f"broker-{node}:{INSIDE}",
        "REPLICATION": f"{peer_name(f'broker-{node}')}:{REPLICATION}",
    }
    identity = {
        "process.roles": "broker,controller" if votes else "broker",
        "inter.broker.listener.name": "REPLICATION",
        "advertised.listeners": ",".join(f"{name}://{where}" for name, where in advertised.items()),
    }
    return _environment(blueprint, node, cluster_id, listeners, identity)


def controller_environment(blueprint: Blueprint, node: int, *, cluster_id: str) -> dict[str, str]:
    """Return the environment of the container of a controller that is no broker. Pure."""
    return _environment(blueprint, node, cluster_id, {"CONTROLLER": CONTROLLER}, {"process.roles": "controller"})


def _environment(
    blueprint: Blueprint, node: int, cluster_id: str, listeners: Mapping[str, int], identity: Mapping[str, str]
) -> dict[str, str]:
    properties = {
        **settings(blueprint),
        **quorum_properties(
            node, {voter: f"{peer_name(name)}:{CONTROLLER}" for voter, name in voters(blueprint).items()}
        ),
        **identity,
        "listeners": ",".join(f"{name}://0.0.0.0:{port}" for name, port in listeners.items()),
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in {**listeners, "CONTROLLER": 0}),
        "log.dirs": LOG_DIR,
    }
    return {**JVM, "CLUSTER_ID": cluster_id, **{variable(name): value for name, value in properties.items()}}


def variable(setting: str) -> str:
    """Return the environment variable by which Kafka's official image takes a setting.

    A dot is an underscore there, an underscore two, a dash three.
    """
    return "KAFKA_" + setting.replace("_", "__").replace("-", "___").replace(".", "_").upper()
