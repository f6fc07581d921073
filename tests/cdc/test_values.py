"""A value of a row and the same value in an event have one form, whichever way the connector tells it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from stream_contracts.cdc.values import comparable, of_event, of_row

DECIMAL = {"type": "bytes", "name": "org.apache.kafka.connect.data.Decimal", "parameters": {"scale": "2"}}
VARIABLE = {"type": "struct", "name": "io.debezium.data.VariableScaleDecimal"}
MICROS = {"type": "int64", "name": "io.debezium.time.MicroTimestamp"}
MILLIS = {"type": "int64", "name": "io.debezium.time.Timestamp"}
ZONED = {"type": "string", "name": "io.debezium.time.ZonedTimestamp"}
LONG = base64.b64encode((1234567890123456789012345678901).to_bytes(13, "big")).decode()
DATE = {"type": "int32", "name": "io.debezium.time.Date"}

SAME: list[tuple[str, str, Any, Any]] = [
    ("int8", "-9223372036854775808", -(2**63), {"type": "int64"}),
    ("bool", "t", True, {"type": "boolean"}),
    ("bool", "f", False, None),
    ("text", "say ''", "say ''", {"type": "string"}),
    ("bpchar", "a  ", "a  ", {"type": "string"}),
    ("numeric", "2.50", "APo=", DECIMAL),
    ("numeric", "-0.01", "/w==", DECIMAL),
    ("numeric", "2.50", "2.5", {"type": "string"}),
    ("numeric", "123456789012345678901234567890.1", {"scale": 1, "value": LONG}, VARIABLE),
    ("float4", "1.1", 1.1, {"type": "float"}),
    ("float8", "1e+300", 1e300, {"type": "double"}),
    ("timestamp", "2026-11-26 07:55:52.774789", 1795679752774789, MICROS),
    ("timestamp", "2026-11-26 07:55:52.774789", 1795679752774, MILLIS),
    ("timestamptz", "2026-11-26 07:55:52.774789+00", "2026-11-26T07:55:52.774789Z", ZONED),
    ("timestamptz", "0001-01-01 00:00:00+00", "0001-01-01T00:00:00.000000Z", ZONED),
    ("date", "2026-02-28", 20512, DATE),
    ("jsonb", '{"b": 1, "a": [null]}', '{"a":[null],"b":1}', {"type": "string", "name": "io.debezium.data.Json"}),
    ("bytea", "\\x00ff", "AP8=", {"type": "bytes"}),
    ("bytea", "\\x00ff", "00ff", {"type": "string"}),
]


@pytest.mark.parametrize(("kind", "text", "told", "schema"), SAME)
def test_the_same_value_has_the_same_form(kind: str, text: str, told: Any, schema: Any) -> None:
    name = (schema or {}).get("name")
    assert of_row(text, kind, name) == of_event(told, kind, schema)


@pytest.mark.parametrize(("kind", "text", "schema"), [(kind, text, schema) for kind, text, _, schema in SAME])
def test_null_is_another_value(kind: str, text: str, schema: Any) -> None:
    assert of_row(text, kind, (schema or {}).get("name")) is not None
    assert of_row(None, kind, None) is None
    assert of_event(None, kind, schema) is None


def test_another_value_has_another_form() -> None:
    assert of_row("2.51", "numeric", None) != of_event("APo=", "numeric", DECIMAL)
    assert of_row("a ", "bpchar", None) != of_event("a", "bpchar", None)
    assert of_row("12345678901234567890123456789012345678901", "numeric", None) != of_row(
        "12345678901234567890123456789012345678902", "numeric", None
    )


def test_what_has_no_common_form_is_not_compared() -> None:
    assert not comparable("timestamp", None)
    assert not comparable("interval", "io.debezium.time.MicroDuration")
    assert not comparable("int4range", None)
    assert comparable("mood", "io.debezium.data.Enum", enum=True)
