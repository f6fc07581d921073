"""The registry's comparison of two Protobuf schemas: a walk over two element trees, as Confluent documents by kind.

``original`` wrote, ``update`` reads. Messages are matched by name within their scope, fields by number. The order of
differences means nothing; their multiset does.
"""

from __future__ import annotations

from dataclasses import dataclass

from stream_contracts.schema.format import Difference, Edition
from stream_contracts.schema.protobuf_fields import Place, compare_fields
from stream_contracts.schema.protobuf_kinds import ABSENT, ALLOWED, SENTENCES
from stream_contracts.schema.protobuf_names import Category, Entry, Meaning, Types
from stream_contracts.schema.protobuf_tree import SCALARS, Enum, Field, File, Message

# A type from another subject is compared anew at every field that has it, as in the registry. Where files refer to
# each other in a dense net this multiplies; beyond this many comparisons no registry would have answered either.
MOST_COMPARISONS = 100_000
MOST_DIFFERENCES = 500_000
DEEPEST_CHAIN = 150
DEEPEST_MAP = 50


class TooMuchError(Exception):
    """The comparison does not come to an end within its bounds."""


@dataclass(frozen=True, slots=True)
class Side:
    """One schema of a comparison: its file and the types that it knows."""

    file: File
    types: Types


@dataclass(frozen=True, slots=True)
class _Pair:
    original: Message
    update: Message
    place: Place


