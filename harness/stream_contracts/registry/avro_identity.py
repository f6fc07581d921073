"""The canonical form of an Avro schema: what Confluent stores, and tells schemas apart by.

It is the compact form that Java's ``Schema.toString()`` gives: white space, the order of known attributes and how a
name is qualified do not matter; doc, aliases, defaults, order and unknown attributes do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stream_contracts.schema.format import Source

_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
_NAMED = ("record", "error", "enum", "fixed")
_OF_ALL_NAMED = {"type", "name", "namespace", "doc", "aliases"}
_KNOWN = {
    "record": {*_OF_ALL_NAMED, "fields"},
    "error": {*_OF_ALL_NAMED, "fields"},
    "enum": {*_OF_ALL_NAMED, "symbols", "default"},
    "fixed": {*_OF_ALL_NAMED, "size"},
    "array": {"type", "items"},
    "map": {"type", "values"},
}
_OF_A_FIELD = {"name", "type", "doc", "default", "order", "aliases"}

_Definition = tuple[Mapping[str, Any], str]
"""A named type as written, and the namespace around it."""


def canonical(document: Any, *, normalize: bool = False) -> Any:
    """Put a document that Avro accepts into canonical form; ``normalize`` sorts unknown attributes too."""
    return _Speller(normalize).schema(document, "")


def resolved(source: Source) -> Any:
    """The canonical form with every referenced type written out where it is first used."""
    definitions: dict[str, _Definition] = {}
    for reference in source.references:
        if reference.text is not None:
            definitions.update(_definitions(_document(reference.text), ""))
    return _Speller(normalize=False, definitions=definitions).schema(_document(source.text), "")


def _document(text: str) -> Any:
    """Read a text that has been accepted before; a bare type name is one too."""
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


@dataclass(frozen=True, slots=True)
class _Speller:
    """Spells one document; ``definitions`` are written out at their first use, ``seen`` are the names met so far."""

    normalize: bool
    definitions: Mapping[str, _Definition] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def schema(self, node: Any, space: str) -> Any:
        """Spell a type inside a namespace."""
        if isinstance(node, str):
            return node if node in _PRIMITIVES else self.name(node, space)
        if isinstance(node, list):
            return [self.schema(branch, space) for branch in node]
        kind = node.get("type")
        if kind in _NAMED:
            return self.named(node, space)
        if kind in ("array", "map"):
            below = "items" if kind == "array" else "values"
            return {"type": kind, below: self.schema(node[below], space)} | self.extras(node, _KNOWN[kind])
        extras = self.extras(node, {"type"})
        inner = self.schema(kind, space)
        return {"type": inner, **extras} if extras else inner

    def name(self, name: str, space: str) -> Any:
        """Spell the use of a named type: its definition where it is asked for and not yet met, else a short name."""
        full = _full(name, space)
        if full not in self.seen and full in self.definitions:
            node, around = self.definitions[full]
            # The definition's own namespace is that of its document, so it is spelled from there.
            spelled: dict[str, Any] = self.named(node, around)
            own = full.rpartition(".")[0]
            spelled.pop("namespace", None)
            head = {"type": spelled.pop("type"), "name": spelled.pop("name")}
            return head | ({"namespace": own} if own != space else {}) | spelled
        return _short(full, space)

    def named(self, node: Mapping[str, Any], space: str) -> dict[str, Any]:
        """Spell the definition of a record, enum or fixed."""
        full = _defined(node, space)
        own, _, simple = full.rpartition(".")
        kind = node["type"]
        spelled: dict[str, Any] = {"type": kind, "name": simple}
        if own != space:
            spelled["namespace"] = own
        if node.get("doc") is not None:
            spelled["doc"] = node["doc"]
        self.seen.add(full)
        if kind in ("record", "error"):
            spelled["fields"] = [self.field(each, own) for each in node["fields"]]
        else:
            spelled |= {key: node[key] for key in ("symbols", "size", "default") if key in node and key in _KNOWN[kind]}
        spelled |= self.extras(node, _KNOWN[kind])
        if node.get("aliases"):
            spelled["aliases"] = [_short(_full(alias, own), own) for alias in node["aliases"]]
        return spelled

    def field(self, written: Mapping[str, Any], space: str) -> dict[str, Any]:
        """Spell a field of a record."""
        spelled: dict[str, Any] = {"name": written["name"], "type": self.schema(written["type"], space)}
        if written.get("doc") is not None:
            spelled["doc"] = written["doc"]
        if "default" in written:
            spelled["default"] = written["default"]
        order = str(written.get("order", "ascending")).lower()
        if order != "ascending":
            spelled["order"] = order
        if written.get("aliases"):
            spelled["aliases"] = written["aliases"]
        return spelled | self.extras(written, _OF_A_FIELD)

    def extras(self, node: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
        """The attributes that Avro does not know, which it keeps."""
        extras = {key: value for key, value in node.items() if key not in known}
        return _sorted(extras) if self.normalize else extras


def _definitions(node: Any, space: str) -> Iterator[tuple[str, _Definition]]:
    """Every named type that is defined in a document."""
    if isinstance(node, list):
        for branch in node:
            yield from _definitions(branch, space)
    if not isinstance(node, dict):
        return
    if node.get("type") in _NAMED:
        full = _defined(node, space)
        yield full, (node, space)
        for each in node.get("fields", ()):
            yield from _definitions(each["type"], full.rpartition(".")[0])
        return
    for key in ("type", "items", "values"):
        yield from _definitions(node.get(key), space)


def _defined(node: Mapping[str, Any], space: str) -> str:
    name = str(node["name"])
    return name if "." in name else _full(name, str(node.get("namespace", space) or ""))


def _sorted(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _sorted(node[key]) for key in sorted(node)}
    return node


def _full(name: str, space: str) -> str:
    return name if "." in name or not space else f"{space}.{name}"


def _short(full: str, space: str) -> str:
    own, _, simple = full.rpartition(".")
    return simple if own == space else full
