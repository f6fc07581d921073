"""Brokers and controllers as child processes: storage, settings and a command for each, and when all of them are there."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stream_contracts.stack import storage
from stream_contracts.stack.blueprint import Blueprint, Ports, broker_properties, controller_properties, voters
from stream_contracts.stack.model import Broker
from stream_contracts.stack.readiness import cluster_complete
from stream_contracts.stack.runtime import Runtime, jvm_environment
from stream_contracts.stack.service import Service
from stream_contracts.stack.unit import HOST, Site, Unit

LISTENERS = len(Ports._fields)
REMEDY = (
    "read the log above; a setting that Kafka refuses comes from the blueprint's config, a full disk or too little "
    "memory from this machine (a broker takes about 170 MB)"
)


@dataclass(frozen=True, slots=True)
class Kafka:
    """All that brokers need and that is computed once: runtime, formatted storage, flags of the AOT cache."""

    runtime: Runtime
    formatted: Path
    flags: tuple[str, ...] = ()

    def ports(self, blueprint: Blueprint) -> int:
        """How many ports they take."""
        return LISTENERS * blueprint.brokers + blueprint.controllers

    def summary(self) -> str:
        """Say what was prepared, for people."""
        return self.runtime.summary("Kafka", self.flags)

    def lay_out(self, site: Site) -> Unit:
        """Lay out the brokers of the blueprint, and its controllers."""
        asked, own = site.blueprint, {"host": HOST}
        nodes = {node: Ports(*(next(site.ports) for _ in range(LISTENERS))) for node in range(1, asked.brokers + 1)}
        names = voters(asked)
        quorum = {node: nodes[node].controller if node in nodes else next(site.ports) for node in names}
        cluster_id = storage.kafka_uuid()
        lay = partial(self._laid_out, site, cluster_id)
        alone = [
            lay(names[node], node, partial(controller_properties, asked, node, quorum, **own))
            for node in quorum
            if node not in nodes
        ]
        serving = [
            lay(f"broker-{node}", node, partial(broker_properties, asked, node, ports, quorum, **own))
            for node, ports in nodes.items()
        ]
        brokers = tuple(Broker(node, HOST, ports.client) for node, ports in nodes.items())
        address = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        return Unit("brokers", (*alone, *serving), address, cluster_complete(brokers, asked.controllers), REMEDY)

    def _laid_out(
        self, site: Site, cluster_id: str, name: str, node: int, properties: Callable[..., Mapping[str, str]]
    ) -> Service:
        folder = site.folder(name)
        storage.copy(self.formatted, folder / "data", node=node, cluster_id=cluster_id)
        storage.write_properties(folder / "server.properties", properties(log_dir=str(folder / "data")))
        # Native libraries are unpacked into the temporary folder and stay there after a kill: give it one of its own.
        own = (*self.flags, f"-Djava.io.tmpdir={folder / 'tmp'}")
        command = self.runtime.command("kafka.Kafka", [str(folder / "server.properties")], own)
        env = jvm_environment(os.environ)
        log = folder / f"{name.partition('-')[0]}.log"
        return Service(name, command, cwd=folder, env=env, log_path=log, run_id=site.run_id)


def brokers_of(bootstrap: str) -> tuple[Broker, ...]:
    """Return the brokers at these addresses, numbered from 1 in their order."""
    pairs = (address.rpartition(":") for address in bootstrap.split(",") if address)
    return tuple(Broker(node, host, int(port)) for node, (host, _, port) in enumerate(pairs, 1))
