"""Which topic a table's changes end up in, by the connector's prefix and its transforms, as far as that can be told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_contracts.cdc.settings import Settings

_LITERAL = re.compile(r"[A-Za-z_][\w$]*\\?\.[A-Za-z_][\w$]*")
_GROUP = re.compile(r"\$(\d+)")
_KEEPS = (".ExtractNewRecordState", ".InsertField$Value", ".InsertField$Key", ".Cast$Value", ".ReplaceField$Value")
"""Transforms that leave the topic as it is."""


def topic(settings: Settings, schema: str, name: str) -> str:
    """The topic of a table before any transform: prefix, schema and name, what Kafka does not take as ``_``."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", f"{settings.get('topic.prefix')}.{schema}.{name}")


def routed(settings: Settings, start: str) -> str | None:
    """The topic after all transforms, or None where one of them is not known here."""
    found = start
    for name in settings.transforms:
        kind = settings.transform(name, "type")
        if kind.endswith(".RegexRouter"):
            passed = _passed(settings, name, found)
            if passed is None:
                return None
            found = passed
        elif not kind.endswith(_KEEPS):
            return None
    return found if "topic.prefix" in settings.said else None


def merged(settings: Settings, name: str) -> Iterator[tuple[str, list[str]]]:
    """Topics into which one RegexRouter puts several of the tables that the connector names, with those tables."""
    listed = [each.strip() for each in settings.get("table.include.list").split(",")]
    tables = [each.replace("\\", "") for each in listed if _LITERAL.fullmatch(each)]
    found: dict[str, list[str]] = {}
    for table in tables:
        target = _passed(settings, name, topic(settings, *table.split(".")))
        if target is not None:
            found.setdefault(target, []).append(table)
    yield from ((target, of) for target, of in found.items() if len(of) > 1)


def _passed(settings: Settings, name: str, start: str) -> str | None:
    """What a RegexRouter makes of a topic; None where its pattern is none that Python reads."""
    replacement = _GROUP.sub(r"\\g<\1>", settings.transform(name, "replacement").replace("\\", r"\\"))
    try:
        found = re.fullmatch(settings.transform(name, "regex"), start)
        return found.expand(replacement) if found else start
    except re.error:
        return None
