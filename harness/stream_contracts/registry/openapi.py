"""The OpenAPI document of the registry, made from the same table that answers."""

from __future__ import annotations

import re
from typing import Any

from stream_contracts import __version__
from stream_contracts.registry.config import KEYS, MODES
from stream_contracts.registry.routes import ROWS, Row, kind_of
from stream_contracts.registry.versions import LARGEST
from stream_contracts.schema.compat import LEVELS

_MEDIA = "application/vnd.schemaregistry.v1+json"
_JSON_TYPES = {str: "string", bool: "boolean", dict: "object"}
_TEXT = {"type": "string"}
_AN_AVRO_SCHEMA = '{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}'
_NULLABLE_MAP = {"type": ["object", "null"]}
_DRAFT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "schema": {"type": "string", "examples": [_AN_AVRO_SCHEMA]},
        "schemaType": {"type": "string", "enum": ["AVRO", "JSON", "PROTOBUF"]},
        "references": {"type": "array", "items": {"$ref": "#/components/schemas/Reference"}},
        "metadata": _NULLABLE_MAP,
        "ruleSet": _NULLABLE_MAP,
        "id": {"type": "integer"},
        "version": {"type": "integer"},
    },
}
_PATH_SCHEMAS: dict[str, dict[str, Any]] = {
    "id": {"type": "integer", "minimum": 1, "maximum": LARGEST, "examples": [1]},
    "version": {"type": "string", "pattern": "^(latest|-1|[1-9][0-9]{0,8})$", "examples": ["latest", "1"]},
    "subject": {"type": "string", "minLength": 1, "examples": ["orders-value"]},
}
_SCHEMAS: dict[str, Any] = {
    "Error": {
        "type": "object",
        "required": ["error_code", "message"],
        "properties": {"error_code": {"type": "integer"}, "message": _TEXT},
    },
    "Reference": {
        "type": "object",
        "required": ["name", "subject", "version"],
        "properties": {"name": _TEXT, "subject": _TEXT, "version": {"type": "integer"}},
    },
    "draft": _DRAFT,
    "mode": {"type": "object", "required": ["mode"], "properties": {"mode": {"type": "string", "enum": list(MODES)}}},
    "settings": {
        "type": "object",
        "properties": {
            **{name: {"type": [_JSON_TYPES[kind], "null"]} for name, kind in KEYS.items()},
            "compatibility": {"type": ["string", "null"], "enum": [*LEVELS, None]},
        },
    },
}
_REFUSALS = {
    "400": "not readable as HTTP or JSON",
    "401": "name or password missing or wrong",
    "404": "not there",
    "408": "the body came too slowly",
    "409": "incompatible with an earlier schema",
    "413": "the body is too large",
    "415": "the body is compressed",
    "422": "readable, but not possible",
    "500": "the registry failed",
    "501": "the format is not installed",
    "503": "too many clients at once, or stopping",
}


def _parameter(name: str, where: str) -> dict[str, Any]:
    kind = kind_of(name)
    schema: dict[str, Any] = {"type": kind}
    if kind == "array":
        schema["items"] = _TEXT
    if where == "path":
        schema = _PATH_SCHEMAS.get(name, schema)
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def _operation(row: Row) -> dict[str, Any]:
    lines = (row.verb.__doc__ or "").strip().splitlines()
    operation: dict[str, Any] = {
        "operationId": f"{row.verb.__name__}{'Of' if '{subject}' in row.path else ''}",
        "summary": lines[0],
        "parameters": [_parameter(name, "path") for name in re.findall(r"{(\w+)}", row.path)]
        + [_parameter(name, "query") for name in row.query],
        "responses": {"200": {"description": "the answer", "content": {_MEDIA: {}}}}
        | ({"204": {"description": "done"}} if row.path.startswith("/contexts/") else {})
        | {
            status: {
                "description": text,
                "content": {_MEDIA: {"schema": {"$ref": "#/components/schemas/Error"}}},
            }
            for status, text in _REFUSALS.items()
        },
    }
    if row.body:
        content = {_MEDIA: {"schema": {"$ref": f"#/components/schemas/{row.body}"}}}
        operation["requestBody"] = {"required": True, "content": content | {"application/json": content[_MEDIA]}}
    return operation


def document() -> dict[str, Any]:
    """The whole document, OpenAPI 3.1."""
    paths: dict[str, Any] = {}
    for row in ROWS:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row)
    return {
        "openapi": "3.1.0",
        "info": {"title": "stream-contracts schema registry", "version": __version__},
        "paths": paths,
        "components": {"schemas": _SCHEMAS},
    }
