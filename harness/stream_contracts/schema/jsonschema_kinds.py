"""The 132 kinds of difference that Confluent publishes for JSON Schema: who allows which, and what each says."""

from __future__ import annotations

from stream_contracts.errors import UsageError
from stream_contracts.schema.format import Edition, Policy


def _listed(kinds: str) -> frozenset[str]:
    return frozenset(kinds.split())


ALLOWED = _listed(
    """
    ID_CHANGED TITLE_CHANGED DESCRIPTION_CHANGED DEFAULT_CHANGED SCHEMA_REMOVED TYPE_EXTENDED
    MAX_LENGTH_INCREASED MAX_LENGTH_REMOVED MIN_LENGTH_DECREASED MIN_LENGTH_REMOVED PATTERN_REMOVED
    MAXIMUM_INCREASED MAXIMUM_REMOVED MINIMUM_DECREASED MINIMUM_REMOVED EXCLUSIVE_MAXIMUM_INCREASED
    EXCLUSIVE_MAXIMUM_REMOVED EXCLUSIVE_MINIMUM_DECREASED EXCLUSIVE_MINIMUM_REMOVED MULTIPLE_OF_REDUCED
    MULTIPLE_OF_REMOVED REQUIRED_ATTRIBUTE_REMOVED REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED
    DEPENDENCY_ARRAY_NARROWED DEPENDENCY_ARRAY_REMOVED DEPENDENCY_SCHEMA_REMOVED MAX_PROPERTIES_INCREASED
    MAX_PROPERTIES_REMOVED MIN_PROPERTIES_DECREASED MIN_PROPERTIES_REMOVED ADDITIONAL_PROPERTIES_ADDED
    ADDITIONAL_PROPERTIES_EXTENDED UNEVALUATED_PROPERTIES_ADDED UNEVALUATED_PROPERTIES_EXTENDED
    PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL
    REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL
    PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL
    PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
    PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL MAX_ITEMS_INCREASED MAX_ITEMS_REMOVED
    MIN_ITEMS_DECREASED MIN_ITEMS_REMOVED MAX_CONTAINS_INCREASED MAX_CONTAINS_REMOVED MIN_CONTAINS_DECREASED
    MIN_CONTAINS_REMOVED UNIQUE_ITEMS_REMOVED ADDITIONAL_ITEMS_ADDED ADDITIONAL_ITEMS_EXTENDED
    UNEVALUATED_ITEMS_ADDED UNEVALUATED_ITEMS_EXTENDED ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL
    ITEM_ADDED_TO_CLOSED_CONTENT_MODEL ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL
    ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
    ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL ENUM_ARRAY_EXTENDED COMBINED_TYPE_EXTENDED
    PRODUCT_TYPE_NARROWED SUM_TYPE_EXTENDED NOT_TYPE_NARROWED
    """
)
"""Kinds that both policies allow."""

LENIENT_ONLY = _listed(
    """
    ADDITIONAL_PROPERTIES_NARROWED ADDITIONAL_PROPERTIES_REMOVED UNEVALUATED_PROPERTIES_NARROWED
    UNEVALUATED_PROPERTIES_REMOVED REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL
    OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL
    PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
    PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
    """
)
"""Kinds that only ``compatibilityPolicy: LENIENT`` allows."""

REFUSED = _listed(
    """
    SCHEMA_ADDED TYPE_NARROWED TYPE_CHANGED MAX_LENGTH_ADDED MAX_LENGTH_DECREASED MIN_LENGTH_ADDED
    MIN_LENGTH_INCREASED PATTERN_ADDED PATTERN_CHANGED MAXIMUM_ADDED MAXIMUM_DECREASED MINIMUM_ADDED
    MINIMUM_INCREASED EXCLUSIVE_MAXIMUM_ADDED EXCLUSIVE_MAXIMUM_DECREASED EXCLUSIVE_MINIMUM_ADDED
    EXCLUSIVE_MINIMUM_INCREASED MULTIPLE_OF_ADDED MULTIPLE_OF_EXPANDED MULTIPLE_OF_CHANGED
    REQUIRED_ATTRIBUTE_ADDED MAX_PROPERTIES_ADDED MAX_PROPERTIES_DECREASED MIN_PROPERTIES_ADDED
    MIN_PROPERTIES_INCREASED DEPENDENCY_ARRAY_ADDED DEPENDENCY_ARRAY_EXTENDED DEPENDENCY_ARRAY_CHANGED
    DEPENDENCY_SCHEMA_ADDED REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL
    REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL MAX_ITEMS_ADDED MAX_ITEMS_DECREASED MIN_ITEMS_ADDED
    MIN_ITEMS_INCREASED MAX_CONTAINS_ADDED MAX_CONTAINS_DECREASED MIN_CONTAINS_ADDED MIN_CONTAINS_INCREASED
    UNIQUE_ITEMS_ADDED ADDITIONAL_ITEMS_REMOVED ADDITIONAL_ITEMS_NARROWED UNEVALUATED_ITEMS_REMOVED
    UNEVALUATED_ITEMS_NARROWED ITEM_ADDED_TO_OPEN_CONTENT_MODEL ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL
    ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
    ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL ENUM_ARRAY_NARROWED ENUM_ARRAY_CHANGED
    COMBINED_TYPE_CHANGED PRODUCT_TYPE_EXTENDED SUM_TYPE_NARROWED COMBINED_TYPE_SUBSCHEMAS_CHANGED
    NOT_TYPE_EXTENDED
    """
)
"""Kinds that no policy allows."""

