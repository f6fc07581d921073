"""The keywords of JSON Schema as functions: one compiler for each, from what a schema says to what it accepts.

They are written for the spelling that ``Located.words`` gives every draft.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from stream_contracts.schema.jsonschema_identity import equal_key
from stream_contracts.schema.jsonschema_regex import found_in
from stream_contracts.schema.jsonschema_text import Draft
from stream_contracts.schema.jsonschema_validation import multiple

if TYPE_CHECKING:
    from stream_contracts.schema.jsonschema_located import Located

Accepts = Callable[[Any], bool]


class Compiles(Protocol):
    """What a compiler asks of the whole."""

    def of(self, located: Located) -> Accepts:
        """The function of a schema below."""


def everything(_: Any) -> bool:
    """What accepts any value."""
    return True


def nothing(_: Any) -> bool:
    """What accepts no value."""
    return False


def all_of(checks: list[Accepts]) -> Accepts:
    """All of these, in turn, until one refuses."""

    def accepts(instance: Any) -> bool:
        for check in checks:  # noqa: SIM110 - a generator would cost more than the checks
            if not check(instance):
                return False
        return True

    return accepts


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Accepts] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _type(_: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    named = [words["type"]] if isinstance(words["type"], str) else words["type"]
    tests = [_integer(here.checker.draft) if name == "integer" else _TYPES[name] for name in named]
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _integer(draft: Draft) -> Accepts:
    if draft is Draft.D4:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    return lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer())


def _enum(_: Compiles, __: Located, words: dict[str, Any]) -> Accepts:
    keys = {equal_key(value) for value in words["enum"]}
    return lambda value: equal_key(value) in keys


def _const(_: Compiles, __: Located, words: dict[str, Any]) -> Accepts:
    key = equal_key(words["const"])
    return lambda value: equal_key(value) == key


def _limit(word: str, applies: Accepts, holds: Callable[[Any, Any], bool]) -> Any:
    def compiler(_: Compiles, __: Located, words: dict[str, Any]) -> Accepts:
        limit = words[word]
        return lambda value: not applies(value) or holds(value, limit)

    return compiler


def _multiple_of(_: Compiles, __: Located, words: dict[str, Any]) -> Accepts:
    divisor = words["multipleOf"]
    return lambda value: not _is_number(value) or multiple(value, divisor)


def _required(_: Compiles, __: Located, words: dict[str, Any]) -> Accepts:
    names = words["required"]
    return lambda value: not isinstance(value, dict) or all(name in value for name in names)


def _dependent_required(_: Compiles, __: Located, words: dict[str, Any]) -> Accepts:
    needs = list(words["dependentRequired"].items())
    return lambda value: (
        not isinstance(value, dict)
        or all(key not in value or all(name in value for name in names) for key, names in needs)
    )


def _dependent_schemas(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    each = [(key, swift.of(here.at(schema))) for key, schema in words["dependentSchemas"].items()]
    return lambda value: not isinstance(value, dict) or all(key not in value or check(value) for key, check in each)


def _properties(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    schemas = words["properties"]
    told = sorted(schemas, key=lambda name: not _tells(schemas[name]))
    each = [(name, swift.of(here.at(schemas[name]))) for name in told]

    def accepts(value: Any) -> bool:
        if isinstance(value, dict):
            for name, check in each:
                if name in value and not check(value[name]):
                    return False
        return True

    return accepts


def _tells(schema: Any) -> bool:
    """Whether a property is likely to tell the branches of a union apart."""
    return isinstance(schema, dict) and ("const" in schema or "enum" in schema)


def _pattern_properties(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    each = [(pattern, swift.of(here.at(schema))) for pattern, schema in words["patternProperties"].items()]
    return lambda value: (
        not isinstance(value, dict)
        or all(check(held) for pattern, check in each for name, held in value.items() if found_in(pattern, name))
    )


def _additional_properties(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    declared, patterns = words.get("properties", {}), list(words.get("patternProperties", {}))
    check = swift.of(here.at(words["additionalProperties"]))
    return lambda value: (
        not isinstance(value, dict)
        or all(
            name in declared or any(found_in(pattern, name) for pattern in patterns) or check(held)
            for name, held in value.items()
        )
    )


def _property_names(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    check = swift.of(here.at(words["propertyNames"]))
    return lambda value: not isinstance(value, dict) or all(check(name) for name in value)


def _prefix_items(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    each = [swift.of(here.at(schema)) for schema in words["prefixItems"]]
    return lambda value: (
        not isinstance(value, list) or all(check(item) for check, item in zip(each, value, strict=False))
    )


def _items(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    first, check = len(words.get("prefixItems", ())), swift.of(here.at(words["items"]))
    return lambda value: not isinstance(value, list) or all(check(item) for item in value[first:])


def _contains(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    check, least, most = swift.of(here.at(words["contains"])), words.get("minContains", 1), words.get("maxContains")

    def accepts(value: Any) -> bool:
        if not isinstance(value, list):
            return True
        count = sum(check(item) for item in value)
        return count >= least and (most is None or count <= most)

    return accepts


def _unique(_: Compiles, __: Located, words: dict[str, Any]) -> Accepts:
    if not words["uniqueItems"]:
        return everything
    return lambda value: not isinstance(value, list) or len({equal_key(item) for item in value}) == len(value)


def _pattern(_: Compiles, __: Located, words: dict[str, Any]) -> Accepts:
    pattern = words["pattern"]
    return lambda value: not isinstance(value, str) or found_in(pattern, value)


def _reference(swift: Compiles, here: Located, _: dict[str, Any]) -> Accepts:
    return swift.of(here.target())


def _all_of(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    return all_of([swift.of(here.at(branch)) for branch in words["allOf"]])


def _any_of(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    each = [swift.of(here.at(branch)) for branch in words["anyOf"]]
    return lambda value: any(check(value) for check in each)


def _one_of(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    each = [swift.of(here.at(branch)) for branch in words["oneOf"]]

    def accepts(value: Any) -> bool:
        fits = 0
        for check in each:
            if check(value):
                fits += 1
                if fits > 1:
                    return False
        return fits == 1

    return accepts


def _not(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    check = swift.of(here.at(words["not"]))
    return lambda value: not check(value)


def _condition(swift: Compiles, here: Located, words: dict[str, Any]) -> Accepts:
    condition = swift.of(here.at(words["if"]))
    then = swift.of(here.at(words.get("then", True)))
    otherwise = swift.of(here.at(words.get("else", True)))
    return lambda value: then(value) if condition(value) else otherwise(value)


_TEXT, _LIST, _OBJECT = _TYPES["string"], _TYPES["array"], _TYPES["object"]
COMPILERS: dict[str, Callable[[Compiles, Located, dict[str, Any]], Accepts]] = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "minimum": _limit("minimum", _is_number, lambda value, limit: value >= limit),
    "maximum": _limit("maximum", _is_number, lambda value, limit: value <= limit),
    "exclusiveMinimum": _limit("exclusiveMinimum", _is_number, lambda value, limit: value > limit),
    "exclusiveMaximum": _limit("exclusiveMaximum", _is_number, lambda value, limit: value < limit),
    "multipleOf": _multiple_of,
    "minLength": _limit("minLength", _TEXT, lambda value, limit: len(value) >= limit),
    "maxLength": _limit("maxLength", _TEXT, lambda value, limit: len(value) <= limit),
    "minItems": _limit("minItems", _LIST, lambda value, limit: len(value) >= limit),
    "maxItems": _limit("maxItems", _LIST, lambda value, limit: len(value) <= limit),
    "minProperties": _limit("minProperties", _OBJECT, lambda value, limit: len(value) >= limit),
    "maxProperties": _limit("maxProperties", _OBJECT, lambda value, limit: len(value) <= limit),
    "required": _required,
    "dependentRequired": _dependent_required,
    "pattern": _pattern,
    "uniqueItems": _unique,
    "propertyNames": _property_names,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "prefixItems": _prefix_items,
    "items": _items,
    "contains": _contains,
    "allOf": _all_of,
    "$ref": _reference,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "dependentSchemas": _dependent_schemas,
    "if": _condition,
}
"""The compilers of all keywords, the cheap ones first."""
