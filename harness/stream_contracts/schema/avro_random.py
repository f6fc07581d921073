"""Values of an Avro schema, drawn by Hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from stream_contracts.errors import SchemaError
from stream_contracts.schema import avro_logical
from stream_contracts.schema.avro_defaults import INT, LONG
from stream_contracts.schema.avro_model import Array, AvroSchema, Enum, Fixed, Map, Node, Record, Union
from stream_contracts.schema.avro_shape import Shape, branch_name
from stream_contracts.schema.avro_values import ROUNDS, Maker

LENGTHS: Final = (4, 2, 1)
"""The longest list in a message, in a list, and in a list of lists: without it, messages grow beyond all bounds."""

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


def strategy(parsed: AvroSchema, *, named_branches: bool = False) -> st.SearchStrategy[Any]:
    """Draw any value of a schema, as fastavro takes it: logical types as Python values, unions plain where safe.

    A union value is ``(branch name, value)`` where fastavro could take the plain value for another branch, and always
    with ``named_branches``. NaN and infinities are left out. Raises ``SchemaError`` where no finite value exists.
    """
    maker = _Strategies(Shape(parsed), named_branches=named_branches)
    if maker.shape.height[parsed.root] == float("inf"):
        raise SchemaError(parsed.source.called, "no value of this schema is finite: it always contains itself")
    return maker.of(parsed.root, 0, 0)


def each(schema: AvroSchema, most: int, look: Callable[[Any], None]) -> None:
    """Show ``most`` values to ``look``, with named branches: always the same ones, and nothing is kept on disk."""

    @settings(
        max_examples=most,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy(schema, named_branches=True))
    def shown(value: Any) -> None:
        look(value)

    with suppress(Unsatisfiable):
        shown()


class _Strategies(Maker):
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
            drawn: st.SearchStrategy[Any] = logical.strategy(st)
            return drawn
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

    def __init__(self, maker: Maker, union: Union, branch: Node) -> None:
        self.maker, self.union, self.branch = maker, union, branch

    def __call__(self, value: Any) -> Any:
        return self.maker.wrap(self.union, self.branch, value)

    def __repr__(self) -> str:
        return f"as {branch_name(self.branch)}"
