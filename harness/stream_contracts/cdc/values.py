"""Values of a row and of the event that tells them, in one form, so that the two can be compared. Pure.

The form is a text. How exact it is follows the event: a time that is told in milliseconds is compared in milliseconds.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any

UNTOLD = "__debezium_unavailable_value"
"""Stands for a large value that was not changed, where the connector does not have it (``unavailable.value.placeholder``)."""

_EXACT = Context(prec=150_000)
"""More digits than ``numeric`` has."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TEXTS = frozenset({"text", "varchar", "bpchar", "uuid", "name", "citext", "char"})
_WHOLE = frozenset({"int2", "int4", "int8", "oid"})
_MICROS: Mapping[str, Callable[[int], int]] = {
    "io.debezium.time.MicroTimestamp": lambda told: told,
    "io.debezium.time.NanoTimestamp": lambda told: told // 1000,
    "io.debezium.time.Timestamp": lambda told: told * 1000,
    "org.apache.kafka.connect.data.Timestamp": lambda told: told * 1000,
}
"""How microseconds since 1970 come out of a time, by the name of its schema."""
_COARSE = frozenset({"io.debezium.time.Timestamp", "org.apache.kafka.connect.data.Timestamp"})
_DAYS = frozenset({"io.debezium.time.Date", "org.apache.kafka.connect.data.Date"})


def comparable(kind: str, schema: str | None, *, enum: bool = False) -> bool:
    """Whether values of a type of PostgreSQL, told under a schema of that name, can be compared here."""
    if kind in ("timestamp", "timestamptz"):
        return schema in _MICROS or schema == "io.debezium.time.ZonedTimestamp"
    if kind == "date":
        return schema in _DAYS
    return enum or kind in _TEXTS | _WHOLE | {"bool", "numeric", "float4", "float8", "json", "jsonb", "bytea"}


def of_row(text: str | None, kind: str, schema: str | None) -> str | None:
    """A value as PostgreSQL writes it, in the form in which an event with a schema of that name has it."""
    if text is None:
        return None
    if kind in ("timestamp", "timestamptz"):
        micros = _micros(text)
        return text if micros is None else str(micros // 1000 * 1000 if schema in _COARSE else micros)
    if kind == "date":
        return _days(text)
    if kind == "bool":
        return "true" if text in ("t", "true") else "false"
    return _plain(text, kind)


def of_event(value: Any, kind: str, schema: Mapping[str, Any] | None) -> str | None:
    """A value of an event, as its JSON has it; ``schema`` is that of its field, None without schemas."""
    if value is None:
        return None
    name = (schema or {}).get("name")
    if name == "org.apache.kafka.connect.data.Decimal":
        scale = int((schema or {}).get("parameters", {}).get("scale", "0"))
        return _plain(str(_decimal(value, scale)), kind)
    if name == "io.debezium.data.VariableScaleDecimal":
        return _plain(str(_decimal(value["value"], int(value["scale"]))), kind)
    if name in _MICROS:
        return str(_MICROS[str(name)](int(value)))
    if name == "io.debezium.time.ZonedTimestamp":
        micros = _micros(str(value))
        return str(value) if micros is None else str(micros)
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "bytea":
        return _bytes(value, schema)
    return _plain(str(value), kind)


def _plain(text: str, kind: str) -> str:
    """Numbers without what does not change them, JSON with its keys in order, everything else as it is."""
    try:
        if kind == "numeric":
            number = Decimal(text)
            return format(_EXACT.plus(_EXACT.normalize(number)), "f") if number.is_finite() else str(number)
        if kind in ("float4", "float8"):
            return repr(float(text) + 0.0)
        if kind in ("json", "jsonb"):
            return json.dumps(json.loads(text, parse_float=Decimal), sort_keys=True, default=str)
    except (ValueError, InvalidOperation):
        return text
    return text.removeprefix("\\x") if kind == "bytea" else text


def _bytes(value: Any, schema: Mapping[str, Any] | None) -> str:
    if schema is not None and schema.get("type") == "bytes":
        return base64.b64decode(value).hex()
    return str(value)


def _decimal(unscaled: str, scale: int) -> Decimal:
    number = int.from_bytes(base64.b64decode(unscaled), "big", signed=True)
    return Decimal(f"{number}E{-scale}")


def _micros(text: str) -> int | None:
    """ISO 8601, or PostgreSQL's own way of it; None for what Python has no time for (infinity, year 10000)."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    when = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
    return (when - _EPOCH) // dt.timedelta(microseconds=1)


def _days(text: str) -> str:
    try:
        return str((dt.date.fromisoformat(text) - _EPOCH.date()).days)
    except ValueError:
        return text
