"""For maintainers: resolve the roots of the lock files with jgo again and write the sha256 and size of each file.

Run ``python -m stream_contracts.stack.lock`` after changing a version, and commit the files.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from stream_contracts.stack.artefacts import (
    APICURIO_LOCK,
    CONNECT_LOCK,
    ECJ_LOCK,
    FLINK_LOCK,
    KAFKA_LOCK,
    SINK_LOCK,
    STREAMS_LOCK,
    Jar,
    maven_context,
)
from stream_contracts.stack.blueprint import (
    APICURIO_VERSION,
    DEBEZIUM_SINK_VERSION,
    DEBEZIUM_VERSION,
    ECJ_VERSION,
    FLINK_CONNECTOR_VERSION,
    KAFKA_VERSION,
)

LOG_BACKEND = "org.slf4j:slf4j-simple:1.7.36"
"""Kafka's closure has none; this is the one for the slf4j version that it brings."""

FLINK_CONNECTOR_BASE = "org.apache.flink:flink-connector-base:2.2.0"
"""What the connector is written with and does not bring; that of the Flink which it was built for."""

WORKER = (
    f"org.apache.kafka:connect-runtime:{KAFKA_VERSION}",
    f"org.apache.kafka:connect-json:{KAFKA_VERSION}",
    f"org.apache.kafka:connect-transforms:{KAFKA_VERSION}",
    LOG_BACKEND,
)
"""What a worker of Kafka Connect is, whatever connector it runs."""

ROOTS: Mapping[Path, tuple[str, ...]] = {
    KAFKA_LOCK: (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", LOG_BACKEND),
    CONNECT_LOCK: (*WORKER, f"io.debezium:debezium-connector-postgres:{DEBEZIUM_VERSION}:plugin@tar.gz"),
    SINK_LOCK: (*WORKER, f"io.debezium:debezium-connector-jdbc:{DEBEZIUM_SINK_VERSION}:plugin@tar.gz"),
    STREAMS_LOCK: (f"org.apache.kafka:kafka-streams:{KAFKA_VERSION}", LOG_BACKEND),
    FLINK_LOCK: (f"org.apache.flink:flink-connector-kafka:{FLINK_CONNECTOR_VERSION}", FLINK_CONNECTOR_BASE),
    ECJ_LOCK: (f"org.eclipse.jdt:ecj:{ECJ_VERSION}",),
    APICURIO_LOCK: (f"io.apicurio:apicurio-registry-app:{APICURIO_VERSION}:all@tar.gz",),
}
"""Lock file -> what it holds: jars with all they need to run, and archives (``@``) as they are."""


def resolve(roots: Iterable[str], repository: Path) -> list[Jar]:
    """Resolve the roots into ``repository``: archives as they are, jars with their runtime closure; by coordinates."""
    context = maven_context(repository)
    found = {root for root in roots if "@" in root}
    plain = [context.create_dependency(root) for root in roots if root not in found]
    if plain:
        inputs, transitive = context.resolver.resolve(plain)
        found |= {f"{each.groupId}:{each.artifactId}:{each.artifact.version}" for each in (*inputs, *transitive)}
    jars = []
    for coordinates in sorted(found):
        content = Jar(coordinates, "", 0).resolved(context).read_bytes()
        jars.append(Jar(coordinates, hashlib.sha256(content).hexdigest(), len(content)))
    return jars


def text(roots: Iterable[str], jars: Iterable[Jar]) -> str:
    """Return the lock file as TOML, one line per jar."""
    lines = [
        "# What the local backend runs, file by file. Written by: python -m stream_contracts.stack.lock",
        "roots = [" + ", ".join(f'"{root}"' for root in roots) + "]",
        "",
        "[jars]",
        *(f'"{jar.coordinates}" = {{ sha256 = "{jar.sha256}", size = {jar.size} }}' for jar in jars),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the lock files where they are shipped from."""
    for file, roots in ROOTS.items():
        with TemporaryDirectory() as repository:
            jars = resolve(roots, Path(repository))
        file.write_text(text(roots, jars), encoding="utf-8")
        sys.stderr.write(f"{file}: {len(jars)} files, {sum(jar.size for jar in jars) / 1e6:.0f} MB\n")


if __name__ == "__main__":
    main()
