"""Schemas that ask about themselves: a circle of references for one value has no meaning through ``oneOf``.

A circle through ``allOf`` or ``anyOf`` adds nothing and is left out. Through ``oneOf``, ``not`` or ``if`` the value
would be valid exactly when it is not; a validator overflows its stack there, and no verdict can be given.
"""

from __future__ import annotations

from collections.abc import Iterator

from stream_contracts.schema.jsonschema_located import Located

_MOST = 5_000
_Edge = tuple[Located, bool]


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
