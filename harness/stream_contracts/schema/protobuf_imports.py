"""Imports of Protobuf files: what is not there, or leads round in a circle, is refused where a type depends on it.

A registry can hold neither. An import of which no type is used (options, mostly) is left to protoc, whose complaint the
decoder verdict carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stream_contracts.errors import SchemaError
from stream_contracts.schema.json_places import line_and_column
from stream_contracts.schema.protobuf_descriptor import built_in_files
from stream_contracts.schema.protobuf_names import Category, Types
from stream_contracts.schema.protobuf_tree import File, Message


def reject_unlinked(called: str, text: str, main: File, trees: Mapping[str, File], types: Types) -> None:
    """Raise ``SchemaError`` for imports in a circle, and for a missing import of which a type is used."""
    for name in main.imports:
        circle = _circle(name, trees)
        if circle:
            why = f"circular imports: {' → '.join(circle)}; no registry can hold them, for each has to be there first"
            raise SchemaError(called, why, place=_place(called, text, name))
    missing = [name for name in main.imports if name not in trees and name not in built_in_files()]
    if not missing:
        return
    unknown = next(_unresolved(main, types), None)
    if unknown is not None:
        given = ", ".join(trees) or "none"
        why = f"the import {missing[0]!r} is missing (references given: {given}), and the type {unknown} is not found without it"
        raise SchemaError(called, f"{why}; give {missing[0]} as a reference", place=_place(called, text, missing[0]))


def _circle(start: str, trees: Mapping[str, File]) -> list[str]:
    """The files of a circle that an import leads into, the first one again at the end; nothing where there is none."""
    finished: set[str] = set()
    path: list[str] = []
    pending = [iter((start,))]
    while pending:
        name = next(pending[-1], None)
        if name is None:
            pending.pop()
            if path:
                finished.add(path.pop())
        elif name in path:
            return [*path[path.index(name) :], name]
        elif name in trees and name not in finished:
            path.append(name)
            pending.append(iter(trees[name].imports))
    return []


def _unresolved(main: File, types: Types) -> Iterator[str]:
    """The types of fields that no file at hand defines."""
    pending: list[tuple[str, Message]] = [(main.package or "", message) for message in main.messages]
    while pending:
        around, message = pending.pop()
        scope = f"{around}.{message.name}" if around else message.name
        for field in (*message.fields, *(member for oneof in message.oneofs for member in oneof.fields)):
            meaning, wanted = types.meaning(scope, field.type), field.type
            if meaning.category is Category.MAP:
                wanted = meaning.value
                meaning = types.meaning(meaning.scope or scope, wanted)
            if meaning.category is Category.MESSAGE and meaning.entry is None:
                yield wanted
        pending += [(scope, inner) for inner in message.messages]


def _place(called: str, text: str, name: str) -> str:
    """Where a text imports a file."""
    found = re.search(rf"import\s+(?:public\s+|weak\s+)?[\"']{re.escape(name)}[\"']", text)
    if found is None:
        return ""
    line, column = line_and_column(text, found.start()).removeprefix("line ").split(", column ")
    return f"{called}:{line}:{column}"
