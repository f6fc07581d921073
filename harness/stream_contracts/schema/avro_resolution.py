"""How fastavro pairs the types of a writer with those of a reader: by its own rules, which differ from Java's.

Read in fastavro 1.13 and run: the first fitting branch of a reader's union wins, even where a later one is the same
type; named types match by unqualified name or alias whatever they are; items and values are matched at once, records
only by name.
"""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from stream_contracts.schema.avro_model import ABSENT, Array, Enum, Field, Fixed, Map, Node, Primitive, Record, Union
from stream_contracts.schema.avro_registry import PROMOTIONS

SIMILAR: Final = 0.6
"""How alike two field names must be to pass for one field renamed (difflib's ratio)."""


def matches(writer: Node, reader: Node) -> bool:
    """Whether fastavro takes the two for each other before it looks at any data."""
    if isinstance(writer, Union) or isinstance(reader, Union):
        return True
    if isinstance(writer, Array) and isinstance(reader, Array):
        return matches(writer.items, reader.items)
    if isinstance(writer, Map) and isinstance(reader, Map):
        return matches(writer.values, reader.values)
    if isinstance(writer, Record | Enum | Fixed) and isinstance(reader, Record | Enum | Fixed):
        if isinstance(writer, Fixed) and isinstance(reader, Fixed) and writer.size != reader.size:
            return False
        return same_name(writer, reader)
    return writer.type == reader.type or reader.type in PROMOTIONS.get(writer.type, ())


def same_name(writer: Record | Enum | Fixed, reader: Record | Enum | Fixed) -> bool:
    """Equal without namespace, or the writer's name among the reader's aliases; one without a namespace is for any."""
    return writer.name == reader.name or writer.fullname in reader.aliases or writer.name in reader.bare


def taken(writer: Node, reader: Node) -> Node | None:
    """The reader type that fastavro uses for a written type that is no union; None where there is none."""
    if isinstance(reader, Union):
        return next((branch for branch in reader.branches if matches(writer, branch)), None)
    return reader if matches(writer, reader) else None


def ignored(writer: Node, reader: Node) -> bool:
    """An empty union is false to fastavro, so it reads without a reader schema there; only not in a record."""
    return isinstance(reader, Union) and not reader.branches and not isinstance(writer, Record)


@lru_cache(maxsize=1024)
def targets(writer: Record, reader: Record) -> tuple[tuple[Field, Field | None], ...]:
    """Each written field with the reader's field that it goes to, or None where it is dropped.

    A reader's field is found by name until something was read into it, and by its aliases even then; a second value for
    it is where fastavro raises.
    """
    aliased = {alias: field for field in reader.fields for alias in field.aliases}
    empty = dict(reader.by_name)
    found: list[tuple[Field, Field | None]] = []
    for field in writer.fields:
        target = empty.get(field.name) or aliased.get(field.name)
        if target is not None:
            empty.pop(target.name, None)
        found.append((field, target))
    return tuple(found)


@lru_cache(maxsize=1024)
def stolen(writer: Record, reader: Record) -> tuple[tuple[Field, Field], ...]:
    """Written fields that are dropped although the reader has a field of that name, and that field of the reader."""
    return tuple(
        (field, reader.by_name[field.name])
        for field, target in targets(writer, reader)
        if field.name in reader.by_name and target is not reader.by_name[field.name]
    )


@lru_cache(maxsize=1024)
def renamed(writer: Record, reader: Record) -> tuple[tuple[Field, Field], ...]:
    """Dropped written fields that look like a reader's field which is filled by its default instead.

    The type fits, the names are alike, and both stand at the same position. It is a guess, and meant to be a cautious
    one: to drop a field and to add another is how schemas are supposed to change.
    """
    pairs = targets(writer, reader)
    filled = {field.name for _, field in pairs if field is not None}
    found = []
    for (dropped, target), added in zip(pairs, reader.fields, strict=False):
        if target is not None or added.name in filled or added.default is ABSENT:
            continue
        if _alike(dropped.name, added.name) and taken_plainly(dropped.node, added.node):
            found.append((dropped, added))
    return tuple(found)


