"""JSON Schema as the registry sees it: the node model that both loaders build and the comparison walks.

A registry does not compare the text of a schema. It loads the text with a library and compares what the library made
of it: ``{"type": "string", "enum": ["a"]}`` is a *combined* schema of two, a type list is an ``anyOf``. These classes
are that model; which text becomes which node is the business of the loaders.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

Number = int | Decimal


class _Absent:
    """The one value that says "not written", where ``None`` means a written ``null``."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
ALL_OF, ANY_OF, ONE_OF = "allOf", "anyOf", "oneOf"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Node:
    """What every node may hold. Two nodes are the same only if they are one object: identity is part of the rules."""

    id: str | None = None
    title: str | None = None
    description: str | None = None
    default: object = ABSENT
    extras: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StringNode(Node):
    """Strings; ``format`` never takes part in a comparison."""

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    format: str | None = None
    typed: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NumberNode(Node):
    """Numbers; the boolean limits of draft-04 are not kept, for they are never compared."""

    minimum: Number | None = None
    maximum: Number | None = None
    exclusive_minimum: Number | None = None
    exclusive_maximum: Number | None = None
    multiple_of: Number | None = None
    integer: bool = False
    typed: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BooleanNode(Node):
    """``true`` or ``false``."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NullNode(Node):
    """``null``."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ArrayNode(Node):
    """Arrays: ``all_items`` is the schema for every item, ``positions`` are those by position (None: no tuple)."""

    all_items: Node | None = None
    positions: tuple[Node, ...] | None = None
    additional: bool = True
    additional_schema: Node | None = None
    min_items: int | None = None
    max_items: int | None = None
    unique: bool = False
    contains: Node | None = None
    typed: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ObjectNode(Node):
    """Objects, with their two kinds of dependencies apart."""

    properties: Mapping[str, Node] = field(default_factory=lambda: NOTHING)
    required: frozenset[str] = frozenset()
    additional: bool = True
    additional_schema: Node | None = None
    patterns: Mapping[str, Node] = field(default_factory=lambda: NOTHING)
    names: Node | None = None
    min_properties: int | None = None
    max_properties: int | None = None
    name_dependencies: Mapping[str, frozenset[str]] = field(default_factory=lambda: NOTHING)
    schema_dependencies: Mapping[str, Node] = field(default_factory=lambda: NOTHING)
    typed: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EnumNode(Node):
    """A closed list of values."""

    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ConstNode(Node):
    """One value."""

    value: Any = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NotNode(Node):
    """Everything but ``inner``."""

    inner: Node


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ConditionalNode(Node):
    """``if``, ``then``, ``else``; the registry never looks inside."""

    arms: tuple[Node | None, Node | None, Node | None] = (None, None, None)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReferenceNode(Node):
    """A ``$ref``: its text, the address of its target, and the table in which the target is found once loaded."""

    text: str
    address: int
    targets: Mapping[int, Node]

    @property
    def target(self) -> Node:
        """The node referred to, which may be another reference."""
        return self.targets[self.address]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EmptyNode(Node):
    """A schema that says nothing: ``{}``; or ``true``, where ``boolean`` is set, which is a kind of its own."""

    boolean: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FalseNode(Node):
    """The schema ``false``: no value at all."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CombinedNode(Node):
    """``allOf``, ``anyOf`` or ``oneOf`` of branches; ``generated`` where the loader made it, not the author."""

    criterion: str
    branches: tuple[Node, ...]
    generated: bool = False
    distinct: list[tuple[Node, ...]] = field(default_factory=list)

    def unlike(self) -> tuple[Node, ...]:
        """The branches without those whose normalised text an earlier branch already had (kept once computed)."""
        if not self.distinct:
            seen = {spelling(branch): branch for branch in reversed(self.branches)}
            self.distinct.append(tuple(branch for branch in self.branches if seen[spelling(branch)] is branch))
        return self.distinct[0]


def identity(value: Any) -> Hashable:
    """A value as the registry's runtime compares it: 1, 1.0 and 1.00 are three, and so are 1 and true."""
    if isinstance(value, dict):
        return ("object", frozenset((key, identity(held)) for key, held in value.items()))
    if isinstance(value, list | tuple):
        return ("array", tuple(identity(held) for held in value))
    if isinstance(value, Decimal):
        return ("decimal", value.as_tuple())
    return (type(value).__name__, value)


_UNSPELLED = frozenset({"targets", "address", "distinct"})


def spelling(node: Node) -> Hashable:
    """The normalised text of a node, as a value to compare: titles count, a reference counts by its own text."""
    return (type(node).__name__, *(_spelled(getattr(node, f.name)) for f in fields(node) if f.name not in _UNSPELLED))


def _spelled(value: Any) -> Hashable:
    if isinstance(value, Node):
        return spelling(value)
    if isinstance(value, Mapping):
        return frozenset((key, _spelled(held)) for key, held in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_spelled(held) for held in value)
    if isinstance(value, frozenset):
        return value
    return identity(value)
