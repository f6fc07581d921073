"""Avro's difference kinds and decoder rules in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stream_contracts.schema.format import Explanation

EXPLANATIONS: Final[Mapping[str, Explanation]] = {
    "NAME_MISMATCH": Explanation(
        "A record, enum or fixed was renamed, so the reader takes the data for another type.",
        "Keep the name, or give the reader's type the old full name as an alias (that helps new readers only).",
    ),
    "FIXED_SIZE_MISMATCH": Explanation(
        "A fixed has another size, and no reader can cut or pad it.",
        "Add a field with a new fixed type and a default, and retire the old field later; or use bytes.",
    ),
    "MISSING_ENUM_SYMBOLS": Explanation(
        "The reader meets a symbol that it does not know.",
        'Give the enum itself a "default" symbol (the field\'s default does not count), or keep the symbol.',
    ),
    "READER_FIELD_MISSING_DEFAULT_VALUE": Explanation(
        "The reader wants a field that was never written, and has nothing to put there.",
        'Give the field a "default"; for an optional one, the type ["null", …] and the default null.',
    ),
    "TYPE_MISMATCH": Explanation(
        "The type of a value changed in a way that readers cannot convert.",
        "Widen only (int, long, float, double; string and bytes); otherwise add a new field with a default.",
    ),
    "MISSING_UNION_BRANCH": Explanation(
        "The data holds a kind of value for which the reader's union has no branch.",
        "Keep the branch, or deploy readers that know the new branch before anybody writes it.",
    ),
    "UNEXPECTED_EXCEPTION": Explanation(
        "Avro's own check throws, and the registry reports that as incompatible.",
        "Let each field of the reader match one written field only: take the alias away that hits a second one.",
    ),
    "avro-schema-refused": Explanation(
        "fastavro raises as soon as it is given the schema, so nothing can be read.",
        "Correct the schema; most often a default is not a value of its field's type.",
    ),
    "avro-type-mismatch": Explanation(
        "The decoder raises: the written type neither is the reader's nor promotes to it.",
        "Add a new field with a default instead of changing the type.",
    ),
    "avro-kind-differs": Explanation(
        "A fixed became another type of the same name, and the decoder hands out its raw bytes.",
        "Give the new type a new name, in a new field.",
    ),
    "avro-name-mismatch": Explanation(
        "The decoder raises: it does not know the written type by name or alias.",
        "Keep the name, or add the old full name as an alias.",
    ),
    "avro-size-differs": Explanation(
        "The decoder raises: the sizes of the fixed differ.", "Add a new field with a new fixed type and a default."
    ),
    "avro-symbol-lost": Explanation(
        "The decoder raises at the first message that holds the symbol.",
        "Keep the symbol, or give the reader's enum a default symbol.",
    ),
    "avro-symbol-defaulted": Explanation(
        "The message is read, but its symbol silently becomes the default one.",
        "Keep the symbol, or choose a default that says so, such as UNKNOWN, and handle it.",
    ),
    "avro-field-without-default": Explanation(
        "The decoder raises at every message: the field has no value.", "Give the field a default."
    ),
    "avro-branch-lost": Explanation(
        "The decoder raises at messages that hold this branch.", "Keep the branch in the reader's union."
    ),
    "avro-branch-drift": Explanation(
        "The decoder takes the first branch that fits, so the value comes out as another type than was written.",
        "Put the exact type before the one that also fits, and do not give two types one name in two namespaces.",
    ),
    "avro-precision-lost": Explanation(
        "Integers beyond 2^53 are rounded to the next double.", "Keep long; or add a double field beside it."
    ),
    "avro-bytes-not-text": Explanation(
        "The decoder raises at bytes that are not UTF-8.", "Keep bytes; or add a string field and fill it knowingly."
    ),
    "avro-alias-clash": Explanation(
        "The decoder raises: two written fields want to go into one.",
        "Take the alias away as long as data with both fields exists.",
    ),
    "avro-alias-steals": Explanation(
        "A field found by alias takes the place of the field of that name, whose value is lost.",
        "Take the alias away as long as data with both fields exists.",
    ),
    "avro-field-renamed": Explanation(
        "The field looks renamed: the written data is dropped and the new name gets its default.",
        "Give the new field the old name as an alias; then new readers find the data.",
    ),
    "avro-default-is-no-value": Explanation(
        "The decoder hands out a default that is not a value of the field's type.",
        "Write the default as a value of the type; for an optional field null without quotes.",
    ),
    "avro-decimal-without-precision": Explanation(
        "The decoder raises at every such decimal, even with the schema that wrote it.", "Add the precision."
    ),
    "avro-logical-type-differs": Explanation(
        "fastavro goes by the writer's logical type; other decoders apply the reader's to the raw value.",
        "Never change unit or scale in place: add a new field with the new logical type.",
    ),
}
