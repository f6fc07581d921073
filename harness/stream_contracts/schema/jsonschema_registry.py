"""The registry verdict for JSON Schema: every difference that Confluent Schema Registry lists, allowed or not.

Editions: ``confluent-next`` is the development line of August 2026, ``confluent-8.3`` is 8.3.1, and ``confluent-7.4``
is a late patch of 7.4 (7.4.14-like: combined schemas with one branch are interchangeable, ``const`` is compared,
``connect.type: bytes`` is known, but 2019-09 and 2020-12 documents are still read as draft-07).
Source: a behavioural specification written from reading the published code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stream_contracts.errors import SchemaError
from stream_contracts.schema.format import Difference, Edition, Policy
from stream_contracts.schema.jsonschema_arrays import array_rules
from stream_contracts.schema.jsonschema_combined import combined_rules, not_rules
from stream_contracts.schema.jsonschema_found import MOST_DIFFERENCES, Found, RegistryFails, flat
from stream_contracts.schema.jsonschema_kinds import allowed, sentence
from stream_contracts.schema.jsonschema_nodes import (
    ABSENT,
    ALL_OF,
    ArrayNode,
    CombinedNode,
    ConstNode,
    EmptyNode,
    EnumNode,
    FalseNode,
    Node,
    NotNode,
    NumberNode,
    ObjectNode,
    ReferenceNode,
    StringNode,
    identity,
)
from stream_contracts.schema.jsonschema_objects import object_rules
from stream_contracts.schema.jsonschema_scalars import const_rules, enum_rules, number_rules, string_rules
from stream_contracts.schema.jsonschema_shared import with_itself

_PATIENCE = 20_000
"""Comparisons after which an edition without a memo is given one: on mutually recursive unions it would not end."""

_PATIENCE_WIDE, _WIDE = 2_000, 10_000_000
"""The same where the unions around the present place multiply to more pairs than anybody waits for."""
_LONG = 16
"""Lists of this length are judged once each, and held rather than copied: those of recursive unions grow to thousands."""


def differences(original: Node, update: Node, policy: Policy, edition: Edition, called: str) -> list[Difference]:
    """Every difference between two loaded schemas, the allowed ones too; SchemaError where the registry fails."""
    permitted = allowed(policy, edition)
    try:
        found = _found(original, update, permitted, edition)
    except RegistryFails as fails:
        why = f"the registry itself fails here: {fails.why}"
        raise SchemaError(called, why, pointer=f"#{fails.path or '/'}") from None
    return [
        Difference(kind, f"#{path or '/'}", f"at '#{path or '/'}': {sentence(kind)}", kind in permitted)
        for kind, path in flat(found)
    ]


def _found(original: Node, update: Node, permitted: frozenset[str], edition: Edition) -> Sequence[Found]:
    if edition is not Edition.CONFLUENT_NEXT:
        try:
            return Comparison(permitted, edition).compare(original, update)
        except (_Endless, RecursionError):
            # The release overflows its stack here, or never ends; the answer of the memo is what it would have to say.
            pass
    previous: dict[tuple[int, int], Sequence[Found]] = {}
    while True:
        comparison = Comparison(permitted, edition, memo=True, previous=previous)
        found = comparison.compare(original, update)
        broken = comparison.incompatible()
        if not comparison.assumed or broken.keys() == previous.keys():
            return found
        previous = broken


class _Endless(Exception):  # noqa: N818 - a signal, caught in this module
    """The comparison goes round and round."""


class Comparison:
    """One pass over a pair of schemas; paths in what it returns are relative to the pair that was compared."""

    def __init__(
        self,
        permitted: frozenset[str],
        edition: Edition,
        *,
        memo: bool = False,
        previous: dict[tuple[int, int], Sequence[Found]] | None = None,
    ) -> None:
        self.permitted, self.edition, self.memo = permitted, edition, memo
        self.previous = previous or {}
        self.done: dict[tuple[int, int], Sequence[Found]] = {}
        self.doing: set[tuple[int, int]] = set()
        self.stack: set[int] = set()
        self.assumed = False
        self.steps = 0
        self.width = 1
        self.judged: dict[int, tuple[Sequence[Found], tuple[bool, int]]] = {}

    def compatible(self, found: Sequence[Found]) -> bool:
        """Whether the policy allows all of these."""
        return self.weigh(found)[0]

    def weigh(self, found: Sequence[Found]) -> tuple[bool, int]:
        """Whether the policy allows a list, and how long it is with all lists that it holds; worked out once each."""
        judged = self.judged.get(id(found))
        if judged is not None:
            return judged[1]
        fine, size, plain = True, 0, len(found) < _LONG
        for kind, _ in found:
            if isinstance(kind, str):
                fine, size = fine and kind in self.permitted, size + 1
            else:
                inner, length = self.weigh(kind)
                fine, size, plain = fine and inner, size + length, False
        if not plain:
            self.judged[id(found)] = (found, (fine, size))
        return fine, size

    def incompatible(self) -> dict[tuple[int, int], Sequence[Found]]:
        """The finished pairs whose lists the policy does not allow."""
        return {pair: found for pair, found in self.done.items() if not self.compatible(found)}

    def compare(self, original: Node | None, update: Node | None) -> Sequence[Found]:
        """Compare two nodes, either of which may be absent; a reference is followed by one step, not more."""
        if original is None:
            return () if update is None else (("SCHEMA_ADDED", ""),)
        if update is None:
            return (("SCHEMA_REMOVED", ""),)
        if type(original) is ReferenceNode:
            original = original.target
        if type(update) is ReferenceNode:
            update = update.target
        if not self.memo:
            self.steps += 1
            if self.steps > _PATIENCE:
                raise _Endless
            return self.pair(original, update)
        key = (id(original), id(update))
        known = self.done.get(key)
        if known is not None:
            return known
        if key in self.doing:
            self.assumed = True
            return self.previous.get(key, ())
        self.doing.add(key)
        found = self.pair(original, update)
        self.doing.discard(key)
        self.done[key] = found
        return found

    def within(self, segment: str, original: Node | None, update: Node | None) -> Sequence[Found]:
        """Compare two nodes that stand at ``segment`` (which starts with a slash) below the present place."""
        try:
            if original is update and original is not None:
                rules = (self.permitted, self.edition)
                found = with_itself(original, rules, lambda: self.compare(original, update))
            else:
                found = self.compare(original, update)
        except RegistryFails as fails:
            fails.path = segment + fails.path
            raise
        if self.weigh(found)[1] > MOST_DIFFERENCES:
            raise RegistryFails(f"more than {MOST_DIFFERENCES} differences, most of them repeated through references")
        if len(found) < _LONG:
            return [(kind, segment + path) for kind, path in found] if found else found
        return [(found, segment)]

    def pair(self, original: Node, update: Node) -> Sequence[Found]:
        """Special cases of combined schemas, then the kinds, then what the nodes of one kind say."""
        kind = type(original)
        if kind is not type(update):
            special = self.special(original, update)
            if special is not None:
                return special
        if kind is not type(update) or (kind is EmptyNode and original.boolean != update.boolean):  # type: ignore[attr-defined]
            return self.unlike(original, update)
        if self.memo:
            return self.alike(original, update)
        if id(original) in self.stack:
            return ()
        outer = self.width
        if isinstance(original, CombinedNode):
            self.width *= len(original.branches) * len(update.branches)  # type: ignore[attr-defined]
            if self.width > _WIDE and self.steps > _PATIENCE_WIDE:
                raise _Endless
        self.stack.add(id(original))
        try:
            return self.alike(original, update)
        finally:
            self.stack.discard(id(original))
            self.width = outer

    def special(self, original: Node, update: Node) -> Sequence[Found] | None:
        """One side combined, the other not: a branch that fits answers for the whole; None where none does."""
        if isinstance(update, CombinedNode):
            if len(update.branches) == 1:
                return self.first(((original, update.branches[0]),))
            if update.criterion == ALL_OF:
                return None
            return self.first([(original, branch) for branch in update.branches], "SUM_TYPE_EXTENDED")
        if isinstance(original, CombinedNode):
            if len(original.branches) == 1:
                return self.first(((original.branches[0], update),))
            if original.criterion != ALL_OF:
                return None
            return self.first([(branch, update) for branch in original.branches], "PRODUCT_TYPE_NARROWED")
        return None

    def first(self, pairs: Sequence[tuple[Node, Node]], kind: str = "") -> Sequence[Found] | None:
        """The list of the first compatible pair, with a kind for the whole."""
        for original, update in pairs:
            found = self.compare(original, update)
            if self.compatible(found):
                return [*found, (kind, "")] if kind else found
        return None

    def unlike(self, original: Node, update: Node) -> Sequence[Found]:
        """Nodes of different kinds: fine where nothing was or everything is allowed, or both are Connect's bytes."""
        if type(original) is FalseNode or type(update) is EmptyNode:
            return ()
        if original.extras.get("connect.type") == "bytes" == update.extras.get("connect.type"):
            return ()
        return (("TYPE_CHANGED", ""),)

    def alike(self, original: Node, update: Node) -> Sequence[Found]:
        """Nodes of one kind: annotations first, then the rules of the kind."""
        notes: list[Found] = []
        if original.id != update.id:
            notes.append(("ID_CHANGED", ""))
        if original.title != update.title:
            notes.append(("TITLE_CHANGED", ""))
        if original.description != update.description:
            notes.append(("DESCRIPTION_CHANGED", ""))
        if (original.default is not ABSENT or update.default is not ABSENT) and _differ(
            original.default, update.default
        ):
            notes.append(("DEFAULT_CHANGED", ""))
        rules = _RULES.get(type(original))
        if rules is None:
            return notes
        found = rules(self, original, update)
        return [*notes, *found] if notes else found


def _differ(original: Any, update: Any) -> bool:
    """Defaults as the registry compares them: two containers are never the same."""
    if isinstance(original, dict | list) and isinstance(update, dict | list):
        return True
    return identity(original) != identity(update)


_RULES: dict[type[Node], Callable[[Any, Any, Any], Sequence[Found]]] = {
    StringNode: string_rules,
    NumberNode: number_rules,
    EnumNode: enum_rules,
    ConstNode: const_rules,
    NotNode: not_rules,
    ObjectNode: object_rules,
    ArrayNode: array_rules,
    CombinedNode: combined_rules,
}
