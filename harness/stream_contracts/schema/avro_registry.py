"""The registry's verdict on Avro: what Avro's Java ``SchemaCompatibility`` finds, kind by kind and place by place.

Confluent adds nothing to it, in any edition. Quirks are kept on purpose: names match without their namespace, reasons
inside a reader's union are dropped, a pair met again repeats its first findings with their first location.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

from stream_contracts.schema.avro_model import (
    ABSENT,
    Array,
    AvroSchema,
    Enum,
    Field,
    Fixed,
    Map,
    Node,
    Primitive,
    Record,
    Union,
)
from stream_contracts.schema.format import Difference, Edition, Policy

EXCEPTION: Final = "UNEXPECTED_EXCEPTION"
"""Not one of Avro's kinds: Java's check throws, and the registry turns that into one plain message."""
KINDS: Final = (
    "NAME_MISMATCH",
    "FIXED_SIZE_MISMATCH",
    "MISSING_ENUM_SYMBOLS",
    "READER_FIELD_MISSING_DEFAULT_VALUE",
    "TYPE_MISMATCH",
    "MISSING_UNION_BRANCH",
)
MOST: Final = 10_000
"""Differences of one record. A type that is used twice at each level repeats its differences without end in sight."""
PROMOTIONS: Final = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
"""Writer type -> the other reader types that take it."""
_NOTHING: Final[frozenset[str]] = frozenset()


class _Found(NamedTuple):
    kind: str
    path: str
    info: str
    message: str


_All: TypeAlias = tuple[_Found, ...]
_NONE: Final[_All] = ()


class _ThrownError(Exception):
    """Java's check throws here."""


def differences(original: AvroSchema, update: AvroSchema, _policy: Policy, _edition: Edition) -> list[Difference]:
    """List what keeps ``update`` from reading what ``original`` wrote, in Java's order; all kinds are incompatible."""
    try:
        found = _Check().pair(update.root, original.root, "")
    except _ThrownError as thrown:
        return [Difference(EXCEPTION, "/", str(thrown), compatible=False)]
    return [Difference(each.kind, each.path, each.message, compatible=False, info=each.info) for each in found]


class _Check:
    """One check: what each pair of types gave; a pair that is still open is taken for compatible."""

    __slots__ = ("memo",)

    def __init__(self) -> None:
        self.memo: dict[tuple[Node, Node], _All] = {}

    def pair(self, reader: Node, writer: Node, at: str) -> _All:
        """Compare two types; ``at`` is the reader's location without the root's slash."""
        if isinstance(reader, Primitive) and isinstance(writer, Primitive):
            if reader.type == writer.type or reader.type in PROMOTIONS.get(writer.type, _NOTHING):
                return _NONE
            return _mismatch(reader, writer, at)
        key = (reader, writer)
        known = self.memo.get(key)
        if known is not None:
            return known
        self.memo[key] = _NONE
        found = self.same(reader, writer, at) if reader.type == writer.type else self.unlike(reader, writer, at)
        self.memo[key] = found
        return found

    def same(self, reader: Node, writer: Node, at: str) -> _All:
        """Two types of one kind, not both primitive."""
        if isinstance(reader, Record) and isinstance(writer, Record):
            return self.records(reader, writer, at)
        if isinstance(reader, Union) and isinstance(writer, Union):
            return self.unions(reader, writer, at)
        if isinstance(reader, Array) and isinstance(writer, Array):
            return self.pair(reader.items, writer.items, f"{at}/items")
        if isinstance(reader, Map) and isinstance(writer, Map):
            return self.pair(reader.values, writer.values, f"{at}/values")
        if isinstance(reader, Enum) and isinstance(writer, Enum):
            return _names(reader, writer, at) + _symbols(reader, writer, at)
        assert isinstance(reader, Fixed)
        assert isinstance(writer, Fixed)
        return _names(reader, writer, at) + _sizes(reader, writer, at)

    def unlike(self, reader: Node, writer: Node, at: str) -> _All:
        """Two types of different kinds."""
        if isinstance(writer, Union):
            found = _NONE
            for index, branch in enumerate(writer.branches):
                found += self.pair(reader, branch, f"{at}/{index}")
            return found
        if isinstance(reader, Union):
            if any(not self.pair(branch, writer, "") for branch in reader.branches):
                return _NONE
            return (_lacking(writer, at),)
        return _mismatch(reader, writer, at)

    def unions(self, reader: Union, writer: Union, at: str) -> _All:
        """Each writer branch must be readable; why one is not, Java does not say."""
        return tuple(
            _lacking(branch, f"{at}/{index}")
            for index, branch in enumerate(writer.branches)
            if self.pair(reader, branch, "")
        )

    def records(self, reader: Record, writer: Record, at: str) -> _All:
        """The names, then each reader field."""
        found = _names(reader, writer, at)
        # Fields that both records have alike are compatible; most are, and a set finds the others at once.
        for index in sorted(reader.places[name] for name, _ in reader.signs - writer.signs):
            field = reader.fields[index]
            written = _written(field, writer)
            node = field.node
            if written is not None:
                found += self.pair(node, written.node, f"{at}/fields/{index}/type")
            elif field.default is ABSENT:
                if isinstance(node, Enum) and node.default is not None:
                    found += self.pair(node, writer, f"{at}/fields/{index}/type")
                else:
                    message = f"the reader's field {field.name!r} is not in the written record and has no default"
                    path = f"{at}/fields/{index}"
                    found += (_Found("READER_FIELD_MISSING_DEFAULT_VALUE", path, field.name, message),)
        return found[:MOST]


