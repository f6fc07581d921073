"""What to do about a JSON Schema difference: who breaks, who may be deployed first, and how to change it instead.

*The reader* is whoever has the update's schema, *the writer* whoever wrote with the original's. Under BACKWARD the
reader is the new consumer and the data is old; under FORWARD it is the old consumer and the data is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stream_contracts.schema.format import Explanation
from stream_contracts.schema.jsonschema_kinds import ALLOWED, KINDS


def _words(kinds: str) -> frozenset[str]:
    return frozenset(kinds.split())


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
    "RESERVED_PROPERTY_REMOVED": (
        "whoever counts on the name being free: it was reserved in the metadata and no longer is",
        "keep the name in the list of reserved ones",
    ),
    "RESERVED_PROPERTY_CONFLICTS_WITH_PROPERTY": (
        "whoever the name was reserved for in the metadata: a property uses it now",
        "choose another name for the property",
    ),
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
}
"""By the last word of a kind, for those that the table does not name."""

_CONSUMERS = "consumers first"
_PRODUCERS = "producers first, and consumers once all data fits the new schema"
_NEITHER = "neither"
_EITHER = "either"
_SAME = _words(
    """
    ID_CHANGED TITLE_CHANGED DESCRIPTION_CHANGED DEFAULT_CHANGED PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL
    ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL
    ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL
    """
)
"""Kinds after which the same values are valid as before."""
_ACROSS = _words(
    """
    TYPE_CHANGED ENUM_ARRAY_CHANGED PATTERN_CHANGED MULTIPLE_OF_CHANGED DEPENDENCY_ARRAY_CHANGED COMBINED_TYPE_CHANGED
    COMBINED_TYPE_SUBSCHEMAS_CHANGED PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
    PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
    ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
    RESERVED_PROPERTY_REMOVED RESERVED_PROPERTY_CONFLICTS_WITH_PROPERTY
    """
)
"""Kinds after which some values are valid that were not, and some are not that were."""
_FILLED = _words(
    """
    REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL
    """
)
"""Kinds that the registry allows for the sake of a default, which no validator fills in."""

_NOBODY = ("nobody: the same values are valid as before", "nothing to change")
_WIDER = (
    "no new reader; old readers, on new data that only the wider schema allows",
    "nothing to change, once all consumers have the new schema; until then write only what both allow",
)
_KEYWORDS: Mapping[str, tuple[str, str]] = {
    "type": ("a value of a type that it does not list", "add the new type beside the old one"),
    "enum": ("a value that is not listed", "keep the value until no data holds it"),
    "const": ("every other value", "list the old value beside the new one, with enum"),
    "multipleOf": ("numbers that are no multiple", "choose a divisor of what was written"),
    "minimum": ("smaller numbers", "do not raise the limit while data below it exists"),
    "maximum": ("greater numbers", "do not lower the limit while data above it exists"),
    "exclusiveMinimum": ("numbers at or below the limit", "keep the limit inclusive, or do not raise it"),
    "exclusiveMaximum": ("numbers at or above the limit", "keep the limit inclusive, or do not lower it"),
    "minLength": ("shorter strings", "check the length in the producer first"),
    "maxLength": ("longer strings", "check the length in the producer first"),
    "pattern": ("strings in which the pattern is not found", "allow both patterns (anyOf)"),
    "items": ("further items", "allow further items, or close the array under a new subject"),
    "additionalItems": ("further items", "allow further items, or close the tuple under a new subject"),
    "minItems": ("shorter arrays", "check the length in the producer first"),
    "maxItems": ("longer arrays", "check the length in the producer first"),
    "uniqueItems": ("arrays with duplicates, among which 1 and 1.0", "remove duplicates in the consumer"),
    "contains": ("arrays without such an item", "check the items in the producer first"),
    "minContains": ("arrays with too few such items", "check the items in the producer first"),
    "maxContains": ("arrays with too many such items", "check the items in the producer first"),
    "minProperties": ("objects with fewer properties", "ask for the properties by name"),
    "maxProperties": ("objects with more properties", "do not lower the limit while larger objects exist"),
    "required": ("objects without the property (a default is not filled in)", "leave the property optional"),
    "additionalProperties": ("undeclared properties", "keep the content model open, or declare what is written"),
    "dependentRequired": ("objects with the one property and without the other", "check it in the producer first"),
    "dependencies": ("objects with the one property and without the other", "check it in the producer first"),
    "anyOf": ("values that fit no branch", "keep the branch until no data needs it"),
    "oneOf": ("values that fit no branch, or more than one", "use anyOf, or make the branches exclude each other"),
    "not": ("values that fit what is forbidden", "forbid no more than before"),
    "unevaluatedItems": ("items that no other keyword speaks of", "declare them, or leave them free"),
    "unevaluatedProperties": ("properties that no other keyword speaks of", "declare them, or leave them free"),
    "false": ("any value in this place", "keep the property or position while data holds it"),
}
"""By the keyword that refused the witness: the decoder's rule is called ``json-`` and the keyword."""


def explained(kind: str) -> tuple[str, str]:
    """Who breaks and what to do instead, for any of the 132 kinds; KeyError for a name that is none."""
    if kind not in KINDS:
        raise KeyError(f"{kind} is no kind of difference; known: {', '.join(sorted(KINDS))}")
    named = _TABLE.get(kind)
    if named is not None:
        return named
    if kind in _SAME:
        return _NOBODY
    return _WIDER if kind in ALLOWED else _FAMILIES[kind.rpartition("_")[2]]


def order(kind: str) -> str:
    """Who may be deployed first: consumers where the schema got wider, producers where it got narrower."""
    if kind in _SAME:
        return _EITHER
    if kind in _ACROSS:
        return _NEITHER
    return _CONSUMERS if kind in ALLOWED - _FILLED else _PRODUCERS


def _explanation(kind: str) -> Explanation:
    who, instead = explained(kind)
    return Explanation(f"Breaks {who}.", _sentence(instead), order(kind))


def _of_keyword(word: str) -> Explanation:
    refused, instead = _KEYWORDS[word]
    return Explanation(
        f"Breaks the reader: it refuses {refused}, and the writer may write that.", _sentence(instead), _PRODUCERS
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


EXPLANATIONS: Mapping[str, Explanation] = MappingProxyType(
    {kind: _explanation(kind) for kind in sorted(KINDS)} | {f"json-{word}": _of_keyword(word) for word in _KEYWORDS}
)
"""Kind or decoder rule to a text for people: who breaks, who may be deployed first, how to change the schema instead."""
