"""Records that a Debezium connector wrote, as changes: what they say of which row, and where that stands in its log. Pure.

Read are envelopes; events that `ExtractNewRecordState` took out of them, by headers that a trial asks the connector for;
and what `EventRouter` made of a row of an outbox, by its id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from stream_contracts.cdc.settings import Settings

Shape = Literal["envelope", "unwrapped", "routed"]
HEADERS = ("op", "source.lsn", "source.txId")
"""What a trial has `ExtractNewRecordState` add to the headers."""
OPS: Mapping[str, str] = {"c": "create", "u": "update", "d": "delete", "r": "read", "t": "truncate"}
JSON = "org.apache.kafka.connect.json.JsonConverter"
_KINDS: Mapping[str, Shape] = {".ExtractNewRecordState": "unwrapped", ".EventRouter": "routed"}
Headers = Sequence[tuple[bytes, bytes | None]]


@dataclass(frozen=True, slots=True)
class Told:
    """One record of a captured topic.

    ``op`` is create, update, delete, read (of a snapshot), truncate, tombstone, or event (of an outbox). ``row`` and
    ``key`` map columns to (value as its JSON has it, schema of its field); ``row`` is None where the record tells none.
    ``event`` is the id of a routed one.
    """

    op: str
    key: Mapping[str, tuple[Any, Mapping[str, Any] | None]]
    position: int | None = None
    txid: int | None = None
    row: Mapping[str, tuple[Any, Mapping[str, Any] | None]] | None = None
    event: str | None = None
    unread: str = field(default="", compare=False)
    """Why it cannot be read; empty where it can."""


def shape(settings: Settings) -> Shape:
    """What the records of a connector look like, by its transforms."""
    kinds = [settings.transform(name, "type") for name in settings.transforms]
    return next((shape for kind in kinds for end, shape in _KINDS.items() if kind.endswith(end)), "envelope")


def told(shape: Shape, key: bytes | None, value: bytes | None, headers: Headers) -> Told:
    """Read one record; one that cannot be read says so in ``unread``."""
    named = {name.decode("utf-8", "replace"): (content or b"").decode("utf-8", "replace") for name, content in headers}
    try:
        return _SHAPES[shape](_fields(key), value, named)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return Told("", {}, unread=f"{type(error).__name__}: {error}")


def _envelope(key: Mapping[str, Any], value: bytes | None, _: Mapping[str, str]) -> Told:
    if value is None:
        return Told("tombstone", key)
    schema, payload = _split(json.loads(value))
    source, row = payload["source"], _columns(payload.get("after"), _field(schema, "after"))
    return Told(OPS.get(payload["op"], payload["op"]), key, source["lsn"], source["txId"], row)


def _unwrapped(key: Mapping[str, Any], value: bytes | None, headers: Mapping[str, str]) -> Told:
    op = OPS.get(headers.get("__op", ""), "tombstone")
    if value is None and op != "delete":
        return Told("tombstone", key)
    schema, payload = _split(json.loads(value)) if value is not None else (None, None)
    gone = payload is None or str(payload.get("__deleted", "false")) == "true"
    return Told(
        op,
        key,
        int(headers["__source_lsn"]),
        int(headers["__source_txId"] or 0),
        None if gone else _columns(payload, schema),
    )


def _routed(key: Mapping[str, Any], value: bytes | None, headers: Mapping[str, str]) -> Told:
    del value  # it is the payload, which the table has in a form of its own
    return Told("event", key, event=headers["id"])


_SHAPES = {"envelope": _envelope, "unwrapped": _unwrapped, "routed": _routed}


def _fields(key: bytes | None) -> Mapping[str, tuple[Any, Mapping[str, Any] | None]]:
    """The fields of a key; of one that is a plain value, under the empty name."""
    if key is None:
        return {}
    schema, payload = _split(json.loads(key))
    return _columns(payload, schema) or {} if isinstance(payload, dict) else {"": (payload, schema)}


def _split(document: Any) -> tuple[Mapping[str, Any] | None, Any]:
    """Schema and payload of Connect's JSON; without schemas the document itself."""
    if isinstance(document, dict) and document.keys() == {"schema", "payload"}:
        return document["schema"], document["payload"]
    return None, document


def _field(schema: Mapping[str, Any] | None, name: str) -> Mapping[str, Any] | None:
    fields = (schema or {}).get("fields", ())
    return next((each for each in fields if each.get("field") == name), None)


def _columns(payload: Any, schema: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if payload is None:
        return None
    schemas = {each["field"]: each for each in (schema or {}).get("fields", ())}
    return {name: (value, schemas.get(name)) for name, value in payload.items()}


def boundary(value: bytes | None, collection: str) -> tuple[int, int] | None:
    """Of a record of the topic ``<prefix>.transaction``: the number of a transaction that ended, and its events of a table.

    None where it tells a beginning, or a transaction that has none of that table.
    """
    payload = _split(json.loads(value))[1] if value is not None else None
    if not isinstance(payload, dict) or payload.get("status") != "END":
        return None
    counts = {each["data_collection"]: int(each["event_count"]) for each in payload.get("data_collections") or ()}
    return (int(str(payload["id"]).partition(":")[0]), counts[collection]) if collection in counts else None
