"""Images that stand in for the official ones: same names, same contract, put together from what the package registries have.

Nothing of the official images is in them. The programs are the same (Kafka's jars from the lock file, the same
PostgreSQL release), and so is the contract by which they are started; the user land is busybox and the host's C library.
What is proven with them is our side of the contract, on the same programs.
"""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

from stream_contracts.stack.apicurio import Apicurio
from stream_contracts.stack.blueprint import CONNECT_IMAGE, KAFKA_IMAGE, POSTGRES_IMAGE, REGISTRIES, Blueprint
from stream_contracts.stack.brokers import Kafka
from stream_contracts.stack.connect import Connect
from stream_contracts.stack.postgres import Postgres
from stream_contracts.stack.runtime import Runtime
from stream_contracts.stack.training import prepare
from tests.stack.images.rootfs import Root, libraries, user_land

HERE = Path(__file__).parent
APP_UID, POSTGRES_UID = 1000, 999
"""The official images run as ordinary users too."""

PROGRAM = "opt/program"


def kafka(root: Root, kind: Kafka) -> None:
    """``apache/kafka``: KAFKA_* variables become properties, the storage is formatted, and the broker runs as appuser."""
    java(root, kind.runtime, kind.flags, {"appuser": APP_UID})
    for folder in ("opt/kafka/config", "mnt/shared/config", "var/lib/kafka/data", "etc/kafka/secrets"):
        root.folder(folder, 0o755, APP_UID)
    root.copy(HERE / "kafka_run.sh", "etc/kafka/docker/run", 0o755)
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        root.text(f"etc/kafka/docker/{name}", "")


def connect(root: Root, kind: Connect) -> None:
    """``debezium/connect``: CONNECT_* variables, and some of its own, become the worker's properties."""
    java(root, kind.runtime, kind.flags, {"kafka": APP_UID})
    root.folder("kafka/config", 0o755, APP_UID)
    root.copy(HERE / "connect_run.sh", "docker-entrypoint.sh", 0o755)


def apicurio(root: Root, kind: Apicurio) -> None:
    """``apicurio/apicurio-registry``: QUARKUS_* variables are read by the program itself."""
    java(root, kind.runtime, kind.flags, {"apicurio": APP_UID})
    root.tree(kind.program.parent, f"{PROGRAM}/{kind.program.parent.relative_to(kind.runtime.home)}")
    root.text(f"{PROGRAM}/jar", f"/{PROGRAM}/{kind.program.relative_to(kind.runtime.home)}")


def postgres(root: Root, kind: Postgres) -> None:
    """``postgres``: POSTGRES_* variables name the role, its password and its database; the data is made at first start."""
    user_land(root, {"postgres": POSTGRES_UID})
    home = kind.binaries.parent
    libraries(root, [home / "bin" / "postgres", home / "bin" / "initdb"], own=home.parent.parent)
    root.tree(home, "usr/lib/postgresql/18", leave_out=("include", "pgxs", "doc", "man"))
    # Where its own libraries look for each other: three folders up from the programs.
    libs = home.parent.with_name(f"{home.parent.name}.libs")
    root.tree(libs, f"usr/lib/{libs.name}")
    root.folder("var/lib/postgresql", 0o777, POSTGRES_UID)
    root.copy(HERE / "postgres_run.sh", "usr/local/bin/docker-entrypoint.sh", 0o755)


def java(root: Root, found: Runtime, flags: Sequence[str], users: dict[str, int]) -> None:
    """Write what a program in Java needs: the wheel's JRE, the jars, and the AOT cache that was made for them.

    The official images bring CDS archives for the same reason: half of a start is the loading of classes.
    """
    user_land(root, users)
    home = found.java_home
    libraries(
        root, [home / "bin" / "java", *sorted((home / "lib").glob("lib*.so")), home / "lib/server/libjvm.so"], own=home
    )
    root.tree(home, "opt/java", leave_out=("legal", "jmods", "include", "man"))
    # The cache is good for jars that lie to each other as they did where it was made.
    places = [Path(path).relative_to(found.home) for path in found.class_path.split(":") if path]
    for place in places:
        root.copy(found.home / place, f"{PROGRAM}/{place}")
    root.text(f"{PROGRAM}/classpath", ":".join(f"/{PROGRAM}/{place}" for place in places))
    for flag in flags:
        root.copy(Path(flag.partition("=")[2]), f"{PROGRAM}/aot")


class StandIn(NamedTuple):
    """One image: its official name, the need whose kind it is built from, who builds it, and how it is started."""

    name: str
    need: str
    build: Callable[[Root, Any], None]
    changes: tuple[str, ...]


JAVA_PATH = "ENV PATH=/opt/java/bin:/bin:/usr/bin"
AOT = f"-XX:AOTCache=/{PROGRAM}/aot"

STAND_INS = {
    "kafka": StandIn(
        KAFKA_IMAGE,
        "brokers",
        kafka,
        (
            'CMD ["/etc/kafka/docker/run"]',
            "USER appuser",
            JAVA_PATH,
            "EXPOSE 9092",
            "VOLUME /etc/kafka/secrets /var/lib/kafka/data /mnt/shared/config",
        ),
    ),
    "postgres": StandIn(
        POSTGRES_IMAGE,
        "postgres",
        postgres,
        (
            'ENTRYPOINT ["docker-entrypoint.sh"]',
            'CMD ["postgres"]',
            "USER postgres",
            "ENV PATH=/usr/local/bin:/usr/lib/postgresql/18/bin:/bin:/usr/bin PGDATA=/var/lib/postgresql/18/docker",
            "EXPOSE 5432",
            "VOLUME /var/lib/postgresql",
        ),
    ),
    "connect": StandIn(
        CONNECT_IMAGE,
        "connect",
        connect,
        (
            'ENTRYPOINT ["/docker-entrypoint.sh"]',
            'CMD ["start"]',
            "USER kafka",
            JAVA_PATH,
            "EXPOSE 8083",
            "VOLUME /kafka/config",
        ),
    ),
    "apicurio": StandIn(
        REGISTRIES["apicurio"],
        "registry",
        apicurio,
        (
            f'CMD ["bash", "-c", "exec java {AOT} -XX:+UseSerialGC -jar $(cat /{PROGRAM}/jar)"]',
            "USER apicurio",
            JAVA_PATH,
            "EXPOSE 8080",
        ),
    ),
}
"""Role -> what stands in for its image, and what the official Dockerfile says of how that is started."""

NEEDED = {
    "brokers": Blueprint(),
    "postgres": Blueprint(brokers=0, postgres=True),
    "connect": Blueprint(connect=True),
    "registry": Blueprint(brokers=0, registry="apicurio"),
}


def build(role: str, client: Any) -> str:
    """Import the stand-in for that role into the engine behind a docker client, and return its name."""
    stand_in = STAND_INS[role]
    kind = prepare(print, NEEDED[stand_in.need]).kinds[stand_in.need]
    with TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            stand_in.build(Root(archive), kind)
        file.seek(0)
        _import(client, file, stand_in.name, stand_in.changes)
    return stand_in.name


def _import(client: Any, file: IO[bytes], name: str, changes: Iterable[str]) -> None:
    repository, _, tag = name.rpartition(":")
    client.api.import_image(src=file, repository=repository, tag=tag, changes=list(changes))
    client.images.get(name)


def main() -> None:
    """Build the roles that are named, or all of them, in the engine that answers."""
    import docker

    client = docker.from_env(timeout=300)
    for role in sys.argv[1:] or STAND_INS:
        print(build(role, client))  # noqa: T201 – the answer of a script


if __name__ == "__main__":
    main()
