"""Wild instances: drawn along the words of both schemas at once, without rules and without regard for what is settled.

Every draw takes one branch of each union at random, heeds most of what it meets and now and then none of it. It is
cheap, so it can be done often; it knows no shapes and no proofs, so that it finds what those overlook. The dice are
always the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from stream_contracts.schema.jsonschema_constraints import hinted_group, hinted_row
from stream_contracts.schema.jsonschema_identity import exact
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_mutants import changed_once, spoken_names, spoken_values
from stream_contracts.schema.jsonschema_samples import samples
from stream_contracts.schema.jsonschema_shapes import TYPES, number, said_of

_DEEPEST = 5
_MOST_PARTS = 40
_LONGEST_ARRAY = 12
_LONGEST_TEXT = 200
_EXACT_FLOATS = 2**53
_STEPS = tuple(map(Fraction, ("0", "0", "1", "-1", "0.5", "0.25", "0.001")))
_Thing = TypeVar("_Thing")
_Said = list[tuple[Located, dict[str, Any]]]
_TELL: dict[str, tuple[str, ...]] = {
    "object": (
        "properties",
        "required",
        "patternProperties",
        "additionalProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
    ),
    "array": ("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems", "unevaluatedItems"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength", "pattern"),
}
"""Keywords that speak of one type only."""


class Dice:
    """The same throws each time (a linear congruential generator; the judging half has no other chance)."""

    def __init__(self, state: int = 1) -> None:
        self.state = state

    def below(self, sides: int) -> int:
        """A number from 0 up to, not including, ``sides``."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % sides

    def one(self, things: Sequence[_Thing]) -> _Thing:
        """One of several."""
        return things[self.below(len(things))]

    def often(self, percent: int) -> bool:
        """Yes, so many times in a hundred."""
        return self.below(100) < percent


def wild(written: Located, read: Located, kept: list[Any], count: int) -> Iterator[Any]:
    """So many instances; ``kept`` are valid ones, some of which are changed in one place, and may grow meanwhile."""
    draws = _Draws(written, read)
    for _ in range(count):
        turn = draws.dice.below(100)
        if kept and turn < 40:
            yield draws.changed(draws.dice.one(kept))
        elif turn < 75:
            yield draws.value((written,), 0)
        else:
            yield draws.value((written, read) if turn < 90 else (read,), 0)


