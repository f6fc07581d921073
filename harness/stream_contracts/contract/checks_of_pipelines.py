"""What a pipeline's own lines must be to fit each other: how it is started, what it joins, where its late events go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from stream_contracts.contract.complaints import names

if TYPE_CHECKING:
    from stream_contracts.contract.checks import Around

STARTS = ("command", "streams", "flink", "connector")
"""The keys that say what a pipeline is; each has one of them."""


def started_one_way(pipeline: dict[str, Any], _: Around) -> Iterator[str]:
    """A pipeline is a command, a Kafka Streams application, a Flink job or a sink connector."""
    found = [name for name in STARTS if name in pipeline]
    if len(found) != 1:
        yield f"found {' and '.join(map(repr, found)) or 'nothing to start'}; allowed: one of {', '.join(STARTS)}"


def settings_in_its_file(pipeline: dict[str, Any], _: Around) -> Iterator[str]:
    """A connector is told everything by its file."""
    for name in ("env", "state"):
        if "connector" in pipeline and name in pipeline:
            yield f"found {name!r} beside 'connector', which nobody would look at; allowed: settings in the connector's file"


def joined_topics(pipeline: dict[str, Any], _: Around) -> Iterator[str]:
    """What is joined is read, and no stream is its own table."""
    reads = pipeline.get("reads")
    for join in pipeline.get("joins") or ():
        found = [join.get(side) for side in ("stream", "table")] if isinstance(join, dict) else []
        for name in found:
            if isinstance(name, str) and isinstance(reads, tuple) and name not in reads:
                yield f"found {name!r} in a join; allowed: topics that it reads: {names(map(str, reads))}"
        if len(set(map(str, found))) == 1:
            yield f"found a join of {found[0]!r} with itself; allowed: two topics"


def java_file(name: str, around: Around) -> Iterator[str]:
    """A source is a text file with Java, inside the folder."""
    path = PurePosixPath(name)
    if path.suffix != ".java":
        yield f"found the source {name!r}; allowed suffix: .java"
    elif path.is_absolute() or ".." in path.parts:
        yield f"found the source {name!r}; allowed: a path inside the contract's folder"
    elif not os.path.isfile(around.folder / name):  # noqa: PTH113 - as in checks.py
        yield f"found the source {name!r}, but there is no file {str(around.folder / name)!r}"


def late_somewhere(late: dict[str, Any], _: Around) -> Iterator[str]:
    """What is put aside is looked for in one topic, and what is dropped in none."""
    if late.get("then") == "drop" and "to" in late:
        yield "found 'to' with 'then: drop', which writes late events nowhere; allowed with 'then: side-output'"
    if late.get("then") == "side-output" and "counts" in late and "to" not in late:
        yield "found 'counts' without 'to'; allowed: with the topic of late events, for both have to add up"
