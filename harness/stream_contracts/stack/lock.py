"""For maintainers: resolve the roots of ``kafka.lock.toml`` with jgo again and write every jar's sha256 and size.

Run ``python -m stream_contracts.stack.lock`` after changing the Kafka version, and commit the file.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from stream_contracts.stack.artefacts import LOCK_FILE, Jar, maven_context
from stream_contracts.stack.blueprint import KAFKA_VERSION

ROOTS = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    # Kafka's closure has no log backend; this is the one for the slf4j version that it brings.
    "org.slf4j:slf4j-simple:1.7.36",
)


def resolve(roots: Iterable[str], repository: Path) -> list[Jar]:
    """Resolve the runtime closure of the roots into ``repository``, and return its jars by coordinates."""
    context = maven_context(repository)
    inputs, transitive = context.resolver.resolve([context.create_dependency(root) for root in roots])
    jars = {}
    for dependency in (*inputs, *transitive):
        content = Path(dependency.artifact.resolve()).read_bytes()
        coordinates = f"{dependency.groupId}:{dependency.artifactId}:{dependency.artifact.version}"
        jars[coordinates] = Jar(coordinates, hashlib.sha256(content).hexdigest(), len(content))
    return [jars[coordinates] for coordinates in sorted(jars)]


def text(roots: Iterable[str], jars: Iterable[Jar]) -> str:
    """Return the lock file as TOML, one line per jar."""
    lines = [
        "# Every jar that the local backend runs. Written by: python -m stream_contracts.stack.lock",
        "roots = [" + ", ".join(f'"{root}"' for root in roots) + "]",
        "",
        "[jars]",
        *(f'"{jar.coordinates}" = {{ sha256 = "{jar.sha256}", size = {jar.size} }}' for jar in jars),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the lock file where it is shipped from."""
    with TemporaryDirectory() as repository:
        jars = resolve(ROOTS, Path(repository))
    LOCK_FILE.write_text(text(ROOTS, jars), encoding="utf-8")
    sys.stderr.write(f"{LOCK_FILE}: {len(jars)} jars, {sum(jar.size for jar in jars) / 1e6:.0f} MB\n")


if __name__ == "__main__":
    main()
