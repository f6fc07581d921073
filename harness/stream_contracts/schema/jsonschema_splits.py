"""Ways to divide a shape into cases, taken from the branches that no single one of which fits the whole of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stream_contracts.schema.jsonschema_expansion import TooWide, expand
from stream_contracts.schema.jsonschema_located import Located, views
from stream_contracts.schema.jsonschema_shapes import Shape, made

_MOST_VALUES = 16


def splits(shape: Shape, branches: list[Located]) -> Iterator[list[Located]]:
    """Lists of cases; together the cases of one list cover every value of the shape's type."""
    said = [view.words() for branch in branches for view in views(branch)]
    if shape.type == "object":
        yield from _by_property(shape, said)
        yield from _at_limits(said, (("minProperties", -1), ("maxProperties", 0)), "maxProperties", "minProperties")
    elif shape.type == "array":
        yield from _at_limits(said, (("minItems", -1), ("maxItems", 0)), "maxItems", "minItems")
    elif shape.type == "string":
        yield from _at_limits(said, (("minLength", -1), ("maxLength", 0)), "maxLength", "minLength")
    else:
        yield from _numbers(said)


def _by_property(shape: Shape, said: list[dict[str, Any]]) -> Iterator[list[Located]]:
    """By the value of a property with few values, which is how a union is told apart; then by its presence."""
    names = dict.fromkeys(name for words in said for word in ("properties", "required") for name in words.get(word, ()))
    for name in names:
        values = _values(shape.of(name))
        if values is None:
            continue
        cases = [made({"properties": {name: {"const": value}}, "required": [name]}) for value in values]
        yield cases if name in shape.required else [*cases, made({"properties": {name: False}})]
    for name in names:
        if name not in shape.required:
            yield [made({"required": [name]}), made({"properties": {name: False}})]


def _values(conjunction: tuple[Located, ...]) -> list[Any] | None:
    try:
        shapes = expand(conjunction, most=_MOST_VALUES)
    except TooWide:
        return None
    if not conjunction or any(shape.values is None for shape in shapes):
        return None
    values = [value for shape in shapes for value in shape.values or ()]
    return values if len(values) <= _MOST_VALUES else None


def _at_limits(
    said: list[dict[str, Any]], limits: tuple[tuple[str, int], ...], upper: str, lower: str
) -> Iterator[list[Located]]:
    for cut in sorted({words[word] + shift for words in said for word, shift in limits if word in words}):
        yield [made({upper: cut}), made({lower: cut + 1})]


def _numbers(said: list[dict[str, Any]]) -> Iterator[list[Located]]:
    yield [made({"type": "integer"}), made({"not": {"type": "integer"}})]
    for word in ("minimum", "exclusiveMaximum"):
        for cut in sorted({words[word] for words in said if word in words}):
            yield [made({"exclusiveMaximum": cut}), made({"minimum": cut})]
    for word in ("maximum", "exclusiveMinimum"):
        for cut in sorted({words[word] for words in said if word in words}):
            yield [made({"maximum": cut}), made({"exclusiveMinimum": cut})]
