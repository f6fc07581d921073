"""The docker backend: the blueprint as containers of the official images, on networks and ports of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stream_contracts.errors import StackError
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import EMBEDDED, Blueprint
from stream_contracts.stack.docker_brokers import Brokers
from stream_contracts.stack.docker_connect import Connect
from stream_contracts.stack.docker_containers import Containers, pulled
from stream_contracts.stack.docker_engine import Engine, connect
from stream_contracts.stack.docker_postgres import Postgres
from stream_contracts.stack.docker_registries import PROGRAMS, Registry
from stream_contracts.stack.docker_warden import DockerWarden, sweep
from stream_contracts.stack.local_stack import Kind, LocalStack, Prepared, bring_up, run_folder
from stream_contracts.stack.model import Stack
from stream_contracts.stack.warden import Warden

PORT_TAKEN = re.compile(r"port is already allocated|address already in use", re.IGNORECASE)

KINDS: Mapping[str, Callable[[Containers], Kind]] = {
    "brokers": Brokers,
    "registry": Registry,
    "postgres": Postgres,
    "connect": Connect,
}
"""What a blueprint may need -> what creates the containers for it."""


class DockerStack(LocalStack):
    """A running stack of containers: one like the local one, but for who runs its services.

    What else runs for a trial, pipelines above all, is a process of this machine, and ends as on every backend.
    """

    def __init__(self, engine: Engine, images: Mapping[str, str], blueprint: Blueprint, folder: Path, why: str) -> None:
        run_id = folder.name.rpartition("-")[2]
        super().__init__(blueprint, run_id, folder, Warden(run_id, folder), why)
        self.backend = "docker"
        self.containers = Containers(engine, run_id, images)
        self._docker_warden = DockerWarden(run_id, engine.address)

    def describe(self) -> str:
        """Say in one line what runs, where, and how long it took."""
        engine = self.containers.engine
        images = ", ".join(self.containers.images.values())
        # Images may be the user's, and of any version: their names say it all.
        return f"docker ({self.why}): {images} on engine {engine.version}; {', '.join(self.parts({}))}"

    def close(self) -> None:
        """Remove every container and network of the run (the data is thrown away), and the run's folder."""
        left: list[str] | None = None
        with self._leaving:
            try:
                left = self.containers.remove()
            finally:
                self._docker_warden.dismiss(clean=left == [])
        if left:
            raise StackError(f"the engine did not remove {', '.join(left)}; `docker rm -f -v` them by hand")

    def reset(self) -> None:
        """Remove what was created, and forget it; the logs stay for whoever asks why."""
        self.containers.remove()
        self._units = {}

    def port_taken(self, error: StackError) -> bool:
        """Tell whether a start ended in this error because another program took a port first."""
        return PORT_TAKEN.search(str(error)) is not None


@contextmanager
def open_stack(
    blueprint: Blueprint, *, run_dir: Path | None, progress: Progress, keep: bool, why: str
) -> Iterator[Stack]:
    """Start the blueprint in containers, and yield it ready and warm. StackError where that fails."""
    engine = connect()
    try:
        for run_id in sweep(engine.client):
            progress(f"removed what the run {run_id} left on the engine when it was ended")
        images = pulled(engine, roles(blueprint), progress)
        stack = DockerStack(engine, images, blueprint, run_folder(run_dir), why)
        try:
            if keep:
                stack.keep()
            wanted = [need for need in blueprint.needs() if (need, blueprint.registry) != ("registry", EMBEDDED)]
            bring_up(stack, Prepared({need: KINDS[need](stack.containers) for need in wanted}), progress)
            progress(stack.describe())
            yield stack
        finally:
            stack.close()
    finally:
        engine.client.close()


def roles(blueprint: Blueprint) -> list[str]:
    """Return the roles of images that the blueprint needs. UsageError for a registry that needs brokers and has none."""
    needs = blueprint.needs()
    wanted = ["kafka"] if "brokers" in needs else []
    if blueprint.registry not in ("", EMBEDDED):
        if PROGRAMS[blueprint.registry].needs_brokers:
            blueprint.require("brokers")
        wanted.append(blueprint.registry)
    return [*wanted, *(need for need in ("postgres", "connect") if need in needs)]
