"""A broker's storage: formatted once by Kafka's own tool, then copied with a name of its own."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from stream_contracts.errors import StackError
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import Blueprint, Ports, broker_properties
from stream_contracts.stack.derived import derived
from stream_contracts.stack.runtime import Runtime, jvm_environment

META = "meta.properties"
FORMAT_S = 60


def kafka_uuid() -> str:
    """Return a random id the way Kafka writes them: 22 characters that do not begin with a dash."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def write_properties(path: Path, properties: Mapping[str, str]) -> None:
    """Write a ``.properties`` file as Java reads it."""
    lines = (f"{name}={value}".replace("\\", "\\\\").replace("\n", "\\n") for name, value in properties.items())
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def template(runtime: Runtime, progress: Progress) -> Path:
    """Return the formatted storage that every broker's is copied from, made when it is not there yet."""
    return derived(runtime.home / "storage", runtime.key("storage"), _format(runtime, progress), progress)


def copy(source: Path, target: Path, *, node: int, cluster_id: str) -> None:
    """Copy the formatted storage for one broker: what names the broker and the cluster is written anew."""
    shutil.copytree(source / "data", target)
    identity = {"node.id": str(node), "cluster.id": cluster_id, "directory.id": kafka_uuid()}
    lines = (target / META).read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition("=")[0] not in identity]
    (target / META).write_text(
        "\n".join([*kept, *(f"{name}={value}" for name, value in identity.items())]) + "\n", encoding="utf-8"
    )


def _format(runtime: Runtime, progress: Progress) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        progress("formatting a broker's storage (once per Kafka and Java version)")
        properties = folder / "server.properties"
        write_properties(
            properties,
            broker_properties(Blueprint(), 1, Ports(1, 2, 3), {1: 3}, host="127.0.0.1", log_dir=str(folder / "data")),
        )
        done = subprocess.run(
            runtime.command("kafka.tools.StorageTool", ["format", "-t", kafka_uuid(), "-c", str(properties)]),
            env=jvm_environment(os.environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FORMAT_S,
            check=False,
        )
        if done.returncode != 0 or not (folder / "data" / META).is_file():
            raise StackError(
                f"Kafka's StorageTool could not format a storage folder (exit status {done.returncode}):\n"
                f"{(done.stdout + done.stderr).strip()}"
            )

    return build
