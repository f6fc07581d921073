"""Registries by other people, in containers: Confluent's, Karapace and Apicurio, all by the Confluent API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.docker_containers import Containers, Crew
from stream_contracts.stack.rest import answers
from stream_contracts.stack.unit import Site, Unit

NAME = "registry"
PORT = 8081
REMEDY = "read the log above; the registry's image, tag and variables are those of docs/stack.md, section Docker"


class Program(NamedTuple):
    """One registry: its environment, given the brokers and the replication factor, and where its API begins.

    ``needs_brokers`` where it keeps its schemas in a topic.
    """

    environment: Callable[[str, str], Mapping[str, str]]
    path: str = ""
    needs_brokers: bool = True


def confluent(bootstrap: str, replicas: str) -> Mapping[str, str]:
    """What cp-schema-registry is told."""
    return {
        "SCHEMA_REGISTRY_HOST_NAME": NAME,
        "SCHEMA_REGISTRY_LISTENERS": f"http://0.0.0.0:{PORT}",
        "SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS": ",".join(f"PLAINTEXT://{one}" for one in bootstrap.split(",")),
        "SCHEMA_REGISTRY_KAFKASTORE_TOPIC_REPLICATION_FACTOR": replicas,
    }


def karapace(bootstrap: str, replicas: str) -> Mapping[str, str]:
    """What Karapace is told."""
    return {
        "KARAPACE_KARAPACE_REGISTRY": "true",
        "KARAPACE_HOST": "0.0.0.0",
        "KARAPACE_PORT": f"{PORT}",
        "KARAPACE_ADVERTISED_HOSTNAME": NAME,
        "KARAPACE_BOOTSTRAP_URI": bootstrap,
        "KARAPACE_REPLICATION_FACTOR": replicas,
    }


def apicurio(bootstrap: str, replicas: str) -> Mapping[str, str]:
    """What Apicurio is told; it keeps everything in memory."""
    del bootstrap, replicas
    return {"QUARKUS_HTTP_PORT": f"{PORT}"}


PROGRAMS: Mapping[str, Program] = {
    "confluent": Program(confluent),
    "karapace": Program(karapace),
    "apicurio": Program(apicurio, "/apis/ccompat/v7", needs_brokers=False),
}
"""Registry, a key of the blueprint's REGISTRIES -> how it is run."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The registry that the blueprint names."""

    containers: Containers

    def ports(self, blueprint: Blueprint) -> int:
        """One."""
        del blueprint
        return 1

    def summary(self) -> str:
        """Say what was prepared, for people."""
        return ", ".join(image for role, image in self.containers.images.items() if role in PROGRAMS)

    def lay_out(self, site: Site) -> Unit:
        """Create the container."""
        name, port = site.blueprint.registry, next(site.ports)
        program = PROGRAMS[name]
        bootstrap = site.address("brokers") if program.needs_brokers else ""
        environment = program.environment(bootstrap, str(min(site.blueprint.brokers, 3)))
        service = self.containers.create(name, NAME, environment, folder=site.folder(NAME), ports={PORT: port})
        url = f"http://{self.containers.host}:{port}{program.path}"
        return Crew(
            NAME,
            (service,),
            url,
            answers("the registry lists its subjects", f"{url}/subjects"),
            REMEDY,
            timeout_s=120,
            after=("brokers",) if program.needs_brokers else (),
            inside=f"http://{NAME}:{PORT}{program.path}",
        )
