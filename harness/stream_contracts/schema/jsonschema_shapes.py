"""A JSON Schema as a union of shapes: per JSON type, everything that is known of a value, without choices left.

``expand`` follows references, multiplies out ``anyOf``, ``oneOf`` and ``if``, and collects what holds. A reference met
again for the same value adds nothing. What cannot be expressed is left out, so a shape may admit more than the schema
does, never less: rules that prove something of every value of a shape prove it of every value of the schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from stream_contracts.schema.format import Source
from stream_contracts.schema.jsonschema_located import Located, views
from stream_contracts.schema.jsonschema_regex import PatternUnsupported, found_in
from stream_contracts.schema.jsonschema_text import Documents
from stream_contracts.schema.jsonschema_validation import Checker, Undecided, exact

TYPES = ("null", "boolean", "number", "string", "array", "object")
MOST_SHAPES = 256
_SMALL_RANGE = 64


class TooWide(Exception):  # noqa: N818 - a limit, not an error
    """A schema has more combinations of branches than we look at."""


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
    return Located(schema, _own().documents.resolver, _own())


@lru_cache(maxsize=1)
def _own() -> Checker:
    return Checker(Documents.of(Source('{"$schema": "https://json-schema.org/draft/2020-12/schema"}')))


def written(value: Any) -> str:
    """JSON as canonical text; equal texts of schemas without references mean equal schemas."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def closed_text(value: Any) -> str | None:
    """The canonical text of a schema that refers to nothing else, or None."""
    text = written(value)
    return None if '"$ref"' in text or '"$dynamicRef"' in text or '"$recursiveRef"' in text else text


def expand(
    conjunction: Sequence[Located], start: Shape | None = None, *, most: int = MOST_SHAPES, partial: bool = False
) -> list[Shape]:
    """The shapes of all values that satisfy every one of these schemas (and belong to ``start``).

    More than ``most`` of them raise TooWide, or are left out where ``partial`` ones do.
    """
    first = start or Shape()
    first = replace(first, held=(*first.held, *conjunction), barren=None)
    finished: list[Shape] = []
    stack: list[tuple[Shape, list[Located], list[_Choice]]] = [(first, list(conjunction), [])]
    while stack:
        shape, pending, choices = stack.pop()
        while pending and not shape.dead:
            _take(shape, pending, choices)
        if shape.dead or not shape.types:
            continue
        if not choices:
            finished += _finish(shape)
        else:
            for chosen, denied in reversed(choices[0]):
                held = (*shape.held, *chosen)
                branch = replace(shape, denied=(*shape.denied, *denied), held=held)
                stack.append((branch, list(chosen), choices[1:]))
        if len(finished) + len(stack) > most:
            if partial:
                return finished or [shape for one, _, _ in stack[-1:] for shape in _finish(one)]
            raise TooWide
    return finished


_Choice = list[tuple[tuple[Located, ...], tuple[Located, ...]]]
"""Alternatives: for each the schemas that hold, and the schemas that do not."""


def _take(shape: Shape, pending: list[Located], choices: list[_Choice]) -> None:
    """Add what one schema says; put off what it refers to, and its choices."""
    here = pending.pop()
    if here.key in shape.seen and not isinstance(here.schema, bool):
        return
    shape.seen |= {here.key}
    if here.schema is False:
        shape.dead = True
        return
    words = here.words()
    if "$ref" in words:
        pending.append(here.target())
    pending += [here.at(branch) for branch in words.get("allOf", ())]
    if "anyOf" in words:
        choices.append([((here.at(branch),), ()) for branch in words["anyOf"]])
    if "oneOf" in words:
        branches = [here.at(branch) for branch in words["oneOf"]]
        choices.append([((one,), tuple(other for other in branches if other is not one)) for one in branches])
    if "if" in words and ("then" in words or "else" in words):
        condition = here.at(words["if"])
        choices.append(
            [
                ((condition, here.at(words.get("then", True))), ()),
                ((here.at(words.get("else", True)),), (condition,)),
            ]
        )
    if "not" in words:
        shape.denied += (here.at(words["not"]),)
    for word in ("anyOf", "oneOf", "not", "contains", "propertyNames", "unevaluatedProperties", "unevaluatedItems"):
        if word in words:
            shape.asserted |= {assertion(word, words)}
    _types_and_values(shape, words)
    _numbers(shape, words)
    _strings(shape, words)
    _arrays(shape, words, here)
    _objects(shape, words, here)


