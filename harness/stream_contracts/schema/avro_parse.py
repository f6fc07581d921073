"""Reading Avro schemas: JSON to the graph of ``avro_model``, or an error that says which schema, where and why."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from stream_contracts.errors import SchemaError
from stream_contracts.schema.avro_defaults import default_complaint
from stream_contracts.schema.avro_model import (
    ABSENT,
    PRIMITIVES,
    Array,
    AvroSchema,
    Complaint,
    Enum,
    Field,
    Fixed,
    Logical,
    Map,
    Named,
    Node,
    Primitive,
    Record,
    Union,
)
from stream_contracts.schema.avro_text import DEEPEST, MOST_TYPES, document
from stream_contracts.schema.format import Reference, Source


def parse(source: Source) -> AvroSchema:
    """Read a schema and the schemas it refers to.

    Raises ``SchemaError`` with the schema's name, a JSON pointer and the cause for whatever the Avro specification
    and Avro's Java parser refuse. What they let pass although readers stumble over it becomes a complaint.
    """
    reading = _Reading(source)
    written = document(source.text, source.called)
    for reference in source.references:
        reading.take(reference)
    before = len(reading.named)
    root = _Text(reading, source.called).node(written, "", "", 0)
    reading.settle()
    return AvroSchema(root, reading.named, written, source, before == 0, tuple(reading.complaints))


class _Reading:
    """One parse: the named types met so far, over all texts, and the references not read yet."""

    def __init__(self, source: Source) -> None:
        self.called = source.called
        self.named: dict[str, Named] = {}
        self.complaints: list[Complaint] = []
        self.unchecked: list[tuple[str, Field]] = []
        self.references = {reference.name: reference for reference in source.references}
        self.done: set[str] = set()
        self.open: list[str] = []
        self.owners: dict[str, str] = {}
        self.types = 0

    def take(self, reference: Reference) -> None:
        """Read a reference once; one that is still being read refers to itself through others."""
        if reference.name in self.done:
            return
        called = f"{self.called}, reference {reference.name}"
        if reference.name in self.open:
            self.circle(reference.name)
        if reference.text is None:
            raise SchemaError(called, "the text is missing, and Avro has no files that every engine knows")
        self.open.append(reference.name)
        _Text(self, called).node(document(reference.text, called), "", "", 0)
        self.open.pop()
        self.done.add(reference.name)

    def find(self, fullname: str) -> Named | None:
        """Look a name up, reading the reference of that name if it was not read yet."""
        if fullname not in self.named and fullname in self.references and fullname not in self.done:
            self.take(self.references[fullname])
        owner = self.owners.get(fullname, "")
        if owner in self.open[:-1]:
            self.circle(owner)
        return self.named.get(fullname)

    def circle(self, name: str) -> NoReturn:
        """Refuse a reference that needs itself: no registry could have registered it."""
        circle = " → ".join([*self.open[self.open.index(name) :], name])
        raise SchemaError(self.called, f"circular references: {circle}")

    def settle(self) -> None:
        """Look at the defaults, now that every record has its fields."""
        for where, field in self.unchecked:
            problem = default_complaint(field.node, field.default)
            if problem:
                self.complaints.append(Complaint(f"{field.pointer}/default", f"{where}: {problem}"))


class _Text:
    """The types of one text. Methods take what is written, its pointer, the namespace around it and the depth."""

    def __init__(self, reading: _Reading, called: str) -> None:
        self.reading, self.called = reading, called

    def refuse(self, pointer: str, why: str) -> NoReturn:
        """Raise the error."""
        raise SchemaError(self.called, why, pointer=pointer or "/")

    def node(self, written: Any, pointer: str, space: str, depth: int) -> Node:
        """Read one type."""
        self.reading.types += 1
        if self.reading.types > MOST_TYPES:
            self.refuse(pointer, f"more than {MOST_TYPES:,} types in one schema; that many are not compared")
        if depth > DEEPEST:
            raise SchemaError(self.called, f"types nested deeper than {DEEPEST} levels", pointer=pointer[:120] + "…")
        if isinstance(written, str):
            return self.name(written, pointer, space)
        if isinstance(written, list):
            return self.union(written, pointer, space, depth)
        if not isinstance(written, dict):
            self.refuse(pointer, f"a type is a name, a list or an object, not {json.dumps(written)}")
        kind = written.get("type")
        if not isinstance(kind, str):
            self.refuse(pointer, 'an object that describes a type needs a "type" that is a string')
        if kind in PRIMITIVES:
            return Primitive(kind, pointer, _logical(written))
        reader = _COMPLEX.get(kind)
        if reader is None:
            return self.name(kind, pointer + "/type", space)
        built: Node = reader(self, written, pointer, space, depth)
        return built

    def name(self, written: str, pointer: str, space: str) -> Node:
        """Resolve a name: a primitive, then the namespace around, then the null namespace."""
        if written in PRIMITIVES:
            return Primitive(written, pointer)
        nearest = written if "." in written or not space else f"{space}.{written}"
        found = self.reading.find(nearest) or self.reading.find(written)
        if found is None:
            known = ", ".join(sorted(self.reading.named)[:8]) or "none"
            why = f"unknown type {written!r}; it is neither a primitive nor defined before (known: {known})"
            self.refuse(pointer, why)
        return found

    def union(self, written: list[Any], pointer: str, space: str, depth: int) -> Node:
        """Read the branches; a union holds each unnamed type once, each name once, and no other union."""
        branches = tuple([self.node(item, f"{pointer}/{at}", space, depth + 1) for at, item in enumerate(written)])
        seen: set[str] = set()
        for at, branch in enumerate(branches):
            if isinstance(branch, Union):
                self.refuse(f"{pointer}/{at}", "a union stands directly in a union")
            key = branch.fullname if isinstance(branch, Record | Enum | Fixed) else branch.type
            if key in seen:
                self.refuse(f"{pointer}/{at}", f"the union holds {key!r} twice")
            seen.add(key)
        return Union(branches, pointer)

    def array(self, written: dict[str, Any], pointer: str, space: str, depth: int) -> Node:
        """Read an array."""
        if "items" not in written:
            self.refuse(pointer, 'an array needs "items"')
        return Array(self.node(written["items"], f"{pointer}/items", space, depth + 1), pointer)

    def map(self, written: dict[str, Any], pointer: str, space: str, depth: int) -> Node:
        """Read a map."""
        if "values" not in written:
            self.refuse(pointer, 'a map needs "values"')
        return Map(self.node(written["values"], f"{pointer}/values", space, depth + 1), pointer)

    def fixed(self, written: dict[str, Any], pointer: str, space: str, _depth: int) -> Node:
        """Read a fixed."""
        fullname, aliases, bare = self.naming(written, pointer, space)
        size = written.get("size")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            self.refuse(
                f"{pointer}/size", f'a fixed needs a "size" that is a whole number of bytes, not {json.dumps(size)}'
            )
        return self.define(Fixed(fullname, size, pointer, aliases, _logical(written), bare=bare))

    def enum(self, written: dict[str, Any], pointer: str, space: str, _depth: int) -> Node:
        """Read an enum."""
        fullname, aliases, bare = self.naming(written, pointer, space)
        symbols = written.get("symbols")
        if not isinstance(symbols, list):
            self.refuse(pointer, 'an enum needs "symbols", a list')
        seen: set[str] = set()
        for at, symbol in enumerate(symbols):
            self.check_name(symbol, f"{pointer}/symbols/{at}", "symbol")
            if symbol in seen:
                self.refuse(f"{pointer}/symbols/{at}", f"the symbol {symbol!r} stands twice")
            seen.add(symbol)
        default = written.get("default")
        if default is not None and default not in symbols:
            self.refuse(f"{pointer}/default", f"the enum default {json.dumps(default)} is not one of the symbols")
        return self.define(Enum(fullname, tuple(symbols), pointer, aliases, default, bare=bare))

    def record(self, written: dict[str, Any], pointer: str, space: str, depth: int) -> Node:
        """Read a record; its name is known inside it."""
        fullname, aliases, bare = self.naming(written, pointer, space)
        listed = written.get("fields")
        if not isinstance(listed, list):
            self.refuse(pointer, 'a record needs "fields", a list')
        record = Record(fullname, pointer, aliases, bare=bare)
        self.define(record)
        inner = fullname.rpartition(".")[0]
        fields: dict[str, Field] = {}
        for at, item in enumerate(listed):
            field = self.field(item, f"{pointer}/fields/{at}", inner, depth)
            if field.name in fields:
                self.refuse(field.pointer, f"the field {field.name!r} stands twice in {fullname}")
            fields[field.name] = field
            if field.default is not ABSENT:
                self.reading.unchecked.append((f"{fullname}.{field.name}", field))
        record.tie(tuple(fields.values()))
        return record

    def field(self, written: Any, pointer: str, space: str, depth: int) -> Field:
        """Read a field."""
        if not isinstance(written, dict):
            self.refuse(pointer, "a field is an object")
        name = written.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self.check_name(name, f"{pointer}/name", "field name")
        if "type" not in written:
            self.refuse(pointer, f'the field {name!r} needs a "type"')
        order = written.get("order", "ascending")
        if not isinstance(order, str) or order.lower() not in {"ascending", "descending", "ignore"}:
            self.refuse(f"{pointer}/order", f"order is ascending, descending or ignore, not {json.dumps(order)}")
        node = self.node(written["type"], f"{pointer}/type", space, depth + 1)
        aliases = self.aliases(written, pointer)
        return Field(str(name), node, pointer, aliases, written.get("default", ABSENT), order.lower())

    def naming(self, written: dict[str, Any], pointer: str, space: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """The full name and full aliases of a named type (specification, Names), and the aliases without a namespace."""
        name = written.get("name")
        if not isinstance(name, str):
            self.refuse(pointer, f'a {written["type"]} needs a "name" that is a string')
        own = written.get("namespace", space)
        if own is not None and not isinstance(own, str):
            self.refuse(f"{pointer}/namespace", f"a namespace is a string, not {json.dumps(own)}")
        fullname = name if "." in name or not own else f"{own}.{name}"
        if fullname in PRIMITIVES:
            self.refuse(f"{pointer}/name", f"{fullname!r} is the name of a primitive type")
        for part in fullname.split("."):
            self.check_name(part, f"{pointer}/name", "name")
        inner = fullname.rpartition(".")[0]
        aliases = self.aliases(written, pointer)
        for at, alias in enumerate(aliases):
            for part in alias.split("."):
                self.check_name(part, f"{pointer}/aliases/{at}", "name")
        bare = tuple(alias for alias in aliases if "." not in alias)
        return fullname, tuple(alias if "." in alias or not inner else f"{inner}.{alias}" for alias in aliases), bare

    def aliases(self, written: dict[str, Any], pointer: str) -> tuple[str, ...]:
        """Read aliases as they stand."""
        if "aliases" not in written:
            return ()
        listed = written["aliases"]
        if not isinstance(listed, list) or not all(isinstance(alias, str) for alias in listed):
            self.refuse(f"{pointer}/aliases", "aliases are a list of strings")
        return tuple(listed)

    def check_name(self, name: Any, pointer: str, what: str) -> None:
        """Refuse what is no name; letters beyond ASCII pass Java since 1.12 only, so they are complained about."""
        if isinstance(name, str) and _NAME.fullmatch(name):
            return
        if not isinstance(name, str) or not name or not (name[0] == "_" or name[0].isalpha()):
            self.refuse(pointer, f"{json.dumps(name)} is not a {what}: letters, digits and _, no digit first")
        if not all(letter == "_" or letter.isalnum() for letter in name):
            self.refuse(pointer, f"{json.dumps(name)} is not a {what}: letters, digits and _ only")
        if not name.isascii():
            complaint = Complaint(pointer, f"{name!r} is not ASCII: most Avro implementations refuse it")
            self.reading.complaints.append(complaint)

    def define(self, named: Named) -> Named:
        """Enter a named type, once."""
        if named.fullname in self.reading.named:
            self.refuse(named.pointer, f"{named.fullname} is defined twice")
        self.reading.named[named.fullname] = named
        self.reading.owners[named.fullname] = self.reading.open[-1] if self.reading.open else ""
        return named


_NAME: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*")
"""What nobody objects to."""


def _logical(written: dict[str, Any]) -> Logical | None:
    """Keep a logical type as written; an unknown or invalid one is ignored by the specification, not refused."""
    name = written.get("logicalType")
    return Logical(name, written.get("precision"), written.get("scale")) if isinstance(name, str) else None


_COMPLEX: Final = {
    "record": _Text.record,
    "error": _Text.record,
    "enum": _Text.enum,
    "fixed": _Text.fixed,
    "array": _Text.array,
    "map": _Text.map,
}
