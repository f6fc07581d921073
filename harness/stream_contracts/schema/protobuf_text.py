"""Reads .proto text into the element tree, with the leniency and the refusals of Square Wire's parser.

Confluent Schema Registry compares what Wire reads: nothing is linked, an import may be missing, a number may be used
twice, ``edition`` is refused, and so is a proto2 field without a label. protoc decides otherwise on all of these,
which is why its descriptors cannot stand in for this tree. The stack of open messages is explicit, so that a text
nested a thousand deep costs memory, not the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stream_contracts.schema import protobuf_ignored as ignored
from stream_contracts.schema.protobuf_ignored import type_text
from stream_contracts.schema.protobuf_scan import DEEPEST, Scanner, TextError
from stream_contracts.schema.protobuf_tree import Enum, Field, File, Message, Oneof

_FILE, _MESSAGE = "file", "message"
_LABELS = frozenset({"required", "optional", "repeated"})
_KEYWORDS = _LABELS | {"message", "enum", "option", "reserved", "extend", "oneof", "extensions", "group", "map"}


@dataclass(slots=True)
class _Open:
    """A message, or the file itself, whose end has not been met yet."""

    name: str
    fields: list[Field] = field(default_factory=list)
    oneofs: list[Oneof] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    enums: list[Enum] = field(default_factory=list)
    map_entry: bool = False

    def closed(self) -> Message:
        return Message(
            self.name,
            tuple(self.fields),
            tuple(self.oneofs),
            tuple(self.messages),
            tuple(self.enums),
            self.map_entry,
        )


def read_text(text: str) -> File:
    """The element tree of ``text``; raises ``TextError`` where Wire would refuse it."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.scan = Scanner(text)
        self.proto3 = False
        self.syntax: str | None = None
        self.package: str | None = None
        self.imports: list[str] = []
        self.declared = 0
        self.names: set[str] = set()
        self.open = [_Open("")]

    def read(self) -> File:
        scan, open_ = self.scan, self.open
        while True:
            if len(open_) == 1:
                if scan.exhausted():
                    top = open_[0]
                    return File(self.package, tuple(top.messages), tuple(top.enums), tuple(self.imports))
            else:
                self._plain_fields(open_[-1].fields)
                if scan.take("}"):
                    message = open_.pop().closed()
                    open_[-1].messages.append(message)
                    continue
            self._declaration(_FILE if len(open_) == 1 else _MESSAGE)

    def _plain_fields(self, fields: list[Field]) -> None:
        """The fields that look like most fields do; the first statement that does not is left as it is."""
        scan = self.scan
        start = scan.at
        while (found := scan.plain_field(_KEYWORDS)) is not None:
            label, type_, name, number = found
            if label == "required" if self.proto3 else label is None:
                scan.at = start  # an error, which the way of all statements knows how to tell
                return
            fields.append(Field(label or "", type_, name, number))
            start = scan.at

    def _declaration(self, context: str) -> None:
        """One declaration of a file or a message. A message is only opened here; ``read`` closes it."""
        scan = self.scan
        first = self.declared == 0
        self.declared += 1
        if scan.take(";"):
            return
        start = scan.at
        word = scan.word()
        if word == "message":
            self._open_message(start)
        elif word == "enum":
            self.open[-1].enums.append(self._enum(context, start))
        elif word == "option":
            name, value = ignored.option_statement(scan)
            self.open[-1].map_entry |= context == _MESSAGE and name == "map_entry" and value == "true"
        elif word == "reserved":
            ignored.reserved(scan)
        elif word == "extend":
            self._extend()
        elif context == _MESSAGE:
            self._in_message(word, start)
        else:
            self._in_file(word, start, first=first)

    def _in_file(self, word: str, start: int, *, first: bool) -> None:
        scan = self.scan
        if word == "syntax":
            self._syntax(start, first=first)
        elif word == "package":
            self.package = scan.name()
            scan.require(";")
        elif word == "import":
            if scan.peek() not in "\"'" and scan.word() not in ("public", "weak"):
                raise scan.wrong("expected a file name in quotes after import", start)
            self.imports.append(scan.quoted())
            scan.require(";")
        elif word == "service":
            ignored.service(scan)
        elif word == "edition":
            raise scan.wrong("the registry's parser (Square Wire) refuses editions: use proto2 or proto3", start)
        else:
            raise scan.wrong(
                f"unexpected {word!r}: a file holds syntax, package, import, option, message, enum, …", start
            )

    def _syntax(self, start: int, *, first: bool) -> None:
        scan = self.scan
        if self.syntax is not None:
            raise scan.wrong("the syntax is stated twice", start)
        scan.require("=")
        if not first:
            raise scan.wrong("the syntax must be the first statement of a file", start)
        self.syntax = scan.quoted()
        if self.syntax not in ("proto2", "proto3"):
            raise scan.wrong(f"unknown syntax {self.syntax!r}; known: proto2, proto3", start)
        self.proto3 = self.syntax == "proto3"
        scan.require(";")

    def _open_message(self, start: int) -> None:
        name = self.scan.name()
        if len(self.open) == 1:
            self._only_once(name, start)
        if len(self.open) > DEEPEST:
            raise self.scan.wrong(f"messages are nested more than {DEEPEST} deep", start)
        self.scan.require("{")
        self.open.append(_Open(name))

    def _only_once(self, name: str, start: int) -> None:
        if name in self.names:
            raise self.scan.wrong(f"{name} is defined twice", start)
        self.names.add(name)

    def _in_message(self, word: str, start: int) -> None:
        if word == "oneof":
            self.open[-1].oneofs.append(self._oneof())
        elif word == "extensions":
            ignored.extensions(self.scan)
        else:
            found = self._field(word, start)
            if found is not None:
                self.open[-1].fields.append(found)

    def _field(self, word: str, start: int, *, in_group: bool = False) -> Field | None:
        """A field that starts with ``word``; None for a group, which no registry compares."""
        scan = self.scan
        label = word if word in _LABELS else ""
        if label == "required" and self.proto3:
            raise scan.wrong("'required' does not exist in proto3", start)
        if not label and not self.proto3 and not (word == "map" and scan.peek() == "<"):
            raise scan.wrong(f"unexpected {word!r}: a proto2 field starts with required, optional or repeated", start)
        type_ = type_text(scan, scan.word() if label else word)
        if label and type_.startswith("map<"):
            raise scan.wrong("a map has no label", start)
        if type_ == "group":
            if in_group:
                raise scan.wrong("a group inside of a group", start)
            self._group()
            return None
        return self._rest_of_field(label, type_)

    def _rest_of_field(self, label: str, type_: str) -> Field:
        scan = self.scan
        name = scan.declared_name()
        scan.require("=")
        number = scan.number()
        ignored.options(scan)
        scan.end_of_statement()
        return Field(label, type_, name, number)

    def _oneof(self) -> Oneof:
        scan = self.scan
        name = scan.name()
        fields = []
        scan.require("{")
        while not scan.take("}"):
            type_ = type_text(scan, scan.word())
            if type_ == "group":
                self._group()
            elif type_ == "option":
                ignored.option_statement(scan)
            else:
                fields.append(self._rest_of_field("", type_))
        return Oneof(name, tuple(fields))

    def _group(self) -> None:
        scan = self.scan
        scan.word()
        scan.require("=")
        scan.number()
        scan.require("{")
        while not scan.take("}"):
            start = scan.at
            self._field(scan.word(), start, in_group=True)

    def _enum(self, context: str, start: int) -> Enum:
        scan = self.scan
        name = scan.name()
        if context == _FILE:
            self._only_once(name, start)
        constants = []
        scan.require("{")
        while not scan.take("}"):
            if scan.take(";"):
                continue
            at = scan.at
            word = scan.word()
            if word == "option":
                ignored.option_statement(scan)
            elif word == "reserved":
                ignored.reserved(scan)
            else:
                constants.append(self._constant(word, at))
        return Enum(name, tuple(constants))

    def _constant(self, word: str, at: int) -> tuple[int, str]:
        scan = self.scan
        if word[0].isdigit():
            raise scan.wrong(f"{word!r}: a name cannot start with a digit", at)
        scan.require("=")
        number = scan.number()
        ignored.options(scan)
        scan.end_of_statement()
        return number, word

    def _extend(self) -> None:
        scan = self.scan
        scan.name()
        scan.require("{")
        while not scan.take("}"):
            if scan.take(";"):
                continue
            start = scan.at
            self._field(scan.word(), start)


__all__ = ["TextError", "read_text"]
