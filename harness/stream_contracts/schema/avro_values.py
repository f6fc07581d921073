"""Values of an Avro schema, listed at the edges; ``avro_random`` draws them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from stream_contracts.schema import avro_logical
from stream_contracts.schema.avro_defaults import INT, LONG
from stream_contracts.schema.avro_model import Array, AvroSchema, Enum, Fixed, Map, Node, Primitive, Record, Union
from stream_contracts.schema.avro_shape import Shape, branch_name

ROUNDS: Final = 2
"""How often a record may stand inside itself before its values take the shortest way out."""
DEEPEST: Final = 64
"""Types inside types in a message that has all its parts at an edge; a tree of records would never end."""
EXACT_INTS: Final = 2**53
"""Above it, not every integer is a double."""

_EDGES: Final[dict[str, tuple[Any, ...]]] = {
    "null": (None,),
    "boolean": (True, False),
    "int": (1, 0, *INT, 2**24 + 1),
    "long": (1, 0, *LONG, 2**31, EXACT_INTS + 1),
    "float": (1.5, 0.0, -(2.0**-149), 3.4028234663852886e38),
    "double": (0.1, 0.0, -5e-324, 1.7976931348623157e308, 2.0**53 + 2),
    "bytes": (b"bytes", b"", b"\xff\xfe", b"\x00" * 1000),
    "string": ("text", "", "ä€😀\x00", "x" * 1000),
}
"""Per primitive type the plainest value first, then the edges."""


def boundary(parsed: AvroSchema, *, named_branches: bool = False) -> Iterator[Any]:
    """List the edges of a schema, the plainest value first; always the same ones, in the same order.

    In records, one field at a time is at an edge while the others stay plain; so the number grows with the fields.
    """
    edges = Edges(Shape(parsed), named_branches=named_branches)
    if edges.shape.height[parsed.root] < float("inf"):
        yield from edges.of(parsed.root, {})


class Maker:
    """What both ways of making values share: the shape, and how a union value is written."""

    def __init__(self, shape: Shape, *, named_branches: bool) -> None:
        self.shape, self.named_branches = shape, named_branches

    def wrap(self, union: Union, branch: Node, value: Any) -> Any:
        """Name the branch where a plain value would not find it."""
        return (branch_name(branch), value) if self.named_branches or union in self.shape.named_branches else value

    def way_out(self, union: Union) -> tuple[Node, ...]:
        """The branches by which a union ends soonest."""
        lowest = self.shape.height[union]
        return tuple(branch for branch in union.branches if self.shape.height[branch] == lowest)

    def possible(self, union: Union) -> tuple[Node, ...]:
        """The branches that have a value at all."""
        return tuple(branch for branch in union.branches if self.shape.height[branch] < float("inf"))


class Edges(Maker):
    """Edge values; ``inside`` counts the rounds of each record that is open."""

    def __init__(self, shape: Shape, *, named_branches: bool) -> None:
        super().__init__(shape, named_branches=named_branches)
        self.plainest: dict[Node, Any] = {}

    def plain(self, node: Node) -> Any:
        """The plainest value of a type: the first branch that ends soonest, collections empty."""
        if node not in self.plainest:
            self.plainest[node] = self.make_plain(node)
        return self.plainest[node]

    def make_plain(self, node: Node) -> Any:
        """Make it."""
        if isinstance(node, Record):
            return {field.name: self.plain(field.node) for field in node.fields}
        if isinstance(node, Union):
            branch = self.way_out(node)[0]
            return self.wrap(node, branch, self.plain(branch))
        if isinstance(node, Array | Map):
            return [] if isinstance(node, Array) else {}
        return next(iter(leaf_edges(node)))

    def of(self, node: Node, inside: dict[Node, int]) -> Iterator[Any]:
        """All edges of a type, the plainest first."""
        if isinstance(node, Record):
            yield from self.record(node, inside)
        elif isinstance(node, Union):
            first = self.plain(node)
            yield first
            for branch in self.possible(node):
                for value in self.of(branch, inside):
                    yield self.wrap(node, branch, value)
        elif isinstance(node, Array | Map):
            yield from self.collection(node, inside)
        else:
            yield from leaf_edges(node)

    def diagonal(self, node: Node, step: int, room: list[int], depth: int = 0) -> Any:
        """One value in which every part is at its edge number ``step``; plain once it is deep, or the room used up."""
        room[0] -= 1
        if room[0] < 0 or depth > DEEPEST:
            return self.plain(node)
        if isinstance(node, Record):
            return {field.name: self.diagonal(field.node, step, room, depth + 1) for field in node.fields}
        if isinstance(node, Union):
            possible = self.possible(node)
            branch = possible[step % len(possible)]
            return self.wrap(node, branch, self.diagonal(branch, step // len(possible), room, depth + 1))
        if isinstance(node, Array | Map):
            inner = node.items if isinstance(node, Array) else node.values
            if self.shape.height[inner] == float("inf"):
                return self.plain(node)
            value = self.diagonal(inner, step, room, depth + 1)
            return [value] if isinstance(node, Array) else {"key": value}
        edges = leaf_edges(node)
        return edges[step % len(edges)]

    def record(self, node: Record, inside: dict[Node, int]) -> Iterator[Any]:
        """One field at an edge at a time."""
        plain = self.plain(node)
        yield plain
        if inside.get(node, 0) >= ROUNDS:
            return
        deeper = inside | {node: inside.get(node, 0) + 1}
        for field in node.fields:
            for at, value in enumerate(self.of(field.node, deeper)):
                if at:
                    yield {**plain, field.name: value}

    def collection(self, node: Array | Map, inside: dict[Node, int]) -> Iterator[Any]:
        """Empty, each edge alone, and two of them together."""
        inner = node.items if isinstance(node, Array) else node.values
        yield [] if isinstance(node, Array) else {}
        if self.shape.height[inner] == float("inf"):
            return
        first = None
        for at, value in enumerate(self.of(inner, inside)):
            first = value if at == 0 else first
            yield [value] if isinstance(node, Array) else {"": value}
            if at == 1:
                yield [first, value] if isinstance(node, Array) else {"a": first, "ключ": value}


def leaf_edges(node: Primitive | Enum | Fixed) -> tuple[Any, ...]:
    """The edges of a type without types inside."""
    logical = avro_logical.kind(node)
    if logical is not None:
        return logical.edges
    if isinstance(node, Enum):
        return node.symbols
    if isinstance(node, Fixed):
        return (bytes(node.size), b"\xff" * node.size) if node.size else (b"",)
    return _EDGES[node.type]
