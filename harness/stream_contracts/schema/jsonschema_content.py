"""Content models: what an object or a tuple says of what it does not declare, shared by the rules of both."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from stream_contracts.schema.jsonschema_found import Compares, Found
from stream_contracts.schema.jsonschema_nodes import ArrayNode, EmptyNode, FalseNode, Node, ObjectNode

PROPERTIES, ITEMS = "PROPERTIES", "ITEMS"
Container = ObjectNode | ArrayNode


class Model(Enum):
    """What a content model says where it has no schema: anything, or nothing."""

    OPEN = "open"
    CLOSED = "closed"


def beyond(node: Container, what: str) -> Model | Node:
    """What holds for the undeclared: the additional schema, else the unevaluated one, else open or closed.

    Patterns are not looked at: whoever has them has to ask them first, and is never open with them.
    """
    if node.additional_schema is not None:
        return node.additional_schema
    if not node.additional:
        return Model.CLOSED
    rest = unevaluated_of(node, what)
    if rest is None or isinstance(rest, EmptyNode):
        return Model.OPEN
    return Model.CLOSED if isinstance(rest, FalseNode) else rest


def removed(comparison: Compares, noun: str, path: str, node: Node, says: Model | Node) -> list[Found]:
    """A property or item that the update no longer declares, judged by what the update says of its place."""
    if says is Model.OPEN:
        return [(f"{noun}_REMOVED_FROM_OPEN_CONTENT_MODEL", path)]
    if isinstance(says, Node):
        found = comparison.within(path, node, says)
        return [*found, covered(comparison, f"{noun}_REMOVED", path, found)]
    nothing = "_WITH_FALSE" if isinstance(node, FalseNode) else ""
    return [(f"{noun}{nothing}_REMOVED_FROM_CLOSED_CONTENT_MODEL", path)]


def covered(comparison: Compares, what: str, path: str, found: Sequence[Found]) -> Found:
    """Whether the schema of a partially open content model covers what was added or removed."""
    answer = "IS_COVERED" if comparison.compatible(found) else "NOT_COVERED"
    return f"{what}_{answer}_BY_PARTIALLY_OPEN_CONTENT_MODEL", path


def additional(comparison: Compares, what: str, original: Container, update: Container) -> Sequence[Found]:
    """additionalProperties or additionalItems: the flag first, then the schemas."""
    before, after = original.additional_schema, update.additional_schema
    path = f"/additional{what.capitalize()}"
    if original.additional != update.additional:
        return [(f"ADDITIONAL_{what}_{'ADDED' if update.additional else 'REMOVED'}", path)]
    if before is None:
        return [] if after is None else [(f"ADDITIONAL_{what}_NARROWED", path)]
    return [(f"ADDITIONAL_{what}_EXTENDED", path)] if after is None else comparison.within(path, before, after)


def unevaluated_of(node: Node, what: str) -> Node | None:
    """The schema for what nothing else evaluated; only the modern loader leaves a node there."""
    held = node.extras.get(f"unevaluated{what.capitalize()}")
    return held if isinstance(held, Node) else None


def unevaluated(comparison: Compares, what: str, original: Container, update: Container) -> Sequence[Found]:
    """unevaluatedProperties or unevaluatedItems: the first row that fits answers."""
    before, after = unevaluated_of(original, what), unevaluated_of(update, what)
    if before is None and after is None:
        return []
    path = f"/unevaluated{what.capitalize()}"
    if before is None:
        change = "REMOVED" if isinstance(after, FalseNode) else "NARROWED"
    elif after is None:
        change = "ADDED" if isinstance(before, FalseNode) else "EXTENDED"
    elif isinstance(before, FalseNode) != isinstance(after, FalseNode):
        change = "ADDED" if isinstance(before, FalseNode) else "REMOVED"
    elif isinstance(before, EmptyNode) != isinstance(after, EmptyNode):
        change = "NARROWED" if isinstance(before, EmptyNode) else "EXTENDED"
    else:
        return comparison.within(path, before, after)
    return [(f"UNEVALUATED_{what}_{change}", path)]
