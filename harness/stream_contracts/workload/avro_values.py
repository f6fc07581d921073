"""Values of an Avro schema, in the shape that fastavro encodes; each choice comes from a hash of the seed."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import fastavro

from stream_contracts.schema.format import Source
from stream_contracts.workload.dice import DOUBLES, FLOATS, Dice, Undrawable

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
NAMED = ("record", "error", "enum", "fixed")
DEPTH_MAX = 4
"""How many named types deep a value goes before it ends as soon as its schema lets it."""
PARTS_MAX = 500
PARTS_CAP = 20_000
"""How many parts a value may have before it ends as soon as its schema lets it, and before it is given up."""
FIXED_CAP = 1_000_000
"""Bytes of the largest fixed that is drawn: the size of the largest record that Kafka takes by default."""
DIGITS_MAX = 1000
"""Digits of the longest decimal that is drawn, whatever precision is declared."""

DAY_MS = 86_400_000
FIRST_DAY, LAST_DAY = -719_160, 2_932_894
"""Days from 1970 to the ends of the years 1 and 9999, two days inside: a conversion to local time must not overflow."""

RANGES = {
    "int": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
    "date": (FIRST_DAY, LAST_DAY),
    "time-millis": (0, DAY_MS - 1),
    "time-micros": (0, DAY_MS * 1000 - 1),
    "timestamp-millis": (FIRST_DAY * DAY_MS, LAST_DAY * DAY_MS),
    "timestamp-micros": (FIRST_DAY * DAY_MS * 1000, LAST_DAY * DAY_MS * 1000),
}
"""Type or logical type -> the least and the greatest whole number that a Python pipeline can decode."""

MAP_KEYS = ("k", "ключ", "")


def series(source: Source, dice: Dice) -> Iterator[bytes]:
    """Draw and encode values without end. Raises `Undrawable`, and what fastavro raises for a schema that is none."""
    named: dict[str, Any] = {}
    try:
        for reference in source.references:
            fastavro.parse_schema(json.loads(reference.text or "null"), named)
        parsed: Any = fastavro.parse_schema(json.loads(source.text), named)
    except Exception as error:  # fastavro answers a malformed schema with whatever goes wrong first
        raise Undrawable(f"{type(error).__name__}: {error}") from error
    values = Values(parsed, named, dice)
    while True:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, parsed, values.next())
        yield buffer.getvalue()


class Values:
    """A series of values of one parsed Avro schema, in the shape that fastavro encodes.

    Logical types are given as what they are stored as (a date as days, a decimal as bytes), a union branch as
    ``(branch, value)``: so the encoder has nothing to guess. ``named`` maps full names to named schemas, as
    ``fastavro.parse_schema`` fills it. Each place in the schema takes its boundary values in turn, with random values
    between, and each branch of a union in turn.
    """

    def __init__(self, schema: Any, named: Mapping[str, Any], dice: Dice) -> None:
        self._schema, self._named, self._dice = schema, named, dice
        self._parts = 0
        self._heights = _heights(named)
        if _height(schema, self._heights) is None:
            raise Undrawable("it has no finite value: a record contains itself, with no null, array or map to end it")

    def next(self) -> Any:
        """Draw the next value of the series."""
        self._parts = 0
        self._dice.begin()
        return self._value(self._schema, "", 0)

    def _value(self, node: Any, path: str, depth: int) -> Any:
        self._parts += 1
        if self._parts > PARTS_CAP:
            raise Undrawable(f"its smallest values have more than {PARTS_CAP:,} parts")
        if isinstance(node, list):
            return self._branch(node, path, depth)
        if isinstance(node, str) and node in self._named:
            return self._value(self._named[node], path, depth)
        kind = node if isinstance(node, str) else node["type"]
        if kind in ("record", "error"):
            fields = ((field["name"], field["type"]) for field in node["fields"])
            return {name: self._value(within, f"{path}.{name}", depth + 1) for name, within in fields}
        if kind == "array":
            return [self._value(node["items"], f"{path}[]", depth) for _ in range(self._size(path, depth, 4))]
        if kind == "map":
            keys = MAP_KEYS[: self._size(path, depth, len(MAP_KEYS) + 1)]
            return {key: self._value(node["values"], f"{path}{{}}", depth) for key in keys}
        if isinstance(kind, dict | list) or kind in self._named:
            return self._value(kind, path, depth)
        return self._plain(kind, node if isinstance(node, dict) else {}, path)

    def _branch(self, branches: list[Any], path: str, depth: int) -> tuple[str, Any]:
        chosen = self._dice.turn(path, len(branches))
        if self._must_end(depth):
            heights = [_height(branch, self._heights) for branch in branches]
            chosen = min((height, n) for n, height in enumerate(heights) if height is not None)[1]
        branch = branches[chosen]
        return _branch_name(branch), self._value(branch, f"{path}|{chosen}", depth)

    def _plain(self, kind: str, node: Mapping[str, Any], path: str) -> Any:
        logical = str(node.get("logicalType", "")).removeprefix("local-")
        match kind:
            case "null":
                return None
            case "boolean":
                return bool(self._dice.turn(path, 2))
            case "enum":
                return node["symbols"][self._dice.turn(path, len(node["symbols"]))]
            case "int" | "long":
                return self._dice.whole(path, *RANGES[_range_of(kind, logical)])
            case "float" | "double":
                return self._dice.real(path, FLOATS if kind == "float" else DOUBLES)
            case "string":
                return self._text(path, logical)
        return self._bytes(kind, node, path, logical)

    def _text(self, path: str, logical: str) -> str:
        if logical != "uuid":
            return self._dice.text(path)
        self._dice.on_edge(path)  # a visit
        return str(uuid.UUID(int=self._dice.roll(2**128, path), version=4))

    def _bytes(self, kind: str, node: Mapping[str, Any], path: str, logical: str) -> bytes:
        """Bytes or a fixed; a decimal is its unscaled value, two's complement, big-endian (Avro, Logical Types)."""
        size: int | None = node["size"] if kind == "fixed" else None
        if size is not None and not 0 <= size <= FIXED_CAP:
            raise Undrawable(f"its values have {size:,} bytes; allowed: 0 to {FIXED_CAP:,}")
        if logical == "decimal" and isinstance(node.get("precision"), int) and node["precision"] > 0:
            most = 10 ** min(node["precision"], DIGITS_MAX) - 1
            unscaled: int = self._dice.whole(path, -most, most)
            width = unscaled.bit_length() // 8 + 1 if size is None else size
            return unscaled.to_bytes(width, "big", signed=True)
        if size is None:
            return self._dice.data(path)
        if self._dice.on_edge(path):
            return self._dice.edge(path, (b"\x00" * size, b"\xff" * size))
        return self._dice.roll(256**size, path).to_bytes(size, "big")

    def _size(self, path: str, depth: int, bound: int) -> int:
        return 0 if self._must_end(depth) else self._dice.turn(path, bound)

    def _must_end(self, depth: int) -> bool:
        return depth > DEPTH_MAX or self._parts > PARTS_MAX


