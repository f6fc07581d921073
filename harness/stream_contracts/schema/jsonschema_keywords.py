"""One JSON Schema object, its keywords taken with their types checked and ticked off as they are taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from stream_contracts.errors import SchemaError
from stream_contracts.schema.jsonschema_nodes import ABSENT, Number
from stream_contracts.schema.jsonschema_regex import complaint
from stream_contracts.schema.jsonschema_text import BrokenPattern, json_type, step

TYPES = ("string", "number", "integer", "boolean", "null", "array", "object")


class Keywords:
    """The keywords of one schema object; each method takes one, or gives None where it is not written.

    A keyword of the wrong type raises SchemaError with schema, pointer and what was there instead.
    """

    def __init__(self, schema: Mapping[str, Any], called: str, at: str) -> None:
        self.schema, self.called, self.at = schema, called, at
        self.taken: set[str] = set()

    def wrong(self, name: str, expected: str) -> SchemaError:
        """The error for a keyword that is not what it must be."""
        found = json_type(self.schema.get(name))
        return SchemaError(self.called, f"{name} must be {expected}, this is {found}", pointer=step(self.at, name))

    def has(self, *names: str) -> bool:
        """Whether one of these is written and not yet taken."""
        schema = self.schema
        if schema.keys().isdisjoint(names):
            return False
        return any(name in schema and name not in self.taken for name in names)

    def take(self, name: str) -> Any:
        """The value as written, or ABSENT."""
        if name in self.taken or name not in self.schema:
            return ABSENT
        self.taken.add(name)
        return self.schema[name]

    def integer(self, name: str) -> int | None:
        """A whole number; 2.0 is one too."""
        value = self.take(name)
        if value is ABSENT:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, Decimal) and value == value.to_integral_value():
            return int(value)
        raise self.wrong(name, "an integer")

    def number(self, name: str) -> Number | None:
        """A number, as exact as it was written."""
        value = self.take(name)
        if value is ABSENT:
            return None
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return value
        raise self.wrong(name, "a number")

    def flag(self, name: str) -> bool | None:
        """A boolean."""
        return self._typed(name, bool, "a boolean")  # type: ignore[no-any-return]

    def string(self, name: str) -> str | None:
        """A string."""
        return self._typed(name, str, "a string")  # type: ignore[no-any-return]

    def pattern(self, name: str) -> str | None:
        """A regular expression; the registry's own libraries compile it when they load the schema."""
        value = self.string(name)
        if value is not None:
            self._runs(value, step(self.at, name))
        return value

    def by_pattern(self, name: str) -> dict[str, Any] | None:
        """An object, by regular expression."""
        held = self.table(name)
        for pattern in held or ():
            self._runs(pattern, step(step(self.at, name), pattern))
        return held

    def _runs(self, pattern: str, at: str) -> None:
        wrong = complaint(pattern)
        if wrong:
            raise BrokenPattern(self.called, f"the pattern {pattern!r} is no regular expression: {wrong}", pointer=at)

    def strings(self, name: str) -> tuple[str, ...] | None:
        """An array of strings."""
        values = self.array(name)
        if values is not None and not all(isinstance(value, str) for value in values):
            raise self.wrong(name, "an array of strings")
        return None if values is None else tuple(values)

    def array(self, name: str) -> list[Any] | None:
        """An array of anything."""
        return self._typed(name, list, "an array")  # type: ignore[no-any-return]

    def table(self, name: str) -> dict[str, Any] | None:
        """An object, by key."""
        return self._typed(name, dict, "an object")  # type: ignore[no-any-return]

    def types(self) -> str | tuple[str, ...] | None:
        """The ``type`` keyword: one known name, or a list of them."""
        value = self.take("type")
        if value is ABSENT:
            return None
        named = value if isinstance(value, list) else [value]
        for name in named:
            if name not in TYPES:
                where = step(self.at, "type")
                said = repr(name) if isinstance(name, str) else json_type(name)
                raise SchemaError(self.called, f"unknown type {said} (known: {', '.join(TYPES)})", pointer=where)
        return tuple(value) if isinstance(value, list) else str(value)

    def rest(self) -> Iterator[tuple[str, Any]]:
        """What nobody took."""
        return ((name, value) for name, value in self.schema.items() if name not in self.taken)

    def _typed(self, name: str, kind: type, expected: str) -> Any:
        value = self.take(name)
        if value is ABSENT:
            return None
        if not isinstance(value, kind):
            raise self.wrong(name, expected)
        return value
