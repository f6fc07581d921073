"""A pipeline that is a sink connector of Kafka Connect: a worker of its own for each instance, all in one consumer group."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.errors import ContractError
from stream_contracts.pipelines.launch import Launch
from stream_contracts.stack import sink, training
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.runtime import Runtime
from stream_contracts.stack.service import Service

TABLE = ("collection.name.format", "table.name.format")
"""The settings that name the table; the first that there is counts."""
LETTERS = "errors.deadletterqueue.topic.name"
NAMES = "streamContractsNames"
"""The transforms that come before the connector's own: they give each topic the name that the contract has for it."""
ROUTER = "org.apache.kafka.connect.transforms.RegexRouter"

Worker = tuple[Runtime, tuple[str, ...]]
"""What a worker runs on, and the flags of its AOT cache."""

_KEPT: list[Worker] = []
_SCHEMA = re.compile(r"^(?:(?:\$\{[^}]*\}|[^.$])*\.)+(?=.)")
"""The part of a table's name that says which schema it is in."""


def ready(progress: Progress) -> None:
    """Fetch and compute what any sink connector needs, so that later runs are fast and work offline."""
    training.prepare_sink(progress, thorough=True)


def prepare(contract: Contract, pipeline_name: str, progress: Progress) -> None:
    """Fetch what a worker runs on, where that has not been done yet.

    Raises ContractError, at ``connector`` in the contract, for settings that have nothing to do with the rest of it, and
    StackError where Java or a file is missing and cannot be had.
    """
    pipeline = contract.pipelines[pipeline_name]
    wrong = complaint(settings(contract.folder, pipeline), pipeline)
    if wrong:
        raise ContractError([(str(contract.place("pipelines", pipeline_name, "connector")), wrong)])
    _worker(progress)


def service(launch: Launch) -> Service:
    """The process of one instance, not started yet: a worker whose connector has the settings of the contract's file.

    What differs between two trials is set here: topics, group, the address of the database and the schema in it. A
    connector has no environment of its own.
    """
    runtime, flags = _worker()
    addresses = launch.addresses
    told = placed(settings(launch.folder, launch.pipeline), launch.topics, launch.group, addresses["DATABASE_URL"])
    return sink.worker(
        runtime, flags, launch.instance, told, bootstrap=addresses["KAFKA_BOOTSTRAP_SERVERS"],
        folder=Path(addresses["TMPDIR"]), log_path=launch.log_path, run_id=launch.run_id,
    )  # fmt: skip


def settings(folder: Path, pipeline: Pipeline) -> dict[str, str]:
    """The connector's settings in the spelling of Connect, where every value is text."""
    held = json.loads((folder / str(pipeline.connector)).read_text(encoding="utf-8"))
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in held.items()}


def complaint(held: Mapping[str, str], pipeline: Pipeline) -> str:
    """What in the settings does not fit the contract; empty where all does."""
    named = [topic.strip() for topic in held.get("topics", "").split(",") if topic.strip()]
    if sorted(named) != sorted(pipeline.reads):
        return (
            f"{pipeline.connector}: found the topics {', '.join(named) or '(none)'}; allowed: those that the pipeline "
            f"reads: {', '.join(pipeline.reads)}"
        )
    if not pipeline.tables_written:
        return f"{pipeline.connector}: the pipeline writes no table; allowed under 'writes': a table with its key"
    return ""


def placed(held: Mapping[str, str], topics: Mapping[str, str], group: str, database_url: str) -> dict[str, str]:
    """The settings as one trial needs them. Pure: the same arguments give the same answer."""
    routers = {f"{NAMES}{number}": declared for number, declared in enumerate(held["topics"].split(","))}
    routers = {alias: declared.strip() for alias, declared in routers.items()}
    parts = urlsplit(database_url)
    found = {
        **held,
        "name": held.get("name", "sink"),
        "topics": ",".join(topics[declared] for declared in routers.values()),
        "transforms": ",".join([*routers, *filter(None, [held.get("transforms", "")])]),
        "consumer.override.group.id": group,
        "connection.url": _url(held.get("connection.url", ""), database_url),
        "connection.username": unquote(parts.username or ""),
        "connection.password": unquote(parts.password or ""),
    }
    for alias, declared in routers.items():
        found |= {
            f"transforms.{alias}.type": ROUTER,
            f"transforms.{alias}.regex": topics[declared].replace(".", "[.]"),
            f"transforms.{alias}.replacement": declared,
        }
    table = next((name for name in TABLE if name in held), TABLE[0])
    found[table] = f"{_schema(database_url)}.{_SCHEMA.sub('', held.get(table, '${topic}'), count=1)}"
    if LETTERS in held:
        found[LETTERS] = topics.get(held[LETTERS], held[LETTERS])
    return found


def _url(own: str, database_url: str) -> str:
    """The address of the trial's database for JDBC, with what the user's own address asks of the driver."""
    parts = urlsplit(database_url)
    asked = [
        each
        for each in own.partition("?")[2].split("&")
        if each and not each.startswith(("options=", "currentSchema="))
    ]
    return f"jdbc:postgresql://{parts.hostname}:{parts.port}{parts.path}?{'&'.join([parts.query, *asked])}"


def _schema(database_url: str) -> str:
    """The schema of the trial: the first in the search path that the address asks for."""
    match = re.search(r"search_path=([^,\s]+)", parse_qs(urlsplit(database_url).query)["options"][0])
    return match[1] if match else "public"


def _worker(progress: Progress = lambda _: None) -> Worker:
    """What a worker runs on, looked for once in a process, and not at each start of each instance."""
    if not _KEPT:
        _KEPT.append(training.prepare_sink(progress))
    return _KEPT[0]
