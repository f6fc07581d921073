"""The schemas that the registry tests share."""

from __future__ import annotations

import json


def record(*fields: str, name: str = "Order", optional: tuple[str, ...] = (), namespace: str = "") -> str:
    """An Avro record of longs; the optional fields have a default."""
    listed: list[dict[str, object]] = [{"name": field, "type": "long"} for field in fields]
    listed += [{"name": field, "type": "long", "default": 0} for field in optional]
    head = {"type": "record", "name": name} | ({"namespace": namespace} if namespace else {})
    return json.dumps({**head, "fields": listed})


ONE = record("id")
TWO = record("id", optional=("total",))
"""Reads data of ONE."""
BROKEN = record("id", "total")
"""Does not read data of ONE."""
NO_SCHEMA = '{"type": "record", "name": "Order"}'