class Walk:
    """One comparison under way. ``found`` holds the differences so far."""

    def __init__(self, original: Side, update: Side, edition: Edition) -> None:
        self.original, self.update, self.edition = original, update, edition
        self.found: list[Difference] = []
        self._allowed, self._absent = ALLOWED[edition], ABSENT[edition]
        self._under_way: set[Message] = set()
        self._known: dict[tuple[Entry, Entry], tuple[Difference, ...]] = {}
        self._re_entries = 0
        self._comparisons = 0
        self._chain = 0

    def run(self) -> list[Difference]:
        """Compare the two files and say everything that differs."""
        original, update = self.original.file, self.update.file
        if original.package != update.package:
            self.report("PACKAGE_CHANGED", "#/", original.package or "absent", update.package or "absent")
        place = Place("#/", original.package or "", update.package or "")
        self._messages(self._scope(original, update, place))
        return self.found

    def report(self, kind: str, path: str, original: str = "", update: str = "") -> None:
        """Note a difference, unless the edition does not know its kind."""
        if kind not in self._absent:
            message = f"{path}: {SENTENCES[kind].format(original, update)}"
            self.found.append(Difference(kind, path, message, kind in self._allowed))

    def _messages(self, pairs: list[_Pair]) -> None:
        """Compare messages and what is nested in them, the stack being a list and not Python's own."""
        pending: list[_Pair | Message] = list(reversed(pairs))
        while pending:
            pair = pending.pop()
            if isinstance(pair, Message):
                self._under_way.discard(pair)
                continue
            self._comparisons += self._chain > 0
            if self._comparisons > MOST_COMPARISONS:
                raise TooMuchError(f"the types refer to each other in more than {MOST_COMPARISONS} ways")
            if pair.original in self._under_way:
                self._re_entries += 1
            else:
                self._under_way.add(pair.original)
                pending.append(pair.original)
                compare_fields(self, pair.original, pair.update, pair.place)
            pending.extend(reversed(self._scope(pair.original, pair.update, pair.place)))

    def _scope(self, original: File | Message, update: File | Message, place: Place) -> list[_Pair]:
        """Match the messages and enums of a scope by name; the pairs of messages are still to be compared."""
        if not (original.messages or update.messages or original.enums or update.enums):
            return []
        self._enums(original, update, place)
        before = {message.name: (at, message) for at, message in enumerate(original.messages)}
        after = {message.name: (at, message) for at, message in enumerate(update.messages)}
        pairs = []
        for name, (at, message) in before.items():
            if name in after:
                pairs.append(_Pair(message, after[name][1], place.inside(name)))
                if at != after[name][0]:
                    self.report("MESSAGE_MOVED", place.below(name), name, name)
            elif not message.map_entry:
                self.report("MESSAGE_REMOVED", place.below(name), name)
        for name, (_, message) in after.items():
            if name not in before and not message.map_entry:
                self.report("MESSAGE_ADDED", place.below(name), "", name)
        return pairs

    def _enums(self, original: File | Message, update: File | Message, place: Place) -> None:
        before = {enum.name: enum for enum in original.enums}
        after = {enum.name: enum for enum in update.enums}
        for name, enum in before.items():
            if name in after:
                self._constants(enum, after[name], place.below(name))
            else:
                self.report("ENUM_REMOVED", place.below(name), name)
        for name in after.keys() - before.keys():
            self.report("ENUM_ADDED", place.below(name), "", name)

    def _constants(self, original: Enum, update: Enum, path: str) -> None:
        before, after = dict(original.constants), dict(update.constants)
        for number, name in before.items():
            if number not in after:
                self.report("ENUM_CONST_REMOVED", f"{path}/{number}", name)
            elif name != after[number]:
                self.report("ENUM_CONST_CHANGED", f"{path}/{number}", name, after[number])
        for number in after.keys() - before.keys():
            self.report("ENUM_CONST_ADDED", f"{path}/{number}", "", after[number])

    def field(self, original: Field, update: Field, path: str, place: Place) -> None:
        """Compare a field that both sides have, whatever oneof it sits in."""
        if original.name != update.name:
            self.report("FIELD_NAME_CHANGED", path, original.name, update.name)
        if original.type in SCALARS and original.type == update.type and original.label == update.label:
            return
        self._type(original, update, path, place)

    def _type(self, original: Field, update: Field, path: str, place: Place, depth: int = 0) -> None:
        if depth > DEEPEST_MAP:
            raise TooMuchError(f"maps hold each other more than {DEEPEST_MAP} deep")
        before = self.original.types.meaning(place.original, original.type)
        after = self.update.types.meaning(place.update, update.type)
        if before.category != after.category:
            self.report("FIELD_KIND_CHANGED", path, _called(before, original), _called(after, update))
        elif before.category is Category.SCALAR:
            self._scalar(before, after, original, update, path)
        elif before.category is Category.MAP:
            inside = Place(place.path, before.scope, after.scope)
            self._type(_part(before.key), _part(after.key), path, inside, depth + 1)
            self._type(_part(before.value), _part(after.value), path, inside, depth + 1)
        else:
            self._message(before.entry, after.entry, original, update, path)

    def _scalar(self, before: Meaning, after: Meaning, original: Field, update: Field, path: str) -> None:
        if before.group != after.group:
            self.report("FIELD_SCALAR_KIND_CHANGED", path, original.type, update.type)
        elif original.label and update.label and original.label != update.label:
            text = before.group == "text"
            kind = "FIELD_STRING_OR_BYTES_LABEL_CHANGED" if text else "FIELD_NUMERIC_LABEL_CHANGED"
            self.report(kind, path, original.label, update.label)

    def _message(self, before: Entry | None, after: Entry | None, original: Field, update: Field, path: str) -> None:
        if before is None or after is None:
            changed = original.type != update.type
        elif before.local != after.local:
            changed = True
        elif before.origin is not None and before.origin == after.origin:
            changed = False
        else:
            found = self._content(before, after)
            self.found.extend(found)
            if len(self.found) > MOST_DIFFERENCES:
                raise TooMuchError(f"the types refer to each other in a net with over {MOST_DIFFERENCES} differences")
            changed = any(not difference.compatible for difference in found)
        if changed:
            self.report("FIELD_NAMED_TYPE_CHANGED", path, original.type, update.type)

    def _content(self, before: Entry, after: Entry) -> tuple[Difference, ...]:
        """What differs between two types of the same name that do not come from the same place."""
        known = self._known.get((before, after))
        if known is not None:
            return known
        assert isinstance(before.node, Message)  # enums are scalars and never get here
        assert isinstance(after.node, Message)
        place = Place("#/" + before.local.replace(".", "/"), before.full, after.full)
        self._chain += 1
        if self._chain > DEEPEST_CHAIN:
            raise TooMuchError(f"types of other subjects refer to each other more than {DEEPEST_CHAIN} deep")
        outer, self.found, re_entries = self.found, [], self._re_entries
        self._messages([_Pair(before.node, after.node, place)])
        found, self.found = tuple(self.found), outer
        self._chain -= 1
        if self._re_entries == re_entries:
            # No cycle was cut short in there, so the answer is the same wherever it is asked again.
            self._known[before, after] = found
        return found


def _part(text: str) -> Field:
    return Field("", text, "", 0)


def _called(meaning: Meaning, field: Field) -> str:
    return f"{meaning.category.value} ({field.type})"
