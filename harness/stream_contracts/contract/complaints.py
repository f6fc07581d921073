"""From what pydantic refuses to what a person is told: what was found, and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from stream_contracts.contract.part import PATTERNS
from stream_contracts.contract.tree import Steps, Tree

Shape = Mapping[str, Any]
"""A node of the JSON Schema of the format."""


def tell(errors: Iterable[Any], tree: Tree, schema: Shape) -> Iterator[tuple[Steps, str]]:
    """Yield one complaint per wrong node as (steps, text); ``errors`` are pydantic's ``ErrorDetails``."""
    seen: set[tuple[Steps, str]] = set()
    for error in errors:
        if error["type"] == "too_short" and error["input"]:
            continue  # its items are wrong, which is told of each; pydantic counts only the right ones
        steps, text = _told(error, tree, schema)
        if (steps, text) not in seen:
            seen.add((steps, text))
            yield steps, text


def shown(value: object) -> str:
    """A found value in few words, with its kind where that could be the mistake."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"{str(value).lower()} (a truth value)"
        case int() | float():
            return f"{_short(str(value))} (a number)"
        case str():
            return f"{_short(repr(value))} (text)"
        case dict():
            return f"a mapping with the keys {names(value)}" if value else "an empty mapping"
        case _:
            return f"a list of {len(value)}" if isinstance(value, tuple) and value else "an empty list"


def names(known: Iterable[str]) -> str:
    """Names as a person lists them."""
    return ", ".join(_short(name) if name.isprintable() else _short(repr(name)) for name in known) or "none"


def nearest(found: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` where some known name is close to what was found."""
    close = get_close_matches(found[:300], list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _told(error: Any, tree: Tree, schema: Shape) -> tuple[Steps, str]:
    loc = _written(error["loc"], schema)
    if error["type"] == "missing":
        return loc[:-1], f"the key {loc[-1]!r} is missing; allowed: {_allowed(_at(schema, loc, schema), schema)}"
    if error["type"] == "extra_forbidden":
        known = list(_properties(_at(schema, loc[:-1], schema), schema, error["loc"][-2:-1]))
        key = str(loc[-1])
        return loc, f"unknown key {_short(repr(key))}{nearest(key, known)}; known keys: {names(known)}"
    steps = tree.nearest(loc)
    if loc[-1:] == ("[key]",):
        parent = _at(schema, steps[:-1], schema)
        pattern = next(iter(parent.get("patternProperties", {})), "")
        return steps, f"found the name {_short(repr(steps[-1]))}; allowed: {PATTERNS.get(pattern, 'a name')}"
    hint = ""
    shape = _at(schema, steps, schema)
    if isinstance(error["input"], bool | int | float) and shape.get("type") == "string" and "enum" not in shape:
        hint = "; put it in quotes"
    return steps, f"found {shown(error['input'])}; allowed: {_allowed(shape, schema)}{hint}"


def _written(loc: Steps, schema: Shape) -> Steps:
    """Where pydantic found the error, without the tags that it puts in to say which kind of thing it took it for."""
    steps: Steps = ()
    tagged = False
    for step in loc:
        tagged = not tagged and "oneOf" in _at(schema, steps, schema)
        steps = steps if tagged else (*steps, step)
    return steps


def _properties(shape: Shape, root: Shape, tag: Steps = ()) -> dict[str, Shape]:
    """The keys that a mapping may have: those of every kind where there are several, or of the one that is tagged."""
    kinds = [_resolved(kind, root).get("properties", {}) for kind in shape.get("oneOf", (shape,))]
    meant = [kind for kind in kinds if "oneOf" in shape and tag and tag[0] in kind]
    return {name: within for kind in meant or kinds for name, within in kind.items()}


def _at(shape: Shape, steps: Steps, root: Shape) -> Shape:
    """The node of the JSON Schema that describes what stands at ``steps``."""
    shape = _resolved(shape, root)
    for step in steps:
        within: Any = shape.get("items") if isinstance(step, int) else _properties(shape, root).get(step)
        if within is None:
            within = next(iter(shape.get("patternProperties", {}).values()), shape.get("additionalProperties"))
        if not isinstance(within, Mapping):
            return {}
        shape = _resolved(within, root)
    return shape


def _resolved(shape: Shape, root: Shape) -> Shape:
    """Follow a reference, and see through ``anyOf`` with null, which is how an optional part is written."""
    if "$ref" in shape:
        return _resolved(root["$defs"][shape["$ref"].rpartition("/")[2]], root)
    real = [each for each in shape.get("anyOf", ()) if each.get("type") != "null"]
    return _resolved(real[0], root) if len(real) == 1 else shape


def _allowed(shape: Shape, root: Shape) -> str:
    """What the JSON Schema node allows, in words."""
    shape = _resolved(shape, root)
    if "enum" in shape:
        return ", ".join(map(str, shape["enum"]))
    if "const" in shape:
        return str(shape["const"])
    for kinds in ("anyOf", "oneOf"):
        if kinds in shape:
            return " or ".join(dict.fromkeys(_allowed(each, root) for each in shape[kinds]))
    match shape.get("type"):
        case "integer" if "minimum" in shape:
            return f"a whole number from {shape['minimum']} to {shape['maximum']}"
        case "boolean":
            return "true or false"
        case "integer" | "number":
            return "a number"
        case "string":
            return PATTERNS.get(shape.get("pattern", ""), "text that is not empty" if "minLength" in shape else "text")
        case "array":
            least = ", at least one" if shape.get("minItems") else ""
            return f"a list of {_allowed(shape['items'], root)}{least}"
        case "object" if "properties" in shape:
            return f"a mapping with the keys {names(shape['properties'])}"
    return "a mapping of names"


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"
