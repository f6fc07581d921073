"""Facts about a type as a whole: does it hold itself, can it end, and must a value of a union name its branch?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

from stream_contracts.schema.avro_model import Array, AvroSchema, Enum, Fixed, Map, Node, Record, Union

_NUMBER, _TEXT, _BYTES, _OBJECT = "number", "text", "bytes", "object"
_FAMILY: Final = {
    "null": "null",
    "boolean": "boolean",
    "int": _NUMBER,
    "long": _NUMBER,
    "float": _NUMBER,
    "double": _NUMBER,
    "string": _TEXT,
    "enum": _TEXT,
    "bytes": _BYTES,
    "fixed": _BYTES,
    "array": _BYTES,  # fastavro takes bytes for a sequence of ints
    "map": _OBJECT,
    "record": _OBJECT,
}


def below(node: Node) -> tuple[Node, ...]:
    """The types directly inside a type."""
    if isinstance(node, Record):
        return tuple(field.node for field in node.fields)
    if isinstance(node, Union):
        return node.branches
    if isinstance(node, Array):
        return (node.items,)
    if isinstance(node, Map):
        return (node.values,)
    return ()


def every(root: Node) -> Iterator[Node]:
    """Each type that can be reached, once, the root first."""
    seen = {root}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        for inner in reversed(below(node)):
            if inner not in seen:
                seen.add(inner)
                waiting.append(inner)


def heights(nodes: Iterable[Node]) -> dict[Node, float]:
    """How many records deep the shallowest value of each type is; infinite where no value ends.

    Arrays and maps can be empty, so they are flat. Found by rounds, each of which is one deeper.
    """
    known: dict[Node, float] = {}
    open_nodes = list(nodes)
    changed = True
    while changed:
        changed = False
        still = []
        for node in reversed(open_nodes):
            height = _height(node, known)
            if height < math.inf:
                known[node], changed = height, True
            else:
                still.append(node)
        open_nodes = still[::-1]
    return known | dict.fromkeys(open_nodes, math.inf)


def _height(node: Node, known: dict[Node, float]) -> float:
    if isinstance(node, Record):
        return 1 + max((known.get(field.node, math.inf) for field in node.fields), default=0)
    if isinstance(node, Union):
        return min((known.get(branch, math.inf) for branch in node.branches), default=math.inf)
    return 0


def sizes(height: dict[Node, float]) -> dict[Node, float]:
    """How many parts the plainest value of each type has; it may be astronomic, since a type can be used many times.

    In the order of their heights, so that what is inside comes first; a union is as high as its lowest branch.
    """
    known: dict[Node, float] = {}
    for node in sorted(height, key=lambda node: (height[node], isinstance(node, Union))):
        if height[node] == math.inf:
            known[node] = math.inf
        elif isinstance(node, Record):
            known[node] = 1 + sum(known[field.node] for field in node.fields)
        elif isinstance(node, Union):
            known[node] = known[next(branch for branch in node.branches if height[branch] == height[node])]
        else:
            known[node] = 1
    return known


def recursive(root: Node) -> frozenset[Node]:
    """The records that hold themselves, by whatever way (Tarjan's components, without recursion)."""
    order: dict[Node, int] = {}
    low: dict[Node, int] = {}
    path: list[Node] = []
    on_path: set[Node] = set()
    found: set[Node] = set()
    calls: list[tuple[Node, Iterator[Node]]] = [(root, iter(below(root)))]
    order[root] = low[root] = 0
    path.append(root)
    on_path.add(root)
    while calls:
        node, rest = calls[-1]
        for inner in rest:
            if inner not in order:
                order[inner] = low[inner] = len(order)
                path.append(inner)
                on_path.add(inner)
                calls.append((inner, iter(below(inner))))
                break
            if inner in on_path:
                low[node] = min(low[node], order[inner])
        else:
            calls.pop()
            if calls:
                low[calls[-1][0]] = min(low[calls[-1][0]], low[node])
            if low[node] == order[node]:
                component = [path.pop()]
                while component[-1] is not node:
                    component.append(path.pop())
                on_path.difference_update(component)
                if len(component) > 1:
                    found.update(component)
    return frozenset(node for node in found if isinstance(node, Record))


class Shape:
    """The facts about one schema, worked out once."""

    def __init__(self, schema: AvroSchema) -> None:
        nodes = list(every(schema.root))
        self.height = heights(nodes)
        self.size = sizes(self.height)
        self.recursive = recursive(schema.root)
        self.named_branches = _unions_that_name_their_branch(nodes)


def _unions_that_name_their_branch(nodes: list[Node]) -> frozenset[Node]:
    """The unions whose values fastavro would take for another branch, or refuse, unless they are ``(name, value)``.

    Two branches of one family are ambiguous. A branch with such a union inside is, too: fastavro's validation, which
    picks the branch of a plain value, does not understand every ``(name, value)`` that its writer does.
    """
    ambiguous = {node for node in nodes if isinstance(node, Union) and _ambiguous(node)}
    if not ambiguous:
        return frozenset()
    holders: dict[Node, list[Node]] = {}
    for node in nodes:
        for inner in below(node):
            holders.setdefault(inner, []).append(node)
    reached: set[Node] = set(ambiguous)
    waiting: list[Node] = list(ambiguous)
    while waiting:
        for holder in holders.get(waiting.pop(), ()):
            if holder not in reached:
                reached.add(holder)
                waiting.append(holder)
    return frozenset(node for node in reached if isinstance(node, Union))


def _ambiguous(union: Union) -> bool:
    families = [_FAMILY[branch.type] for branch in union.branches]
    dated = any(branch.logical and branch.logical.name == "date" for branch in union.branches)
    return len(set(families)) < len(families) or (dated and _TEXT in families)


def branch_name(branch: Node) -> str:
    """What fastavro calls a branch in ``(name, value)``."""
    return branch.fullname if isinstance(branch, Record | Enum | Fixed) else branch.type
