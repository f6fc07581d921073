"""The containers of one run: created with its labels, on its networks, with the ports that are theirs on the host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stream_contracts.errors import StackError
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.docker_engine import Engine
from stream_contracts.stack.docker_images import ensure
from stream_contracts.stack.docker_service import ContainerService, PeeredService, Seat
from stream_contracts.stack.docker_warden import OWNER_LABEL, RUN_LABEL, owner, remove
from stream_contracts.stack.unit import Unit


@dataclass(frozen=True, slots=True)
class Containers:
    """What creates the containers of a run. ``images`` are by role, and on the engine.

    Every container sits on the run's edge network, where ports are published and all find each other by name. Those
    with peers sit on a second one too, which leads nowhere else.
    """

    engine: Engine
    run_id: str
    images: Mapping[str, str]
    _networks: dict[str, Any] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Where published ports are reached."""
        return self.engine.reach.host

    def create(
        self,
        role: str,
        name: str,
        environment: Mapping[str, str],
        *,
        folder: Path,
        ports: Mapping[int, int],
        peer: str = "",
        also: str = "",
        command: Iterable[str] = (),
        stop_signal: str = "SIGTERM",
    ) -> ContainerService:
        """Create a container, not yet started, that others find as ``name``, and as ``also``, if given.

        ``ports`` maps its ports to those on the host; ``folder`` takes its log. With ``peer``, it sits on the network of
        the peers under that name. StackError where the engine refuses.
        """
        import docker.errors

        edge = self._network("edge", internal=False)
        aliases = [alias for alias in (name, also) if alias]
        try:
            container = self.engine.tc.create(
                self.images[role],
                command=list(command) or None,
                name=f"stream-contracts-{self.run_id}-{name}",
                hostname=name,
                environment=dict(environment),
                ports={f"{inside}/tcp": (self.engine.reach.bind, outside) for inside, outside in ports.items()},
                labels=self._labels(),
                network=edge.name,
                networking_config={edge.name: self.engine.client.api.create_endpoint_config(aliases=aliases)},
                detach=True,
            )
            seats = {"edge": Seat(edge, name)}
            if peer:
                peers = self._network("peers", internal=True)
                peers.connect(container, aliases=[peer])
                seats["peers"] = Seat(peers, peer)
        except docker.errors.APIError as error:
            raise StackError(f"the engine does not create {name}: {error.explanation or error}") from error
        kind = PeeredService if peer else ContainerService
        return kind(name, container, image=self.images[role], cwd=folder, seats=seats, stop_signal=stop_signal)

    def remove(self) -> list[str]:
        """Remove every container and network of the run, and return the ids of those that could not be."""
        self._networks.clear()
        return remove(self.engine.client, self.run_id)

    def _network(self, side: str, *, internal: bool) -> Any:
        if side not in self._networks:
            settings = {"driver": "bridge", "internal": internal, "labels": self._labels()}
            name = f"stream-contracts-{self.run_id}-{side}"
            self._networks[side] = self.engine.tc.client_networks_create(name, settings)
        return self._networks[side]

    def _labels(self) -> dict[str, str]:
        return {RUN_LABEL: self.run_id, OWNER_LABEL: owner()}


class Crew(Unit):
    """A unit of containers: the engine takes up to a second for each start, so they are asked for at once."""

    def start(self) -> None:
        """Start its services side by side."""
        with ThreadPoolExecutor(len(self.services)) as pool:
            list(pool.map(lambda service: service.start(), self.services))


def pulled(engine: Engine, roles: Iterable[str], progress: Progress) -> dict[str, str]:
    """Return role -> image, each of them on the engine."""
    return {role: ensure(engine, role, progress) for role in roles}
