"""What one line of a contract must be to fit the others, and the files around it: a table of checks."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from stream_contracts.contract import placeholders
from stream_contracts.contract.checks_of_pipelines import (
    java_file,
    joined_topics,
    late_somewhere,
    settings_in_its_file,
    started_one_way,
)
from stream_contracts.contract.complaints import names, nearest
from stream_contracts.contract.model import kept
from stream_contracts.contract.part import DATE
from stream_contracts.contract.reading import content
from stream_contracts.contract.tree import BYTES_MAX, Steps
from stream_contracts.schema.format import BOM

FORMATS = {".avsc": "Avro", ".proto": "Protobuf", ".json": "JSON Schema"}
"""Suffix of a schema file -> its format."""

OURS = ("KAFKA_BOOTSTRAP_SERVERS", "SCHEMA_REGISTRY_URL", "DATABASE_URL")
"""The variables that lead a pipeline to our servers; one that a contract sets would lead it past them."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a check may look at besides the node: the contract's folder, the topics that it declares, former versions."""

    folder: Path
    topics: tuple[str, ...]
    former: Mapping[str, list[str]]


Check = Callable[[Any, Around], Iterator[str]]
DAY = re.compile(DATE, re.ASCII)
ANY = None
"""In a pattern: every key of a mapping, every item of a list."""


def complaints(data: Any, folder: Path) -> Iterator[tuple[Steps, str]]:
    """Run every check on what is there, well-formed or not, and yield what is wrong as (steps, text)."""
    declared = data.get("topics") if isinstance(data, dict) else None
    around = Around(folder, tuple(declared) if isinstance(declared, dict) else (), kept(folder))
    for pattern, kind, check in CHECKS:
        for steps, value in _select(data, pattern):
            if isinstance(value, kind):
                yield from ((steps, text) for text in check(value, around))


def _select(node: Any, pattern: tuple[str | int | None, ...], steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    if not pattern:
        yield steps, node
        return
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, tuple) else ()
    for step, value in below:
        if pattern[0] is ANY or pattern[0] == step:
            yield from _select(value, pattern[1:], (*steps, step))


def topics_apart(topics: dict[str, Any], _: Around) -> Iterator[str]:
    """Kafka refuses a topic whose name differs from another one only in '.' and '_', and the names '.' and '..'."""
    seen: dict[str, str] = {}
    for name in topics:
        if name in (".", ".."):
            yield f"found the topic {name!r}; Kafka reserves that name"
        other = seen.setdefault(name.replace(".", "_"), name)
        if other != name:
            yield f"the topics {other!r} and {name!r} collide: Kafka takes '.' and '_' in a topic name as the same"


def known_topic(name: str, around: Around) -> Iterator[str]:
    """A pipeline reads and writes topics of the contract."""
    if name not in around.topics:
        hint = nearest(name, around.topics)
        yield f"found the topic {name!r}, which is not declared{hint}; declared topics: {names(around.topics)}"


def named_once(listed: tuple[Any, ...], _: Around) -> Iterator[str]:
    """A topic is read, or a topic or table written, once."""
    for kind in ("topic", "table"):
        names = [each.get(kind) if isinstance(each, dict) else each if kind == "topic" else None for each in listed]
        for name in dict.fromkeys(name for name in names if isinstance(name, str) and names.count(name) > 1):
            yield f"the {kind} {name!r} is listed twice; allowed: once"


def windows_asked_for(compare: dict[str, Any], _: Around) -> Iterator[str]:
    """Fields that tell windows apart are looked at only where windows are compared."""
    if compare.get("window") and compare.get("as") != "windows":
        yield "found 'window' without 'as: windows', so that nothing would look at it; add it, or remove 'window'"


def letters_apart(pipeline: dict[str, Any], _: Around) -> Iterator[str]:
    """A pipeline that reads its own dead letters would never come to rest."""
    promises, reads = pipeline.get("promises"), pipeline.get("reads")
    letters = promises.get("dead-letter") if isinstance(promises, dict) else None
    if isinstance(letters, str) and isinstance(reads, tuple) and letters in reads:
        yield f"found {letters!r} under 'reads' and as 'dead-letter'; allowed: a topic that it does not read"