class _Draws:
    def __init__(self, written: Located, read: Located) -> None:
        self.dice = Dice()
        self.values = spoken_values(written, read)
        self.names = spoken_names(written, read)
        self.texts: list[str] = [*self.names, *(value for value in self.values if isinstance(value, str))]

    def changed(self, value: Any) -> Any:
        """A value with one part of it replaced, removed or added."""
        return changed_once(value, self.dice.below, self.names, self.values)

    def value(self, parts: tuple[Located, ...], depth: int) -> Any:
        """A value that may well satisfy all of these."""
        if depth > _DEEPEST or not parts or self.dice.often(6):
            return self.dice.one(self.values)
        said = self.said(parts)
        listed = [value for _, words in said for value in (*words.get("enum", ()), *_const(words))]
        if listed and self.dice.often(90):
            return self.dice.one(listed)
        match self.type(said):
            case "null":
                return None
            case "boolean":
                return self.dice.often(50)
            case "number":
                return self.number(said)
            case "string":
                return self.text(said)
            case "array":
                return self.array(said, depth)
        return self.object(said, depth)

    def said(self, parts: tuple[Located, ...]) -> _Said:
        """What all of these say of the value, one branch of each union taken."""
        pending: list[Located] = list(parts)
        said: _Said = []
        while pending and len(said) < _MOST_PARTS:
            here = pending.pop()
            if isinstance(here.schema, bool):
                continue
            words = here.words()
            said.append((here, words))
            if "$ref" in words:
                pending.append(here.target())
            pending += [here.at(branch) for branch in words.get("allOf", ())]
            for word in ("anyOf", "oneOf"):
                if words.get(word):
                    pending.append(here.at(self.dice.one(words[word])))
            if "if" in words:
                arms = ("if", "then") if self.dice.often(50) else ("else",)
                pending += [here.at(words[arm]) for arm in arms if arm in words]
            if self.dice.often(50):
                pending += [here.at(schema) for schema in words.get("dependentSchemas", {}).values()]
        return said

    def type(self, said: _Said) -> str:
        """A type that all of them allow; where none is named, one that they speak of, or any."""
        types = set(TYPES)
        for _, words in said:
            if "type" in words:
                named = [words["type"]] if isinstance(words["type"], str) else words["type"]
                types &= {"number" if name == "integer" else name for name in named}
        spoken = {name for name, told in _TELL.items() if any(word in words for _, words in said for word in told)}
        narrowed = types & spoken if len(types) == len(TYPES) and self.dice.often(75) else types
        return self.dice.one(sorted(narrowed or types or TYPES))

    def number(self, said: _Said) -> Any:
        """A number at or around a limit, or a multiple of a divisor, or any that is spoken of."""
        near: list[Fraction] = [Fraction(self.dice.below(13) - 3)]
        for _, words in said:
            near += [exact(words[word]) for word in _TELL["number"][:4] if word in words]
        divisors = [exact(words["multipleOf"]) for _, words in said if "multipleOf" in words]
        start = self.dice.one(near) + self.dice.one(_STEPS)
        if divisors and self.dice.often(75):
            divisor = self.dice.one(divisors)
            start = start // divisor * divisor + divisor * self.dice.below(3)
        broken = all("integer" not in _types(words) or "number" in _types(words) for _, words in said)
        value = number(start if broken or self.dice.often(10) else Fraction(start // 1))
        return float(value) if self.dice.often(8) and abs(value) < _EXACT_FLOATS else value

    def text(self, said: _Said) -> str:
        """A text that a pattern finds, of a length around a limit, or any that is spoken of."""
        patterns: list[str] = [words["pattern"] for _, words in said if "pattern" in words]
        found = samples(self.dice.one(patterns)) if patterns and self.dice.often(75) else ()
        if found:
            return self.dice.one(found)
        limits: list[int] = [words[word] for _, words in said for word in ("minLength", "maxLength") if word in words]
        if limits and self.dice.often(60):
            length = min(max(self.dice.one(limits) + self.dice.below(3) - 1, 0), _LONGEST_TEXT)
            letter: str = self.dice.one(("a", "0", "é", "😀"))
            return letter * length
        return self.dice.one(self.texts)

    def array(self, said: _Said, depth: int) -> list[Any]:
        """Items for each position, some of them what ``contains`` looks for; sometimes one of them twice."""
        rows = [row for here, words in said if (row := hinted_row(here, words)) is not None]
        limits = [len(row.prefix) + more for row in rows for more in (0, 1)]
        words_of_size = ("minItems", "maxItems", "minContains", "maxContains")
        limits += [
            words[word] + more for _, words in said for word in words_of_size if word in words for more in (0, 1)
        ]
        length = self.dice.one(limits) if limits and self.dice.often(70) else self.dice.below(5)
        sought = [here.at(words["contains"]) for here, words in said if "contains" in words]
        items: list[Any] = []
        for index in range(min(length, _LONGEST_ARRAY)):
            at = [row.prefix[index] if index < len(row.prefix) else row.rest for row in rows]
            parts = [located for located in at if located is not None and located.schema is not False]
            if sought and self.dice.often(40):
                parts.append(self.dice.one(sought))
            twice = bool(items) and self.dice.often(15)
            items.append(self.dice.one(items) if twice else self.value(tuple(parts), depth + 1))
        return items

    def object(self, said: _Said, depth: int) -> dict[str, Any]:
        """The required names, some of those that are spoken of, now and then one that is not."""
        groups = [group for here, words in said if (group := hinted_group(here, words)) is not None]
        names = {name: None for _, words in said for name in words.get("required", ()) if self.dice.often(97)}
        share = self.dice.one((10, 50, 90))
        for group in groups:
            names |= dict.fromkeys(name for name in group.properties if self.dice.often(share))
            for pattern in group.patterns:
                found = samples(pattern, 8)
                if found and self.dice.often(60):
                    names[self.dice.one(found)] = None
        for _, words in said:
            spoken = (*words.get("dependentRequired", {}), *words.get("dependentSchemas", {}))
            names |= dict.fromkeys(name for name in spoken if self.dice.often(50))
        if self.dice.often(30):
            names[self.dice.one(self.names)] = None
        whole: dict[str, Any] = {}
        for name in names:
            parts = [located for group in groups for located in said_of(group, name)]
            if all(located.schema is not False for located in parts) or self.dice.often(10):
                whole[name] = self.value(tuple(located for located in parts if located.schema is not False), depth + 1)
        return whole


def _const(words: dict[str, Any]) -> tuple[Any, ...]:
    return (words["const"],) if "const" in words else ()


def _types(words: dict[str, Any]) -> Sequence[str]:
    named = words.get("type", ())
    return (named,) if isinstance(named, str) else named
