"""Values of an Avro schema, drawn from a hash: the same seed gives the same values everywhere and always.

Why not Hypothesis: what it draws for a seed changes with its version, and it mixes in constants that it finds in the
modules that happen to be imported (``hypothesis.internal.constants_ast``). A plan is replayed by another person on
another machine, so each choice here is the SHAKE-256 hash of the seed, the place in the schema and a count.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from hashlib import shake_256
from typing import Any, TypeVar

T = TypeVar("T")

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
FIRST_VISITS = 24
"""How often a place is visited before boundary values become rare."""

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

STRINGS = ("", "a", 'say "no"\n\\', "Łódź", "日本語", "🙂 e\u0301")
BYTES = (b"", b"\x00", b"\xff\xfe", b"\x00" * 32)
FLOATS = (0.0, 1.5, -1.5, 3.4028234663852886e38, 1.401298464324817e-45)
DOUBLES = (0.0, 0.1, -1.5, 1.7976931348623157e308, 5e-324)
"""Boundary values, all of which appear in twelve draws; no NaN or infinity, since JSON has neither."""

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_.äßñçğžλЖ中🙂"
MAP_KEYS = ("k", "ключ", "")


def below(bound: int, *where: object) -> int:
    """A whole number from 0 to ``bound - 1`` that depends on ``where`` and on nothing else."""
    width = bound.bit_length() // 8 + 9
    text = "\x1f".join(map(str, where))
    return int.from_bytes(shake_256(text.encode()).digest(width), "big") % bound


class Undrawable(Exception):  # noqa: N818 - it names the schema, which is what the reader asks
    """The schema has no value of a sensible size, such as a record that contains itself with no way to stop."""


class Values:
    """A series of values of one parsed Avro schema, in the shape that fastavro encodes.

    Logical types are given as what they are stored as (a date as days, a decimal as bytes), a union branch as
    ``(branch, value)``: so the encoder has nothing to guess. ``named`` maps full names to named schemas, as
    ``fastavro.parse_schema`` fills it. Each place in the schema takes its boundary values in turn, with random values
    between, and each branch of a union in turn.
    """

    def __init__(self, schema: Any, named: Mapping[str, Any], *where: object) -> None:
        self._schema, self._named, self._where = schema, named, where
        self._visits: Counter[str] = Counter()
        self._parts = 0
        self._heights = _heights(named)
        if _height(schema, self._heights) is None:
            raise Undrawable("it has no finite value: a record contains itself, with no null, array or map to end it")

    def next(self) -> Any:
        """Draw the next value of the series."""
        self._parts = 0
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
        chosen = self._turn(path, len(branches))
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
                return bool(self._turn(path, 2))
            case "enum":
                return node["symbols"][self._turn(path, len(node["symbols"]))]
            case "int" | "long":
                return self._whole(path, *RANGES[_range_of(kind, logical)])
            case "float" | "double":
                edges = FLOATS if kind == "float" else DOUBLES
                return self._edge(path, edges) if self._on_edge(path) else self._dice(2_000_001, path) / 8 - 125_000
            case "string":
                return self._text(path, logical)
        return self._bytes(kind, node, path, logical)

    def _text(self, path: str, logical: str) -> str:
        on_edge = self._on_edge(path)
        if logical == "uuid":
            return str(uuid.UUID(int=self._dice(2**128, path), version=4))
        if on_edge:
            return self._edge(path, STRINGS)
        size = 1 + self._dice(12, path)
        return "".join(ALPHABET[self._dice(len(ALPHABET), path, n)] for n in range(size))

    def _bytes(self, kind: str, node: Mapping[str, Any], path: str, logical: str) -> bytes:
        """Bytes or a fixed; a decimal is its unscaled value, two's complement, big-endian (Avro, Logical Types)."""
        size: int | None = node["size"] if kind == "fixed" else None
        if size is not None and not 0 <= size <= FIXED_CAP:
            raise Undrawable(f"its values have {size:,} bytes; allowed: 0 to {FIXED_CAP:,}")
        if logical == "decimal" and isinstance(node.get("precision"), int) and node["precision"] > 0:
            most = 10 ** min(node["precision"], DIGITS_MAX) - 1
            unscaled: int = self._whole(path, -most, most)
            width = unscaled.bit_length() // 8 + 1 if size is None else size
            return unscaled.to_bytes(width, "big", signed=True)
        if size is None:
            if self._on_edge(path):
                return self._edge(path, BYTES)
            return bytes(self._dice(256, path, n) for n in range(1 + self._dice(12, path)))
        if self._on_edge(path):
            return self._edge(path, (b"\x00" * size, b"\xff" * size))
        return self._dice(256**size, path).to_bytes(size, "big")

    def _whole(self, path: str, least: int, most: int) -> int:
        if self._on_edge(path):
            return self._edge(path, tuple(n for n in (0, 1, -1, least, most) if least <= n <= most))
        # Every other random number is a small one, as most numbers in life are.
        if self._dice(2, path, "small") and least <= 0 <= 1000 <= most:
            return self._dice(1000, path)
        return least + self._dice(most - least + 1, path)

    def _size(self, path: str, depth: int, bound: int) -> int:
        return 0 if self._must_end(depth) else self._turn(path, bound)

    def _must_end(self, depth: int) -> bool:
        return depth > DEPTH_MAX or self._parts > PARTS_MAX

    def _turn(self, path: str, bound: int) -> int:
        """Take turns, from a start that the seed decides."""
        self._visits[path] += 1
        return (self._visits[path] + below(bound, *self._where, path)) % bound

    def _on_edge(self, path: str) -> bool:
        """Count a visit; the first ones alternate between boundary and random values, later ones are mostly random."""
        self._visits[path] += 1
        visit = self._visits[path]
        if visit > FIRST_VISITS:
            return below(8, *self._where, path, visit, "edge") == 0
        # Half of the places begin with a boundary, so that they do not all come in the same few records.
        return (visit + below(2, *self._where, path, "start")) % 2 == 1

    def _edge(self, path: str, edges: tuple[T, ...]) -> T:
        visit = self._visits[path]
        if visit > FIRST_VISITS:
            return edges[self._dice(len(edges), path, "which")]
        return edges[(visit // 2 + below(len(edges), *self._where, path)) % len(edges)]

    def _dice(self, bound: int, path: str, *more: object) -> int:
        return below(bound, *self._where, path, self._visits[path], *more)


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
