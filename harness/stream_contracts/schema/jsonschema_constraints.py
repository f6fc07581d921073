"""What each keyword adds to a shape; nothing is added that the schema does not promise of every value."""

from __future__ import annotations

import json
from typing import Any

from stream_contracts.schema.jsonschema_identity import equal_key, exact
from stream_contracts.schema.jsonschema_located import Located, views
from stream_contracts.schema.jsonschema_shapes import Group, Row, Shape, made, smaller

_ALL = 1_000_000
"""Views to look at where leaving one out would claim too much."""


def assertion(word: str, words: dict[str, Any], here: Located) -> str | None:
    """A keyword with the siblings it depends on, as text that means the same wherever it stands; None if it refers."""
    siblings = {"contains": ("contains", "minContains", "maxContains")}.get(word, (word,))
    about = words if word.startswith("unevaluated") else {name: words[name] for name in siblings if name in words}
    text = closed_text(about)
    return None if text is None else f"{here.checker.draft.value} {word} {text}"


def asserted(shape: Shape, word: str, words: dict[str, Any], here: Located) -> bool:
    """Whether a shape is known to satisfy this very keyword, letter by letter."""
    return assertion(word, words, here) in shape.asserted


def closed_text(value: Any) -> str | None:
    """The canonical text of a schema that refers to nothing else, or None."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return None if '"$ref"' in text or '"$dynamicRef"' in text or '"$recursiveRef"' in text else text


def types_and_values(shape: Shape, words: dict[str, Any]) -> None:
    """Narrow a shape to the listed types, and to the listed values."""
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


def number_limits(shape: Shape, words: dict[str, Any]) -> None:
    """Tighten the limits of numbers, and note what they are multiples of."""
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


def string_limits(shape: Shape, words: dict[str, Any]) -> None:
    """Tighten the lengths of strings, and note their patterns."""
    shape.shortest = max(shape.shortest, words.get("minLength", 0))
    shape.longest = smaller(shape.longest, words.get("maxLength"))
    if "pattern" in words:
        shape.patterns |= {words["pattern"]}


def array_limits(shape: Shape, words: dict[str, Any], here: Located) -> None:
    """Tighten the lengths of arrays, and note what is said of their items."""
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
    for view in views(here, most=_ALL):
        words = view.words()
        beyond = words.get("items", False) is not False or "contains" in words
        if beyond or ("unevaluatedItems" in words and view is not here and view.key != here.key):
            return None
        longest = max(longest, len(words.get("prefixItems", ())))
    return longest


def object_limits(shape: Shape, words: dict[str, Any], here: Located) -> None:
    """Tighten the counts of objects, and note what is said of names and properties."""
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


def hinted_group(here: Located, words: dict[str, Any]) -> Group | None:
    """What one schema object may say of properties: unevaluatedProperties, too, wherever nothing else does."""
    if "unevaluatedProperties" not in words:
        return group_of(here, words)
    return group_of(here, {"additionalProperties": words["unevaluatedProperties"], **words})


def hinted_row(here: Located, words: dict[str, Any]) -> Row | None:
    """What one schema object may say of items: unevaluatedItems, too, wherever nothing else does."""
    if "unevaluatedItems" not in words:
        return row_of(here, words)
    return row_of(here, {"items": words["unevaluatedItems"], **words})


def _potential_group(here: Located, unevaluated: Any) -> Group | None:
    """unevaluatedProperties as a group: it speaks of every name that nothing else could evaluate."""
    anything = made(schema=True)
    named: dict[str, Located] = {}
    matched: dict[str, Located] = {}
    for view in views(here, most=_ALL):
        words = view.words()
        if words.get("additionalProperties", False) is not False:
            return None
        if "unevaluatedProperties" in words and view.key != here.key:
            return None
        named |= dict.fromkeys(words.get("properties", {}), anything)
        matched |= dict.fromkeys(words.get("patternProperties", {}), anything)
    return Group(named, matched, here.at(unevaluated))
