"""Apicurio Registry as a child process: a registry by other people, with the Confluent API among its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.stack.artefacts import APICURIO_LOCK, Progress, read_lock
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.rest import answers
from stream_contracts.stack.runtime import Runtime, jvm_environment, runtime
from stream_contracts.stack.service import Service
from stream_contracts.stack.unit import HOST, Site, Unit

NAME = "registry"
CONFLUENT_API = "/apis/ccompat/v7"
REMEDY = "read the log above; Apicurio takes about 270 MB of memory"


@dataclass(frozen=True, slots=True)
class Apicurio:
    """All that Apicurio needs and that is computed once: runtime, the unpacked program, flags of the AOT cache.

    It keeps everything in memory. Its global compatibility level is NONE until somebody sets one.
    """

    runtime: Runtime
    program: Path
    flags: tuple[str, ...] = ()

    def ports(self, blueprint: Blueprint) -> int:
        """Two: one for its API, one for its management."""
        del blueprint
        return 2

    def summary(self) -> str:
        """Say what was prepared, for people."""
        return self.runtime.summary("Apicurio", self.flags)

    def lay_out(self, site: Site) -> Unit:
        """Make its folder; everything it is told is on its command line."""
        port, management = next(site.ports), next(site.ports)
        folder = site.folder(NAME)
        settings = {
            "java.io.tmpdir": f"{folder / 'tmp'}",
            "quarkus.http.host": HOST,
            "quarkus.http.port": f"{port}",
            "quarkus.management.host": HOST,
            "quarkus.management.port": f"{management}",
        }
        told = [f"-D{name}={value}" for name, value in settings.items()]
        command = self.runtime.java([*self.flags, *told, "-jar", str(self.program)])
        service = Service(
            NAME, command, cwd=folder, env=jvm_environment(os.environ), log_path=folder / "registry.log",
            run_id=site.run_id,
        )  # fmt: skip
        url = f"http://{HOST}:{port}{CONFLUENT_API}"
        return Unit("registry", (service,), url, answers("the registry lists its subjects", f"{url}/subjects"), REMEDY)


def found(progress: Progress, *, thorough: bool = False) -> tuple[Runtime, Path]:
    """Return what Apicurio runs on, fetched and unpacked where it was missing, and its program."""
    plain = runtime(progress, thorough=thorough, lock=read_lock(APICURIO_LOCK))
    folder = plain.unpacked(progress)
    [program] = [*folder.glob("quarkus-run.jar"), *folder.glob("*/quarkus-run.jar")]
    return plain, program
