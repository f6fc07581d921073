"""What to do about a JSON Schema difference: who breaks, and how to change the schema instead.

*The reader* is whoever has the update's schema, *the writer* whoever wrote with the original's. Under BACKWARD the
reader is the new consumer and the data is old; under FORWARD it is the old consumer and the data is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stream_contracts.schema.format import Explanation
from stream_contracts.schema.jsonschema_kinds import ALLOWED, KINDS

_NOBODY = "nobody: the registry allows it"
_READER = "the reader: it refuses values that the writer's schema allows"
_OPEN = (
    "the reader, on data in which some other value already stands under this name: the original's content model is "
    "open, so it allowed any value there"
)
_CLOSE_FIRST = (
    'close the content model first ("additionalProperties": false) in a version of its own, then add the property; or '
    "let the registry judge with compatibilityPolicy LENIENT, if nobody writes undeclared properties"
)
_DEFAULT = "give the property a default, or leave it optional until all data without it has expired"

_TABLE: Mapping[str, tuple[str, str]] = {
    "TYPE_CHANGED": (
        "the reader: it refuses every value of the type that is gone",
        "add the new type beside the old one, as a type list or anyOf, or add a property under a new name",
    ),
    "TYPE_NARROWED": (
        "the reader: it refuses 0.5, which the writer may write",
        'keep "number" and round in the consumer',
    ),
    "SCHEMA_ADDED": (
        "the reader: it refuses items that the writer never had to check",
        "add the items schema to a new property, or under a new subject",
    ),
    "REQUIRED_ATTRIBUTE_ADDED": ("the reader, on data without the property", _DEFAULT),
    "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED": (
        "no registry check; with a validator the reader, on data without the property, for it fills in no default",
        "leave the property optional if consumers validate",
    ),
    "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL": ("the reader, on data without the property", _DEFAULT),
    "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL": ("the reader, on data without the property", _DEFAULT),
    "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL": (_OPEN, _CLOSE_FIRST),
    "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL": (
        "no registry check; with a validator the reader, on data without the property, for it fills in no default",
        "leave the property optional if consumers validate",
    ),
    "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL": (_OPEN, _CLOSE_FIRST),
    "PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL": (_OPEN, _CLOSE_FIRST),
    "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL": (
        "the reader, on data that still holds the property: the update's content model is closed",
        "keep the property as optional until all data that holds it has expired, or open the content model first",
    ),
    "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": (
        "the reader, on data that still holds the property: another schema now judges its values",
        "widen the schema for undeclared names (additionalProperties, patternProperties) so that it allows them",
    ),
    "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": (
        "the reader, on data that held the name as an undeclared property",
        "let the property allow at least what was allowed under undeclared names, or choose a name no pattern matches",
    ),
    "ADDITIONAL_PROPERTIES_REMOVED": (
        "the reader, on data with undeclared properties",
        "keep the content model open, or close it under a new subject",
    ),
    "ADDITIONAL_PROPERTIES_NARROWED": (
        "the reader, on data whose undeclared properties do not fit the new schema",
        "declare the properties that matter by name, and leave the others free",
    ),
    "ITEM_ADDED_TO_OPEN_CONTENT_MODEL": (
        "the reader, on arrays that held something else at this position",
        "close the tuple first, then add the position",
    ),
    "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL": (
        "the reader, on arrays long enough to have this position",
        "keep the position, or allow further items first",
    ),
    "ENUM_ARRAY_NARROWED": (
        "the reader, on data with a value that was removed",
        "keep the value until no data holds it; stop writing it first",
    ),
    "ENUM_ARRAY_CHANGED": ("the reader, on data with a value that is gone", "only add values; keep the old ones"),
    "PATTERN_ADDED": (_READER, "validate in the producer first, and add the pattern when all older data has expired"),
    "PATTERN_CHANGED": (
        "the reader, if any string fits the old pattern and not the new one; the registry compares only the text",
        "allow both patterns (anyOf), or move the check to the producer",
    ),
    "MULTIPLE_OF_CHANGED": (_READER, "choose a divisor of the old one"),
    "COMBINED_TYPE_CHANGED": (_READER, "keep the keyword; going to anyOf is the one change that is allowed"),
    "COMBINED_TYPE_SUBSCHEMAS_CHANGED": (
        "the reader, on data that only a changed branch allowed (an object, enum or format beside allOf, anyOf or "
        "oneOf counts as a branch too)",
        "leave existing branches as they are, or widen them one by one; add new ones at the end",
    ),
    "SUM_TYPE_NARROWED": (
        "the reader, on data of the branch that was removed",
        "keep the branch until no data needs it; stop writing it first",
    ),
    "SUM_TYPE_EXTENDED": (
        "the registry: nobody; a validator: with oneOf the reader, on values that two branches accept now",
        "use anyOf, or make sure that no value fits two branches",
    ),
    "PRODUCT_TYPE_EXTENDED": (_READER, "make the new condition a property of its own, or check it in the producer"),
    "NOT_TYPE_EXTENDED": (_READER, "forbid no more than before"),
    "UNIQUE_ITEMS_ADDED": ("the reader, on arrays with duplicates", "remove duplicates in the consumer"),
}

_FAMILIES: Mapping[str, tuple[str, str]] = {
    "ADDED": (_READER, "keep the schema as wide as it was; check the new condition in the producer first"),
    "REMOVED": (_READER, "keep what was allowed until no data needs it"),
    "INCREASED": (_READER, "do not raise a lower limit while data below it exists"),
    "DECREASED": (_READER, "do not lower an upper limit while data above it exists"),
    "EXTENDED": (_READER, "ask for no more than before"),
    "EXPANDED": (_READER, "choose a divisor of the old one, not a multiple"),
    "NARROWED": (_READER, "keep what was allowed until no data needs it"),
    "CHANGED": (_READER, "allow the old and the new side by side, with anyOf"),
    "MODEL": (_READER, "let the schema for undeclared items allow at least what was allowed before"),
    "PROPERTY": (_READER, "rename the property: its name is reserved"),
}
"""By the last word of a kind, for those that the table does not name."""


def explained(kind: str) -> tuple[str, str]:
    """Who breaks and what to do instead, for any of the 132 kinds; KeyError for a name that is none."""
    if kind not in KINDS:
        raise KeyError(f"{kind} is no kind of difference; known: {', '.join(sorted(KINDS))}")
    named = _TABLE.get(kind)
    if named is not None:
        return named
    return (_NOBODY, "") if kind in ALLOWED else _FAMILIES[kind.rpartition("_")[2]]


def _explanation(kind: str) -> Explanation:
    who, instead = explained(kind)
    return Explanation(f"Breaks {who}.", f"{instead[:1].upper()}{instead[1:]}." if instead else "")


EXPLANATIONS: Mapping[str, Explanation] = MappingProxyType({kind: _explanation(kind) for kind in sorted(KINDS)})
"""Kind to a text for people: who breaks, and how to change the schema instead."""
