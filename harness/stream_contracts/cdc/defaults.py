"""From the default of a column to the default in its Connect schema, where Debezium 3.7 gives one.

Debezium does not evaluate expressions: it reads constants, and tells a function as the zero of its type. What it cannot
read has no default.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from stream_contracts.cdc.catalog import Column
from stream_contracts.cdc.kinds import numeric_of
from stream_contracts.cdc.settings import Settings

NONE: Final = object()
"""No default."""
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_CALL = re.compile(r"^[\w.\"]+\(.*\)(::[\w \"]+)?$", re.DOTALL)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a timestamp without a zone counts from there
_SPAN = re.compile(
    r"(?P<days>-?\d+) days?|(?P<clock>\d+:\d+:\d+(?:\.\d+)?)|(?P<mons>-?\d+) mons?|(?P<years>-?\d+) years?"
)

Read = Callable[[str, Column, Settings], Any]


def default_of(column: Column, settings: Settings) -> Any:
    """The default in the JSON of the column's schema, or ``NONE``."""
    told = column.default
    read = READERS.get(column.kind.name)
    if column.kind.labels:
        read = _text
    if told is None or read is None or column.kind.array or column.kind.domain or column.generated:
        return NONE
    called = _CALL.match(told) is not None or told.upper() in ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP")
    try:
        return read(_zero(column) if called else told, column, settings)
    except (ValueError, InvalidOperation, OverflowError):
        return NONE


def _zero(column: Column) -> str:
    return ZEROS.get(column.kind.name, "")


ZEROS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("int2", "int4", "int8", "float4", "float8", "numeric"), "0"),
    "bool": "false",
    "uuid": str(UUID(int=0)),
    "date": "'1970-01-01'",
    "time": "'00:00:00'",
    "timestamp": "'1970-01-01 00:00:00'",
    "timestamptz": "'1970-01-01 00:00:00+00'",
    "interval": "'00:00:00'",
}
"""What a call of a function counts as, by type; nothing, an empty text."""


def _constant(told: str) -> str:
    """What stands in quotes, or the whole where nothing does."""
    found = _QUOTED.search(told)
    return found[1].replace("''", "'") if found else told.strip("()")


def _text(told: str, _: Column, __: Settings) -> Any:
    return NONE if told.upper().startswith("NULL") else _constant(told)


def _whole(told: str, _: Column, __: Settings) -> Any:
    return int(_constant(told))


def _float(told: str, _: Column, __: Settings) -> Any:
    return float(_constant(told))


def _bool(told: str, _: Column, __: Settings) -> Any:
    return _constant(told) == "true"


def _bits(told: str, column: Column, _: Settings) -> Any:
    bits = _constant(told)
    if column.kind.modifier <= 1 and column.kind.name == "bit":
        return bits == "1"
    return _base64(int(bits, 2).to_bytes((len(bits) + 7) // 8, "little"))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _numeric(told: str, column: Column, settings: Settings) -> Any:
    value, free = Decimal(_constant(told)), column.kind.modifier < 0
    if settings.decimals == "double":
        return float(value)
    scale = 0 if free else numeric_of(column.kind.modifier)[1]
    value = value if free else value.quantize(Decimal(1).scaleb(-scale))
    if settings.decimals == "string":
        return str(value)
    if free:
        return NONE  # it would be a struct, and Connect's JSON has no default for it
    unscaled = int(value.scaleb(scale))
    return _base64(unscaled.to_bytes((unscaled + (unscaled < 0)).bit_length() // 8 + 1, "big", signed=True))


def _uuid(told: str, _: Column, __: Settings) -> Any:
    return str(UUID(_constant(told)))


def _date(told: str, _: Column, settings: Settings) -> Any:
    day = date.fromisoformat(_constant(told))
    return f"{day}Z" if settings.times == "isostring" else (day - _EPOCH.date()).days


def _time(told: str, column: Column, settings: Settings) -> Any:
    at = time.fromisoformat(_constant(told))
    if settings.times == "isostring":
        return _iso(at)
    since = timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    return _scaled(since // timedelta(microseconds=1), column, settings)


def _timestamp(told: str, column: Column, settings: Settings) -> Any:
    at = datetime.fromisoformat(_constant(told))
    if settings.times == "isostring":
        return _iso(at)
    return _scaled((at - _EPOCH) // timedelta(microseconds=1), column, settings)


def _iso(at: datetime | time) -> str:
    """As Java's ISO formats tell it: no zeros at the end of a fraction."""
    text = at.isoformat()
    return f"{text.rstrip('0') if '.' in text else text}Z"


def _scaled(micros: int, column: Column, settings: Settings) -> int:
    """Microseconds in the unit in which the settings want times of that precision."""
    coarse = 0 <= column.kind.modifier <= 3
    adapts = ("adaptive",) if column.kind.name == "time" else ("adaptive", "adaptive_time_microseconds")
    if settings.times == "connect" or (settings.times in adapts and coarse):
        return micros // 1000
    return micros * 1000 if settings.times == "nanoseconds" else micros


def _zoned(told: str, column: Column, _: Settings) -> Any:
    at = datetime.fromisoformat(_constant(told)).astimezone(UTC)
    digits = column.kind.modifier if column.kind.modifier >= 0 else 6
    part = f"{at.microsecond:06d}"[:digits]
    return f"{at:%Y-%m-%dT%H:%M:%S}{'.' if part else ''}{part}Z"


def _interval(told: str, _: Column, settings: Settings) -> Any:
    parts = {
        name: text for found in _SPAN.finditer(_constant(told)) for name, text in found.groupdict().items() if text
    }
    hours, minutes, seconds = (parts.get("clock") or "0:0:0").split(":")
    years, months, days = (int(parts.get(name, 0)) for name in ("years", "mons", "days"))
    if settings.intervals == "string":
        return f"P{years}Y{months}M{days}DT{int(hours)}H{int(minutes)}M{float(seconds):g}S"
    whole = (int(hours) * 60 + int(minutes)) * 60 * 1_000_000 + round(float(seconds) * 1_000_000)
    month_days = 365.25 / 12
    return whole + round((days + (years * 12 + months) * month_days) * 86_400_000_000)


READERS: Final[Mapping[str, Read]] = {
    **dict.fromkeys(("text", "varchar", "bpchar", "json", "jsonb", "xml"), _text),
    **dict.fromkeys(("int2", "int4", "int8"), _whole),
    **dict.fromkeys(("float4", "float8"), _float),
    "bool": _bool,
    "bit": _bits,
    "varbit": _bits,
    "numeric": _numeric,
    "uuid": _uuid,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _zoned,
    "interval": _interval,
}
"""Type → how its default is read; the defaults of other types are not told."""
