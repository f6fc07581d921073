"""The docker backend: the blueprint as containers of the official images, on networks and ports of their own."""

from __future__ import annotations

import re
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, overload

from stream_contracts.errors import StackError, UnsupportedError
from stream_contracts.stack import storage
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.capabilities import Part, capable, named
from stream_contracts.stack.docker_brokers import CLIENT, broker_environment, edge_name, peer_name
from stream_contracts.stack.docker_engine import LOOPBACK, Engine, connect
from stream_contracts.stack.docker_images import ensure
from stream_contracts.stack.docker_service import ContainerService, PeeredService, Seat
from stream_contracts.stack.docker_warden import OWNER_LABEL, RUN_LABEL, DockerWarden, owner, remove, sweep
from stream_contracts.stack.model import Broker
from stream_contracts.stack.ports import reserved
from stream_contracts.stack.readiness import await_answer, cluster_complete
from stream_contracts.stack.warden import Warden
from stream_contracts.stack.warmup import warm_up

C = TypeVar("C")

READY_S = 90.0
STARTS = 3
PORT_TAKEN = re.compile(r"port is already allocated|address already in use", re.IGNORECASE)
REMEDY = (
    "read the log above; a setting that Kafka refuses comes from the blueprint's config, a full disk or too little memory "
    "from the engine's machine (a broker takes about 300 MB); where the log says ready and the port does not answer, "
    "docs/stack.md, section Docker, tells what stands between"
)


class DockerStack:
    """A running stack of containers; the Stack protocol tells what its parts promise."""

    def __init__(self, engine: Engine, blueprint: Blueprint, run_id: str, run_dir: Path, why: str) -> None:
        self.backend, self.why = "docker", why
        self.blueprint, self.run_id, self.run_dir = blueprint, run_id, run_dir
        self.brokers: tuple[Broker, ...] = ()
        self.timings: dict[str, float] = {}
        self._engine, self._images = engine, dict[str, str]()
        self._services: dict[str, ContainerService] = {}
        self._addresses: dict[str, str] = {}
        # What runs on this machine for a trial, pipelines above all, is a process, and ends as on every backend.
        self._warden = Warden(run_id, run_dir)
        self._docker_warden = DockerWarden(run_id, engine.address)
        self._closed = False

    @property
    def bootstrap(self) -> str:
        """The brokers' client addresses, comma-separated."""
        return ",".join(f"{broker.host}:{broker.port}" for broker in self.brokers)

    @property
    def client_config(self) -> Mapping[str, str]:
        """What a librdkafka client is configured with to reach the brokers."""
        return {"bootstrap.servers": self.bootstrap}

    @property
    def schema_registry_url(self) -> str:
        """Where the Confluent API of the registry begins."""
        return self._address("registry")

    @property
    def postgres_dsn(self) -> str:
        """How a client connects to PostgreSQL, as the owner of its database."""
        return self._address("postgres")

    @property
    def connect_url(self) -> str:
        """Where the REST API of Kafka Connect begins."""
        return self._address("connect")

    @property
    def services(self) -> Mapping[str, Part]:
        """Every service by its name."""
        return dict(self._services)

    @overload
    def service(self, name: str) -> Part: ...

    @overload
    def service(self, name: str, *, can: type[C]) -> C: ...

    def service(self, name: str, *, can: type[C] | None = None) -> Part | C:
        """Return the service of that name, able to do what ``can`` says."""
        found = named(self._services, name)
        return found if can is None else capable(found, can, self.backend)

    def await_ready(self, timeout_s: float = READY_S) -> None:
        """Wait until every broker is there again, as after a restart. StackError where that does not come."""
        question = cluster_complete(self.brokers)
        await_answer(question, tuple(self._services.values()), timeout_s=timeout_s, where=self.bootstrap, remedy=REMEDY)

    def describe(self) -> str:
        """Say in one line what runs, where, and since when."""
        brokers = "1 broker" if len(self.brokers) == 1 else f"{len(self.brokers)} brokers"
        return (
            f"docker {self._engine.version} ({self.why}): {', '.join(self._images.values())}, {brokers} at "
            f"{self.bootstrap}, ready in {self.timings.get('ready_s', 0):.2f} s, "
            f"warm in {self.timings.get('prewarm_s', 0):.2f} s"
        )

    def keep(self) -> None:
        """Leave the run's folder, logs included, where it is when the stack closes."""
        self._warden.keep()

    def close(self) -> None:
        """Remove every container and network of the run (the data is thrown away), and the run's folder."""
        if self._closed:
            return
        self._closed = True
        left: list[str] | None = None
        try:
            left = remove(self._engine.client, self.run_id)
        finally:
            self._docker_warden.dismiss(clean=left == [])
            self._warden.dismiss()
            self._engine.client.close()
        if left:
            raise StackError(f"the engine did not remove {', '.join(left)}; `docker rm -f -v` them by hand")

    def start(self, ports: tuple[int, ...], progress: Progress) -> None:
        """Create and start everything, side by side, with these ports on the host, and wait until it answers."""
        self._images["kafka"] = ensure(self._engine, "kafka", progress)
        begin = time.monotonic()
        edge = self._network("edge", internal=False)
        peers = self._network("peers", internal=True) if self.blueprint.brokers > 1 else None
        cluster_id = storage.kafka_uuid()
        host = self._engine.reach.host
        self.brokers = tuple(Broker(node, host, port) for node, port in enumerate(ports, 1))
        for broker in self.brokers:
            service = self._broker(broker, edge, peers, cluster_id)
            self._services[service.name] = service
        with ThreadPoolExecutor(len(self._services)) as pool:
            list(pool.map(ContainerService.start, self._services.values()))
        self.await_ready()
        self.timings["ready_s"] = time.monotonic() - begin

    def warm_up(self) -> None:
        """Make the first transaction and the first group, so that no client meets a coordinator that is loading."""
        begin = time.monotonic()
        warm_up(self.brokers, tuple(self._services.values()))
        self.timings["prewarm_s"] = time.monotonic() - begin

    def reset(self) -> None:
        """Remove what was started, and forget it; the logs stay for whoever asks why."""
        remove(self._engine.client, self.run_id)
        self._services = {}

    def _address(self, need: str) -> str:
        self.blueprint.require(need)
        return self._addresses[need]

    def _broker(self, broker: Broker, edge: Any, peers: Any | None, cluster_id: str) -> ContainerService:
        node = broker.node_id
        name = f"broker-{node}"
        environment = broker_environment(
            self.blueprint, node, host=broker.host, port=broker.port, cluster_id=cluster_id
        )
        # Alone, a broker finds itself on the only network there is.
        aliases = [edge_name(node)] if peers else [edge_name(node), peer_name(node)]
        container = self._create("kafka", name, environment, {CLIENT: broker.port}, edge, aliases)
        kind, seats = ContainerService, {"edge": Seat(edge, edge_name(node))}
        if peers:
            peers.connect(container, aliases=[peer_name(node)])
            kind, seats = PeeredService, {**seats, "peers": Seat(peers, peer_name(node))}
        folder = self.run_dir / name
        folder.mkdir(parents=True, exist_ok=True)
        image, log_path = self._images["kafka"], folder / f"{name}.log"
        return kind(name, container, image=image, cwd=folder, log_path=log_path, seats=seats)

    def _create(
        self,
        role: str,
        name: str,
        environment: Mapping[str, str],
        ports: Mapping[int, int],
        edge: Any,
        aliases: list[str],
    ) -> Any:
        """Create a container on the edge network, with ``ports`` (in the container -> on the host) published."""
        bind = self._engine.reach.bind
        endpoint = self._engine.client.api.create_endpoint_config(aliases=aliases)
        return self._engine.tc.create(
            self._images[role],
            name=f"stream-contracts-{self.run_id}-{name}",
            hostname=name,
            environment=dict(environment),
            ports={f"{inside}/tcp": (bind, outside) for inside, outside in ports.items()},
            labels=self._labels(),
            network=edge.name,
            networking_config={edge.name: endpoint},
            detach=True,
        )

    def _network(self, side: str, *, internal: bool) -> Any:
        name = f"stream-contracts-{self.run_id}-{side}"
        settings = {"driver": "bridge", "internal": internal, "labels": self._labels()}
        return self._engine.tc.client_networks_create(name, settings)

    def _labels(self) -> dict[str, str]:
        return {RUN_LABEL: self.run_id, OWNER_LABEL: owner()}


