"""Values of an Avro schema: drawn by Hypothesis, or listed at the edges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hypothesis import strategies as st

from stream_contracts.errors import SchemaError
from stream_contracts.schema import avro_logical
from stream_contracts.schema.avro_defaults import INT, LONG
from stream_contracts.schema.avro_model import Array, AvroSchema, Enum, Fixed, Map, Node, Primitive, Record, Union
from stream_contracts.schema.avro_shape import Shape, branch_name

ROUNDS: Final = 2
"""How often a record may stand inside itself before its values take the shortest way out."""
LENGTHS: Final = (4, 2, 1)
"""The longest list in a message, in a list, and in a list of lists: without it, messages grow beyond all bounds."""
DEEPEST: Final = 64
"""Types inside types in a message that has all its parts at an edge; a tree of records would never end."""
EXACT_INTS: Final = 2**53
"""Above it, not every integer is a double."""

_PLAIN: Final[dict[str, Any]] = {
    "null": st.none,
    "boolean": st.booleans,
    "int": lambda: st.integers(*INT),
    "long": lambda: st.integers(*LONG),
    "float": lambda: st.floats(width=32, allow_nan=False, allow_infinity=False),
    "double": lambda: st.floats(allow_nan=False, allow_infinity=False),
    "bytes": lambda: st.binary(max_size=64),
    "string": lambda: st.text(max_size=64),
}
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


def strategy(parsed: AvroSchema, *, named_branches: bool = False) -> st.SearchStrategy[Any]:
    """Draw any value of a schema, as fastavro takes it: logical types as Python values, unions plain where safe.

    A union value is ``(branch name, value)`` where fastavro could take the plain value for another branch, and always
    with ``named_branches``. NaN and infinities are left out. Raises ``SchemaError`` where no finite value exists.
    """
    maker = _Strategies(Shape(parsed), named_branches=named_branches)
    if maker.shape.height[parsed.root] == float("inf"):
        raise SchemaError(parsed.source.called, "no value of this schema is finite: it always contains itself")
    return maker.of(parsed.root, 0, 0)


def boundary(parsed: AvroSchema, *, named_branches: bool = False) -> Iterator[Any]:
    """List the edges of a schema, the plainest value first; always the same ones, in the same order.

    In records, one field at a time is at an edge while the others stay plain; so the number grows with the fields.
    """
    edges = Edges(Shape(parsed), named_branches=named_branches)
    if edges.shape.height[parsed.root] < float("inf"):
        yield from edges.of(parsed.root, {})


class _Maker:
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


class _Strategies(_Maker):
    """Strategies per type and place, each built once.

    A place is how many recursive records and how many collections stand around; both make what is inside smaller.
    """

    def __init__(self, shape: Shape, *, named_branches: bool) -> None:
        super().__init__(shape, named_branches=named_branches)
        self.built: dict[tuple[Node, int, int], st.SearchStrategy[Any]] = {}

    def of(self, node: Node, rounds: int, nesting: int) -> st.SearchStrategy[Any]:
        """The strategy of a type that stands inside ``rounds`` recursive records and ``nesting`` collections."""
        key = (node, min(rounds, ROUNDS), min(nesting, len(LENGTHS) - 1))
        if key not in self.built:
            deferred = st.deferred(lambda: self.built[key])
            self.built[key] = deferred
            self.built[key] = self.build(*key)
        return self.built[key]

    def build(self, node: Node, rounds: int, nesting: int) -> st.SearchStrategy[Any]:
        """Build it."""
        if isinstance(node, Record):
            inner = rounds + (node in self.shape.recursive)
            return st.fixed_dictionaries({field.name: self.of(field.node, inner, nesting) for field in node.fields})
        if isinstance(node, Union):
            branches = self.way_out(node) if rounds >= ROUNDS else self.possible(node)
            made = [self.of(branch, rounds, nesting).map(_Wrapped(self, node, branch)) for branch in branches]
            return st.one_of(made)
        if isinstance(node, Array | Map):
            return self.collection(node, rounds, nesting)
        logical = avro_logical.kind(node)
        if logical is not None:
            return logical.strategy()
        if isinstance(node, Enum):
            return st.sampled_from(node.symbols) if node.symbols else st.nothing()
        if isinstance(node, Fixed):
            return st.binary(min_size=node.size, max_size=node.size)
        plain: st.SearchStrategy[Any] = _PLAIN[node.type]()
        return plain

    def collection(self, node: Array | Map, rounds: int, nesting: int) -> st.SearchStrategy[Any]:
        """Lists and maps, empty where the recursion has to end or an item has no value."""
        inner = node.items if isinstance(node, Array) else node.values
        ended = self.shape.height[inner] == float("inf") or (rounds >= ROUNDS and self.shape.recursive)
        if ended:
            return st.builds(list if isinstance(node, Array) else dict)
        most, items = LENGTHS[nesting], self.of(inner, rounds, nesting + 1)
        if isinstance(node, Array):
            return st.lists(items, max_size=most)
        return st.dictionaries(st.text(max_size=8), items, max_size=most)


class _Wrapped:
    """The naming of one branch, as a function that Hypothesis can print."""

    def __init__(self, maker: _Maker, union: Union, branch: Node) -> None:
        self.maker, self.union, self.branch = maker, union, branch

    def __call__(self, value: Any) -> Any:
        return self.maker.wrap(self.union, self.branch, value)

    def __repr__(self) -> str:
        return f"as {branch_name(self.branch)}"


class Edges(_Maker):
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
