"""Decoder rules for arrays and objects: when does a shape surely satisfy what is said of items and properties?

``prover`` is the Prover of ``jsonschema_rules``; it is passed in, for the rules of containers ask about their parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol

from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_regex import PatternUnsupported, found_in
from stream_contracts.schema.jsonschema_rules_scalars import Rule
from stream_contracts.schema.jsonschema_shapes import (
    Group,
    Row,
    Shape,
    TooWide,
    assertion,
    expand,
    group_of,
    made,
    row_of,
    said_of,
    smaller,
)
from stream_contracts.schema.jsonschema_validation import Undecided


class Proves(Protocol):
    """What these rules ask of the prover they are part of."""

    kept: list[Any]

    def below(self, conjunction: tuple[Located, ...], target: Located) -> bool:
        """Whether a part of the value that satisfies the conjunction surely satisfies the target."""

    def nothing(self, conjunction: tuple[Located, ...]) -> bool:
        """Whether a part of the value surely cannot satisfy the conjunction."""

    def implied(self, shape: Shape, target: Located) -> bool:
        """Whether every value of a shape surely satisfies the target."""


_PREFIX = re.compile(r"\^((?:[A-Za-z0-9_ \-/:@]|\\[.$\-/])+)")
_ANYTHING = made(schema=True)


# Arrays


def barren_array(prover: Proves, shape: Shape) -> bool:
    """No length is left, or an item that must be there cannot be."""
    most = _longest(prover, shape)
    if most is not None and most < shape.least:
        return True
    if any(prover.nothing(shape.item(index)) for index in range(min(shape.least, _positions(shape) + 1))):
        return True
    return any(least > 0 and _never_contained(prover, shape, sought) for sought, least, _ in shape.contains)


def _positions(shape: Shape) -> int:
    return max((len(row.prefix) for row in shape.rows), default=0)


def _longest(prover: Proves, shape: Shape) -> int | None:
    """The greatest length: the limit, or the first position at which nothing can stand."""
    for index in range(min(_positions(shape) + 1, 100)):
        if shape.most is not None and index >= shape.most:
            break
        if prover.nothing(shape.item(index)):
            return smaller(shape.most, index)
    return shape.most


def _never_contained(prover: Proves, shape: Shape, sought: Located) -> bool:
    """No item can be what is sought."""
    return all(prover.nothing((*shape.item(index), sought)) for index in _places(shape, shape.most))


def _places(shape: Shape, most: int | None, also: int = 0) -> range:
    """One index per position that is spoken of, and one for all further items, as far as the length allows."""
    count = max(_positions(shape), also) + 1
    return range(count if most is None else min(count, most))


def _items(prover: Proves, shape: Shape, row: Row) -> bool:
    for index in _places(shape, _longest(prover, shape), len(row.prefix)):
        wanted = row.prefix[index] if index < len(row.prefix) else row.rest
        if wanted is not None and not prover.below(shape.item(index), wanted):
            return False
    return True


def _prefix_or_items(prover: Proves, shape: Shape, _: Any, words: dict[str, Any], target: Located) -> bool:
    row = row_of(target, words)
    return row is None or _items(prover, shape, row)


def _contains(prover: Proves, shape: Shape, _: Any, words: dict[str, Any], target: Located) -> bool:
    if assertion("contains", words) in shape.asserted:
        return True
    sought, least, most = target.at(words["contains"]), words.get("minContains", 1), words.get("maxContains")
    return _at_least(prover, shape, sought, least) and (most is None or _at_most(prover, shape, sought, most))


def _at_least(prover: Proves, shape: Shape, sought: Located, least: int) -> bool:
    if least == 0 or any(count >= least and prover.below((known,), sought) for known, count, _ in shape.contains):
        return True
    if shape.least < least:
        return False
    positions = _positions(shape)
    fitting = sum(prover.below(shape.item(index), sought) for index in range(min(shape.least, positions)))
    further = shape.least - positions
    if fitting < least and further > 0 and prover.below(shape.item(positions), sought):
        fitting += further
    return fitting >= least


def _at_most(prover: Proves, shape: Shape, sought: Located, most: int) -> bool:
    longest = _longest(prover, shape)
    if longest is not None and longest <= most:
        return True
    if any(
        count is not None and count <= most and prover.below((sought,), known) for known, _, count in shape.contains
    ):
        return True
    places = _places(shape, longest)
    possible = [index for index in places if not prover.nothing((*shape.item(index), sought))]
    endless = longest is None or longest > _positions(shape)
    if endless and _positions(shape) in possible:
        return False
    return len(possible) <= most


def _unevaluated_items(prover: Proves, shape: Shape, value: Any, words: dict[str, Any], target: Located) -> bool:
    if value is True or assertion("unevaluatedItems", words) in shape.asserted:
        return True
    longest = 0
    for sure in _certain(target):
        said = sure.words()
        if said.get("items", False) is not False:
            return True
        longest = max(longest, len(said.get("prefixItems", ())))
    return _items(prover, shape, Row((_ANYTHING,) * longest, target.at(value)))


def _few_items(prover: Proves, shape: Shape, limit: int, *_: Any) -> bool:
    longest = _longest(prover, shape)
    return longest is not None and longest <= limit


def _certain(target: Located) -> Iterator[Located]:
    """What surely evaluates beside a schema: itself, its references and its allOf branches, all the way down."""
    seen: set[int] = set()
    pending = [target]
    while pending:
        here = pending.pop()
        if here.key not in seen:
            seen.add(here.key)
            yield here
            words = here.words()
            pending += [here.at(branch) for branch in words.get("allOf", ())]
            pending += [here.target()] if "$ref" in words else []


ARRAY_RULES: dict[str, Rule] = {
    "minItems": lambda _, shape, limit, *__: shape.least >= limit,
    "maxItems": _few_items,
    "uniqueItems": lambda _, shape, wanted, *__: (
        not wanted or shape.unique or (shape.most is not None and shape.most < 2)
    ),
    "prefixItems": _prefix_or_items,
    "items": lambda prover, shape, value, words, target: (
        "prefixItems" in words or _prefix_or_items(prover, shape, value, words, target)
    ),
    "contains": _contains,
    "unevaluatedItems": _unevaluated_items,
}


# Objects


def barren_object(prover: Proves, shape: Shape) -> bool:
    """A property that must be there cannot be, or the counts leave nothing."""
    if any(_absent(prover, shape, name) for name in sorted(_needed(shape))):
        return True
    greatest = _greatest(prover, shape)
    return greatest is not None and greatest < max(shape.fewest, len(shape.required))


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
    names = _finite_names(shape)
    if names is None and not _open_groups(prover, shape):
        names = shape.declared()
    if names is None:
        return shape.greatest
    return smaller(shape.greatest, sum(not _absent(prover, shape, name) for name in names))


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
            options.append(group.rest or _ANYTHING)
        if all(prover.below((option,), wanted) for option in options):
            return True
    return False


def _rest(prover: Proves, shape: Shape, target: Group, wanted: Located) -> bool:
    """Every value under a name that the target neither declares nor matches surely satisfies what is wanted."""
    for group in shape.groups:
        literal = [p for p in group.patterns if literal_of(p) is not None]
        options = [schema for p, schema in group.patterns.items() if p not in target.patterns and p not in literal]
        options.append(group.rest or _ANYTHING)
        if all(prover.below((option,), wanted) for option in options):
            return True
    return prover.below((), wanted)


def _names(prover: Proves, shape: Shape, value: Any, words: dict[str, Any], target: Located) -> bool:
    """propertyNames: every name that can be there is accepted."""
    if assertion("propertyNames", words) in shape.asserted:
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
    if value is True or assertion("unevaluatedProperties", words) in shape.asserted:
        return True
    named: dict[str, Located] = {}
    matched: dict[str, Located] = {}
    for sure in _certain(target):
        said = sure.words()
        if said.get("additionalProperties", False) is not False:
            return True
        named |= dict.fromkeys(said.get("properties", {}), _ANYTHING)
        matched |= dict.fromkeys(said.get("patternProperties", {}), _ANYTHING)
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
