"""The registry's rules for the fields and oneofs of one message, in the two forms they have had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from stream_contracts.schema.format import Edition
from stream_contracts.schema.protobuf_tree import Field, Message, Oneof


@dataclass(frozen=True, slots=True)
class Place:
    """Where the walk is: the path so far, and the scope in which each side's names are looked up."""

    path: str
    original: str
    update: str

    def below(self, name: str) -> str:
        """The path of something inside of this place."""
        return f"{self.path}{name}" if self.path.endswith("/") else f"{self.path}/{name}"

    def inside(self, name: str) -> Place:
        """The place of a message of this scope."""
        return Place(
            self.below(name),
            f"{self.original}.{name}" if self.original else name,
            f"{self.update}.{name}" if self.update else name,
        )


class Walk(Protocol):
    """What these rules ask of the comparison that they are part of."""

    edition: Edition

    def report(self, kind: str, path: str, original: str = "", update: str = "") -> None:
        """Note a difference, unless the edition does not know its kind."""

    def field(self, original: Field, update: Field, path: str, place: Place) -> None:
        """Compare a field that both sides have, whatever oneof it sits in."""


#: A field with the name of the oneof it sits in, or None at the top level of its message.
_Placed = tuple[Field, str | None]


def compare_fields(walk: Walk, original: Message, update: Message, place: Place) -> None:
    """Report what differs between the fields and oneofs of two messages, by the rules of the walk's edition."""
    _RULES[walk.edition](walk, original, update, place)


def _by_number_everywhere(walk: Walk, original: Message, update: Message, place: Place) -> None:
    """The development line: a field keeps its identity wherever it moves within the message."""
    before, after = _placed(original), _placed(update)
    if original.oneofs or update.oneofs:
        for oneof in update.oneofs:
            _new_exclusivity(walk, oneof, before, place)
        _oneof_names(walk, original, update, place)
    deleted = _deleted_oneofs(original, update, after)
    for number in sorted(before.keys() | after.keys()):
        if number not in after:
            _gone(walk, before[number], place, deleted)
        elif number not in before:
            _new(walk, after[number], place)
        else:
            _kept(walk, before[number], after[number], place)


def _placed(message: Message) -> dict[int, _Placed]:
    """The fields by number. A member of a oneof wins over a field outside, a later one over an earlier one."""
    fields: dict[int, _Placed] = {field.number: (field, None) for field in message.fields}
    for oneof in message.oneofs:
        for field in oneof.fields:
            fields[field.number] = (field, oneof.name)
    return fields


def _new_exclusivity(walk: Walk, oneof: Oneof, before: dict[int, _Placed], place: Place) -> None:
    """Members that could be set together before are a loss now: each former oneof or single field is one origin."""
    single: set[int] = set()
    oneofs: set[str] = set()
    for field in oneof.fields:
        if field.number in before:
            origin = before[field.number][1]
            if origin is None:
                single.add(field.number)
            else:
                oneofs.add(origin)
    if len(single) + len(oneofs) > 1:
        kind = "MULTIPLE_FIELDS_MOVED_TO_ONEOF" if len(single) > 1 else "FIELD_MOVED_TO_EXISTING_ONEOF"
        walk.report(kind, place.below(oneof.name), "", oneof.name)


def _oneof_names(walk: Walk, original: Message, update: Message, place: Place) -> None:
    before = dict.fromkeys(oneof.name for oneof in original.oneofs)
    after = dict.fromkeys(oneof.name for oneof in update.oneofs)
    for name in before.keys() - after.keys():
        walk.report("ONEOF_REMOVED", place.below(name), name)
    for name in after.keys() - before.keys():
        walk.report("ONEOF_ADDED", place.below(name), "", name)


def _deleted_oneofs(original: Message, update: Message, after: dict[int, _Placed]) -> set[str]:
    """The oneofs that went with all of their members: their removal says it all."""
    kept = {oneof.name for oneof in update.oneofs}
    return {
        oneof.name
        for oneof in original.oneofs
        if oneof.name not in kept and not any(field.number in after for field in oneof.fields)
    }


