"""The registry's rules for allOf, anyOf and oneOf, matched branch by branch as a bipartite problem, and for not."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from stream_contracts.schema.jsonschema_found import Compares, Found, RegistryFails
from stream_contracts.schema.jsonschema_nodes import ALL_OF, ANY_OF, ONE_OF, CombinedNode, NotNode


def not_rules(comparison: Compares, original: NotNode, update: NotNode) -> list[Found]:
    """Compared the other way round; one of the two kinds is always listed, for an unchanged ``not`` too."""
    found = comparison.within("/not", update.inner, original.inner)
    return [("NOT_TYPE_NARROWED" if comparison.compatible(found) else "NOT_TYPE_EXTENDED", "/not")]


def combined_rules(comparison: Compares, original: CombinedNode, update: CombinedNode) -> list[Found]:
    """The criterion, the number of branches, and a partner for each branch of the smaller side."""
    found: list[Found] = []
    if original.criterion != update.criterion:
        if not _criterion_extended(original, update):
            return [("COMBINED_TYPE_CHANGED", "")]
        found.append(("COMBINED_TYPE_EXTENDED", ""))
    before, after = original.unlike(), update.unlike()
    if len(before) < len(after):
        found.append(("PRODUCT_TYPE_EXTENDED" if update.criterion == ALL_OF else "SUM_TYPE_EXTENDED", ""))
    elif len(before) > len(after):
        found.append(("PRODUCT_TYPE_NARROWED" if original.criterion == ALL_OF else "SUM_TYPE_NARROWED", ""))
    edges: list[dict[int, Sequence[Found]]] = []
    for index, branch in enumerate(before):
        try:
            lists = [(partner, comparison.compare(branch, other)) for partner, other in enumerate(after)]
        except RegistryFails as fails:
            fails.path = f"/{original.criterion}/{index}{fails.path}"
            raise
        edges.append({partner: listed for partner, listed in lists if comparison.compatible(listed)})
    matched = matching(edges)
    for index, partner in sorted(matched.items()):
        found += [(kind, f"/{original.criterion}/{index}{path}") for kind, path in edges[index][partner]]
    if len(matched) < min(len(before), len(after)):
        found.append(("COMBINED_TYPE_SUBSCHEMAS_CHANGED", ""))
    return found


def _criterion_extended(original: CombinedNode, update: CombinedNode) -> bool:
    """Towards anyOf, and between combinations of one branch, a new criterion accepts as much (raw branch counts)."""
    one_before, one_after = len(original.branches) == 1, len(update.branches) == 1
    return (
        update.criterion == ANY_OF
        or (one_before and one_after)
        or (one_before and update.criterion == ONE_OF)
        or (one_after and original.criterion == ALL_OF)
    )


def matching(edges: Sequence[dict[int, Sequence[Found]]]) -> dict[int, int]:
    """A maximum one-to-one matching of left indices to right ones, greedy first, then by augmenting paths."""
    right: dict[int, int] = {}
    left: dict[int, int] = {}
    for index, partners in enumerate(edges):
        free = next((partner for partner in partners if partner not in right), None)
        if free is not None:
            left[index], right[free] = free, index
    for index in range(len(edges)):
        if index not in left:
            _augment(index, edges, left, right)
    return left


def _augment(
    start: int, edges: Sequence[dict[int, Sequence[Found]]], left: dict[int, int], right: dict[int, int]
) -> None:
    """Look, breadth first, for a path from an unmatched left index to a free right one, and swap along it."""
    came_from: dict[int, int] = {}
    queue = deque([start])
    while queue:
        index = queue.popleft()
        for partner in edges[index]:
            if partner in came_from:
                continue
            came_from[partner] = index
            if partner in right:
                queue.append(right[partner])
                continue
            end: int | None = partner
            while end is not None:
                back = came_from[end]
                right[end], left[back], end = back, end, left.get(back)
            return
