"""A JSON Schema as a union of shapes: per JSON type, everything that is known of a value, without choices left.

``expand`` follows references, multiplies out ``anyOf``, ``oneOf`` and ``if``, and collects what holds. A reference met
again for the same value adds nothing. What cannot be expressed is left out, so a shape may admit more than the schema
does, never less: rules that prove something of every value of a shape prove it of every value of the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from stream_contracts.schema.jsonschema_constraints import (
    array_limits,
    assertion,
    number_limits,
    object_limits,
    string_limits,
    types_and_values,
)
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_shapes import TYPES, Shape, number, type_of
from stream_contracts.schema.jsonschema_validation import Undecided

MOST_SHAPES = 256


_SMALL_RANGE = 64


class TooWide(Exception):  # noqa: N818 - a limit, not an error
    """A schema has more combinations of branches than we look at."""


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
        text = assertion(word, words, here) if word in words else None
        if text is not None:
            shape.asserted |= {text}
    types_and_values(shape, words)
    number_limits(shape, words)
    string_limits(shape, words)
    array_limits(shape, words, here)
    object_limits(shape, words, here)


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