def poison_goes_one_way(promises: dict[str, Any], _: Around) -> Iterator[str]:
    """What cannot be read is left out or put aside, not both."""
    if promises.get("poison") == "skip" and "dead-letter" in promises:
        yield "found 'poison: skip' beside 'dead-letter', which says where such an event ends up; remove one of them"


def known_placeholders(text: str, around: Around) -> Iterator[str]:
    """Every placeholder can be filled in, and the value can be given to a process."""
    for found in placeholders.unknown(text, around.topics):
        yield f"found the placeholder {found!r}; allowed: {names(placeholders.allowed(around.topics))}"
    yield from passable(text, around)


def passable(text: str, _: Around) -> Iterator[str]:
    """An operating system takes no zero byte in an argument or a variable."""
    if "\0" in text:
        yield "found a zero byte, which no process can be given; allowed: text without it"


def not_ours(env: dict[str, Any], _: Around) -> Iterator[str]:
    """The addresses of the servers are given by the harness."""
    for name in OURS:
        if name in env:
            yield f"found the variable {name}, which every pipeline is given at start; remove it here"


def program_exists(program: str, around: Around) -> Iterator[str]:
    """A program that is named by its path is there."""
    if "/" in program and not _is_file(around.folder / program):
        yield f"found the program {program!r}, but there is no file {str(around.folder / program)!r}"


def schema_file(name: str, around: Around) -> Iterator[str]:
    """The schema file and its former versions are there and can be read as their format, at least as text."""
    path = PurePosixPath(name)
    if path.suffix not in FORMATS:
        allowed = ", ".join(f"{suffix} ({title})" for suffix, title in FORMATS.items())
        yield f"found the schema file {name!r}; allowed suffixes: {allowed}"
    elif path.is_absolute() or ".." in path.parts:
        yield f"found the schema file {name!r}; allowed: a path inside the contract's folder"
    elif not _is_file(around.folder / name):
        yield f"found the schema file {name!r}, but there is no file {str(around.folder / name)!r}"
    else:
        for file in (*around.former.get(path.name, ()), name):
            found = os.path.join(around.folder, file)  # noqa: PTH118 - for 20,000 files, and Path is slow
            yield from (f"{found}: {text}" for text in _unreadable(found, path.suffix))


def sql_file(name: str, around: Around) -> Iterator[str]:
    """A migration is a text file with SQL, inside the folder."""
    path = PurePosixPath(name)
    if path.suffix != ".sql":
        yield f"found the migration {name!r}; allowed suffix: .sql"
    elif path.is_absolute() or ".." in path.parts:
        yield f"found the migration {name!r}; allowed: a path inside the contract's folder"
    elif not _is_file(around.folder / name):
        yield f"found the migration {name!r}, but there is no file {str(around.folder / name)!r}"
    else:
        try:
            (around.folder / name).read_text("utf-8")
        except UnicodeDecodeError as error:
            found = f"the byte 0x{error.object[error.start]:02x} at {error.start}"
            yield f"{around.folder / name}: not UTF-8 text: found {found}"
        except OSError as error:
            yield f"{around.folder / name}: cannot be read: {error.strerror}"


def connector_file(name: str, around: Around) -> Iterator[str]:
    """A connector's settings are a JSON object inside the folder."""
    path, file = PurePosixPath(name), around.folder / name
    if path.suffix != ".json":
        yield f"found the connector file {name!r}; allowed suffix: .json"
    elif path.is_absolute() or ".." in path.parts:
        yield f"found the connector file {name!r}; allowed: a path inside the contract's folder"
    elif not _is_file(file):
        yield f"found the connector file {name!r}, but there is no file {str(file)!r}"
    else:
        yield from (f"{file}: {text}" for text in _unreadable(str(file), ".json", settings=True))


def captured_apart(captures: dict[str, Any], _: Around) -> Iterator[str]:
    """A topic holds the changes of one table, as far as a contract goes."""
    topics = [each.get("topic") for each in captures.values() if isinstance(each, dict)]
    for name in dict.fromkeys(name for name in topics if isinstance(name, str) and topics.count(name) > 1):
        yield f"the topic {name!r} is named by two captures; allowed: one for each topic"


