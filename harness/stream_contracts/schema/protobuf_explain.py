"""What each Protobuf kind and rule means for people: who breaks, which side to deploy first, what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from stream_contracts.schema.format import Explanation


class Advice(NamedTuple):
    """Who breaks, the safe deploy order (consumers first, producers first, either, neither), and the way around."""

    breaks: str
    order: str
    instead: str


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


_NOBODY = "nobody who reads the binary encoding"
_SAME_NUMBER = "keep the old field with its type, add a new one under a fresh number, and retire the old one later"

KINDS = {
    "PACKAGE_CHANGED": Advice(
        "whoever names the type: generated code, google.protobuf.Any, record-name subjects; the bytes stay the same",
        "neither",
        "keep the package, or start a new subject (and topic) for the new one",
    ),
    "MESSAGE_ADDED": Advice(_NOBODY, "consumers first, if records will hold the new message", "nothing to change"),
    "MESSAGE_REMOVED": Advice(
        "new readers, for records and fields that hold the message",
        "producers first, and only once no such record is left",
        "keep the message, mark it deprecated",
    ),
    "MESSAGE_MOVED": Advice(
        "nobody: a record names its message by its index in the schema it was written with",
        "either",
        "nothing to change",
    ),
    "ENUM_ADDED": Advice(_NOBODY, "either", "nothing to change"),
    "ENUM_REMOVED": Advice(
        "readers that show or compare constants by name; the numbers still arrive",
        "consumers first",
        "keep the enum, mark it deprecated",
    ),
    "ENUM_CONST_ADDED": Advice(
        "old readers with a closed (proto2) enum: they drop the new number",
        "consumers first",
        "let readers treat an unknown number as unspecified",
    ),
    "ENUM_CONST_CHANGED": Advice(
        "every reader: the old number now carries another meaning",
        "neither",
        "add a constant under a fresh number and reserve the old one; for a mere rename use allow_alias",
    ),
    "ENUM_CONST_REMOVED": Advice(
        "new readers with a closed (proto2) enum: they drop the old number",
        "producers first",
        "mark the constant deprecated; reserve number and name once it is gone",
    ),
    "FIELD_KIND_CHANGED": Advice("new readers of old data and old readers of new data", "neither", _SAME_NUMBER),
    "FIELD_SCALAR_KIND_CHANGED": Advice(
        "new readers of old data and old readers of new data: the encodings differ", "neither", _SAME_NUMBER
    ),
    "FIELD_NAMED_TYPE_CHANGED": Advice(
        "readers, wherever the two messages differ under the same number; generated code in any case",
        "neither",
        _SAME_NUMBER,
    ),
    "FIELD_NUMERIC_LABEL_CHANGED": Advice(
        "readers of a single value: of a packed list they read nothing, of an unpacked one the last element",
        "neither",
        _SAME_NUMBER,
    ),
    "FIELD_STRING_OR_BYTES_LABEL_CHANGED": Advice(
        "readers of a single value: of a list they read the last element; readers that require it, when it is unset",
        "consumers first from single to repeated, else neither",
        _SAME_NUMBER,
    ),
    "FIELD_NAME_CHANGED": Advice(
        "users of JSON encoding or text format; every reader, if it is in truth another field",
        "either for a mere rename, neither for a reused number",
        "keep the name or set json_name; never give the number of a deleted field away: reserve it",
    ),
    "FIELD_ADDED": Advice(_NOBODY, "either", "nothing to change; make sure that its number was never used before"),
    "FIELD_REMOVED": Advice(
        "readers that still count on the field: they get its default",
        "producers first for a field that readers need, else either",
        "mark it deprecated first; reserve its number and its name when it goes",
    ),
    "REQUIRED_FIELD_ADDED": Advice(
        "new readers of old data: they refuse records without the field", "producers first", "make it optional"
    ),
    "REQUIRED_FIELD_REMOVED": Advice(
        "old readers of new data: they refuse records without the field",
        "consumers first",
        "make it optional for all readers first, and remove it in a later version",
    ),
    "ONEOF_ADDED": Advice(_NOBODY, "either", "nothing to change"),
    "ONEOF_REMOVED": Advice("code that asks which member is set", "consumers first", "keep the oneof"),
    "ONEOF_FIELD_ADDED": Advice(
        "old readers: they see a oneof with nothing set", "consumers first", "let readers handle an empty oneof"
    ),
    "ONEOF_FIELD_REMOVED": Advice(
        "new readers of old data: the oneof reads as empty", "producers first", "keep the member, mark it deprecated"
    ),
    "ONEOF_FIELD_MOVED_TO_TOP_LEVEL": Advice(
        "old readers, once several of the fields are set together: they keep the last one",
        "consumers first",
        "never set the field together with its former siblings until all readers know",
    ),
    "FIELD_MOVED_TO_EXISTING_ONEOF": Advice(
        "new readers of old data: where several were set, only the last one is left",
        "neither",
        "add a new member under a fresh number and leave the old field where it is",
    ),
    "MULTIPLE_FIELDS_MOVED_TO_ONEOF": Advice(
        "new readers of old data: where several were set, only the last one is left",
        "neither",
        "build the oneof from new fields under fresh numbers",
    ),
}

RULES = {
    "protobuf-wire-type": Advice(
        "the reader: it finds another wire type under the number, sets the value aside and shows the default",
        "neither",
        _SAME_NUMBER,
    ),
    "protobuf-other-content": Advice(
        "the reader: it takes text, bytes, a message or a packed list for another of these", "neither", _SAME_NUMBER
    ),
    "protobuf-invalid-text": Advice(
        "the reader, on the first record whose bytes are not UTF-8", "neither", "keep bytes, or add a string field"
    ),
    "protobuf-number-range": Advice(
        "the reader, on numbers that its type cannot hold: cut off, or with another sign",
        "consumers first when the type becomes wider, else neither",
        "widen readers first, and keep writers within the old range until all have",
    ),
    "protobuf-number-encoding": Advice(
        "the reader: the same bytes are another number in its type", "neither", _SAME_NUMBER
    ),
    "protobuf-closed-enum": Advice(
        "the reader: its enum is closed and drops numbers it does not know",
        "consumers first",
        "add the constants to readers first, or use an open (proto3) enum",
    ),
    "protobuf-enum-renamed": Advice(
        "the reader: the same number has another name there, thus another meaning",
        "neither",
        "give the new meaning a fresh number and reserve the old one",
    ),
    "protobuf-repeated-to-single": Advice(
        "the reader: of several elements it keeps the last, and merges messages", "neither", _SAME_NUMBER
    ),
    "protobuf-map-collapses": Advice(
        "the reader: entries with an equal key become one", "neither", "keep the repeated entries"
    ),
    "protobuf-entry-set-aside": Advice(
        "the reader: an entry that holds more than a key and a value is not in its map",
        "neither",
        "keep the message, or move what it holds beside key and value into the value",
    ),
    "protobuf-number-reused": Advice(
        "the reader: it shows one field's value under another field's name",
        "neither",
        "reserve the number of a deleted field and give the new one a fresh number",
    ),
    "protobuf-renumbered": Advice(
        "the reader: it looks for the field under another number and finds nothing",
        "neither",
        "keep the number; it is the field's identity",
    ),
    "protobuf-default-changed": Advice(
        "the reader: for a value that was not written it shows another default", "neither", "keep the default"
    ),
    "protobuf-required-missing": Advice(
        "the reader: it refuses records that lack a required field",
        "producers first, once every record left in the topic has the field",
        "make it optional",
    ),
    "protobuf-oneof-clobbered": Advice(
        "the reader: fields that were set together exclude each other there, the last one wins",
        "neither",
        "build the oneof from new fields under fresh numbers",
    ),
    "protobuf-unexplained": Advice(
        "the reader, on the witness at hand; no rule names the cause", "neither", "compare the witness with its outcome"
    ),
}

EXPLANATIONS: Mapping[str, Explanation] = {
    name: Explanation(f"Breaks {advice.breaks}.", _sentence(advice.instead), advice.order)
    for name, advice in {**KINDS, **RULES}.items()
}
"""Kind or rule -> what it does to whom, and what to do instead."""
