"""Decoder rules for arrays: when does a shape surely satisfy what is said of items?"""

from __future__ import annotations

from typing import Any

from stream_contracts.schema.jsonschema_constraints import asserted, row_of
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_rules_parts import ANYTHING, Proves, certain
from stream_contracts.schema.jsonschema_rules_scalars import Rule
from stream_contracts.schema.jsonschema_shapes import Row, Shape, smaller


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
    if asserted(shape, "contains", words, target):
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
    if value is True or asserted(shape, "unevaluatedItems", words, target):
        return True
    longest = 0
    for sure in certain(target):
        said = sure.words()
        if said.get("items", False) is not False:
            return True
        longest = max(longest, len(said.get("prefixItems", ())))
    return _items(prover, shape, Row((ANYTHING,) * longest, target.at(value)))


def _few_items(prover: Proves, shape: Shape, limit: int, *_: Any) -> bool:
    longest = _longest(prover, shape)
    return longest is not None and longest <= limit


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
