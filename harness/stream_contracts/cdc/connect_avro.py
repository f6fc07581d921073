"""A Connect schema as the Avro schema that Confluent's Avro converter registers for it. Pure.

It follows the converter's published behaviour with its default settings: names, versions and parameters are kept as
``connect.*`` attributes, an optional field is a union with null, int16 is an int, Decimal and Connect's own times are
logical types.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from stream_contracts.cdc.kinds import DECIMAL, Shape

Avro = Any
PRIMITIVES: Final = {
    "boolean": "boolean", "int8": "int", "int16": "int", "int32": "int", "int64": "long", "float": "float",
    "double": "double", "string": "string", "bytes": "bytes",
}  # fmt: skip
LOGICAL: Final = {
    "org.apache.kafka.connect.data.Date": "date",
    "org.apache.kafka.connect.data.Time": "time-millis",
    "org.apache.kafka.connect.data.Timestamp": "timestamp-millis",
}
PRECISION: Final = 64
"""Of a decimal whose precision Connect does not know."""


def avro(shape: Shape) -> Avro:
    """The Avro schema of a Connect schema."""
    return _schema(shape, set())


def _schema(shape: Shape, seen: set[str]) -> Avro:
    plain = _bare(shape, seen)
    if not shape.get("optional"):
        return plain
    return [plain, "null"] if shape.get("default") is not None else ["null", plain]


def _bare(shape: Shape, seen: set[str]) -> Avro:
    match shape["type"]:
        case "struct":
            return _record(shape, seen)
        case "array":
            return {"type": "array", "items": _schema(shape["items"], seen)}
        case "map":
            return {"type": "map", "values": _schema(shape["values"], seen)}
    name, kind = shape.get("name"), PRIMITIVES[shape["type"]]
    more: dict[str, Any] = {"connect.type": shape["type"]} if shape["type"] in ("int8", "int16") else {}
    if name:
        more = {"connect.version": shape.get("version", 1), **more, "connect.name": name}
        if "parameters" in shape:
            more["connect.parameters"] = dict(shape["parameters"])
    if name == DECIMAL:
        parameters = shape["parameters"]
        precision = int(parameters.get("connect.decimal.precision", PRECISION))
        more |= {"logicalType": "decimal", "precision": precision, "scale": int(parameters["scale"])}
    elif name in LOGICAL:
        more["logicalType"] = LOGICAL[name]
    if shape.get("default") is not None and more:
        more["connect.default"] = shape["default"]
    return {"type": kind, **more} if more else kind


def _record(shape: Shape, seen: set[str]) -> Avro:
    name = shape["name"]
    if name in seen:
        return name
    seen.add(name)
    space, _, short = name.rpartition(".")
    told: dict[str, Any] = {"type": "record", "name": short}
    if space:
        told["namespace"] = space
    told["fields"] = [_field(each, seen) for each in shape["fields"]]
    if "version" in shape:
        told["connect.version"] = shape["version"]
    return {**told, "connect.name": name}


def _field(shape: Shape, seen: set[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"name": shape["field"], "type": _schema(shape, seen)}
    default = shape.get("default")
    if default is not None:
        told["default"] = _default(shape, default)
    elif shape.get("optional"):
        told["default"] = None
    return told


def _default(shape: Shape, value: Any) -> Any:
    """A default as Avro writes it: bytes are text there, a character for each byte."""
    if shape["type"] != "bytes":
        return value
    return base64.b64decode(value).decode("latin-1")
