"""The key and the value of a change event: the schemas that Debezium 3.7.0.Final derives from a table. Pure.

They are Connect schemas as its JSON converter writes them (``schemas.enable=true``), which is what the proof compares:
``tests/cdc/test_connector.py`` asks the real connector.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from stream_contracts.cdc import routing
from stream_contracts.cdc.catalog import Column, Table
from stream_contracts.cdc.defaults import NONE, default_of
from stream_contracts.cdc.kinds import Shape, field, shape
from stream_contracts.cdc.settings import Settings

_TEXT: Final[Shape] = {"type": "string"}
_LONG: Final[Shape] = {"type": "int64"}
_SNAPSHOT: Final = "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental"


def _fields(required: str, optional: str, kind: Shape) -> list[Shape]:
    return [field(name, kind) for name in required.split()] + [
        field(name, kind, optional=True) for name in optional.split()
    ]


SOURCE: Final[Shape] = {
    "type": "struct",
    "fields": [
        *_fields("version connector name", "", _TEXT),
        field("ts_ms", _LONG),
        {
            "type": "string", "optional": True, "name": "io.debezium.data.Enum", "version": 1,
            "parameters": {"allowed": _SNAPSHOT}, "default": "false", "field": "snapshot",
        },
        *_fields("db", "sequence", _TEXT),
        *_fields("", "ts_us ts_ns", _LONG),
        *_fields("schema table", "", _TEXT),
        *_fields("", "txId lsn xmin", _LONG),
        *_fields("", "origin", _TEXT),
        *_fields("", "origin_lsn", _LONG),
    ],
    "name": "io.debezium.connector.postgresql.Source",
    "version": 1,
}  # fmt: skip
"""Where a change comes from."""
TRANSACTION: Final[Shape] = {
    "type": "struct",
    "fields": [field("id", _TEXT), *_fields("total_order data_collection_order", "", _LONG)],
    "name": "event.block",
    "version": 1,
}
ENVELOPE_VERSION: Final = 2


def key(table: Table, settings: Settings) -> Shape | None:
    """The schema of the record's key, or None for a table that has neither primary key nor unique index."""
    columns = [column for name in key_columns(table, settings) if (column := table.column(name)) is not None]
    fields = list(filter(None, (_field(column, settings) for column in columns)))
    return (
        {"type": "struct", "fields": fields, "optional": False, "name": _name(table, settings, "Key")}
        if fields
        else None
    )


def row(table: Table, settings: Settings, *, snapshot: bool = False) -> Shape:
    """The schema of ``before`` and ``after``.

    Generated columns are in the events of a snapshot alone: they are not replicated.
    """
    told = captured(table, settings).columns
    fields = [_field(column, settings) for column in told if snapshot or not column.generated]
    name = _name(table, settings, "Value")
    return {"type": "struct", "fields": list(filter(None, fields)), "optional": True, "name": name}


def envelope(table: Table, settings: Settings, *, snapshot: bool = False) -> Shape:
    """The schema of the record's value."""
    inner = row(table, settings, snapshot=snapshot)
    fields = [
        {**inner, "field": "before"},
        {**inner, "field": "after"},
        field("source", SOURCE),
        field("transaction", TRANSACTION, optional=True),
        field("op", _TEXT),
        *_fields("", "ts_ms ts_us ts_ns", _LONG),
    ]
    name = _name(table, settings, "Envelope")
    return {"type": "struct", "fields": fields, "optional": False, "name": name, "version": ENVELOPE_VERSION}


def key_columns(table: Table, settings: Settings) -> tuple[str, ...]:
    """The columns of the record's key: those of ``message.key.columns`` where it names the table, or the table's own."""
    for entry in filter(None, settings.get("message.key.columns").split(";")):
        pattern, _, columns = entry.rpartition(":")
        if re.fullmatch(pattern.strip(), f"{table.schema}.{table.name}", re.IGNORECASE):
            return tuple(name.strip() for name in columns.split(","))
    return table.key


def captured(table: Table, settings: Settings) -> Table:
    """The table with those columns alone that its events tell (``column.include.list``, ``column.exclude.list``)."""
    included, excluded = (_patterns(settings.get(f"column.{which}.list")) for which in ("include", "exclude"))
    if not included and not excluded:
        return table

    def told(column: Column) -> bool:
        name = f"{table.schema}.{table.name}.{column.name}"
        hit = any(re.fullmatch(pattern, name, re.IGNORECASE) for pattern in included or excluded)
        return hit if included else not hit

    return replace(table, columns=tuple(filter(told, table.columns)))


def _patterns(listed: str) -> list[str]:
    return [each.strip() for each in listed.split(",") if each.strip()]


def topic(table: Table, settings: Settings) -> str:
    """The topic of a table before any transform."""
    return routing.topic(settings, table.schema, table.name)


def _field(column: Column, settings: Settings) -> Shape | None:
    found = shape(column.kind, settings)
    if found is None:
        return None
    told: dict[str, Any] = field(_adjusted(column.name, settings), found, optional=not column.required)
    default = default_of(column, settings)
    return told if default is NONE else {**told, "default": default}


def _adjusted(name: str, settings: Settings) -> str:
    """A field's name as ``field.name.adjustment.mode`` wants it."""
    if settings.get("field.name.adjustment.mode") != "avro":
        return name
    safe = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return f"_{safe}" if re.match(r"[0-9]", safe) else safe


def _name(table: Table, settings: Settings, what: str) -> str:
    """A schema's name as ``schema.name.adjustment.mode`` wants it."""
    name = f"{topic(table, settings)}.{what}"
    if settings.get("schema.name.adjustment.mode") != "avro":
        return name
    safe = re.sub(r"[^A-Za-z0-9_.]", "_", name)
    return re.sub(r"(^|\.)(?=[0-9])", r"\1_", safe)
