"""The canonical text of an Avro schema: what Confluent stores, and tells schemas apart by.

It is the compact form that Java's ``Schema.toString()`` gives: white space, the order of known attributes and how a
name is qualified do not matter; doc, aliases, defaults, order and unknown attributes do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
_NAMED = ("record", "error", "enum", "fixed")
_CONSUMED = {
    "record": {"type", "name", "namespace", "doc", "fields", "aliases"},
    "error": {"type", "name", "namespace", "doc", "fields", "aliases"},
    "enum": {"type", "name", "namespace", "doc", "symbols", "default", "aliases"},
    "fixed": {"type", "name", "namespace", "doc", "size", "aliases"},
    "array": {"type", "items"},
    "map": {"type", "values"},
}
_OF_A_FIELD = {"name", "type", "doc", "default", "order", "aliases"}


def canonical(document: Any, *, normalize: bool = False) -> str:
    """Spell a parsed Avro document (one that Avro accepts) canonically; ``normalize`` sorts unknown attributes too."""
    return json.dumps(_schema(document, "", normalize), ensure_ascii=False, separators=(",", ":"))


def _schema(node: Any, space: str, normalize: bool) -> Any:
    if isinstance(node, str):
        return node if node in _PRIMITIVES else _short(_full(node, space), space)
    if isinstance(node, list):
        return [_schema(branch, space, normalize) for branch in node]
    kind = node.get("type")
    if kind in _NAMED:
        return _named(node, space, normalize)
    if kind in ("array", "map"):
        below = "items" if kind == "array" else "values"
        spelled = {"type": kind, below: _schema(node.get(below), space, normalize)}
        return {**spelled, **_extras(node, _CONSUMED[kind], normalize)}
    extras = _extras(node, {"type"}, normalize)
    inner = _schema(kind, space, normalize)
    return {"type": inner, **extras} if extras else inner


def _named(node: Mapping[str, Any], space: str, normalize: bool) -> Any:
    name = str(node["name"])
    full = name if "." in name else _full(name, str(node.get("namespace", space) or ""))
    own, _, simple = full.rpartition(".")
    kind = node["type"]
    spelled: dict[str, Any] = {"type": kind, "name": simple}
    if own != space:
        spelled["namespace"] = own
    if node.get("doc") is not None:
        spelled["doc"] = node["doc"]
    if kind in ("record", "error"):
        spelled["fields"] = [_field(field, own, normalize) for field in node["fields"]]
    elif kind == "enum":
        spelled["symbols"] = node["symbols"]
        if "default" in node:
            spelled["default"] = node["default"]
    else:
        spelled["size"] = node["size"]
    spelled |= _extras(node, _CONSUMED[kind], normalize)
    if node.get("aliases"):
        spelled["aliases"] = [_short(_full(alias, own), own) for alias in node["aliases"]]
    return spelled


def _field(field: Mapping[str, Any], space: str, normalize: bool) -> dict[str, Any]:
    spelled: dict[str, Any] = {"name": field["name"], "type": _schema(field["type"], space, normalize)}
    if field.get("doc") is not None:
        spelled["doc"] = field["doc"]
    if "default" in field:
        spelled["default"] = field["default"]
    if str(field.get("order", "ascending")).lower() != "ascending":
        spelled["order"] = str(field["order"]).lower()
    if field.get("aliases"):
        spelled["aliases"] = field["aliases"]
    return spelled | _extras(field, _OF_A_FIELD, normalize)


def _extras(node: Mapping[str, Any], consumed: set[str], normalize: bool) -> dict[str, Any]:
    extras = {key: value for key, value in node.items() if key not in consumed}
    return dict(_sorted(extras)) if normalize else extras


def _sorted(node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in sorted(node):
        value = node[key]
        yield key, dict(_sorted(value)) if isinstance(value, Mapping) else value


def _full(name: str, space: str) -> str:
    return name if "." in name or not space else f"{space}.{name}"


def _short(full: str, space: str) -> str:
    own, _, simple = full.rpartition(".")
    return simple if own == space else full