def _heights(named: Mapping[str, Any]) -> dict[str, int]:
    """How many records deep the shallowest value of each named type is; a type with no finite value is left out."""
    found: dict[str, int] = {}
    while True:
        # Pass n finds every type of height n, as in Bellman-Ford; a pass without news is the last one.
        news = {name: height for name, node in named.items() if (height := _record_height(node, found)) is not None}
        if news == found:
            return found
        found = news


def _record_height(node: Mapping[str, Any], known: Mapping[str, int]) -> int | None:
    heights = [_height(field["type"], known) for field in node.get("fields", ())]
    return None if None in heights else 1 + max((height for height in heights if height is not None), default=0)


def _height(node: Any, known: Mapping[str, int]) -> int | None:
    if isinstance(node, list):
        return min((height for each in node if (height := _height(each, known)) is not None), default=None)
    if isinstance(node, str):
        return 0 if node in PRIMITIVES else known.get(node)
    if node["type"] in NAMED:
        return known.get(node["name"])
    return 0 if node["type"] in ("array", "map") else _height(node["type"], known)


def _range_of(kind: str, logical: str) -> str:
    """The logical type decides where it fits its type; otherwise the Avro specification says to ignore it."""
    fits = {"int": ("date", "time-millis"), "long": ("time-micros", "timestamp-millis", "timestamp-micros")}
    return logical if logical in fits[kind] else kind


def _branch_name(branch: Any) -> str:
    if isinstance(branch, str):
        return branch
    return str(branch["name"] if branch["type"] in NAMED else branch["type"])
