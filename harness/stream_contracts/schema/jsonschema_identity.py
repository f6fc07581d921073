"""Equal values and equal schemas: exact numbers, JSON equality, and one number for each schema, in linear time.

Mutually recursive types often spell the same union many times; whoever goes by the objects asks each of them anew.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Hashable
from fractions import Fraction
from typing import Any

_NUMBERS = itertools.count(1)
_MOST = 10_000


class Numbers:
    """The numbers given so far. Values are kept with their numbers, so that no other object gets their id."""

    def __init__(self) -> None:
        self._met: dict[int, tuple[Any, int]] = {}
        self._known: dict[Hashable, int] = {}

    def of(self, value: Any, base: str) -> int:
        """The number of a value that stands below a base URI, against which it resolves its references."""
        return self._of_form((base, self._of(value)))

    def forget(self) -> None:
        """Drop the numbers of values that came and went, once they are many; new ones are given if they come again."""
        if len(self._known) > _MOST:
            self._met.clear()
            self._known.clear()

    def _of(self, value: Any) -> int:
        if not isinstance(value, dict | list):
            return self._of_form((type(value).__name__, value))
        met = self._met.get(id(value))
        if met is None:
            parts: list[Any] = []
            if isinstance(value, dict):
                for key in sorted(value):
                    parts += (key, self._of(value[key]))
            else:
                for item in value:
                    parts.append(self._of(item))
            met = self._met[id(value)] = (value, self._of_form((type(value).__name__, *parts)))
        return met[1]

    def _of_form(self, form: Hashable) -> int:
        number = self._known.get(form)
        if number is None:
            number = self._known[form] = next(_NUMBERS)
        return number


def exact(number: float) -> Fraction:
    """The number that the digits say, not the double next to it."""
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


def spelled_key(value: Any) -> Any:
    """A value by its text: for draft-04, in which 1 is an integer and 1.0 is none."""
    return json.dumps(value, sort_keys=True)


def equal_key(value: Any) -> Any:
    """A value by JSON equality: 1 and 1.0 are one value, 1 and true are two."""
    if isinstance(value, str):
        return ("str", value)
    if isinstance(value, dict):
        return ("object", frozenset((key, equal_key(held)) for key, held in value.items()))
    if isinstance(value, list):
        return ("array", tuple(equal_key(held) for held in value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ("number", value)
    return (type(value).__name__, value)
