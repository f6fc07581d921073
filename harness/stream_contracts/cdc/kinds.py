"""From a PostgreSQL type to the Kafka Connect schema that Debezium 3.7 gives a column of it.

A Connect schema is a dict as Connect's JSON converter writes it, without ``optional`` and ``field``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stream_contracts.cdc.catalog import Kind
from stream_contracts.cdc.settings import Settings

Shape = dict[str, Any]
INT_MAX: Final = 2147483647
_STRING: Final[Shape] = {"type": "string"}


def _named(kind: str, name: str, version: int = 1, **more: Any) -> Shape:
    return {"type": kind, "name": name, "version": version, **more}


def _struct(name: str, doc: str, *fields: Shape, version: int = 1) -> Shape:
    return _named("struct", name, version, fields=list(fields), doc=doc)


def field(name: str, shape: Shape, *, optional: bool = False) -> Shape:
    """A schema as a field of a struct."""
    return {**shape, "optional": optional, "field": name}


def _plain(kind: str) -> Shape:
    return {"type": kind}


VARIABLE_DECIMAL: Final = _struct(
    "io.debezium.data.VariableScaleDecimal",
    "Variable scaled decimal",
    field("scale", _plain("int32")),
    field("value", _plain("bytes")),
)
POINT: Final = _struct(
    "io.debezium.data.geometry.Point",
    "Geometry (POINT)",
    field("x", _plain("double")),
    field("y", _plain("double")),
    field("wkb", _plain("bytes"), optional=True),
    field("srid", _plain("int32"), optional=True),
)
_TEXTS: Final[Shape] = {
    "type": "map", "keys": {"type": "string", "optional": False}, "values": {"type": "string", "optional": False}
}  # fmt: skip
GEOMETRY: Final = _struct(
    "io.debezium.data.geometry.Geometry",
    "Geometry",
    field("wkb", _plain("bytes")),
    field("srid", _plain("int32"), optional=True),
    field("extensions", _TEXTS, optional=True),
    version=2,
)
CIRCLE: Final = _struct(
    "io.debezium.data.geometry.Circle",
    "Geometry (CIRCLE)",
    field("center", POINT),
    field("radius", _plain("double")),
)
LINE: Final = _struct(
    "io.debezium.data.geometry.Line", "Geometry (LINE)", *(field(name, _plain("double")) for name in "abc")
)


def _bits(kind: Kind, _: Settings) -> Shape:
    length = kind.modifier if kind.modifier > 0 else INT_MAX if kind.name == "varbit" else 1
    return (
        _named("bytes", "io.debezium.data.Bits", parameters={"length": str(length)})
        if length > 1
        else _plain("boolean")
    )


def _numeric(kind: Kind, settings: Settings) -> Shape:
    mode = settings.decimals
    if mode != "precise":
        return _plain(mode)
    if kind.modifier < 0:
        return VARIABLE_DECIMAL
    precision, scale = numeric_of(kind.modifier)
    parameters = {"scale": str(scale), "connect.decimal.precision": str(precision)}
    return _named("bytes", DECIMAL, parameters=parameters)


DECIMAL: Final = "org.apache.kafka.connect.data.Decimal"


def numeric_of(modifier: int) -> tuple[int, int]:
    """Precision and scale in a modifier of ``numeric``, as Debezium reads them: a negative scale appears as 2048 less."""
    return (modifier - 4) >> 16 & 0xFFFF, (modifier - 4) & 0x7FF


def _money(_: Kind, settings: Settings) -> Shape:
    mode = settings.decimals
    return _plain(mode) if mode != "precise" else _named("bytes", DECIMAL, parameters={"scale": settings.money_digits})


def _bytea(_: Kind, settings: Settings) -> Shape:
    return _plain("bytes" if settings.binary == "bytes" else "string")


def _date(_: Kind, settings: Settings) -> Shape:
    match settings.times:
        case "connect":
            return _named("int32", "org.apache.kafka.connect.data.Date")
        case "isostring":
            return _named("string", "io.debezium.time.IsoDate")
    return _named("int32", "io.debezium.time.Date")


def _time(kind: Kind, settings: Settings) -> Shape:
    match settings.times:
        case "connect":
            return _named("int32", "org.apache.kafka.connect.data.Time")
        case "isostring":
            return _named("string", "io.debezium.time.IsoTime")
        case "nanoseconds":
            return _named("int64", "io.debezium.time.NanoTime")
        case "adaptive" if 0 <= kind.modifier <= 3:
            return _named("int32", "io.debezium.time.Time")
    return _named("int64", "io.debezium.time.MicroTime")


def _timestamp(kind: Kind, settings: Settings) -> Shape:
    match settings.times:
        case "connect":
            return _named("int64", "org.apache.kafka.connect.data.Timestamp")
        case "isostring":
            return _named("string", "io.debezium.time.IsoTimestamp")
        case "nanoseconds":
            return _named("int64", "io.debezium.time.NanoTimestamp")
        case "adaptive" | "adaptive_time_microseconds" if 0 <= kind.modifier <= 3:
            return _named("int64", "io.debezium.time.Timestamp")
    return _named("int64", "io.debezium.time.MicroTimestamp")


def _interval(_: Kind, settings: Settings) -> Shape:
    text = settings.intervals == "string"
    return _named("string", "io.debezium.time.Interval") if text else _named("int64", "io.debezium.time.MicroDuration")


def _always(shape: Shape) -> Callable[[Kind, Settings], Shape]:
    return lambda _, __: shape


KINDS: Final[Mapping[str, Callable[[Kind, Settings], Shape]]] = {
    "bool": _always(_plain("boolean")),
    "bit": _bits,
    "varbit": _bits,
    "int2": _always(_plain("int16")),
    "int4": _always(_plain("int32")),
    "int8": _always(_plain("int64")),
    "oid": _always(_plain("int64")),
    "float4": _always(_plain("float")),
    "float8": _always(_plain("double")),
    "numeric": _numeric,
    "money": _money,
    **dict.fromkeys(("bpchar", "varchar", "text", "char", "name", "citext"), _always(_STRING)),
    **dict.fromkeys(("inet", "cidr", "macaddr", "macaddr8"), _always(_STRING)),
    **dict.fromkeys(
        ("int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange"), _always(_STRING)
    ),
    "bytea": _bytea,
    "date": _date,
    "time": _time,
    "timetz": _always(_named("string", "io.debezium.time.ZonedTime")),
    "timestamp": _timestamp,
    "timestamptz": _always(_named("string", "io.debezium.time.ZonedTimestamp")),
    "interval": _interval,
    "json": _always(_named("string", "io.debezium.data.Json")),
    "jsonb": _always(_named("string", "io.debezium.data.Json")),
    "xml": _always(_named("string", "io.debezium.data.Xml")),
    "uuid": _always(_named("string", "io.debezium.data.Uuid")),
    "tsvector": _always(_named("string", "io.debezium.data.Tsvector")),
    "point": _always(POINT),
    "circle": _always(CIRCLE),
    "line": _always(LINE),
    **dict.fromkeys(("box", "lseg", "path", "polygon"), _always(GEOMETRY)),
}  # fmt: skip
"""Type → its schema. What is not here, a connector leaves out, unless it includes unknown types: as raw bytes then."""

ARRAYS_LEFT_OUT: Final = frozenset({"money", "name", "interval", "varbit", "xml", "point", "refcursor"})
"""Arrays of these are left out whatever the settings say."""


def shape(kind: Kind, settings: Settings) -> Shape | None:
    """The Connect schema of a column's type, or None where the connector leaves such columns out."""
    if not kind.array:
        return _single(kind, settings)
    if kind.name == "bit":
        return _bits(kind, settings)  # Debezium takes an array of bits for one string of bits
    if kind.name in ARRAYS_LEFT_OUT:
        return None
    items = None if kind.element_domain else _single(kind, settings, unknown=False)
    # Elements of enums, of tsvector and of unknown types are told as never null, whatever the array may hold.
    if items is None:
        return {"type": "array", "items": {**_bytea(kind, settings), "optional": False}} if settings.unknown else None
    return {"type": "array", "items": {**items, "optional": not (kind.labels or kind.name == "tsvector")}}


def _single(kind: Kind, settings: Settings, *, unknown: bool = True) -> Shape | None:
    if kind.labels:
        return _named("string", "io.debezium.data.Enum", parameters={"allowed": ",".join(kind.labels)})
    known = KINDS.get(kind.name)
    if known is not None:
        return known(kind, settings)
    return _bytea(kind, settings) if unknown and settings.unknown else None
