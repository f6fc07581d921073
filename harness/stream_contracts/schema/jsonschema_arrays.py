"""The registry's rules for arrays: one schema for all items, positions by content model, counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stream_contracts.schema.format import Edition
from stream_contracts.schema.jsonschema_content import ITEMS, Model, additional, beyond, covered, removed, unevaluated
from stream_contracts.schema.jsonschema_found import Compares, Found, raised_or_lowered
from stream_contracts.schema.jsonschema_nodes import ArrayNode, EmptyNode, Node


def array_rules(comparison: Compares, original: ArrayNode, update: ArrayNode) -> list[Found]:
    """All that is compared of two arrays; of ``contains`` only its counts are."""
    found = [*comparison.within("/items", original.all_items, update.all_items)]
    found += _positions(comparison, original, update)
    found += additional(comparison, ITEMS, original, update)
    found += unevaluated(comparison, ITEMS, original, update)
    if original.max_items != update.max_items:
        found += raised_or_lowered("MAX_ITEMS", "/maxItems", original.max_items, update.max_items)
    if original.min_items != update.min_items:
        found += raised_or_lowered("MIN_ITEMS", "/minItems", original.min_items, update.min_items)
    if original.unique != update.unique:
        found.append((f"UNIQUE_ITEMS_{'ADDED' if update.unique else 'REMOVED'}", "/uniqueItems"))
    if comparison.edition is not Edition.CONFLUENT_7_4:
        for kind, keyword in (("MAX_CONTAINS", "maxContains"), ("MIN_CONTAINS", "minContains")):
            found += raised_or_lowered(kind, f"/{keyword}", _count(original, keyword), _count(update, keyword))
    return found


def _count(node: Node, keyword: str) -> int | None:
    """A count that a loader left among the extras: both loaders do, the classic one because it does not know it."""
    held: Any = node.extras.get(keyword)
    return int(held) if isinstance(held, int | Decimal) and not isinstance(held, bool) else None


def _positions(comparison: Compares, original: ArrayNode, update: ArrayNode) -> list[Found]:
    before, after = original.positions or (), update.positions or ()
    found: list[Found] = []
    for index in range(max(len(before), len(after))):
        path = f"/items/{index}"
        if index >= len(after):
            found += removed(comparison, "ITEM", path, before[index], beyond(update, ITEMS))
        elif index >= len(before):
            found += _added(comparison, path, after[index], original)
        else:
            found += comparison.within(path, before[index], after[index])
    return found


def _added(comparison: Compares, path: str, node: Node, original: ArrayNode) -> list[Found]:
    """A position that only the update declares, judged by the original's content model."""
    says = beyond(original, ITEMS)
    if says is Model.OPEN:
        anything = "_WITH_EMPTY_SCHEMA" if isinstance(node, EmptyNode) else ""
        return [(f"ITEM{anything}_ADDED_TO_OPEN_CONTENT_MODEL", path)]
    if isinstance(says, Node):
        found = comparison.within(path, says, node)
        return [*found, covered(comparison, "ITEM_ADDED", path, found)]
    return [("ITEM_ADDED_TO_CLOSED_CONTENT_MODEL", path)]