def assertion(word: str, words: dict[str, Any]) -> str:
    """A keyword with the siblings it depends on, as text; never equal to another's where it refers elsewhere."""
    siblings = {"contains": ("contains", "minContains", "maxContains"), "if": ("if", "then", "else")}.get(word, (word,))
    about = words if word.startswith("unevaluated") else {name: words[name] for name in siblings if name in words}
    return f"{word} {closed_text(about) or id(words)}"


def _types_and_values(shape: Shape, words: dict[str, Any]) -> None:
    types = words.get("type")
    if types is not None:
        listed = [types] if isinstance(types, str) else list(types)
        shape.integer = shape.integer or ("integer" in listed and "number" not in listed)
        shape.types &= {"number" if name == "integer" else name for name in listed}
    for allowed in (words.get("enum"), [words["const"]] if "const" in words else None):
        if allowed is not None:
            keys = {equal_key(value) for value in allowed}
            kept = allowed if shape.values is None else [v for v in shape.values if equal_key(v) in keys]
            shape.values = list(kept)


def _numbers(shape: Shape, words: dict[str, Any]) -> None:
    for word, exclusive in (("minimum", False), ("exclusiveMinimum", True)):
        if word in words:
            limit = exact(words[word])
            if shape.low is None or (limit, exclusive) > (shape.low, shape.low_open):
                shape.low, shape.low_open = limit, exclusive
    for word, exclusive in (("maximum", False), ("exclusiveMaximum", True)):
        if word in words:
            limit = exact(words[word])
            if shape.high is None or (-limit, exclusive) > (-shape.high, shape.high_open):
                shape.high, shape.high_open = limit, exclusive
    if "multipleOf" in words:
        shape.multiples += (exact(words["multipleOf"]),)


def _strings(shape: Shape, words: dict[str, Any]) -> None:
    shape.shortest = max(shape.shortest, words.get("minLength", 0))
    shape.longest = smaller(shape.longest, words.get("maxLength"))
    if "pattern" in words:
        shape.patterns |= {words["pattern"]}


def _arrays(shape: Shape, words: dict[str, Any], here: Located) -> None:
    shape.least = max(shape.least, words.get("minItems", 0))
    shape.most = smaller(shape.most, words.get("maxItems"))
    shape.unique = shape.unique or words.get("uniqueItems", False)
    row = row_of(here, words)
    if row is not None:
        shape.rows += (row,)
        shape.most = smaller(shape.most, _row_limit(row))
    if "contains" in words:
        least = words.get("minContains", 1)
        shape.contains += ((here.at(words["contains"]), least, words.get("maxContains")),)
        shape.least = max(shape.least, least)
    if "unevaluatedItems" in words:
        potential = _potential_row(here)
        if potential is not None:
            row = Row((made(schema=True),) * potential, here.at(words["unevaluatedItems"]))
            shape.rows += (row,)
            shape.most = smaller(shape.most, _row_limit(row))


def _row_limit(row: Row) -> int | None:
    for index, located in enumerate(row.prefix):
        if located.schema is False:
            return index
    return len(row.prefix) if row.rest is not None and row.rest.schema is False else None


def _potential_row(here: Located) -> int | None:
    """How many positions could be evaluated by anything beside unevaluatedItems; None: all of them."""
    longest = 0
    for view in views(here):
        words = view.words()
        beyond = words.get("items", False) is not False or "contains" in words
        if beyond or ("unevaluatedItems" in words and view is not here and view.key != here.key):
            return None
        longest = max(longest, len(words.get("prefixItems", ())))
    return longest


