"""Schemas in everyday words: whether every draft's meta-schema surely takes one, told without asking it.

The meta-schema costs milliseconds per schema, and a repository holds thousands. What this module does not know is not
called wrong: it is left to the meta-schema.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

_TYPES: Final = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})
_DEEPEST: Final = 50


def plainly_sound(schema: Any, depth: int = 0) -> bool:
    """Whether a schema is surely well-formed by draft-04 to 2020-12 alike; False says nothing."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return False
    for word, value in schema.items():
        check = _WORDS.get(word)
        if check is None or not check(value, depth + 1):
            return False
    return True


def _text(value: Any, _: int) -> bool:
    return isinstance(value, str)


def _any(_value: Any, _: int) -> bool:
    return True


def _flag(value: Any, _: int) -> bool:
    return isinstance(value, bool)


def _number(value: Any, _: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any, _: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _names(value: Any, _: int) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value) and 0 < len(value) == len({*value})


def _types(value: Any, depth: int) -> bool:
    return value in _TYPES if isinstance(value, str) else _names(value, depth) and _TYPES.issuperset(value)


def _some(value: Any, _: int) -> bool:
    return isinstance(value, list) and bool(value)


def _schemas(value: Any, depth: int) -> bool:
    return isinstance(value, list) and bool(value) and all(plainly_sound(each, depth) for each in value)


def _named(value: Any, depth: int) -> bool:
    return isinstance(value, dict) and all(plainly_sound(each, depth) for each in value.values())


def _rest(value: Any, depth: int) -> bool:
    return isinstance(value, bool) or plainly_sound(value, depth)


_WORDS: Final[dict[str, Callable[[Any, int], bool]]] = {
    "$schema": _text,
    "$ref": _text,
    "$defs": _named,
    "title": _text,
    "description": _text,
    "default": _any,
    "type": _types,
    "enum": _some,
    "const": _any,
    "properties": _named,
    "definitions": _named,
    "additionalProperties": _rest,
    "required": _names,
    "items": plainly_sound,
    "anyOf": _schemas,
    "allOf": _schemas,
    "oneOf": _schemas,
    "minimum": _number,
    "maximum": _number,
    "minLength": _count,
    "maxLength": _count,
    "minItems": _count,
    "maxItems": _count,
    "minProperties": _count,
    "maxProperties": _count,
    "uniqueItems": _flag,
    "format": _text,
}
"""Words whose values have to be the same in every draft that knows them, each with what that is."""
