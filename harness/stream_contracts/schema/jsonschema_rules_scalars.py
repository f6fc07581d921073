"""Decoder rules for numbers and strings: when does a shape surely satisfy a limit?"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import Any

from stream_contracts.schema.jsonschema_identity import exact
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_shapes import Shape


def bounds(shape: Shape) -> tuple[Fraction | None, bool, Fraction | None, bool]:
    """The limits of a number shape, moved to the next multiple where only multiples are left: low, open, high, open."""
    step = max((Fraction(1), *shape.multiples) if shape.integer else shape.multiples, default=None)
    low, low_open, high, high_open = shape.low, shape.low_open, shape.high, shape.high_open
    if step is not None and low is not None:
        count = floor(low / step) + 1 if low_open else ceil(low / step)
        low, low_open = count * step, False
    if step is not None and high is not None:
        count = ceil(high / step) - 1 if high_open else floor(high / step)
        high, high_open = count * step, False
    return low, low_open, high, high_open


def barren_number(_: Any, shape: Shape) -> bool:
    """No number is left between the limits."""
    low, low_open, high, high_open = bounds(shape)
    if low is None or high is None:
        return False
    return low > high or (low == high and (low_open or high_open))


def _minimum(shape: Shape, limit: float, *, exclusive: bool) -> bool:
    low, low_open, _, _ = bounds(shape)
    return low is not None and (low > exact(limit) or (low == exact(limit) and (low_open or not exclusive)))


def _maximum(shape: Shape, limit: float, *, exclusive: bool) -> bool:
    _, _, high, high_open = bounds(shape)
    return high is not None and (high < exact(limit) or (high == exact(limit) and (high_open or not exclusive)))


def _multiple_of(_: Any, shape: Shape, divisor: float, __: dict[str, Any], ___: Located) -> bool:
    known = (Fraction(1), *shape.multiples) if shape.integer else shape.multiples
    return any(multiple % exact(divisor) == 0 for multiple in known)


Rule = Callable[[Any, Shape, Any, dict[str, Any], Located], bool]

NUMBER_RULES: dict[str, Rule] = {
    "minimum": lambda _, shape, limit, *__: _minimum(shape, limit, exclusive=False),
    "exclusiveMinimum": lambda _, shape, limit, *__: _minimum(shape, limit, exclusive=True),
    "maximum": lambda _, shape, limit, *__: _maximum(shape, limit, exclusive=False),
    "exclusiveMaximum": lambda _, shape, limit, *__: _maximum(shape, limit, exclusive=True),
    "multipleOf": _multiple_of,
}

_EVERYTHING = frozenset({"", "^", "$", ".*", "^.*", ".*$"})
"""Patterns that every string satisfies; ``^.*$`` is not among them, for a dot stops at a line end."""

STRING_RULES: dict[str, Rule] = {
    "minLength": lambda _, shape, limit, *__: shape.shortest >= limit,
    "maxLength": lambda _, shape, limit, *__: shape.longest is not None and shape.longest <= limit,
    "pattern": lambda _, shape, pattern, *__: pattern in shape.patterns or pattern in _EVERYTHING,
}
