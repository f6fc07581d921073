"""Kafka Connect as a child process: one distributed worker that knows the Debezium PostgreSQL connector."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from stream_contracts.stack.artefacts import CONNECT_LOCK, Progress, read_lock
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.rest import answers
from stream_contracts.stack.runtime import Runtime, jvm_environment, runtime
from stream_contracts.stack.service import Service
from stream_contracts.stack.storage import write_properties
from stream_contracts.stack.unit import HOST, Site, Unit

NAME = "connect"
MAIN = "org.apache.kafka.connect.cli.ConnectDistributed"
REMEDY = (
    "read the log above; a setting that Connect refuses comes from the blueprint's connect_config, a time-out of its "
    "admin client from brokers that are gone"
)

SETTINGS: Mapping[str, str] = {
    # The plugins are on the class path, and say who they are: nothing is scanned.
    "plugin.discovery": "service_load",
    # A killed worker is missed after 1.5 s and its tasks are given to the next one at once, not after five minutes.
    "session.timeout.ms": "1500",
    "heartbeat.interval.ms": "400",
    "rebalance.timeout.ms": "5000",
    "scheduled.rebalance.max.delay.ms": "0",
    # Allows a connector to ask for exactly once; those that do not ask are as before.
    "exactly.once.source.support": "enabled",
    # An event is sent when it is there.
    "producer.linger.ms": "0",
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "offset.storage.partitions": "1",
    "status.storage.partitions": "1",
}
"""What the worker is told beyond its identity, in the order of why."""


def worker_properties(blueprint: Blueprint, run_id: str, bootstrap: str, port: int) -> dict[str, str]:
    """Return everything that the worker's properties say. Pure: the same arguments give the same answer."""
    topics = {f"{kind}.storage.topic": f"{run_id}.connect-{kind}" for kind in ("config", "offset", "status")}
    factor = str(min(blueprint.brokers, 3))
    factors = {f"{kind}.storage.replication.factor": factor for kind in ("config", "offset", "status")}
    identity = {
        "bootstrap.servers": bootstrap,
        "group.id": f"{run_id}.connect",
        "listeners": f"http://{HOST}:{port}",
        **topics,
    }
    return {**SETTINGS, **factors, **blueprint.connect_config, **identity}


@dataclass(frozen=True, slots=True)
class Connect:
    """All that a worker needs and that is computed once: runtime with the plugin's jars, flags of the AOT cache."""

    runtime: Runtime
    flags: tuple[str, ...] = ()

    def ports(self, blueprint: Blueprint) -> int:
        """One, for REST."""
        del blueprint
        return 1

    def summary(self) -> str:
        """Say what was prepared, for people."""
        return self.runtime.summary("Kafka Connect", self.flags)

    def lay_out(self, site: Site) -> Unit:
        """Write the worker's properties."""
        port = next(site.ports)
        folder = site.folder(NAME)
        properties = folder / "worker.properties"
        write_properties(properties, worker_properties(site.blueprint, site.run_id, site.address("brokers"), port))
        command = self.runtime.command(MAIN, [str(properties)], (*self.flags, f"-Djava.io.tmpdir={folder / 'tmp'}"))
        service = Service(
            NAME, command, cwd=folder, env=jvm_environment(os.environ), log_path=folder / "connect.log",
            run_id=site.run_id,
        )  # fmt: skip
        url = f"http://{HOST}:{port}"
        ready = answers("the worker is a member of its group", f"{url}/health")
        return Unit("connect", (service,), url, ready, REMEDY, after=("brokers",))


def found(progress: Progress, *, thorough: bool = False) -> Runtime:
    """Return what a worker runs on, fetched where it was missing: the jars of the lock file and those of the plugin."""
    plain = runtime(progress, thorough=thorough, lock=read_lock(CONNECT_LOCK))
    return replace(plain, more=tuple(sorted(plain.unpacked(progress).glob("*/*.jar"))))
