"""Kafka Connect in a container of Debezium's image's kind: one distributed worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_contracts.errors import UsageError
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.connect import REMEDY, worker_properties
from stream_contracts.stack.docker_containers import Containers, Crew
from stream_contracts.stack.rest import answers
from stream_contracts.stack.unit import Site, Unit

NAME, PORT = "connect", 8083

OWN_VARIABLES: Mapping[str, str] = {
    "bootstrap.servers": "BOOTSTRAP_SERVERS",
    "group.id": "GROUP_ID",
    "config.storage.topic": "CONFIG_STORAGE_TOPIC",
    "offset.storage.topic": "OFFSET_STORAGE_TOPIC",
    "status.storage.topic": "STATUS_STORAGE_TOPIC",
    "key.converter": "KEY_CONVERTER",
    "value.converter": "VALUE_CONVERTER",
    "offset.flush.interval.ms": "OFFSET_FLUSH_INTERVAL_MS",
    "offset.flush.timeout.ms": "OFFSET_FLUSH_TIMEOUT_MS",
    "task.shutdown.graceful.timeout.ms": "SHUTDOWN_TIMEOUT",
}
"""Settings for which the image has a variable of its own, and overwrites the general one with it."""

JVM: Mapping[str, str] = {
    "HEAP_OPTS": "-Xms64m -Xmx320m",
    "KAFKA_JVM_PERFORMANCE_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData",
}


def worker_environment(blueprint: Blueprint, run_id: str, bootstrap: str) -> dict[str, str]:
    """Return the environment of the worker's container. Pure: the same arguments give the same answer.

    UsageError for a setting that the image cannot be told: its variables know only dots.
    """
    settings = worker_properties(blueprint, run_id, bootstrap, PORT)
    del settings["listeners"]  # the image has its own, which REST_HOST_NAME and REST_PORT decide
    unheard = sorted(name for name in settings if "_" in name or "-" in name or name != name.lower())
    if unheard:
        raise UsageError(
            f"connect_config: Debezium's image cannot be told {', '.join(unheard)}, because its variables know only "
            f"lower-case letters and dots; the local backend can"
        )
    told = {variable(name): value for name, value in settings.items()}
    return {**JVM, **told, "REST_HOST_NAME": "0.0.0.0", "ADVERTISED_HOST_NAME": NAME}


def variable(setting: str) -> str:
    """Return the environment variable by which Debezium's image takes a setting of the worker."""
    return OWN_VARIABLES.get(setting) or "CONNECT_" + setting.replace(".", "_").upper()


@dataclass(frozen=True, slots=True)
class Connect:
    """One distributed worker."""

    containers: Containers

    def ports(self, blueprint: Blueprint) -> int:
        """One, for REST."""
        del blueprint
        return 1

    def summary(self) -> str:
        """Say what was prepared, for people."""
        return self.containers.images[NAME]

    def lay_out(self, site: Site) -> Unit:
        """Create the container."""
        port = next(site.ports)
        environment = worker_environment(site.blueprint, site.run_id, site.address("brokers"))
        service = self.containers.create(NAME, NAME, environment, folder=site.folder(NAME), ports={PORT: port})
        url = f"http://{self.containers.host}:{port}"
        ready = answers("the worker is a member of its group", f"{url}/health")
        return Crew(
            NAME, (service,), url, ready, REMEDY, timeout_s=120, after=("brokers",), inside=f"http://{NAME}:{PORT}"
        )