@contextmanager
def open_stack(
    blueprint: Blueprint, *, run_dir: Path | None, progress: Progress, keep: bool, why: str
) -> Iterator[DockerStack]:
    """Start the blueprint in containers, and yield it ready and warm. StackError where that fails."""
    lacking = [told for need, told in blueprint.needs().items() if need != "brokers"]
    if lacking:
        raise UnsupportedError(f"the docker backend does not run {' and '.join(lacking)} yet")
    engine = connect()
    for run_id in sweep(engine.client):
        progress(f"removed what the run {run_id} left on the engine when it was ended")
    with _watched(engine, blueprint, run_dir, keep=keep, why=why) as stack:
        for left in reversed(range(STARTS)):
            with reserved(blueprint.brokers, host=LOOPBACK) as ports:
                try:
                    stack.start(ports, progress)
                except StackError as error:
                    if not (left and PORT_TAKEN.search(str(error))):
                        raise
                    progress("a port was taken by another program in the meantime; starting again on other ports")
                    stack.reset()
                    continue
                stack.warm_up()
                progress(stack.describe())
                yield stack
                return


@contextmanager
def _watched(
    engine: Engine, blueprint: Blueprint, run_dir: Path | None, *, keep: bool, why: str
) -> Iterator[DockerStack]:
    """Yield a stack with a folder and its wardens, in which nothing runs yet; close it in the end."""
    run_id = uuid.uuid4().hex[:12]
    folder = ((run_dir or Path(tempfile.gettempdir())) / f"stack-{run_id}").absolute()
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise StackError(f"the run's folder {folder} cannot be made: {error.strerror}") from error
    stack = DockerStack(engine, blueprint, run_id, folder, why)
    try:
        if keep:
            stack.keep()
        yield stack
    finally:
        stack.close()