def _gone(walk: Walk, placed: _Placed, place: Place, deleted: set[str]) -> None:
    field, oneof = placed
    if oneof is None:
        kind = "REQUIRED_FIELD_REMOVED" if field.label == "required" else "FIELD_REMOVED"
        walk.report(kind, place.below(str(field.number)), field.name)
    elif oneof not in deleted:
        walk.report("ONEOF_FIELD_REMOVED", place.below(f"{oneof}/{field.number}"), field.name)


def _new(walk: Walk, placed: _Placed, place: Place) -> None:
    field, oneof = placed
    if oneof is None:
        kind = "REQUIRED_FIELD_ADDED" if field.label == "required" else "FIELD_ADDED"
        walk.report(kind, place.below(str(field.number)), "", field.name)
    else:
        walk.report("ONEOF_FIELD_ADDED", place.below(f"{oneof}/{field.number}"), "", field.name)


def _kept(walk: Walk, before: _Placed, after: _Placed, place: Place) -> None:
    field, oneof = after
    if oneof is None:
        path = place.below(str(field.number))
        if before[1] is not None:
            walk.report("ONEOF_FIELD_MOVED_TO_TOP_LEVEL", path, before[0].name, field.name)
    else:
        path = place.below(f"{oneof}/{field.number}")
    walk.field(before[0], field, path, place)


def _by_container(walk: Walk, original: Message, update: Message, place: Place) -> None:
    """All releases so far: the top level and each oneof, by its name, are compared on their own."""
    before = {field.number: field for field in original.fields}
    after = {field.number: field for field in update.fields}
    former = {field.number for oneof in original.oneofs for field in oneof.fields}
    for oneof in update.oneofs:
        _moved_in(walk, oneof, before, former, place)
    _oneof_names(walk, original, update, place)
    oneofs = {oneof.name: oneof for oneof in original.oneofs}
    for name, oneof in {oneof.name: oneof for oneof in update.oneofs}.items():
        if name in oneofs:
            _members(walk, oneofs[name], oneof, place)
    for number in sorted(before.keys() | after.keys()):
        if number not in after:
            _gone(walk, (before[number], None), place, set())
        elif number not in before:
            _new(walk, (after[number], None), place)
        else:
            walk.field(before[number], after[number], place.below(str(number)), place)


def _moved_in(walk: Walk, oneof: Oneof, before: dict[int, Field], former: set[int], place: Place) -> None:
    """Take the fields that this oneof took over out of ``before``: their types are never compared."""
    members = {field.number for field in oneof.fields}
    moved = [number for number in members if before.pop(number, None) is not None]
    if len(moved) > 1:
        walk.report("MULTIPLE_FIELDS_MOVED_TO_ONEOF", place.below(oneof.name), "", oneof.name)
    elif moved and (members - set(moved)) & former:
        walk.report("FIELD_MOVED_TO_EXISTING_ONEOF", place.below(oneof.name), "", oneof.name)


def _members(walk: Walk, original: Oneof, update: Oneof, place: Place) -> None:
    before = {field.number: field for field in original.fields}
    after = {field.number: field for field in update.fields}
    for number in sorted(before.keys() | after.keys()):
        path = place.below(f"{update.name}/{number}")
        if number not in after:
            walk.report("ONEOF_FIELD_REMOVED", path, before[number].name)
        elif number not in before:
            walk.report("ONEOF_FIELD_ADDED", path, "", after[number].name)
        else:
            walk.field(before[number], after[number], path, place)


_RULES: dict[Edition, Callable[[Walk, Message, Message, Place], None]] = {
    Edition.CONFLUENT_7_4: _by_container,
    Edition.CONFLUENT_8_3: _by_container,
    Edition.CONFLUENT_NEXT: _by_number_everywhere,
}
