"""Messages of a Protobuf schema: the first message type of the file, drawn from a hash of the seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from stream_contracts.schema.format import Source
from stream_contracts.schema.protobuf_meaning import in_oneof, is_map, is_message, message_of, shape
from stream_contracts.schema.protobuf_protoc import compiled
from stream_contracts.schema.protobuf_values import Plan, build, scalars
from stream_contracts.workload.dice import DOUBLES, FLOATS, Dice, Undrawable

DEPTH_MAX = 3
"""How many messages deep a value goes; deeper ones are left out."""
PARTS_MAX = 500
"""How many fields a value may have before lists stay empty and messages are left out."""
LIST_SIZES = 4

SECONDS = {
    "google.protobuf.Timestamp": (-62_135_596_800, 253_402_300_799),
    "google.protobuf.Duration": (-315_576_000_000, 315_576_000_000),
}
"""Well-known type -> the least and the greatest ``seconds`` that it allows (timestamp.proto, duration.proto)."""
ANY = "google.protobuf.Any"

_F = FieldDescriptor
_BITS = {
    _F.TYPE_INT32: (-(2**31), 2**31 - 1), _F.TYPE_SINT32: (-(2**31), 2**31 - 1), _F.TYPE_SFIXED32: (-(2**31), 2**31 - 1),
    _F.TYPE_INT64: (-(2**63), 2**63 - 1), _F.TYPE_SINT64: (-(2**63), 2**63 - 1), _F.TYPE_SFIXED64: (-(2**63), 2**63 - 1),
    _F.TYPE_UINT32: (0, 2**32 - 1), _F.TYPE_FIXED32: (0, 2**32 - 1),
    _F.TYPE_UINT64: (0, 2**64 - 1), _F.TYPE_FIXED64: (0, 2**64 - 1),
}  # fmt: skip


def series(source: Source, dice: Dice) -> Iterator[bytes]:
    """Draw and encode messages without end. Raises `SchemaError` where protoc refuses the schema, and `Undrawable`."""
    messages = compiled(source).messages
    if not messages:
        raise Undrawable("the file has no message type")
    message = next(iter(messages.values()))
    drawn = _Messages(message, dice)
    while True:
        dice.begin()
        try:
            # Fields in order, maps sorted: one message, one encoding.
            yield build(message, drawn.plan()).SerializeToString(deterministic=True)
        except RecursionError as error:
            raise Undrawable("it has no finite value: a required field contains its own message") from error


class _Messages:
    """Plans of one message type: what is optional is there two times of three, each member of a oneof in turn."""

    def __init__(self, message: Descriptor, dice: Dice) -> None:
        self._message, self._dice = message, dice
        self._parts = 0

    def plan(self) -> Plan:
        """The next one."""
        self._parts = 0
        return self._of(self._message, "", 0)

    def _of(self, message: Descriptor, path: str, depth: int) -> Plan:
        if message.full_name in SECONDS:
            return self._time(message.full_name, path)
        if message.full_name == ANY:
            return {}  # what it holds is named by a URL, and no schema says which
        fields = shape(message).by_number
        groups: dict[str, list[int]] = {}
        for number, field in fields.items():
            if oneof := in_oneof(field):
                groups.setdefault(oneof, []).append(number)
        chosen = {oneof: self._dice.turn(f"{path}|{oneof}", len(members) + 1) for oneof, members in groups.items()}
        plan: Plan = {}
        for number, field in fields.items():
            oneof, where = in_oneof(field), f"{path}.{number}"
            self._parts += 1
            if oneof:
                members = groups[oneof]
                wanted = chosen[oneof] < len(members) and members[chosen[oneof]] == number
            else:
                optional = field.has_presence and not field.is_required
                wanted = not optional or self._dice.turn(f"{where}?", 3) > 0
            if wanted and not (self._must_end(depth) and is_message(field) and not field.is_required):
                plan[number] = self._value(field, where, depth)
        return plan

    def _time(self, name: str, path: str) -> Plan:
        seconds = self._dice.whole(f"{path}.1", *SECONDS[name])
        nanos = self._dice.whole(f"{path}.2", 0, 999_999_999)
        if name == "google.protobuf.Timestamp":
            return {1: seconds, 2: nanos}
        # Both have one sign, and the bounds are those of the whole.
        return {1: seconds, 2: 0 if abs(seconds) == SECONDS[name][1] else -nanos if seconds < 0 else nanos}

    def _value(self, field: FieldDescriptor, path: str, depth: int) -> Any:
        if is_map(field):
            key, value = (message_of(field).fields_by_name[name] for name in ("key", "value"))
            size = self._size(path, depth)
            keys = dict.fromkeys(self._single(key, f"{path}<", depth) for _ in range(size))
            return [(each, self._single(value, f"{path}>", depth)) for each in keys]
        if field.is_repeated:
            return [self._single(field, f"{path}[]", depth) for _ in range(self._size(path, depth))]
        return self._single(field, path, depth)

    def _single(self, field: FieldDescriptor, path: str, depth: int) -> Any:
        dice = self._dice
        if is_message(field):
            return {} if self._must_end(depth) else self._of(message_of(field), path, depth + 1)
        match field.type:
            case _F.TYPE_STRING:
                return dice.text(path)
            case _F.TYPE_BYTES:
                return dice.data(path)
            case _F.TYPE_FLOAT:
                return dice.real(path, FLOATS)
            case _F.TYPE_DOUBLE:
                return dice.real(path, DOUBLES)
            case _F.TYPE_BOOL:
                return bool(dice.turn(path, 2))
        if field.type == _F.TYPE_ENUM:
            assert field.enum_type is not None, field.full_name
            return dice.edge(path, [value.number for value in field.enum_type.values]) if dice.on_edge(path) else (
                field.enum_type.values[dice.roll(len(field.enum_type.values), path)].number
            )  # fmt: skip
        if dice.on_edge(path):
            return dice.edge(path, [int(number) for number in scalars(field) if math.isfinite(number)])
        least, most = _BITS[field.type]
        return dice.roll(1000, path) if dice.roll(2, path, "small") else least + dice.roll(most - least + 1, path)

    def _size(self, path: str, depth: int) -> int:
        return 0 if self._must_end(depth) else self._dice.turn(f"{path}#", LIST_SIZES)

    def _must_end(self, depth: int) -> bool:
        return depth >= DEPTH_MAX or self._parts > PARTS_MAX