def _written(field: Field, writer: Record) -> Field | None:
    """The writer's field behind a reader's field, by name or alias; Java throws at two, even if they are one."""
    by_name = writer.by_name
    if not field.aliases:
        return by_name.get(field.name)
    matches = [by_name[name] for name in (field.name, *field.aliases) if name in by_name]
    if len(matches) > 1:
        names = ", ".join(match.name for match in matches)
        raise _ThrownError(f"the reader's field {field.name!r} matches several written fields: {names}")
    return matches[0] if matches else None


def _names(reader: Record | Enum | Fixed, writer: Record | Enum | Fixed, at: str) -> _All:
    if reader.fullname == writer.fullname or reader.name == writer.name or writer.fullname in reader.aliases:
        return _NONE
    message = f"the reader's {reader.type} is called {reader.fullname}, the written one {writer.fullname}"
    return (_Found("NAME_MISMATCH", f"{at}/name", f"expected: {writer.fullname}", message),)


def _sizes(reader: Fixed, writer: Fixed, at: str) -> _All:
    if reader.size == writer.size:
        return _NONE
    message = f"the reader expects {reader.size} bytes where {writer.size} were written"
    return (_Found("FIXED_SIZE_MISMATCH", f"{at}/size", f"expected: {writer.size}, found: {reader.size}", message),)


def _symbols(reader: Enum, writer: Enum, at: str) -> _All:
    lost = sorted(set(writer.symbols).difference(reader.symbols))
    if not lost or reader.default is not None:
        return _NONE
    listed = ", ".join(lost)
    message = f"the reader's enum {reader.fullname} lacks {listed} and has no default symbol"
    return (_Found("MISSING_ENUM_SYMBOLS", f"{at}/symbols", f"[{listed}]", message),)


def _mismatch(reader: Node, writer: Node, at: str) -> _All:
    expected, written = reader.type.upper(), writer.type.upper()
    info = f"reader type: {expected} not compatible with writer type: {written}"
    message = f"the reader expects {expected} where {written} was written"
    return (_Found("TYPE_MISMATCH", at or "/", info, message),)


def _lacking(writer: Node, at: str) -> _Found:
    written = writer.type.upper()
    message = f"no branch of the reader's union takes the written {written}"
    return _Found("MISSING_UNION_BRANCH", at or "/", f"reader union lacking writer type: {written}", message)
