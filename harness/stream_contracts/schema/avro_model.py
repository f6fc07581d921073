"""Avro schemas as a small immutable graph: every name resolved, every node with its JSON pointer."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, ClassVar, Final, TypeAlias

from stream_contracts.schema.format import Source

PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
NAMED: Final = frozenset({"record", "enum", "fixed"})


class Absent:
    """The default of a field that has none; ``None`` would be the default ``null``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Logical:
    """A logical type as written; ``precision`` and ``scale`` are whatever the schema says, even nonsense."""

    name: str
    precision: Any = None
    scale: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """One of the eight primitive types."""

    type: str
    pointer: str
    logical: Logical | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """A list of items of one type."""

    type: ClassVar[str] = "array"
    items: Node
    pointer: str
    logical: ClassVar[None] = None


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """String keys to values of one type."""

    type: ClassVar[str] = "map"
    values: Node
    pointer: str
    logical: ClassVar[None] = None


@dataclass(frozen=True, slots=True, eq=False)
class Union:
    """A choice between branches, in order."""

    type: ClassVar[str] = "union"
    branches: tuple[Node, ...]
    pointer: str
    logical: ClassVar[None] = None


@dataclass(frozen=True, slots=True, eq=False)
class Enum:
    """A named list of symbols, with a default for symbols that it does not know, or None."""

    type: ClassVar[str] = "enum"
    fullname: str
    symbols: tuple[str, ...]
    pointer: str
    aliases: tuple[str, ...] = ()
    default: Any = None
    bare: tuple[str, ...] = ()
    """The aliases that are written without a namespace: fastavro takes those for a name in any."""
    logical: ClassVar[None] = None

    @property
    def name(self) -> str:
        """The name without its namespace."""
        return self.fullname.rpartition(".")[2]


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """A named run of exactly ``size`` bytes."""

    type: ClassVar[str] = "fixed"
    fullname: str
    size: int
    pointer: str
    aliases: tuple[str, ...] = ()
    logical: Logical | None = None
    bare: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name without its namespace."""
        return self.fullname.rpartition(".")[2]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of a record; ``default`` is the JSON value as written, or ``ABSENT``."""

    name: str
    node: Node
    pointer: str
    aliases: tuple[str, ...] = ()
    default: Any = ABSENT
    order: str = "ascending"


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A named list of fields. The parser ties ``fields`` once, since a record may contain itself.

    ``signs`` holds name and sign of each field: a field whose pair stands in the other record too is the same there.
    """

    type: ClassVar[str] = "record"
    fullname: str
    pointer: str
    aliases: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    by_name: Mapping[str, Field] = dataclass_field(default_factory=dict)
    places: Mapping[str, int] = dataclass_field(default_factory=dict)
    signs: frozenset[tuple[str, Hashable]] = frozenset()
    bare: tuple[str, ...] = ()
    logical: ClassVar[None] = None

    @property
    def name(self) -> str:
        """The name without its namespace."""
        return self.fullname.rpartition(".")[2]

    def tie(self, fields: tuple[Field, ...]) -> None:
        """Give the record its fields: the parser's last act on it."""
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "by_name", {field.name: field for field in fields})
        object.__setattr__(self, "places", {field.name: at for at, field in enumerate(fields)})
        signs = ((field.name, field if field.aliases else sign(field.node)) for field in fields)
        object.__setattr__(self, "signs", frozenset(signs))


Named: TypeAlias = Record | Enum | Fixed
Node: TypeAlias = Primitive | Array | Map | Union | Enum | Fixed | Record


def sign(node: Node) -> Hashable:
    """A value that two types share only if each reads the other without a word; records are compared by themselves."""
    if isinstance(node, Primitive):
        return node.type
    if isinstance(node, Array):
        return ("array", sign(node.items))
    if isinstance(node, Map):
        return ("map", sign(node.values))
    if isinstance(node, Union):
        return ("union", *(sign(branch) for branch in node.branches))
    if isinstance(node, Enum):
        return ("enum", node.fullname, node.symbols)
    return ("fixed", node.fullname, node.size) if isinstance(node, Fixed) else node


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that registries accept and readers stumble over: a lint hint, not an error."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class AvroSchema:
    """A schema that was read: its graph, the named types in it, and its JSON document as written.

    ``local`` says that every type is defined in the schema's own text; otherwise some come from ``source.references``.
    """

    root: Node
    named: Mapping[str, Named]
    document: Any
    source: Source
    local: bool
    complaints: tuple[Complaint, ...] = ()
