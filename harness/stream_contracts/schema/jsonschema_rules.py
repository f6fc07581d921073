"""The decoder rules for JSON Schema: when is every instance of one schema surely an instance of another?

A proof, not a comparison of texts: the writer's schema is expanded into shapes, and each keyword of the reader's has
one rule that says when a shape satisfies it. ``True`` is a proof; ``False`` only says that the rules found none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from stream_contracts.schema.jsonschema_constraints import asserted
from stream_contracts.schema.jsonschema_expansion import TooWide, expand
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_rules_arrays import ARRAY_RULES, barren_array
from stream_contracts.schema.jsonschema_rules_objects import OBJECT_RULES, barren_object
from stream_contracts.schema.jsonschema_rules_scalars import NUMBER_RULES, STRING_RULES, barren_number
from stream_contracts.schema.jsonschema_shapes import Shape, made
from stream_contracts.schema.jsonschema_splits import splits
from stream_contracts.schema.jsonschema_text import Draft
from stream_contracts.schema.jsonschema_validation import Undecided

PATIENCE = 6_000
"""Steps of one proof."""
_DEEPEST_SPLIT = 2
_DEEPEST_EMPTYING = 3
"""Emptiness asks what is denied, which asks for disjointness, which asks for emptiness: somewhere it has to stop."""


class Prover:
    """Proofs that share what they have found; it gives up, with no proof, when they grow too long."""

    def __init__(self) -> None:
        self.known: dict[tuple[frozenset[int], int], tuple[bool, Any]] = {}
        self.provisional: dict[tuple[frozenset[int], int], tuple[int, int, Any]] = {}
        self.doing: dict[tuple[frozenset[int], int], int] = {}
        self.assumed: set[tuple[frozenset[int], int]] = set()
        self.depth = 0
        self.steps = 0
        self.kept: list[Any] = []
        self.splitting = 0
        self.emptying = 0

    def subset(self, conjunction: tuple[Located, ...], target: Located) -> bool:
        """Whether all values that satisfy the conjunction surely satisfy the target.

        Recursive schemas: a question met again inside itself, for a smaller value, is answered with yes; that is
        induction on the size of the value. For the same value it is answered with no.
        """
        self.steps += 1
        if self.steps > PATIENCE:
            return False
        key = (frozenset(located.key for located in conjunction), target.key)
        if key in self.known:
            return self.known[key][0]
        if key in self.provisional and self.depth >= self.provisional[key][0]:
            return True
        if key in self.doing:
            if self.depth > self.doing[key]:
                self.assumed.add(key)
                return True
            return False
        self.doing[key], before = self.depth, self.steps
        try:
            proved = all(self.implied(shape, target) for shape in expand(conjunction))
        except TooWide:
            proved = False
        del self.doing[key]
        self.assumed.discard(key)
        self._remember(key, (conjunction, target), before, proved=proved)
        return proved

    def _remember(self, key: tuple[frozenset[int], int], asked: Any, since: int, *, proved: bool) -> None:
        """Keep an answer to what was asked at step ``since``.

        A no always holds, and takes with it what was found meanwhile, for that may rest on a yes to this question. A
        yes that rests on a question still open is provisional: it may be reused inside of that question, for values
        at least as deep as the one that it was found for, and becomes final once no assumption is open.
        """
        if proved and self.assumed:
            self.provisional[key] = (self.depth, self.steps, asked)
            return
        self.known[key] = (proved, asked)
        for late, (_, step, held) in list(self.provisional.items()):
            if step >= since:
                del self.provisional[late]
                if proved:
                    self.known[late] = (True, held)

    def below(self, conjunction: tuple[Located, ...], target: Located) -> bool:
        """The same for a part of the value: an item, a property."""
        if target.schema is True or target.schema == {}:
            return True
        if any(located.key == target.key or located.spells(target) for located in conjunction):
            return True
        outer = self.emptying, self.splitting
        self.depth, self.emptying, self.splitting = self.depth + 1, 0, 0
        try:
            return self.subset(conjunction, target)
        finally:
            self.depth -= 1
            self.emptying, self.splitting = outer

    def nothing(self, conjunction: tuple[Located, ...]) -> bool:
        """Whether a part of the value surely cannot satisfy the conjunction."""
        if not conjunction or all(located.schema is True for located in conjunction):
            return False
        return any(located.schema is False for located in conjunction) or self.below(conjunction, _NOTHING)

    def implied(self, shape: Shape, target: Located, path: frozenset[int] = frozenset()) -> bool:
        """Whether every value of a shape surely satisfies the target."""
        if target.schema is True or target.key in path or target.key in shape.seen:
            return True
        self.steps += 1
        if self.steps > PATIENCE:
            return False
        if shape.values is not None:
            return self._each_accepted(shape, target)
        if self.empty(shape):
            return True
        if target.schema is False:
            return False
        words = target.words()
        rules = _RULES[shape.type]
        path |= {target.key}
        for word, value in words.items():
            rule = rules.get(word)
            if rule is not None and not rule(self, shape, value, words, target):
                return False
            general = _GENERAL.get(word)
            if general is not None and not general(self, shape, words, target, path):
                return False
        return True

    def _each_accepted(self, shape: Shape, target: Located) -> bool:
        try:
            return all(target.accepts(value) for value in shape.values or ())
        except Undecided:
            return False

    def empty(self, shape: Shape) -> bool:
        """Whether a shape surely has no value at all."""
        if shape.barren is not None or self.emptying >= _DEEPEST_EMPTYING:
            return shape.barren or False
        shape.barren = False
        self.emptying += 1
        barren = _BARREN.get(shape.type)
        shape.barren = (barren is not None and barren(self, shape)) or any(
            self.implied(shape, denied) for denied in shape.denied if denied.schema is not False
        )
        self.emptying -= 1
        return shape.barren

    def disjoint(self, shape: Shape, target: Located) -> bool:
        """Whether surely no value of a shape satisfies the target."""
        if shape.values is not None:
            try:
                return not any(target.accepts(value) for value in shape.values)
            except Undecided:
                return False
        self.steps += 1
        if self.steps > PATIENCE:
            return False
        try:
            together = expand((target,), shape)
        except TooWide:
            return False
        return all((narrow.values == []) or self.empty(narrow) for narrow in together)

    def with_also(self, shape: Shape, also: Located) -> Iterator[Shape]:
        """The shapes of the values of a shape that satisfy one schema more."""
        self.kept.append(also)
        yield from expand((also,), shape)


_NOTHING = made(schema=False)


def _one_of(prover: Prover, shape: Shape, words: dict[str, Any], target: Located, _path: frozenset[int]) -> bool:
    if asserted(shape, "oneOf", words, target):
        return True
    branches = [target.at(branch) for branch in words["oneOf"]]
    for one in branches:
        if prover.implied(shape, one):
            return all(prover.disjoint(shape, other) for other in branches if other is not one)
    return _by_cases(prover, shape, target.at({"oneOf": words["oneOf"]}), branches)


def _any_of(prover: Prover, shape: Shape, words: dict[str, Any], target: Located, path: frozenset[int]) -> bool:
    if asserted(shape, "anyOf", words, target):
        return True
    branches = [target.at(branch) for branch in words["anyOf"]]
    if any(prover.implied(shape, branch, path) for branch in branches):
        return True
    return _by_cases(prover, shape, target.at({"anyOf": words["anyOf"]}), branches)


def _by_cases(prover: Prover, shape: Shape, target: Located, branches: list[Located]) -> bool:
    """Divide the shape until each part fits a branch."""
    if prover.splitting >= _DEEPEST_SPLIT:
        return False
    prover.splitting += 1
    prover.kept.append(target)
    try:
        for cases in splits(shape, branches):
            prover.kept += cases
            parts = [part for case in cases for part in expand((case,), shape)]
            if all(prover.implied(part, target) for part in parts):
                return True
    except TooWide:
        return False
    finally:
        prover.splitting -= 1
    return False


def _not(prover: Prover, shape: Shape, words: dict[str, Any], target: Located, _path: frozenset[int]) -> bool:
    return asserted(shape, "not", words, target) or prover.disjoint(shape, target.at(words["not"]))


def _condition(prover: Prover, shape: Shape, words: dict[str, Any], target: Located, _path: frozenset[int]) -> bool:
    condition = target.at(words["if"])
    if "then" in words:
        then = target.at(words["then"])
        holds = prover.implied(shape, then) or prover.disjoint(shape, condition)
        try:
            if not (holds or all(prover.implied(part, then) for part in prover.with_also(shape, condition))):
                return False
        except TooWide:
            return False
    if "else" in words:
        otherwise = target.at(words["else"])
        if not (prover.implied(shape, otherwise) or prover.implied(shape, condition)):
            try:
                negated = made_not(condition)
                return all(prover.implied(part, otherwise) for part in prover.with_also(shape, negated))
            except TooWide:
                return False
    return True


def made_not(condition: Located) -> Located:
    """The negation of a schema, standing where the schema stands."""
    return condition.at({"not": condition.schema})


def _all_of(prover: Prover, shape: Shape, words: dict[str, Any], target: Located, path: frozenset[int]) -> bool:
    return all(prover.implied(shape, target.at(branch), path) for branch in words["allOf"])


def _ref(prover: Prover, shape: Shape, _words: dict[str, Any], target: Located, path: frozenset[int]) -> bool:
    return prover.implied(shape, target.target(), path)


def _type(_: Prover, shape: Shape, words: dict[str, Any], target: Located, _path: frozenset[int]) -> bool:
    listed = [words["type"]] if isinstance(words["type"], str) else words["type"]
    if shape.type in listed:
        return True
    # In draft-04 1.0 is no integer, whatever it is a multiple of.
    multiples = () if target.checker.draft is Draft.D4 else shape.multiples
    whole = shape.integer or any(multiple.denominator == 1 for multiple in multiples)
    return shape.type == "number" and "integer" in listed and whole


def _never(*_: Any) -> bool:
    """No rule: enum and const are decided by values, and a shape that reaches them has too many."""
    return False


_General = Callable[[Prover, Shape, dict[str, Any], Located, frozenset[int]], bool]
_GENERAL: dict[str, _General] = {
    "type": _type,
    "enum": _never,
    "const": _never,
    "$ref": _ref,
    "$dynamicRef": _never,
    "$recursiveRef": _never,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _condition,
}
_RULES: dict[str, dict[str, Callable[..., bool]]] = {
    "null": {},
    "boolean": {},
    "number": NUMBER_RULES,
    "string": STRING_RULES,
    "array": ARRAY_RULES,
    "object": OBJECT_RULES,
}
_BARREN: dict[str, Callable[[Any, Shape], bool]] = {
    "number": barren_number,
    "string": lambda _, shape: shape.longest is not None and shape.longest < shape.shortest,
    "array": barren_array,
    "object": barren_object,
}
