"""Values of the types of PostgreSQL, as text, drawn from dice: extreme ones among them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import shake_256

from stream_contracts.cdc.catalog import Column
from stream_contracts.workload.dice import Dice

INTS = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
"""Whole numbers, and the first that is too large for each."""
TEXTS = ("text", "varchar", "bpchar", "citext")
_TIMES = ("1970-01-01 00:00:00", "2026-02-28 23:59:59.999999", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")
_JSONS = ("{}", "[]", "null", '{"a": [1, 2.50, null], "ł": "\\"q\\""}', '"text"')


def _text(dice: Dice, column: Column) -> str:
    most = column.kind.modifier - 4 if column.kind.modifier > 4 else None
    return dice.text(column.name).replace("\0", "")[:most]


def _whole(dice: Dice, column: Column) -> str:
    bound = INTS[column.kind.name]
    return str(dice.whole(column.name, -bound, bound - 1))


def _numeric(dice: Dice, column: Column) -> str:
    modifier = column.kind.modifier
    if modifier < 4:
        return str(dice.edge(column.name, ("0", "-1.50", "1e30", "0.000000000000000000001")) if dice.on_edge(column.name) else (
            f"{dice.roll(10**9, column.name)}.{dice.roll(100, column.name, 'c'):02}"
        ))  # fmt: skip
    digits, scale = (modifier - 4) >> 16, (modifier - 4) & 0x7FF
    whole = max(0, digits - scale)
    most = 10**whole - 1
    number = dice.whole(column.name, -most, most)
    return f"{number}.{dice.roll(10**scale, column.name, 's'):0{scale}}" if 0 < scale <= digits else str(number)


VALUES: Mapping[str, Callable[[Dice, Column], str]] = {
    **dict.fromkeys(INTS, _whole),
    **dict.fromkeys(TEXTS, _text),
    "bool": lambda dice, column: str(bool(dice.turn(column.name, 2))).lower(),
    "numeric": _numeric,
    "float8": lambda dice, column: repr(dice.real(column.name, (0.0, 0.1, -1.5, 1.7976931348623157e308))),
    "float4": lambda dice, column: repr(dice.roll(10**6, column.name) / 8),
    "date": lambda dice, column: _TIMES[dice.turn(column.name, len(_TIMES))][:10],
    "timestamp": lambda dice, column: _TIMES[dice.turn(column.name, len(_TIMES))],
    "timestamptz": lambda dice, column: _TIMES[dice.turn(column.name, len(_TIMES))] + "+00",
    "json": lambda dice, column: _JSONS[dice.turn(column.name, len(_JSONS))],
    "jsonb": lambda dice, column: _JSONS[dice.turn(column.name, len(_JSONS))],
    "bytea": lambda dice, column: "\\x" + dice.data(column.name).hex(),
    "uuid": lambda dice, column: shake_256(repr((column.name, dice.roll(2**64, column.name))).encode()).hexdigest(16),
    "enum": lambda dice, column: column.kind.labels[dice.turn(column.name, len(column.kind.labels))],
}
"""Type of PostgreSQL -> a value of it as text: extreme ones among them."""
