"""Schemas that ask about themselves: a circle of references for one value has no meaning through ``oneOf``.

A circle through ``allOf`` or ``anyOf`` adds nothing and is left out. Through ``oneOf``, ``not`` or ``if`` the value
would be valid exactly when it is not; a validator overflows its stack there, and no verdict can be given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stream_contracts.errors import SchemaError
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_text import Documents, step

_MOST = 5_000
_Edge = tuple[Located, bool]


def reject_circles(documents: Documents) -> None:
    """Raise SchemaError for a ``$ref`` that leads back to itself and to nothing else, and for references in a circle."""
    named = {name: _refs(other) for name, other in documents.others}
    for start in named:
        path = _documents_circle(start, named)
        if path:
            why = f"circular references: {' → '.join(path)}; no registry can hold them, for each has to be there first"
            raise SchemaError(start, why)
    sure: set[str] = set()
    bridged = documents.bridged()
    for at, schema in _only_refs(documents.root, "#"):
        met: list[str] = []
        resolver, here = bridged.below(bridged.resolver, schema), schema
        while isinstance(here, dict) and isinstance(here.get("$ref"), str) and _says_nothing_else(here, documents):
            ref = here["$ref"]
            if ref in sure or not ref.startswith("#"):
                break
            if ref in met:
                why = f"circular $ref: {' → '.join([*met[met.index(ref) :], ref])}; none of them says anything"
                raise SchemaError(documents.called, why, pointer=at)
            met.append(ref)
            here, resolver = bridged.lookup(resolver, ref, at)
        else:
            sure.update(met)


def _says_nothing_else(schema: dict[str, Any], documents: Documents) -> bool:
    """Whether a ``$ref`` stands alone; up to draft-07 whatever stands beside it is ignored."""
    return not documents.draft.modern or not schema.keys() - _NOTES


_NOTES = frozenset({"$ref", "title", "description", "default", "examples", "$comment", "$schema", "$defs"})


def _only_refs(root: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object with a ``$ref`` that is text, and where it stands; enums and constants are data."""
    pending: list[tuple[str, Any]] = [(at, root)]
    while pending:
        here, value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield here, value
            pending += [
                (step(here, key), held) for key, held in value.items() if key not in ("enum", "const", "default")
            ]
        elif isinstance(value, list):
            pending += [(step(here, index), held) for index, held in enumerate(value)]


def _refs(document: Any) -> list[str]:
    return [schema["$ref"].partition("#")[0].removeprefix("./") for _, schema in _only_refs(document, "#")]


def _documents_circle(start: str, named: dict[str, list[str]]) -> list[str]:
    """The documents of a circle through ``start``, which stands at both ends; nothing where there is none."""
    came: dict[str, str] = {}
    pending = [start]
    while pending:
        here = pending.pop()
        for name in named.get(here, ()):
            if name == start and here != start:
                path = [here]
                while path[0] != start:
                    path.insert(0, came[path[0]])
                return [*path, start]
            if name in named and name not in came and name != start:
                came[name] = here
                pending.append(name)
    return []


def meaningless(root: Located) -> bool:
    """Whether some schema asks about the same value through itself, and through ``oneOf`` or its like."""
    if not any("$ref" in str(written) for written in (root.checker.documents.root, root.checker.documents.others)):
        return False
    edges: dict[int, list[_Edge]] = {}
    pending = [root]
    while pending and len(edges) < _MOST:
        here = pending.pop()
        if here.key in edges or isinstance(here.schema, bool):
            continue
        edges[here.key] = list(_same_value(here))
        pending += [target for target, _ in edges[here.key]]
        pending += _parts(here)
    return any(
        strict and _reaches(edges, target.key, start) for start, targets in edges.items() for target, strict in targets
    )


def _reaches(edges: dict[int, list[_Edge]], start: int, goal: int) -> bool:
    seen: set[int] = set()
    pending = [start]
    while pending:
        here = pending.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            pending += [target.key for target, _ in edges.get(here, ())]
    return False


def _same_value(here: Located) -> Iterator[_Edge]:
    """The schemas asked about the same value, and whether more than their yes is needed."""
    words = here.words()
    if "$ref" in words:
        yield here.target(), False
    for word in ("allOf", "anyOf", "oneOf"):
        for branch in words.get(word, ()):
            yield here.at(branch), word == "oneOf"
    for word in ("not", "if", "then", "else"):
        if word in words:
            yield here.at(words[word]), word in ("not", "if")
    for schema in words.get("dependentSchemas", {}).values():
        yield here.at(schema), False


def _parts(here: Located) -> Iterator[Located]:
    """The schemas asked about a part of the value."""
    words = here.words()
    for word in ("properties", "patternProperties"):
        yield from (here.at(schema) for schema in words.get(word, {}).values())
    yield from (here.at(schema) for schema in words.get("prefixItems", ()))
    for word in (
        "items",
        "additionalProperties",
        "contains",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
    ):
        if word in words:
            yield here.at(words[word])