def taken_plainly(writer: Node, reader: Node) -> bool:
    """Whether two types are of one kind, optional or not, so that one could stand for the other."""
    one = {branch.type for branch in (writer.branches if isinstance(writer, Union) else (writer,))} - {"null"}
    other = {branch.type for branch in (reader.branches if isinstance(reader, Union) else (reader,))} - {"null"}
    return one == other and matches(writer, reader)


def _alike(one: str, other: str) -> bool:
    first, second = (name.replace("_", "").lower() for name in (one, other))
    return difflib.SequenceMatcher(None, first, second).ratio() >= SIMILAR


@dataclass(frozen=True, slots=True)
class Step:
    """One step into a written value: the type that is entered, and by which field, branch, or (both None) item."""

    node: Node
    field: str | None = None
    branch: Node | None = None


Trail: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two types that meet when data is read: where in the reader, and by which way in the written value."""

    pointer: str
    reader: Node
    writer: Node
    trail: Trail


def pairs(writer: Node, reader: Node) -> Iterator[Pair]:
    """Each pair of types that meet, once, from the top; types that do not match are yielded and not entered."""
    waiting = [Pair("", reader, writer, ())]
    seen = {(reader, writer)}
    while waiting:
        pair = waiting.pop()
        yield pair
        for inner in reversed(list(_inside(pair))):
            key = (inner.reader, inner.writer)
            if key not in seen:
                seen.add(key)
                waiting.append(inner)


def _inside(pair: Pair) -> Iterator[Pair]:
    writer, reader, at, trail = pair.writer, pair.reader, pair.pointer, pair.trail
    if ignored(writer, reader):
        return
    if isinstance(writer, Union):
        for branch in writer.branches:
            if isinstance(reader, Union) and taken(branch, reader) is None:
                continue  # the union's own rule reports it
            yield Pair(at, reader, branch, (*trail, Step(writer, branch=branch)))
    elif isinstance(reader, Union):
        chosen = taken(writer, reader)
        if chosen is not None:
            yield Pair(f"{at}/{reader.branches.index(chosen)}", chosen, writer, trail)
    elif isinstance(writer, Array) and isinstance(reader, Array):
        yield Pair(f"{at}/items", reader.items, writer.items, (*trail, Step(writer)))
    elif isinstance(writer, Map) and isinstance(reader, Map):
        yield Pair(f"{at}/values", reader.values, writer.values, (*trail, Step(writer)))
    elif isinstance(writer, Record) and isinstance(reader, Record) and same_name(writer, reader):
        for field, target in targets(writer, reader):
            if target is not None and not _quiet(field.node, target.node):
                pointer = f"{at}/fields/{reader.places[target.name]}/type"
                yield Pair(pointer, target.node, field.node, (*trail, Step(writer, field=field.name)))


def _quiet(writer: Node, reader: Node) -> bool:
    """Whether two types are one and the same, of a kind about which no rule has anything to say."""
    known = _plain(writer)
    return known is not None and known == _plain(reader)


@lru_cache(maxsize=16384)
def _plain(node: Node) -> Hashable:
    """A type that is made of bare primitives, in a form that can be compared; None for every other one.

    A union counts only where fastavro takes each branch for itself: in ["double", "long"] a long becomes a double.
    """
    if isinstance(node, Primitive):
        return node.type if node.logical is None else None
    if isinstance(node, Array | Map):
        inner = _plain(node.items if isinstance(node, Array) else node.values)
        return inner and (node.type, inner)
    if isinstance(node, Union):
        branches = tuple(_plain(branch) for branch in node.branches)
        return None if None in branches else _plain_union(branches)
    return None


@lru_cache(maxsize=1024)
def _plain_union(branches: tuple[Hashable, ...]) -> Hashable:
    """The union of those plain branches, where fastavro takes each for itself."""
    for branch in branches:
        first = next((other for other in branches if _fits(branch, other)), None)
        if first != branch:
            return None
    return ("union", *branches) if branches else None


def _fits(writer: Any, reader: Any) -> bool:
    """What ``matches`` says, of plain types."""
    if isinstance(writer, tuple) and isinstance(reader, tuple):
        return "union" in (writer[0], reader[0]) or (writer[0] == reader[0] and _fits(writer[1], reader[1]))
    if "union" in (writer[0], reader[0]):
        return True
    return bool(writer == reader) or reader in PROMOTIONS.get(writer, ())
