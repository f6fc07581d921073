"""Messages worth trying: boundary values field by field, then Hypothesis; and how to show a message."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Container, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from stream_contracts.schema.protobuf_meaning import (
    in_oneof,
    is_map,
    is_message,
    message_of,
    shape,
    value_of,
    writable,
    wrote,
)
from stream_contracts.schema.protobuf_numbers import edges

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_TEXTS = ("a", "", "é", "\x08\x01")
_BYTES = (b"\xff", b"a", b"", b"\x08\x01", b"\xff\xff\xff")
_DEEPEST = 3

#: A message as plain data: field number to value, list of values, or list of (key, value) for a map.
Plan = dict[int, Any]


def build(message: Descriptor, plan: Plan) -> Message:
    """The message that a plan describes, with every required field filled in."""
    built = GetMessageClass(message)()
    _fill(built, plan)
    return built


def _fill(built: Message, plan: Plan) -> None:
    for number, field in shape(built.DESCRIPTOR).by_number.items():
        if number in plan:
            _put(built, field, plan[number])
        elif field.is_required:
            _put(built, field, {} if is_message(field) else ordinary(field))


def _put(built: Message, field: FieldDescriptor, value: Any) -> None:
    if is_map(field):
        _put_map(built, field, value)
    elif field.is_repeated:
        _put_list(value_of(built, field), field, value)
    elif is_message(field):
        target = value_of(built, field)
        target.SetInParent()
        _fill(target, value)
    elif field.is_extension:
        built.Extensions[cast(Any, field)] = value
    else:
        setattr(built, field.name, value)


def _put_list(target: Any, field: FieldDescriptor, values: Sequence[Any]) -> None:
    for value in values:
        if is_message(field):
            _fill(target.add(), value)
        else:
            target.append(value)


def _put_map(built: Message, field: FieldDescriptor, entries: Sequence[tuple[Any, Any]]) -> None:
    target = value_of(built, field)
    value_field = message_of(field).fields_by_name["value"]
    for key, value in entries:
        if is_message(value_field):
            _fill(target[key], value)
        else:
            target[key] = value


def ordinary(field: FieldDescriptor) -> Any:
    """One everyday value of a scalar field."""
    return scalars(field)[0]


def scalars(field: FieldDescriptor) -> Sequence[Any]:
    """The boundary values of a scalar field, an everyday one first."""
    if field.type == FieldDescriptor.TYPE_STRING:
        return _TEXTS
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _BYTES
    if field.type == FieldDescriptor.TYPE_BOOL:
        return (True, False)
    return edges(field)


def variants(message: Descriptor, depth: int = 0, only: Container[int] | None = None) -> Iterator[Plan]:
    """Boundary plans of one message: nothing set, everything set, then each field (in ``only``) with each value."""
    fields = [field for field in shape(message).by_number.values() if writable(field)]
    yield {}
    if depth < _DEEPEST:
        for seed in (0, 1):
            yield {field.number: _some(field, depth, seed) for field in _one_per_oneof(fields, seed)}
        for field in fields:
            for value in field_values(field, depth) if only is None or field.number in only else ():
                yield {field.number: value}


def _one_per_oneof(fields: list[FieldDescriptor], seed: int) -> list[FieldDescriptor]:
    """All fields that can be set together: of each oneof the first member, or the last."""
    chosen: dict[str, FieldDescriptor] = {}
    for field in fields:
        key = in_oneof(field) or f"#{field.number}"
        if key not in chosen or seed:
            chosen[key] = field
    return list(chosen.values())


def _some(field: FieldDescriptor, depth: int, seed: int) -> Any:
    values = list(field_values(field, depth))
    return values[min(seed, len(values) - 1)]


def field_values(field: FieldDescriptor, depth: int = 0) -> Iterator[Any]:
    """What a field may hold, as plan values: boundaries, and for lists none, one and several of them."""
    if is_map(field):
        yield from _map_values(field, depth)
        return
    single = list(_messages(field, depth)) if is_message(field) else list(scalars(field))
    if not field.is_repeated:
        yield from single
        return
    yield single[:1]
    yield single[:3] if len(single) > 1 else single * 2
    yield [single[0], single[0]]
    yield single
    for value in single[1:]:
        yield [value]


def _messages(field: FieldDescriptor, depth: int) -> Iterator[Plan]:
    inner = variants(message_of(field), depth + 1)
    # Everything set comes first: an empty message says little.
    first = next(inner)
    yield from inner
    yield first


def _map_values(field: FieldDescriptor, depth: int) -> Iterator[list[tuple[Any, Any]]]:
    key_field, value_field = (message_of(field).fields_by_name[name] for name in ("key", "value"))
    keys = list(scalars(key_field))
    values = list(_messages(value_field, depth)) if is_message(value_field) else list(scalars(value_field))
    yield [(keys[0], values[0])]
    yield [(key, values[0]) for key in keys]
    for value in values:
        yield [(keys[0], value)]
    for key in keys[1:]:
        yield [(key, values[0])]


def around(path: Sequence[FieldDescriptor], plans: Iterator[Plan]) -> Iterator[Plan]:
    """Plans of the outermost message that hold each of ``plans`` at the end of a path of message fields."""
    for plan in plans:
        outer: Any = plan
        for field in reversed(path):
            if is_map(field):
                # What stands below a map is a plan of its entry.
                key, value = (message_of(field).fields_by_number[number] for number in (1, 2))
                missing: Any = {} if is_message(value) else ordinary(value)
                outer = {field.number: [(outer.get(1, ordinary(key)), outer.get(2, missing))]}
            else:
                outer = {field.number: [outer] if field.is_repeated else outer}
        yield outer


def search(message: Descriptor, breaks: Callable[[Plan], bool], budget: int) -> Plan | None:
    """A plan for which ``breaks`` holds, found and shrunk by Hypothesis within ``budget`` examples; else None.

    The same schemas give the same plan at every run: nothing is random and nothing is kept on disk.
    """
    # Hypothesis costs 100 ms to import; most verdicts never need it.
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis.errors import NoSuchExample

    quiet = settings(
        max_examples=max(1, budget),
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    try:
        found: Plan = find(plans(message), breaks, settings=quiet)
    except NoSuchExample:
        return None
    return found


def plans(message: Descriptor, depth: int = 0) -> SearchStrategy[Plan]:
    """A strategy for plans of a message: any subset of its fields, at most one member of each oneof."""
    from hypothesis import strategies as st

    fields = shape(message).by_number

    @st.composite
    def drawn(draw: st.DrawFn) -> Plan:
        plan: Plan = {}
        taken: set[str] = set()
        for number, field in fields.items():
            oneof = in_oneof(field)
            deep = is_message(field) and depth >= _DEEPEST
            if deep or not writable(field) or oneof in taken or not draw(st.booleans()):
                continue
            plan[number] = draw(_strategy(field, depth))
            taken.update({oneof} - {""})
        return plan

    return drawn()


def _strategy(field: FieldDescriptor, depth: int) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    if is_map(field):
        key, value = (message_of(field).fields_by_name[name] for name in ("key", "value"))
        return st.lists(st.tuples(_strategy(key, depth), _strategy(value, depth)), max_size=3, unique_by=lambda e: e[0])
    single = plans(message_of(field), depth + 1) if is_message(field) else _scalar_strategy(field)
    return st.lists(single, max_size=3) if field.is_repeated else single


def _scalar_strategy(field: FieldDescriptor) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    boundary: SearchStrategy[Any] = st.sampled_from(list(scalars(field)))
    if field.type == FieldDescriptor.TYPE_STRING:
        return boundary | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return boundary | st.binary(max_size=8)
    if field.type in (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE):
        return boundary | st.floats(width=32 if field.type == FieldDescriptor.TYPE_FLOAT else 64)
    if field.enum_type is not None or field.type == FieldDescriptor.TYPE_BOOL:
        return boundary
    numbers = [int(number) for number in edges(field)]
    return boundary | st.integers(min(numbers), max(numbers))


def picture(message: Message, show: Sequence[int] = ()) -> dict[str, Any]:
    """A message as JSON-ready data by field name; the fields along ``show`` appear even if they are not written."""
    shown: dict[str, Any] = {}
    for number, field in shape(message.DESCRIPTOR).by_number.items():
        along = bool(show) and show[0] == number
        if wrote(message, field) or (along and not is_message(field)):
            name = f"[{field.full_name}]" if field.is_extension else field.name
            shown[name] = _shown(value_of(message, field), field, show[1:] if along else ())
    return shown


def _shown(value: Any, field: FieldDescriptor, show: Sequence[int]) -> Any:
    if is_map(field):
        inner = message_of(field).fields_by_name["value"]
        return {_key(key): _shown(value[key], inner, ()) for key in sorted(value)}
    if field.is_repeated:
        return [_one(element, field, show) for element in value]
    return _one(value, field, show)


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _one(value: Any, field: FieldDescriptor, show: Sequence[int]) -> Any:
    if isinstance(value, Message):
        return picture(value, show)
    if isinstance(value, bytes) and field.type == FieldDescriptor.TYPE_STRING:
        return value.decode(errors="replace")  # a proto2 string with bytes that are no text
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if field.enum_type is not None:
        named = field.enum_type.values_by_number.get(value)
        return named.name if named is not None else value
    return value
