"""PostgreSQL in a container of the official image's kind, with logical replication on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_contracts.stack.blueprint import POSTGRES_DATABASE, Blueprint
from stream_contracts.stack.docker_containers import Containers, Crew
from stream_contracts.stack.postgres import INITDB, SETTINGS
from stream_contracts.stack.postgres_question import talks
from stream_contracts.stack.unit import Site, Unit

NAME, PORT = "postgres", 5432
REMEDY = (
    "read the log above; a setting that PostgreSQL refuses comes from the blueprint's postgres_config, a full disk or too "
    "little memory from the engine's machine"
)
OF_THE_IMAGE = ("unix_socket_directories", "dynamic_shared_memory_type", "io_method")
"""Settings of ours that are about a process of this machine; in a container the image knows better."""
FIXED = ("listen_addresses", "port")
"""Settings that decide where it is reached; a blueprint cannot change them."""

FOR_THE_IMAGE = ("--encoding", "--locale", "--builtin-locale", "--wal-segsize", "--no-sync")
"""Options of initdb that are not the image's own business, as the role and its password are."""

ENVIRONMENT: Mapping[str, str] = {
    "POSTGRES_USER": POSTGRES_DATABASE,
    "POSTGRES_PASSWORD": POSTGRES_DATABASE,
    "POSTGRES_DB": POSTGRES_DATABASE,
    "POSTGRES_INITDB_ARGS": " ".join(arg for arg in INITDB if arg.startswith(FOR_THE_IMAGE)),
}


def command(blueprint: Blueprint) -> list[str]:
    """Return what the container runs: the server, with the settings of tests and the blueprint's, which win. Pure."""
    ours = {name: value for name, value in SETTINGS.items() if name not in OF_THE_IMAGE}
    told = {name: value for name, value in {**ours, **blueprint.postgres_config}.items() if name not in FIXED}
    return ["postgres", *(word for name, value in told.items() for word in ("-c", f"{name}={value}"))]


@dataclass(frozen=True, slots=True)
class Postgres:
    """PostgreSQL; its data lives in the container, through kill and start."""

    containers: Containers

    def ports(self, blueprint: Blueprint) -> int:
        """One."""
        del blueprint
        return 1

    def summary(self) -> str:
        """Say what was prepared, for people."""
        return self.containers.images[NAME]

    def lay_out(self, site: Site) -> Unit:
        """Create the container."""
        host, port = self.containers.host, next(site.ports)
        service = self.containers.create(
            NAME,
            NAME,
            ENVIRONMENT,
            folder=site.folder(NAME),
            ports={PORT: port},
            command=command(site.blueprint),
            stop_signal="SIGINT",  # "fast"; SIGTERM would wait for every client to leave
        )
        return Crew(
            NAME,
            (service,),
            dsn(host, port),
            talks(host, port, POSTGRES_DATABASE),
            REMEDY,
            inside=dsn(NAME, PORT),
        )


def dsn(host: str, port: int) -> str:
    """Return how a client connects, as the owner of the database."""
    return f"postgresql://{POSTGRES_DATABASE}:{POSTGRES_DATABASE}@{host}:{port}/{POSTGRES_DATABASE}"
