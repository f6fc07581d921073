"""What a schema means, and when two agree."""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePath
from typing import Final

from stream_contracts.errors import UsageError
from stream_contracts.schema.format import Format

FORMATS: Final[dict[str, str]] = {
    "AVRO": "stream_contracts.schema.avro:AVRO",
    "JSON": "stream_contracts.schema.jsonschema:FORMAT",
    "PROTOBUF": "stream_contracts.schema.protobuf:FORMAT",
}
"""Format name, as registries spell it -> ``module:attribute`` of its Format, imported when asked for, not before."""
SUFFIXES: Final[dict[str, str]] = {
    ".avsc": "AVRO",
    ".json": "JSON",
    ".proto": "PROTOBUF",
}
"""File suffix -> format name; the longest suffix that fits wins."""


def format_named(name: str) -> Format:
    """Return the format of that name; raises ``UsageError`` that lists the known ones."""
    if name not in FORMATS:
        raise UsageError(f"unknown schema format {name!r}; known: {', '.join(FORMATS)}")
    module, _, attribute = FORMATS[name].partition(":")
    form = getattr(import_module(module), attribute)
    assert isinstance(form, Format)
    return form


def format_for(path: PurePath | str) -> Format:
    """Return the format of a file, by its suffix; raises ``UsageError`` that lists the known suffixes."""
    name = PurePath(path).name.lower()
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            return format_named(SUFFIXES[suffix])
    known = ", ".join(SUFFIXES)
    raise UsageError(f"{path}: no schema format goes with that file name; known suffixes: {known}. Name the format")
