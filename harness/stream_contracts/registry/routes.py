"""Which URL asks what: the literal table of endpoints, and how a URL becomes a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote

from stream_contracts.registry import names
from stream_contracts.registry import requests as ask
from stream_contracts.registry.bodies import BODIES
from stream_contracts.registry.errors import Refusal


@dataclass(frozen=True, slots=True)
class Row:
    """One endpoint: ``query`` lists its parameters, ``body`` the attribute that the body fills."""

    method: str
    path: str
    verb: type
    query: tuple[str, ...] = ()
    body: str = ""


_PAGE = ("offset", "limit")

ROWS = (
    Row("GET", "/schemas/ids/{id}", ask.SchemaById, ("subject", "format", "fetchMaxId")),
    Row("GET", "/schemas/ids/{id}/schema", ask.TextById, ("subject", "format")),
    Row("GET", "/schemas/ids/{id}/subjects", ask.SubjectsById, ("subject", "deleted", *_PAGE)),
    Row("GET", "/schemas/ids/{id}/versions", ask.VersionsById, ("subject", "deleted", *_PAGE)),
    Row("GET", "/schemas/guids/{guid}", ask.SchemaByGuid, ("format",)),
    Row("GET", "/schemas/guids/{guid}/ids", ask.IdsByGuid),
    Row("GET", "/schemas/types", ask.ListTypes),
    Row("GET", "/schemas", ask.ListSchemas, ("subjectPrefix", "aliases", "deleted", "latestOnly", *_PAGE)),
    Row("GET", "/subjects", ask.ListSubjects, ("subjectPrefix", "deleted", "deletedOnly", *_PAGE)),
    Row("POST", "/subjects/{subject}", ask.Lookup, ("normalize", "format", "deleted"), "draft"),
    Row("DELETE", "/subjects/{subject}", ask.DeleteSubject, ("permanent",)),
    Row("GET", "/subjects/{subject}/metadata", ask.LatestWithMetadata, ("key", "value", "format", "deleted")),
    Row(
        "GET",
        "/subjects/{subject}/versions",
        ask.ListVersions,
        ("deleted", "deletedOnly", "deletedAsNegative", *_PAGE),
    ),
    Row("POST", "/subjects/{subject}/versions", ask.Register, ("normalize", "format"), "draft"),
    Row("GET", "/subjects/{subject}/versions/{version}", ask.GetVersion, ("format", "deleted")),
    Row("DELETE", "/subjects/{subject}/versions/{version}", ask.DeleteVersion, ("permanent",)),
    Row("GET", "/subjects/{subject}/versions/{version}/schema", ask.GetVersionText, ("format", "deleted")),
    Row("GET", "/subjects/{subject}/versions/{version}/referencedby", ask.ReferencedBy, ("deleted", *_PAGE)),
    Row(
        "POST",
        "/compatibility/subjects/{subject}/versions/{version}",
        ask.CheckVersion,
        ("normalize", "verbose"),
        "draft",
    ),
    Row("POST", "/compatibility/subjects/{subject}/versions", ask.CheckAll, ("normalize", "verbose"), "draft"),
    Row("GET", "/config", ask.GetConfig, ("defaultToGlobal",)),
    Row("PUT", "/config", ask.PutConfig, (), "settings"),
    Row("DELETE", "/config", ask.DeleteConfig),
    Row("GET", "/config/{subject}", ask.GetConfig, ("defaultToGlobal",)),
    Row("PUT", "/config/{subject}", ask.PutConfig, (), "settings"),
    Row("DELETE", "/config/{subject}", ask.DeleteConfig),
    Row("GET", "/mode", ask.GetMode, ("defaultToGlobal",)),
    Row("PUT", "/mode", ask.PutMode, ("force",), "mode"),
    Row("DELETE", "/mode", ask.DeleteMode, ("recursive",)),
    Row("GET", "/mode/{subject}", ask.GetMode, ("defaultToGlobal",)),
    Row("PUT", "/mode/{subject}", ask.PutMode, ("force",), "mode"),
    Row("DELETE", "/mode/{subject}", ask.DeleteMode, ("recursive",)),
    Row("GET", "/contexts", ask.ListContexts, ("contextPrefix", *_PAGE)),
    Row("DELETE", "/contexts/{context}", ask.DeleteContext),
)

ABSENT = ("associations", "exporters", "dek-registry", "catalog", "kafka", "v1")
"""First segments of what Confluent sells or runs apart from the registry: a 404 that says so."""

_FLAGS = frozenset({
    "aliases", "defaultToGlobal", "deleted", "deletedAsNegative", "deletedOnly", "fetchMaxId", "force", "latestOnly",
    "normalize", "permanent", "recursive", "verbose",
})  # fmt: skip
_NUMBERS = frozenset(_PAGE)
_LISTS = frozenset({"key", "value"})
_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


def kind_of(name: str) -> str:
    """The JSON Schema type of a query parameter."""
    if name in _FLAGS:
        return "boolean"
    if name in _NUMBERS:
        return "integer"
    return "array" if name in _LISTS else "string"


def attribute(name: str) -> str:
    """``deletedOnly`` → ``deleted_only``."""
    return re.sub("([A-Z])", lambda found: "_" + found[1].lower(), name)


_ATTRIBUTES = {name: attribute(name) for row in ROWS for name in row.query}
_READERS: Mapping[str, Callable[[str, list[str]], Any]] = {
    "boolean": lambda _name, said: said[-1].lower() == "true",
    "integer": lambda name, said: _number(name, said[-1]),
    "array": lambda _name, said: tuple(said),
    "string": lambda _name, said: said[-1],
}


def _number(name: str, said: str) -> int:
    if not _NUMBER.fullmatch(said):
        raise Refusal(400, why=f"{name} has to be a whole number, and is {said!r}")
    return int(said)


Tree = dict[str, Any]


def _tree() -> Tree:
    """Segments to rows; the key ``{}`` is any segment, a method is a leaf."""
    tree: Tree = {}
    for row in ROWS:
        node = tree
        for segment in row.path.strip("/").split("/"):
            node = node.setdefault("{}" if segment.startswith("{") else segment, {})
        node.setdefault("", {})[row.method] = row
    return tree


_TREE = _tree()
_PARAMETERS = {row: tuple(re.findall(r"{(\w+)}", row.path)) for row in ROWS}


@lru_cache(maxsize=4096)
def found(method: str, path: str) -> tuple[Row, Mapping[str, Any], str]:
    """The row of a raw (still quoted) path, what its segments say, and the context of a URL prefix, or ``""``.

    Raises 404 and 405. A quoted slash stays inside its segment, as subjects may contain one.
    """
    segments = path.strip("/").split("/")
    context = ""
    if segments[0] == "contexts" and len(segments) > 2:
        context = names.split(f":{_dotted(unquote(segments[1]))}:")[0]
        segments = segments[2:]
    node, values = _TREE, []
    for segment in segments:
        if segment in node and segment:
            node = node[segment]
        elif "{}" in node and segment:
            values.append(unquote(segment))
            node = node["{}"]
        else:
            raise Refusal(404, why=_missing(path, segments[0]))
    rows: dict[str, Row] | None = node.get("")
    if not rows:
        raise Refusal(404, why=_missing(path, segments[0]))
    row = rows.get(method)
    if row is None:
        allowed = ", ".join(sorted(rows))
        raise Refusal(405, headers={"allow": allowed}, why=f"{method} is not possible here; possible are {allowed}")
    return row, _path_values(row, values), context


def _path_values(row: Row, values: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = dict(zip(_PARAMETERS[row], values, strict=True))
    if "id" in said:
        if not _NUMBER.fullmatch(said["id"]):
            raise Refusal(404, why=f"{said['id']!r} is no schema id")
        said["id"] = int(said["id"])
    return said


def _dotted(context: str) -> str:
    context = context.strip(":")
    return context if context.startswith(".") else f".{context}"


def _missing(path: str, first: str) -> str:
    if first in ABSENT:
        return f"/{first} is not a part of this registry: it has no associations, exporters, encryption keys or catalog"
    if path.rstrip("/").endswith("/tags"):
        return "tags are not a part of this registry: it has no catalog that could hold them"
    return f"There is nothing at {path}; the endpoints are listed at /openapi.json"


def request(method: str, path: str, query: str, body: bytes) -> ask.Request:
    """Turn a raw HTTP request into a verb; parameters that it does not know are ignored, as Confluent does."""
    row, from_path, context = found(method, path)
    said = dict(from_path)
    if query:
        given = parse_qs(query, keep_blank_values=True, max_num_fields=1000)
        for name in row.query:
            if name in given:
                said[_ATTRIBUTES[name]] = _READERS[kind_of(name)](name, given[name])
    if row.body:
        said[row.body] = BODIES[row.body](body)
    asked: ask.Request = row.verb(**(in_context(row.verb, said, context) if context else said))
    return asked


def in_context(verb: type, said: dict[str, Any], context: str) -> dict[str, Any]:
    """Read what came under ``/contexts/CONTEXT``: unqualified names, and none at all, mean that context."""
    for name in {"subject", "subject_prefix"} & {field.name for field in fields(verb)}:
        given = said.get(name, "")
        said[name] = given if given.startswith(":") else f":{context}:{given}"
    return said
