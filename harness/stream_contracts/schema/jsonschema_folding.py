"""How the modern loader folds the parts of one schema object into one node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from stream_contracts.schema.jsonschema_nodes import (
    ANY_OF,
    ArrayNode,
    CombinedNode,
    Node,
    NumberNode,
    ObjectNode,
    StringNode,
)

_MERGED = (ArrayNode, NumberNode, ObjectNode, StringNode)
_ORED = frozenset({"typed", "integer", "unique"})


@dataclass(frozen=True, slots=True)
class GeneratedAllOf:
    """An ``allOf`` in the making: what did not merge. Without members it is the part of a keyword that says nothing."""

    members: tuple[Node, ...]


Part = Node | GeneratedAllOf


def fold(left: Part, right: Part) -> Part:
    """Merge two of one kind; else merge into a fitting branch of a type list; else put both into a generated allOf."""
    if isinstance(left, _MERGED) and type(left) is type(right):
        return merge(left, right)
    for listed, other in ((left, right), (right, left)):
        merged = _into_type_list(listed, other)
        if merged is not None:
            return merged
    members = _members(left)
    for member in _members(right):
        members = _append(members, member)
    return GeneratedAllOf(members)


def merge(left: Node, right: Any) -> Node:
    """One node of two of one kind: the right one overwrites, containers are united, a false ``additional`` wins."""
    changes: dict[str, Any] = {}
    for attribute in fields(left):
        name = attribute.name
        mine, other = getattr(left, name), getattr(right, name)
        if name in _ORED:
            changes[name] = mine or other
        elif name == "additional":
            changes[name] = mine and other
        elif isinstance(other, Mapping):
            if other:
                changes[name] = {**mine, **other} if mine else other
        elif isinstance(other, frozenset):
            changes[name] = mine | other
        elif name == "positions":
            if other is not None:
                changes[name] = (mine or ()) + other
        elif other is not attribute.default:
            changes[name] = other
    return replace(left, **changes)


def _into_type_list(listed: Part, other: Part) -> Node | None:
    if not isinstance(listed, CombinedNode) or not listed.generated or listed.criterion != ANY_OF:
        return None
    if not isinstance(other, _MERGED):
        return None
    for index, branch in enumerate(listed.branches):
        if type(branch) is type(other):
            branches = (*listed.branches[:index], merge(branch, other), *listed.branches[index + 1 :])
            return replace(listed, branches=branches, distinct=[])
    return None


def _members(part: Part) -> tuple[Node, ...]:
    return part.members if isinstance(part, GeneratedAllOf) else (part,)


def _append(members: tuple[Node, ...], member: Node) -> tuple[Node, ...]:
    if isinstance(member, _MERGED):
        for index, held in enumerate(members):
            if type(held) is type(member):
                return (*members[:index], merge(held, member), *members[index + 1 :])
    return (*members, member)
