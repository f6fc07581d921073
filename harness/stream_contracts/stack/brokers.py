"""Brokers and controllers as child processes: storage, settings and a command for each, and when all of them are there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_contracts.stack import storage
from stream_contracts.stack.blueprint import Blueprint, Ports, broker_properties, controller_properties, voters
from stream_contracts.stack.model import Broker
from stream_contracts.stack.readiness import cluster_complete
from stream_contracts.stack.runtime import Runtime, jvm_environment
from stream_contracts.stack.service import Service
from stream_contracts.stack.unit import HOST, Site, Unit, nothing

if TYPE_CHECKING:
    from stream_contracts.stack.relay import Relays

LISTENERS = len(Ports._fields)
PEER_LISTENERS = 2
"""REPLICATION and CONTROLLER."""
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
        """How many ports they take; a relay listens before each of those by which peers come."""
        nodes = LISTENERS * blueprint.brokers + blueprint.controllers
        return nodes + (PEER_LISTENERS * blueprint.brokers + blueprint.controllers if blueprint.partable else 0)

    def summary(self) -> str:
        """Say what was prepared, for people."""
        return self.runtime.summary("Kafka", self.flags)

    def lay_out(self, site: Site) -> Unit:
        """Lay out the brokers of the blueprint, and its controllers."""
        asked = site.blueprint
        nodes = _nodes(asked, site.ports)
        quorum = {node: nodes[node].told.controller for node in voters(asked)}
        cluster_id = storage.kafka_uuid()
        services: list[Service] = []
        relays = _relays(services) if asked.partable else None
        try:
            for node, seat in nodes.items():
                services.append(self._laid_out(site, cluster_id, node, seat, quorum, relays))
                if relays:
                    _stand_before(relays, seat, votes=node in quorum)
        except BaseException:
            if relays:
                relays.close()
            raise
        brokers = tuple(Broker(node, HOST, seat.here.client) for node, seat in nodes.items() if seat.here.client)
        return Unit(
            "brokers",
            tuple(services),
            ",".join(f"{broker.host}:{broker.port}" for broker in brokers),
            cluster_complete(brokers, asked.controllers),
            REMEDY,
            closing=relays.close if relays else nothing,
        )

    def _laid_out(
        self, site: Site, cluster_id: str, node: int, seat: Seat, quorum: Mapping[int, int], relays: Relays | None
    ) -> Service:
        folder = site.folder(seat.name)
        data = folder / "data"
        storage.copy(self.formatted, data, node=node, cluster_id=cluster_id)
        told = seat.told if relays else None
        properties = (
            broker_properties(site.blueprint, node, seat.here, quorum, host=HOST, log_dir=str(data), told=told)
            if seat.here.client
            else controller_properties(site.blueprint, node, seat.here, quorum, host=HOST, log_dir=str(data))
        )
        storage.write_properties(folder / "server.properties", properties)
        # Native libraries are unpacked into the temporary folder and stay there after a kill: give it one of its own.
        own = (*self.flags, f"-Djava.io.tmpdir={folder / 'tmp'}")
        command = self.runtime.command("kafka.Kafka", [str(folder / "server.properties")], own)
        log = folder / f"{seat.name.partition('-')[0]}.log"
        env = jvm_environment(os.environ)
        make: Callable[..., Service] = partial(PeeredService, relays) if relays else Service
        return make(seat.name, command, cwd=folder, env=env, log_path=log, run_id=site.run_id)


class Seat(NamedTuple):
    """A node's name, the ports it listens on, and those that others are told; no client port where it is no broker."""

    name: str
    here: Ports
    told: Ports


class PeeredService(Service):
    """A node behind relays, which can part it from its peers."""

    def __init__(self, relays: Relays, name: str, command: Sequence[str], **settings: Any) -> None:
        super().__init__(name, command, **settings)
        self._relays = relays

    def isolate(self) -> None:
        """Cut it from its peers, while its clients still reach it."""
        self._relays.part(self.name)

    def rejoin(self) -> None:
        """Undo it; nothing happens where it is not cut off."""
        self._relays.join(self.name)


def _nodes(asked: Blueprint, ports: Iterator[int]) -> dict[int, Seat]:
    """Deal the ports out, controllers that are no brokers first."""
    alone = {node: name for node, name in voters(asked).items() if asked.controllers}
    here = {node: Ports(0, 0, next(ports)) for node in alone}
    here |= {node: Ports(*(next(ports) for _ in range(LISTENERS))) for node in range(1, asked.brokers + 1)}
    seats = {}
    for node, own in here.items():
        told = own
        if asked.partable:
            told = own._replace(replication=next(ports) if own.client else 0, controller=next(ports))
        seats[node] = Seat(alone.get(node, f"broker-{node}"), own, told)
    return seats


def _relays(services: Sequence[Service]) -> Relays:
    # Imported here: few stacks need them, and asyncio takes its time.
    from stream_contracts.stack.relay import Relays

    return Relays(lambda: {each.name: each.pid for each in services if each.pid})


def _stand_before(relays: Relays, seat: Seat, *, votes: bool) -> None:
    if seat.here.client:
        relays.open(seat.name, HOST, seat.told.replication, seat.here.replication)
    if votes:
        relays.open(seat.name, HOST, seat.told.controller, seat.here.controller)


def brokers_of(bootstrap: str) -> tuple[Broker, ...]:
    """Return the brokers at these addresses, numbered from 1 in their order."""
    pairs = (address.rpartition(":") for address in bootstrap.split(",") if address)
    return tuple(Broker(node, host, int(port)) for node, (host, _, port) in enumerate(pairs, 1))
