"""Random instances of a JSON Schema by Hypothesis, the same ones each time, for what targeted values do not reach."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

from stream_contracts.schema.jsonschema_expansion import expand
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_regex import PatternUnsupported, python_pattern
from stream_contracts.schema.jsonschema_rules_scalars import bounds
from stream_contracts.schema.jsonschema_shapes import Shape, number

_DEEPEST = 4
_MOST_OPTIONAL = 40
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def random_values(located: Located, count: int) -> list[Any]:
    """Up to ``count`` values drawn from the shapes of a schema; most are valid, none is promised to be."""
    found: list[Any] = []
    if count <= 0:
        return found

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(_of((located,), 0))
    def collect(value: Any) -> None:
        found.append(value)

    # A schema of which nothing can be drawn is no fault of the search: it has nothing to add.
    with suppress(HypothesisException):
        collect()
    return found


def _of(conjunction: tuple[Located, ...], depth: int) -> st.SearchStrategy[Any]:
    if not conjunction or depth > _DEEPEST:
        return _ANYTHING
    shapes = expand(conjunction, most=16, partial=True)
    return st.one_of([_shape(shape, depth) for shape in shapes]) if shapes else st.nothing()


def _shape(shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    if shape.values is not None:
        return st.sampled_from(shape.values) if shape.values else st.nothing()
    match shape.type:
        case "number":
            return _numbers(shape)
        case "string":
            return _strings(shape)
        case "array":
            return _arrays(shape, depth)
    return _objects(shape, depth)


def _numbers(shape: Shape) -> st.SearchStrategy[Any]:
    low, _, high, _ = bounds(shape)
    step = max(shape.multiples, default=None)
    if step is not None:
        least = None if low is None else -(-low // step)
        most = None if high is None else high // step
        if least is not None and most is not None and least > most:
            return st.nothing()
        return st.integers(least, most).map(lambda count: number(count * step))
    whole = st.nothing() if _no_integer(low, high) else st.integers(_up(low), _down(high))
    if shape.integer:
        return whole
    first, last = (None if limit is None else float(limit) for limit in (low, high))
    return whole | st.floats(first, last, allow_nan=False, allow_infinity=False)


def _up(limit: Any) -> int | None:
    return None if limit is None else int(-(-limit // 1))


def _down(limit: Any) -> int | None:
    return None if limit is None else int(limit // 1)


def _no_integer(low: Any, high: Any) -> bool:
    first, last = _up(low), _down(high)
    return first is not None and last is not None and first > last


def _strings(shape: Shape) -> st.SearchStrategy[Any]:
    for pattern in sorted(shape.patterns):
        try:
            return st.from_regex(python_pattern(pattern))
        except PatternUnsupported:
            continue
    longest = shape.shortest + 20 if shape.longest is None else min(shape.longest, shape.shortest + 200)
    return st.text(min_size=shape.shortest, max_size=max(longest, shape.shortest))


def _arrays(shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    positions = max((len(row.prefix) for row in shape.rows), default=0)
    longest = max(shape.least, positions) + 3 if shape.most is None else min(shape.most, shape.least + positions + 3)
    each = [st.deferred(lambda index=index: _of(shape.item(index), depth + 1)) for index in range(positions + 1)]  # type: ignore[misc]

    @st.composite
    def array(draw: Any) -> list[Any]:
        length = draw(st.integers(min(shape.least, longest), longest))
        return [draw(each[min(index, positions)]) for index in range(length)]

    return array()


def _objects(shape: Shape, depth: int) -> st.SearchStrategy[Any]:
    # With very many properties a draw takes long and proves little: the others are left to the targeted values.
    names = list(dict.fromkeys([*sorted(shape.required), *shape.declared()[:_MOST_OPTIONAL]]))
    each = {name: st.deferred(lambda name=name: _of(shape.of(name), depth + 1)) for name in names}  # type: ignore[misc]
    extra = st.text(min_size=1, max_size=3)

    @st.composite
    def built(draw: Any) -> dict[str, Any]:
        made = {name: draw(each[name]) for name in names if name in shape.required or draw(st.booleans())}
        for _ in range(draw(st.integers(0, 2))):
            name = draw(extra)
            if name not in made:
                made[name] = draw(_of(shape.of(name), depth + 1))
        return made

    return built()