def _objects(shape: Shape, words: dict[str, Any], here: Located) -> None:
    shape.required |= frozenset(words.get("required", ()))
    shape.fewest = max(shape.fewest, words.get("minProperties", 0))
    shape.greatest = smaller(shape.greatest, words.get("maxProperties"))
    group = group_of(here, words)
    if group is not None:
        shape.groups += (group,)
    if "propertyNames" in words:
        shape.names += (here.at(words["propertyNames"]),)
    shape.needs += tuple((key, frozenset(names)) for key, names in words.get("dependentRequired", {}).items())
    shape.implied += tuple((key, here.at(schema)) for key, schema in words.get("dependentSchemas", {}).items())
    if "unevaluatedProperties" in words:
        potential = _potential_group(here, words["unevaluatedProperties"])
        if potential is not None:
            shape.groups += (potential,)


def group_of(here: Located, words: dict[str, Any]) -> Group | None:
    """What one schema object says of properties, if anything."""
    if not any(word in words for word in ("properties", "patternProperties", "additionalProperties")):
        return None
    named = {name: here.at(schema) for name, schema in words.get("properties", {}).items()}
    matched = {pattern: here.at(schema) for pattern, schema in words.get("patternProperties", {}).items()}
    rest = words.get("additionalProperties", True)
    return Group(named, matched, None if rest is True else here.at(rest))


def row_of(_here: Located, words: dict[str, Any]) -> Row | None:
    """What one schema object says of items, if anything."""
    if "prefixItems" not in words and "items" not in words:
        return None
    rest = words.get("items", True)
    prefix = tuple(_here.at(schema) for schema in words.get("prefixItems", ()))
    return Row(prefix, None if rest is True else _here.at(rest))


def _potential_group(here: Located, unevaluated: Any) -> Group | None:
    """unevaluatedProperties as a group: it speaks of every name that nothing else could evaluate."""
    anything = made(schema=True)
    named: dict[str, Located] = {}
    matched: dict[str, Located] = {}
    for view in views(here):
        words = view.words()
        if words.get("additionalProperties", False) is not False:
            return None
        if "unevaluatedProperties" in words and view.key != here.key:
            return None
        named |= dict.fromkeys(words.get("properties", {}), anything)
        matched |= dict.fromkeys(words.get("patternProperties", {}), anything)
    return Group(named, matched, here.at(unevaluated))


def smaller(one: int | None, other: int | None) -> int | None:
    """The smaller of two limits, where None is no limit."""
    return other if one is None else one if other is None else min(one, other)


def equal_key(value: Any) -> Any:
    """A value by JSON equality: 1 and 1.0 are one value, 1 and true are two."""
    if isinstance(value, dict):
        return ("object", frozenset((key, equal_key(held)) for key, held in value.items()))
    if isinstance(value, list):
        return ("array", tuple(equal_key(held) for held in value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ("number", exact(value))
    return (type(value).__name__, value)


def type_of(value: Any) -> str:
    """The JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", type(None): "null"}
    return names.get(type(value), "number")


def _finish(shape: Shape) -> Iterator[Shape]:
    """One shape per type that is left; finite ones hold their values, checked against everything that holds."""
    for name in TYPES:
        if name not in shape.types:
            continue
        one = replace(shape, types=frozenset({name}))
        values = one.values if one.values is not None else _few(one, name)
        if values is None:
            yield one
            continue
        one.values = [value for value in values if type_of(value) == name and all(_may(h, value) for h in one.held)]
        if one.values:
            yield one


def _may(located: Located, value: Any) -> bool:
    try:
        return located.accepts(value)
    except Undecided:
        return True


def _few(shape: Shape, name: str) -> list[Any] | None:
    """All values, where only a few are left by the limits alone."""
    if name == "null":
        return [None]
    if name == "boolean":
        return [False, True]
    if name == "string" and shape.longest == 0:
        return [""]
    if name == "array" and shape.most == 0:
        return [[]]
    if name == "object" and shape.greatest == 0:
        return [{}]
    if name == "number" and shape.low is not None and shape.high is not None:
        if shape.low == shape.high:
            return [number(shape.low)]
        whole = shape.integer or any(multiple.denominator == 1 for multiple in shape.multiples)
        if whole and shape.high - shape.low <= _SMALL_RANGE:
            first, last = (
                -(-shape.low.numerator // shape.low.denominator),
                shape.high.numerator // shape.high.denominator,
            )
            return list(range(first, last + 1))
    return None


def number(value: Fraction) -> int | float:
    """A fraction as JSON writes it."""
    return value.numerator if value.denominator == 1 else float(value)
