"""What a type name means to a registry: the table of one side's types, and how a name is looked up in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum as Choice
from functools import cache

from stream_contracts.schema.protobuf_descriptor import built_in_files
from stream_contracts.schema.protobuf_tree import SCALARS, Enum, File, Message

#: Where a type came from: the file itself, a direct reference (subject, version), or None for anything further away.
Origin = tuple[str, int] | None
LOCAL: Origin = ("", 0)

# Types of one group have encodings that the registry takes for interchangeable.
_GROUPS = {
    **dict.fromkeys(("int32", "int64", "uint32", "uint64", "bool"), "whole number"),
    **dict.fromkeys(("sint32", "sint64"), "zigzag number"),
    **dict.fromkeys(("string", "bytes"), "text"),
    **dict.fromkeys(("fixed32", "sfixed32"), "fixed 32 bits"),
    **dict.fromkeys(("fixed64", "sfixed64"), "fixed 64 bits"),
    "float": "float",
    "double": "double",
}
_ENUM_GROUP = "whole number"


class Category(Choice):
    """The three kinds of field that a registry tells apart."""

    SCALAR = "scalar"
    MAP = "map"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A type in the table: its node, its full name, the package of its file, and where it came from."""

    node: Message | Enum
    full: str
    package: str
    file: str
    origin: Origin

    @property
    def local(self) -> str:
        """The name without the package of the file that defines it."""
        return self.full[len(self.package) + 1 :] if self.package else self.full


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a type text means in its scope: a scalar group, the two halves of a map, or a message (None: unresolved)."""

    category: Category
    group: str = ""
    key: str = ""
    value: str = ""
    scope: str = ""
    entry: Entry | None = None


class Types:
    """Every type that one side knows, by full name, and the meanings already looked up."""

    __slots__ = ("_meanings", "_own", "_shadowed")

    def __init__(self, main: File, dependencies: Mapping[str, tuple[File, Origin]]) -> None:
        """``dependencies`` maps an import name to its file and origin; ``main`` wins where names meet."""
        self._own: dict[str, Entry] = {}
        self._shadowed = frozenset(dependencies)
        self._meanings: dict[tuple[str, str], Meaning] = {}
        for name, (file, origin) in dependencies.items():
            self._own.update((entry.full, entry) for entry in entries(file, name, origin))
        self._own.update((entry.full, entry) for entry in entries(main, "", LOCAL))

    def meaning(self, scope: str, text: str) -> Meaning:
        """What ``text`` means inside of the message or package ``scope``."""
        found = self._meanings.get((scope, text))
        if found is None:
            found = self._meanings[scope, text] = self._meaning(scope, text)
        return found

    def _meaning(self, scope: str, text: str) -> Meaning:
        if text in SCALARS:
            return Meaning(Category.SCALAR, group=_GROUPS[text])
        if text.startswith("map<"):
            key, _, value = text[4:-1].partition(",")
            return Meaning(Category.MAP, key=key.strip(), value=value.strip(), scope=scope)
        entry = self.find(scope, text)
        if entry is None:
            return Meaning(Category.MESSAGE)
        if isinstance(entry.node, Enum):
            return Meaning(Category.SCALAR, group=_ENUM_GROUP)
        if entry.node.map_entry:
            parts = {field.name: field.type for field in entry.node.fields}
            if {"key", "value"} <= parts.keys():
                return Meaning(Category.MAP, key=parts["key"], value=parts["value"], scope=entry.full)
        return Meaning(Category.MESSAGE, entry=entry)

    def find(self, scope: str, text: str) -> Entry | None:
        """The type called ``text``: exactly with a leading dot, else from the innermost scope outward."""
        if text.startswith("."):
            return self._get(text[1:])
        while scope:
            found = self._get(f"{scope}.{text}")
            if found is not None:
                return found
            scope = scope.rpartition(".")[0]
        return self._get(text)

    def _get(self, full: str) -> Entry | None:
        found = self._own.get(full)
        if found is None:
            found = _built_in().get(full)
            if found is not None and found.file in self._shadowed:
                return None
        return found


@cache
def _built_in() -> dict[str, Entry]:
    return {entry.full: entry for name, file in built_in_files().items() for entry in entries(file, name, None)}


def entries(file: File, name: str, origin: Origin) -> Iterator[Entry]:
    """Every message and enum of a file, nested ones too."""
    package = file.package or ""
    pending: list[tuple[str, Message | Enum]] = [(package, node) for node in file.messages]
    pending += [(package, node) for node in file.enums]
    while pending:
        scope, node = pending.pop()
        full = f"{scope}.{node.name}" if scope else node.name
        yield Entry(node, full, package, name, origin)
        if isinstance(node, Message):
            pending.extend((full, nested) for nested in node.messages)
            pending.extend((full, nested) for nested in node.enums)
