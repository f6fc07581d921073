"""Avro schemas and changes to them, drawn by Hypothesis from a small set of names so that much of it collides."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from hypothesis import strategies as st

PRIMITIVES: Final = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"]
NAMES: Final = ["A", "B", "C"]
FIELDS: Final = ["f", "g", "h", "i"]
SYMBOLS: Final = ["X", "Y", "Z"]
LOGICAL: Final = [
    {"type": "long", "logicalType": "timestamp-millis"},
    {"type": "long", "logicalType": "timestamp-micros"},
    {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2},
    {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 3},
    {"type": "string", "logicalType": "uuid"},
    {"type": "int", "logicalType": "date"},
]
DEFAULTS: Final[dict[str, Any]] = {
    "null": None,
    "boolean": True,
    "int": 1,
    "long": 2,
    "float": 1.5,
    "double": 2.5,
    "bytes": "ab",
    "string": "s",
    "array": [],
    "map": {},
}


@st.composite
def schemas(draw: st.DrawFn, *, logical: bool = True) -> Any:
    """A valid schema as JSON."""
    return _node(draw, {}, 0, logical=logical)


def _node(draw: st.DrawFn, known: dict[str, Any], depth: int, *, logical: bool) -> Any:
    simple = ["primitive"] * 3 + ["logical"] * logical + ["enum", "fixed"] + (["name"] if known else [])
    kind = draw(st.sampled_from(simple if depth > 2 else [*simple, "record", "record", "union", "array", "map"]))
    if kind == "primitive":
        return draw(st.sampled_from(PRIMITIVES))
    if kind == "logical":
        return dict(draw(st.sampled_from(LOGICAL)))
    if kind == "name":
        return draw(st.sampled_from(sorted(known)))
    if kind == "array":
        return {"type": "array", "items": _node(draw, known, depth + 1, logical=logical)}
    if kind == "map":
        return {"type": "map", "values": _node(draw, known, depth + 1, logical=logical)}
    if kind == "union":
        before = dict(known)
        branches = [_node(draw, known, depth + 1, logical=logical) for _ in range(draw(st.integers(0, 3)))]
        union = _union(branches)
        if len(union) < len(branches):
            known.clear()
            known.update(before)
        return union
    return _named(draw, known, kind, depth, logical=logical)


def _named(draw: st.DrawFn, known: dict[str, Any], kind: str, depth: int, *, logical: bool) -> Any:
    space, name = draw(st.sampled_from(["n", "m"])), draw(st.sampled_from(NAMES))
    fullname = f"{space}.{name}"
    if fullname in known:
        return fullname
    node: dict[str, Any] = {"type": kind, "name": name, "namespace": space}
    known[fullname] = node
    if draw(st.integers(0, 4)) == 0:
        node["aliases"] = [draw(st.sampled_from(["n.A", "m.B", "C"]))]
    if kind == "fixed":
        node["size"] = draw(st.integers(1, 3))
    elif kind == "enum":
        node["symbols"] = draw(st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True))
        if draw(st.booleans()):
            node["default"] = draw(st.sampled_from(node["symbols"]))
    else:
        names = draw(st.lists(st.sampled_from(FIELDS), max_size=3, unique=True))
        node["fields"] = [_field(draw, known, each, depth, logical=logical) for each in names]
    return node


def _field(draw: st.DrawFn, known: dict[str, Any], name: str, depth: int, *, logical: bool) -> Any:
    field: dict[str, Any] = {"name": name, "type": _node(draw, known, depth + 1, logical=logical)}
    if draw(st.integers(0, 4)) == 0:
        field["aliases"] = [draw(st.sampled_from(FIELDS))]
    if draw(st.booleans()):
        _default(field)
    return field


def _default(field: dict[str, Any]) -> None:
    """Give a field a default of its type, where that is easy."""
    kind = field["type"]
    kind = kind[0] if isinstance(kind, list) and kind else kind
    plain = kind["type"] if isinstance(kind, dict) else kind
    if isinstance(kind, dict) and plain == "enum":
        field["default"] = kind["symbols"][0]
    elif isinstance(plain, str) and plain in DEFAULTS:
        field["default"] = DEFAULTS[plain]


def _union(branches: list[Any]) -> list[Any]:
    """Only branches that may stand in one union."""
    found: dict[str, Any] = {}
    for branch in branches:
        if isinstance(branch, list):
            continue
        key = branch if isinstance(branch, str) else branch["type"]
        if isinstance(branch, dict) and "name" in branch:
            key = f"{branch['namespace']}.{branch['name']}"
        found.setdefault(key, branch)
    # A dropped branch may have held the definition of a name that another one uses.
    return list(found.values()) if len(found) == len(branches) else [each for each in found.values() if _alone(each)]


def _alone(node: Any) -> bool:
    return isinstance(node, str) and node in PRIMITIVES


@st.composite
def pairs(draw: st.DrawFn, *, logical: bool = True) -> tuple[Any, Any]:
    """A schema and what became of it: a few changes, or none, or another schema altogether."""
    old = draw(schemas(logical=logical))
    if draw(st.integers(0, 9)) == 0:
        return old, draw(schemas(logical=logical))
    new = copy.deepcopy(old)
    for _ in range(draw(st.integers(0, 3))):
        new = _changed(draw, new)
    return (old, new) if draw(st.booleans()) else (new, old)


def _places(node: Any) -> Iterator[dict[str, Any]]:
    """Every object that describes a type or a field."""
    if isinstance(node, list):
        for each in node:
            yield from _places(each)
    elif isinstance(node, dict):
        yield node
        for key in ("type", "items", "values", "fields"):
            yield from _places(node.get(key))


def _changed(draw: st.DrawFn, schema: Any) -> Any:
    places = list(_places(schema))
    if isinstance(schema, str) or not places or draw(st.integers(0, 9)) == 0:
        return _swapped(draw, schema)
    place = draw(st.sampled_from(places))
    if "fields" in place:
        _record(draw, place)
    elif "symbols" in place:
        place["symbols"] = draw(st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True))
        place.pop("default", None)
        if draw(st.booleans()):
            place["default"] = place["symbols"][-1]
    elif "size" in place:
        place["size"] = draw(st.integers(1, 3))
    elif "type" in place and "name" in place:
        _one_field(draw, place)
    else:
        for key in ("items", "values"):
            if key in place:
                place[key] = _swapped(draw, place[key])
    return schema


def _swapped(draw: st.DrawFn, node: Any) -> Any:
    """Another type in place of one that defines no name; an optional type in place of a plain one."""
    if isinstance(node, list):
        spare = [each for each in PRIMITIVES if not any(_key(other) == each for other in node)]
        return [*node, draw(st.sampled_from(spare))] if spare else node
    if draw(st.booleans()):
        return [draw(st.sampled_from(["null", "boolean"])), node] if _key(node) not in {"null", "boolean"} else node
    return draw(st.sampled_from(PRIMITIVES)) if isinstance(node, str) else node


def _key(node: Any) -> Any:
    return node["type"] if isinstance(node, dict) else node


def _record(draw: st.DrawFn, record: dict[str, Any]) -> None:
    fields = record["fields"]
    what = draw(st.sampled_from(["add", "drop", "alias", "turn"]))
    spare = [name for name in FIELDS if all(field["name"] != name for field in fields)]
    if what == "add" and spare:
        field = {"name": draw(st.sampled_from(spare)), "type": draw(st.sampled_from(PRIMITIVES))}
        if draw(st.booleans()):
            _default(field)
        fields.insert(draw(st.integers(0, len(fields))), field)
    elif what == "drop" and fields and isinstance(fields[-1]["type"], str):
        fields.pop()
    elif what == "alias":
        record["aliases"] = ["n.B"]
    else:
        movable = all(isinstance(field["type"], str) and field["type"] in PRIMITIVES for field in fields)
        record["fields"] = fields[::-1] if movable else fields


def _one_field(draw: st.DrawFn, field: dict[str, Any]) -> None:
    what = draw(st.sampled_from(["type", "alias", "default", "plain"]))
    if what == "type":
        field["type"] = _swapped(draw, field["type"])
        field.pop("default", None)
    elif what == "alias":
        field["aliases"] = [draw(st.sampled_from(FIELDS))]
    elif what == "default":
        _default(field)
    else:
        field.pop("default", None)
