"""The element tree of a .proto file: what a registry compares, names as written and nothing linked."""

from __future__ import annotations

from dataclasses import dataclass

SCALARS = frozenset({"double", "float", "bool", "string", "bytes"}) | {
    f"{kind}{bits}" for kind in ("int", "uint", "sint", "fixed", "sfixed") for bits in (32, 64)
}


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field as written. ``label`` is empty where the text has none; ``type`` is the text of the type."""

    label: str
    type: str
    name: str
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Oneof:
    """A oneof and its members. A proto3 ``optional`` field is not one."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Enum:
    """An enum: its (number, name) constants in document order, aliases included."""

    name: str
    constants: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A message. ``fields`` are those outside of every oneof; groups are not part of the tree.

    Identity is what counts (``eq=False``): a comparison remembers which node it is in.
    """

    name: str
    fields: tuple[Field, ...] = ()
    oneofs: tuple[Oneof, ...] = ()
    messages: tuple[Message, ...] = ()
    enums: tuple[Enum, ...] = ()
    map_entry: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """A file. ``package`` is None where none is written, which is not the same as an empty one."""

    package: str | None = None
    messages: tuple[Message, ...] = ()
    enums: tuple[Enum, ...] = ()
    imports: tuple[str, ...] = ()
