"""Shapes: per JSON type, everything that is known of a value, without choices left; and how values compare."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

from stream_contracts.schema.format import Source
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_regex import PatternUnsupported, found_in
from stream_contracts.schema.jsonschema_text import Documents
from stream_contracts.schema.jsonschema_validation import Checker

TYPES = ("null", "boolean", "number", "string", "array", "object")


@dataclass(frozen=True, slots=True)
class Group:
    """What one schema object says of properties: by name, by pattern, and for all the others (None: anything)."""

    properties: dict[str, Located]
    patterns: dict[str, Located]
    rest: Located | None


@dataclass(frozen=True, slots=True)
class Row:
    """What one schema object says of items: by position, and for all the others (None: anything)."""

    prefix: tuple[Located, ...]
    rest: Located | None


@dataclass(slots=True)
class Shape:
    """What is known of the values of one JSON type; see the module for what it promises."""

    types: frozenset[str] = frozenset(TYPES)
    values: list[Any] | None = None
    low: Fraction | None = None
    low_open: bool = False
    high: Fraction | None = None
    high_open: bool = False
    multiples: tuple[Fraction, ...] = ()
    integer: bool = False
    shortest: int = 0
    longest: int | None = None
    patterns: frozenset[str] = frozenset()
    least: int = 0
    most: int | None = None
    unique: bool = False
    rows: tuple[Row, ...] = ()
    contains: tuple[tuple[Located, int, int | None], ...] = ()
    required: frozenset[str] = frozenset()
    fewest: int = 0
    greatest: int | None = None
    groups: tuple[Group, ...] = ()
    names: tuple[Located, ...] = ()
    needs: tuple[tuple[str, frozenset[str]], ...] = ()
    implied: tuple[tuple[str, Located], ...] = ()
    denied: tuple[Located, ...] = ()
    held: tuple[Located, ...] = ()
    seen: frozenset[int] = frozenset()
    asserted: frozenset[str] = frozenset()
    dead: bool = False
    barren: bool | None = field(default=None, compare=False)

    @property
    def type(self) -> str:
        """The one type of a finished shape."""
        return next(iter(self.types))

    def of(self, name: str) -> tuple[Located, ...]:
        """All schemas that a property of this name is known to satisfy."""
        found: list[Located] = []
        for group in self.groups:
            found += said_of(group, name)
        return tuple(found)

    def item(self, index: int) -> tuple[Located, ...]:
        """All schemas that the item at this position is known to satisfy."""
        at = (row.prefix[index] if index < len(row.prefix) else row.rest for row in self.rows)
        return tuple(located for located in at if located is not None)

    def declared(self) -> list[str]:
        """Every name that a group declares, or that is required."""
        names = {name: None for group in self.groups for name in group.properties}
        return list(names | dict.fromkeys(sorted(self.required)))


def said_of(group: Group, name: str) -> list[Located]:
    """What one group says of a name; nothing where its patterns cannot be run."""
    found = [group.properties[name]] if name in group.properties else []
    try:
        found += [schema for pattern, schema in group.patterns.items() if found_in(pattern, name)]
    except PatternUnsupported:
        return found
    return found if found or group.rest is None else [group.rest]


def made(schema: Any) -> Located:
    """A schema that we wrote ourselves, in 2020-12."""
    _own().numbers.forget()
    return Located(schema, _own().documents.resolver, _own())


@lru_cache(maxsize=1)
def _own() -> Checker:
    return Checker(Documents.of(Source('{"$schema": "https://json-schema.org/draft/2020-12/schema"}')))


def smaller(one: int | None, other: int | None) -> int | None:
    """The smaller of two limits, where None is no limit."""
    return other if one is None else one if other is None else min(one, other)


def type_of(value: Any) -> str:
    """The JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", type(None): "null"}
    return names.get(type(value), "number")


def number(value: Fraction) -> int | float:
    """A fraction as JSON writes it."""
    return value.numerator if value.denominator == 1 else float(value)