RETIRED = _listed(
    """
    PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL RESERVED_PROPERTY_REMOVED RESERVED_PROPERTY_CONFLICTS_WITH_PROPERTY
    """
)
"""Kinds that no edition from 8.3 on emits; the first is what 7.4 says of a property added to an open content model."""

KINDS = ALLOWED | LENIENT_ONLY | REFUSED | RETIRED


def allowed(policy: Policy, edition: Edition) -> frozenset[str]:
    """The kinds that do not break compatibility; UsageError where the edition does not know the policy."""
    if policy is Policy.STRICT:
        return ALLOWED
    if edition is Edition.CONFLUENT_7_4:
        known = ", ".join(e.value for e in Edition if e is not edition)
        raise UsageError(
            f"{edition.value} has no compatibilityPolicy LENIENT (Confluent has it since 8.0.3); "
            f"use STRICT, or one of: {known}"
        )
    return ALLOWED | LENIENT_ONLY


_SENTENCES = {
    "ID_CHANGED": "the id differs",
    "TITLE_CHANGED": "the title differs",
    "DESCRIPTION_CHANGED": "the description differs",
    "DEFAULT_CHANGED": "the default differs",
    "SCHEMA_ADDED": "the items had no schema before and have one now",
    "SCHEMA_REMOVED": "the items no longer have a schema",
    "TYPE_EXTENDED": "integer became number",
    "TYPE_NARROWED": "number became integer",
    "TYPE_CHANGED": "the two are schemas of different kinds",
    "REQUIRED_ATTRIBUTE_ADDED": "an optional property became required, and it has no default",
    "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED": "an optional property became required, and it has a default",
    "REQUIRED_ATTRIBUTE_REMOVED": "a required property became optional",
    "PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL": "a property was added, but the original has an open content model: "
    "it accepted any value under this name",
    "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL": "a property that accepts everything was added to an open "
    "content model, which accepted everything before",
    "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL": "a required property without a default was added, and the "
    "original has an open content model: it accepted any value under this name, and none",
    "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL": "a required property with a default was added, but "
    "the original has an open content model: it accepted any value under this name",
    "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL": "an optional property was added, but the original has an open "
    "content model: it accepted any value under this name",
    "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL": "a required property without a default was added; the "
    "original's content model is not open, so data without it exists",
    "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL": "a required property with a default was added to a "
    "content model that is not open",
    "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL": "an optional property was added to a content model that is not "
    "open: no other value had this name",
    "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL": "a property was removed, and the update has an open content model: "
    "its values still pass",
    "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL": "a property was removed, and the update has a closed content model: "
    "data that holds it is refused",
    "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL": "a property that allowed no value was removed from a "
    "closed content model",
    "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": "a property was removed, and the update's partially "
    "open content model has a schema that accepts its values",
    "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": "a property was removed, and the schema that the "
    "update's partially open content model has for its name refuses some of its values",
    "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": "a property was added that accepts all that the "
    "original's partially open content model accepted under its name",
    "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": "a property was added that refuses some of what the "
    "original's partially open content model accepted under its name",
    "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL": "a position that accepts everything was added to an open "
    "tuple",
    "ITEM_ADDED_TO_OPEN_CONTENT_MODEL": "a position was added, but the original tuple has an open content model: it "
    "accepted any item there",
    "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL": "a position was added to a closed tuple: no item was there before",
    "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL": "a position was removed from a tuple whose content model is open now",
    "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL": "a position was removed, and the update's tuple has a closed content "
    "model: longer arrays are refused",
    "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL": "a position that allowed no item was removed from a closed "
    "tuple",
    "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": "a position was removed, and the update's schema for "
    "further items accepts it",
    "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": "a position was removed, and the update's schema for "
    "further items refuses some of it",
    "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": "a position was added that accepts all that the "
    "original's schema for further items accepted",
    "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": "a position was added that refuses some of what the "
    "original's schema for further items accepted",
    "RESERVED_PROPERTY_REMOVED": "a reserved name is no longer reserved",
    "RESERVED_PROPERTY_CONFLICTS_WITH_PROPERTY": "a reserved name is used by a property",
    "ENUM_ARRAY_EXTENDED": "values were added to the enum",
    "ENUM_ARRAY_NARROWED": "values were removed from the enum",
    "ENUM_ARRAY_CHANGED": "the allowed values differ",
    "COMBINED_TYPE_EXTENDED": "allOf, anyOf or oneOf was replaced by one that accepts as much",
    "COMBINED_TYPE_CHANGED": "allOf, anyOf and oneOf were swapped",
    "PRODUCT_TYPE_EXTENDED": "allOf has more branches: more conditions have to hold",
    "PRODUCT_TYPE_NARROWED": "allOf has fewer branches: fewer conditions have to hold",
    "SUM_TYPE_EXTENDED": "anyOf or oneOf has more branches",
    "SUM_TYPE_NARROWED": "anyOf or oneOf has fewer branches",
    "COMBINED_TYPE_SUBSCHEMAS_CHANGED": "not every branch has a branch of its own on the other side that fits it",
    "NOT_TYPE_NARROWED": "what is forbidden did not grow",
    "NOT_TYPE_EXTENDED": "more is forbidden than before",
    "MULTIPLE_OF_EXPANDED": "multipleOf became a multiple of itself: fewer numbers fit",
    "MULTIPLE_OF_REDUCED": "multipleOf became a divisor of itself: more numbers fit",
    "MULTIPLE_OF_CHANGED": "multipleOf became another number, neither multiple nor divisor",
    "PATTERN_CHANGED": "the pattern differs (whether it accepts the same strings is not examined)",
    "ADDITIONAL_PROPERTIES_ADDED": "undeclared properties were forbidden (closed content model) and are allowed now",
    "ADDITIONAL_PROPERTIES_REMOVED": "undeclared properties were allowed and are forbidden now (closed content model)",
    "ADDITIONAL_PROPERTIES_NARROWED": "undeclared properties have a schema now (partially open content model)",
    "ADDITIONAL_PROPERTIES_EXTENDED": "undeclared properties no longer have a schema (open content model)",
    "ADDITIONAL_ITEMS_ADDED": "further items were forbidden (closed content model) and are allowed now",
    "ADDITIONAL_ITEMS_REMOVED": "further items were allowed and are forbidden now (closed content model)",
    "ADDITIONAL_ITEMS_NARROWED": "further items have a schema now (partially open content model)",
    "ADDITIONAL_ITEMS_EXTENDED": "further items no longer have a schema (open content model)",
    "UNEVALUATED_PROPERTIES_ADDED": "unevaluated properties were forbidden and are allowed now",
    "UNEVALUATED_PROPERTIES_REMOVED": "unevaluated properties were allowed and are forbidden now",
    "UNEVALUATED_PROPERTIES_NARROWED": "unevaluated properties have a schema now",
    "UNEVALUATED_PROPERTIES_EXTENDED": "unevaluated properties no longer have a schema",
    "UNEVALUATED_ITEMS_ADDED": "unevaluated items were forbidden and are allowed now",
    "UNEVALUATED_ITEMS_REMOVED": "unevaluated items were allowed and are forbidden now",
    "UNEVALUATED_ITEMS_NARROWED": "unevaluated items have a schema now",
    "UNEVALUATED_ITEMS_EXTENDED": "unevaluated items no longer have a schema",
}
_VERBS = {
    "ADDED": "was added",
    "REMOVED": "was removed",
    "INCREASED": "was raised",
    "DECREASED": "was lowered",
    "EXTENDED": "lists more names",
    "NARROWED": "lists fewer names",
    "CHANGED": "lists other names",
}
_SUBJECTS = {
    "DEPENDENCY_ARRAY": "the list of names this property depends on",
    "DEPENDENCY_SCHEMA": "a schema dependency",
}


def sentence(kind: str) -> str:
    """What happened, in plain words, for one kind."""
    said = _SENTENCES.get(kind)
    if said:
        return said
    subject, _, verb = kind.rpartition("_")
    words = subject.lower().split("_")
    keyword = words[0] + "".join(word.capitalize() for word in words[1:])
    return f"{_SUBJECTS.get(subject, keyword)} {_VERBS[verb]}"