def real_day(text: str, _: Around) -> Iterator[str]:
    """A day that the calendar has."""
    if DAY.fullmatch(text):
        try:
            date.fromisoformat(text)
        except ValueError:
            yield f"found the day {text!r}, which no calendar has; allowed: a day such as 2027-03-31"


def waives_something(waiver: dict[str, Any], _: Around) -> Iterator[str]:
    """A waiver is for one thing, not for a rule everywhere."""
    if "subject" not in waiver and "path" not in waiver:
        yield "found a waiver for no thing; add 'subject' (a subject, topic or pipeline) or 'path' (a file)"


def _unreadable(file: str, suffix: str, *, settings: bool = False) -> Iterator[str]:
    """Say why a schema file, or one with settings, cannot be read, if so; what it means is another room's business."""
    try:
        raw = content(file, BYTES_MAX)
        if len(raw) > BYTES_MAX:
            yield f"more than {BYTES_MAX:,} bytes are too many for a schema"
            return
        text = raw.decode("utf-8")
        if text.startswith("\ufeff"):
            yield BOM
            return
        if suffix == ".proto":
            if not text.strip():
                yield "the file is empty"
            return
        found = json.loads(text)
    except json.JSONDecodeError as error:
        yield f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
    except UnicodeDecodeError as error:
        yield f"not UTF-8 text: found the byte 0x{error.object[error.start]:02x} at {error.start}"
    except (ValueError, RecursionError) as error:
        yield f"not JSON: {error}"
    except OSError as error:
        yield f"cannot be read: {error.strerror}"
    else:
        shapes = (dict,) if settings else (str, dict, list) if suffix == ".avsc" else (bool, dict)
        if not isinstance(found, shapes):
            wanted = "JSON object with settings" if settings else f"{FORMATS[suffix]} schema"
            yield f"a JSON {type(found).__name__} is no {wanted}"


def _is_file(path: Path) -> bool:
    """Like ``Path.is_file``, but a path that no file can have (a zero byte, too long a name) is just not there."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises for those paths in Python 3.11


_PIPELINE = ("pipelines", ANY)

CHECKS: tuple[tuple[tuple[str | int | None, ...], type, Check], ...] = (
    (("topics",), dict, topics_apart),
    (("topics", ANY, "key", "schema"), str, schema_file),
    (("topics", ANY, "value", "schema"), str, schema_file),
    (("shared", ANY, "schema"), str, schema_file),
    (("migrations", ANY), str, sql_file),
    (("cdc",), dict, captured_apart),
    (("cdc", ANY, "connector"), str, connector_file),
    (("cdc", ANY, "migrations", ANY), str, sql_file),
    (("waivers", ANY), dict, waives_something),
    (("waivers", ANY, "expires"), str, real_day),
    (_PIPELINE, dict, letters_apart),
    (_PIPELINE, dict, started_one_way),
    (_PIPELINE, dict, joined_topics),
    (_PIPELINE, dict, settings_in_its_file),
    ((*_PIPELINE, "streams", ANY), str, java_file),
    ((*_PIPELINE, "flink", ANY), str, java_file),
    ((*_PIPELINE, "connector"), str, connector_file),
    ((*_PIPELINE, "command", 0), str, program_exists),
    ((*_PIPELINE, "command", ANY), str, passable),
    ((*_PIPELINE, "env"), dict, not_ours),
    ((*_PIPELINE, "env", ANY), str, known_placeholders),
    ((*_PIPELINE, "reads"), tuple, named_once),
    ((*_PIPELINE, "reads", ANY), str, known_topic),
    ((*_PIPELINE, "writes"), tuple, named_once),
    ((*_PIPELINE, "writes", ANY, "topic"), str, known_topic),
    ((*_PIPELINE, "promises", "dead-letter"), str, known_topic),
    ((*_PIPELINE, "promises", "late"), dict, late_somewhere),
    ((*_PIPELINE, "promises", "late", "to"), str, known_topic),
    ((*_PIPELINE, "promises"), dict, poison_goes_one_way),
    ((*_PIPELINE, "compare"), dict, windows_asked_for),
)
"""Where a check looks, what it looks at, and the check."""
