"""Decoder rules for objects: when does a shape surely satisfy what is said of properties and their names?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from stream_contracts.schema.jsonschema_constraints import asserted, group_of
from stream_contracts.schema.jsonschema_expansion import TooWide, expand
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_regex import PatternUnsupported, found_in
from stream_contracts.schema.jsonschema_rules_parts import ANYTHING, Proves, certain
from stream_contracts.schema.jsonschema_rules_scalars import Rule
from stream_contracts.schema.jsonschema_shapes import Group, Shape, made, said_of, smaller
from stream_contracts.schema.jsonschema_validation import Undecided

_PREFIX = re.compile(r"\^((?:[A-Za-z0-9_ \-/:@]|\\[.$\-/])+)")


def barren_object(prover: Proves, shape: Shape) -> bool:
    """A property that must be there cannot be, or the counts leave nothing."""
    if any(_absent(prover, shape, name) for name in sorted(_needed(shape))):
        return True
    floor = max(shape.fewest, len(shape.required))
    if shape.greatest is not None and shape.greatest < floor:
        return True
    names = _possible(prover, shape)
    if names is None or floor <= len(shape.required.intersection(names)):
        return False  # every required name can be there, or it would have been found above
    return sum(not _absent(prover, shape, name) for name in names) < floor


def _needed(shape: Shape) -> frozenset[str]:
    """The required names, with all that they depend on."""
    needed = shape.required
    while True:
        more = needed.union(*(names for key, names in shape.needs if key in needed))
        if more == needed:
            return needed
        needed = more


def _absent(prover: Proves, shape: Shape, name: str) -> bool:
    """A property of this name surely cannot be there."""
    named = any(not _name_accepted(located, name) for located in shape.names)
    return named or prover.nothing(shape.of(name)) or _contradicted(shape, name)


def _contradicted(shape: Shape, name: str) -> bool:
    """Its presence would need more properties than there may be."""
    needed = _needed(_also_required(shape, name))
    return shape.greatest is not None and len(needed) > shape.greatest


def _also_required(shape: Shape, name: str) -> Shape:
    return Shape(required=shape.required | {name}, needs=shape.needs)


def _name_accepted(located: Located, name: str) -> bool:
    try:
        return located.accepts(name)
    except Undecided:
        return True


def _finite_names(shape: Shape) -> list[str] | None:
    """All names that propertyNames leaves, where they are few."""
    if not shape.names:
        return None
    try:
        strings = expand((*shape.names, _STRING))
    except TooWide:
        return None
    if any(string.values is None for string in strings):
        return None
    return sorted({value for string in strings for value in string.values or ()})


_STRING = made({"type": "string"})


def _open_groups(prover: Proves, shape: Shape) -> bool:
    """Whether names may be there that no group declares and no pattern matches."""
    return _finite_names(shape) is None and not any(
        group.rest is not None and not group.patterns and prover.nothing((group.rest,)) for group in shape.groups
    )


def _greatest(prover: Proves, shape: Shape) -> int | None:
    """The greatest number of properties: the limit, or the number of names that can be there."""
    names = _possible(prover, shape)
    if names is None:
        return shape.greatest
    return smaller(shape.greatest, sum(not _absent(prover, shape, name) for name in names))


def _possible(prover: Proves, shape: Shape) -> list[str] | None:
    """All names that can be there, where they are known."""
    names = _finite_names(shape)
    return shape.declared() if names is None and not _open_groups(prover, shape) else names


def _properties(prover: Proves, shape: Shape, _: Any, words: dict[str, Any], target: Located) -> bool:
    group = group_of(target, words)
    return group is None or _group(prover, shape, group)


def _group(prover: Proves, shape: Shape, group: Group) -> bool:
    """Everything a target says of properties: name by name, then by pattern, then for all other names."""
    finite = _finite_names(shape)
    names = (
        finite
        if finite is not None
        else [*dict.fromkeys([*group.properties, *shape.declared(), *_literals(shape, group)])]
    )
    for name in names:
        try:
            wanted = _said_exactly(group, name)
        except PatternUnsupported:
            return _same_group(shape, group)
        if all(prover.below(shape.of(name), schema) for schema in wanted):
            continue
        if not _absent(prover, shape, name):
            return False
    if finite is not None:
        return True
    by_pattern = all(_pattern(prover, shape, pattern, wanted) for pattern, wanted in group.patterns.items())
    return by_pattern and (group.rest is None or _rest(prover, shape, group, group.rest))


def _same_group(shape: Shape, group: Group) -> bool:
    """Patterns that cannot be run can still be the same patterns with the same schemas."""

    def same(one: Located | None, other: Located | None) -> bool:
        return (one.schema if one else True) == (other.schema if other else True)

    for known in shape.groups:
        named = known.properties.keys() == group.properties.keys() and known.patterns.keys() == group.patterns.keys()
        if named and same(known.rest, group.rest):
            pairs = [(known.properties[name], group.properties[name]) for name in group.properties]
            pairs += [(known.patterns[pattern], group.patterns[pattern]) for pattern in group.patterns]
            if all(same(one, other) and isinstance(one.schema, bool) for one, other in pairs):
                return True
    return False


def _said_exactly(group: Group, name: str) -> list[Located]:
    """What a group says of a name; PatternUnsupported where that cannot be told."""
    for pattern in group.patterns:
        found_in(pattern, name)
    return said_of(group, name)


def _literals(shape: Shape, group: Group) -> Iterator[str]:
    """Names that patterns spell out in full."""
    for one in (*shape.groups, group):
        for pattern in one.patterns:
            literal = literal_of(pattern)
            if literal is not None:
                yield literal


def literal_of(pattern: str) -> str | None:
    """The one string that ``^literal$`` matches."""
    found = _PREFIX.match(pattern)
    return found[1].replace("\\", "") if found and pattern[found.end() :] == "$" else None


def _apart(one: str, other: str) -> bool:
    """Two patterns that start differently, and so match no string in common."""
    first, second = _PREFIX.match(one), _PREFIX.match(other)
    if not first or not second or "|" in one or "|" in other:
        return False
    # The last literal character may be under a quantifier: leave it out.
    a, b = first[1].replace("\\", "")[:-1], second[1].replace("\\", "")[:-1]
    return not (a.startswith(b) or b.startswith(a))


def _pattern(prover: Proves, shape: Shape, pattern: str, wanted: Located) -> bool:
    """Every value under a name that matches the pattern surely satisfies what is wanted."""
    if wanted.schema is True or literal_of(pattern) is not None:
        return True
    for group in shape.groups:
        if pattern in group.patterns:
            options = [group.patterns[pattern]]
        else:
            options = [schema for known, schema in group.patterns.items() if not _apart(known, pattern)]
            options.append(group.rest or ANYTHING)
        if all(prover.below((option,), wanted) for option in options):
            return True
    return False


def _rest(prover: Proves, shape: Shape, target: Group, wanted: Located) -> bool:
    """Every value under a name that the target neither declares nor matches surely satisfies what is wanted."""
    for group in shape.groups:
        literal = [p for p in group.patterns if literal_of(p) is not None]
        options = [schema for p, schema in group.patterns.items() if p not in target.patterns and p not in literal]
        options.append(group.rest or ANYTHING)
        if all(prover.below((option,), wanted) for option in options):
            return True
    return prover.below((), wanted)


def _names(prover: Proves, shape: Shape, value: Any, words: dict[str, Any], target: Located) -> bool:
    """propertyNames: every name that can be there is accepted."""
    if asserted(shape, "propertyNames", words, target):
        return True
    wanted = target.at(value)
    finite = _finite_names(shape)
    for name in finite if finite is not None else shape.declared():
        if not _absent(prover, shape, name) and not prover.below((made({"const": name}),), wanted):
            return False
    if finite is not None:
        return True
    for group in shape.groups:
        if group.rest is not None and prover.nothing((group.rest,)):
            patterns = [
                made({"pattern": p, "type": "string"}) for p, s in group.patterns.items() if s.schema is not False
            ]
            prover.kept += patterns
            if all(prover.below((pattern, *shape.names), wanted) for pattern in patterns):
                return True
    return prover.below((*shape.names, _STRING), wanted)


def _depends_on_names(prover: Proves, shape: Shape, value: dict[str, list[str]], *_: Any) -> bool:
    return all(
        set(names) <= _needed(_also_required(shape, key)) or _absent(prover, shape, key) for key, names in value.items()
    )


def _depends_on_schemas(
    prover: Proves, shape: Shape, value: dict[str, Any], _: dict[str, Any], target: Located
) -> bool:
    for key, schema in value.items():
        wanted = target.at(schema)
        if _absent(prover, shape, key) or prover.implied(shape, wanted):
            continue
        present = made({"required": [key]})
        prover.kept.append(present)
        known = [located for name, located in shape.implied if name == key]
        try:
            parts = expand((present, *known), shape)
        except TooWide:
            return False
        if not all(prover.implied(part, wanted) for part in parts):
            return False
    return True


def _unevaluated_properties(prover: Proves, shape: Shape, value: Any, words: dict[str, Any], target: Located) -> bool:
    if value is True or asserted(shape, "unevaluatedProperties", words, target):
        return True
    named: dict[str, Located] = {}
    matched: dict[str, Located] = {}
    for sure in certain(target):
        said = sure.words()
        if said.get("additionalProperties", False) is not False:
            return True
        named |= dict.fromkeys(said.get("properties", {}), ANYTHING)
        matched |= dict.fromkeys(said.get("patternProperties", {}), ANYTHING)
    return _group(prover, shape, Group(named, matched, target.at(value)))


def _few_properties(prover: Proves, shape: Shape, limit: int, *_: Any) -> bool:
    greatest = _greatest(prover, shape)
    return greatest is not None and greatest <= limit


def _once_of(*words_of_one_rule: str) -> Rule:
    """A rule for several keywords, run for the first of them that is there."""

    def rule(prover: Proves, shape: Shape, value: Any, words: dict[str, Any], target: Located) -> bool:
        first = next(word for word in words_of_one_rule if word in words)
        return words[first] is not value or _properties(prover, shape, value, words, target)

    return rule


_PROPERTIES = _once_of("properties", "patternProperties", "additionalProperties")


OBJECT_RULES: dict[str, Rule] = {
    "required": lambda _, shape, names, *__: set(names) <= _needed(shape),
    "minProperties": lambda _, shape, limit, *__: max(shape.fewest, len(_needed(shape))) >= limit,
    "maxProperties": _few_properties,
    "properties": _PROPERTIES,
    "patternProperties": _PROPERTIES,
    "additionalProperties": _PROPERTIES,
    "propertyNames": _names,
    "dependentRequired": _depends_on_names,
    "dependentSchemas": _depends_on_schemas,
    "unevaluatedProperties": _unevaluated_properties,
}
