"""Avro's difference kinds and decoder rules in words: who breaks, what to do instead, who may be deployed first.

*The reader* is a new one on old data under BACKWARD, and an old one on new data under FORWARD.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stream_contracts.schema.format import Explanation


def _breaks(why: str, instead: str, order: str) -> Explanation:
    return Explanation(f"Breaks the reader: {why}", instead, order)


EXPLANATIONS: Final[Mapping[str, Explanation]] = {
    "NAME_MISMATCH": _breaks(
        "a record, enum or fixed was renamed, so the reader takes the data for another type.",
        "Keep the name, or give the reader's type the old full name as an alias (that helps new readers only).",
        "neither; consumers first once the new name has the old one as an alias",
    ),
    "FIXED_SIZE_MISMATCH": _breaks(
        "a fixed has another size, and no reader can cut or pad it.",
        "Add a field with a new fixed type and a default, and retire the old field later; or use bytes.",
        "neither",
    ),
    "MISSING_ENUM_SYMBOLS": _breaks(
        "it meets a symbol that it does not know.",
        'Give the enum itself a "default" symbol (the field\'s default does not count), or keep the symbol.',
        "producers first, and consumers once no data holds the symbol; a symbol that is added: consumers first",
    ),
    "READER_FIELD_MISSING_DEFAULT_VALUE": _breaks(
        "it wants a field that was never written, and has nothing to put there.",
        'Give the field a "default"; for an optional one, the type ["null", …] and the default null.',
        "producers first, and consumers once all data has the field",
    ),
    "TYPE_MISMATCH": _breaks(
        "the type of a value changed in a way that readers cannot convert.",
        "Widen only (int, long, float, double; string and bytes); otherwise add a new field with a default.",
        "neither; producers first where the type only becomes narrower, as long to int",
    ),
    "MISSING_UNION_BRANCH": _breaks(
        "the data holds a kind of value for which the reader's union has no branch.",
        "Keep the branch, or deploy readers that know the new branch before anybody writes it.",
        "producers first, and consumers once no data holds the branch; a branch that is added: consumers first",
    ),
    "UNEXPECTED_EXCEPTION": _breaks(
        "Avro's own check throws, and the registry reports that as incompatible.",
        "Let each field of the reader match one written field only: take the alias away that hits a second one.",
        "neither",
    ),
    "avro-schema-refused": _breaks(
        "fastavro raises as soon as it is given the schema, so nothing can be read.",
        "Correct the schema; most often a default is not a value of its field's type.",
        "neither",
    ),
    "avro-type-mismatch": _breaks(
        "the decoder raises: the written type neither is the reader's nor promotes to it.",
        "Add a new field with a default instead of changing the type.",
        "neither; producers first where the type only becomes narrower, as long to int",
    ),
    "avro-kind-differs": _breaks(
        "a fixed became another type of the same name, and the decoder hands out its raw bytes.",
        "Give the new type a new name, in a new field.",
        "neither",
    ),
    "avro-name-mismatch": _breaks(
        "the decoder raises: it does not know the written type by name or alias.",
        "Keep the name, or add the old full name as an alias.",
        "neither; consumers first once the new name has the old one as an alias",
    ),
    "avro-size-differs": _breaks(
        "the decoder raises: the sizes of the fixed differ.",
        "Add a new field with a new fixed type and a default.",
        "neither",
    ),
    "avro-symbol-lost": _breaks(
        "the decoder raises at the first message that holds the symbol.",
        "Keep the symbol, or give the reader's enum a default symbol.",
        "producers first, and consumers once no data holds the symbol",
    ),
    "avro-symbol-defaulted": _breaks(
        "the message is read, but its symbol silently becomes the default one.",
        "Keep the symbol, or choose a default that says so, such as UNKNOWN, and handle it.",
        "producers first, and consumers once no data holds the symbol",
    ),
    "avro-field-without-default": _breaks(
        "the decoder raises at every message: the field has no value.",
        "Give the field a default.",
        "producers first, and consumers once all data has the field",
    ),
    "avro-branch-lost": _breaks(
        "the decoder raises at messages that hold this branch.",
        "Keep the branch in the reader's union.",
        "producers first, and consumers once no data holds the branch",
    ),
    "avro-branch-drift": _breaks(
        "the decoder takes the first branch that fits, so the value comes out as another type than was written.",
        "Put the exact type before the one that also fits, and do not give two types one name in two namespaces.",
        "neither",
    ),
    "avro-precision-lost": _breaks(
        "integers beyond 2^53 are rounded to the next double.",
        "Keep long; or add a double field beside it.",
        "neither",
    ),
    "avro-bytes-not-text": _breaks(
        "the decoder raises at bytes that are not UTF-8.",
        "Keep bytes; or add a string field and fill it knowingly.",
        "neither, unless all bytes ever written were UTF-8",
    ),
    "avro-alias-clash": _breaks(
        "the decoder raises: two written fields want to go into one.",
        "Take the alias away as long as data with both fields exists.",
        "neither, as long as data with both fields exists",
    ),
    "avro-alias-steals": _breaks(
        "a field found by alias takes the place of the field of that name, whose value is lost.",
        "Take the alias away as long as data with both fields exists.",
        "neither, as long as data with both fields exists",
    ),
    "avro-field-renamed": _breaks(
        "the field looks renamed: the written data is dropped and the new name gets its default.",
        "Give the new field the old name as an alias; then new readers find the data.",
        "consumers first, with the alias; neither without it",
    ),
    "avro-default-is-no-value": _breaks(
        "the decoder hands out a default that is not a value of the field's type.",
        "Write the default as a value of the type; for an optional field null without quotes.",
        "producers first, and consumers once all data has the field",
    ),
    "avro-decimal-without-precision": _breaks(
        "the decoder raises at every such decimal, even with the schema that wrote it.",
        "Add the precision.",
        "neither: no reader reads it",
    ),
    "avro-logical-type-differs": _breaks(
        "fastavro goes by the writer's logical type; other decoders apply the reader's to the raw value.",
        "Never change unit or scale in place: add a new field with the new logical type.",
        "neither; either where every reader goes by the writer's logical type",
    ),
}
