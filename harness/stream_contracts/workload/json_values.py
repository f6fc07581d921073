"""Documents of a JSON Schema: those that the schema room finds worth trying, and variations that stay valid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from stream_contracts.schema.format import Source
from stream_contracts.schema.jsonschema import parse
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_text import room_for_depth
from stream_contracts.schema.jsonschema_validation import Undecided
from stream_contracts.schema.jsonschema_values import Tries
from stream_contracts.workload.dice import DOUBLES, STRINGS, Dice, Undrawable

PATIENCE = 20_000
"""Checks of parts that the search for documents may do, once per series."""
POOL = 400
"""Documents that variations start from."""
LEAVES_MAX = 40
"""Leaves of one document that are varied."""
LARGEST_WHOLE = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259, 6)."""


def series(source: Source, dice: Dice) -> Iterator[bytes]:
    """Draw and encode documents without end, each valid by the schema. Raises `SchemaError` and `Undrawable`."""
    checker = parse(source).checker
    root = Located(checker.documents.root, checker.documents.resolver, checker)
    with room_for_depth(source.called, source.text):
        pool = Tries(PATIENCE).values((root,), (), 0, POOL)
    if not pool:
        raise Undrawable("no document was found that is valid by it")
    # In an order that no hash of a text decides: names of properties come from sets.
    drawn = _Documents(root, [json.loads(text) for text in sorted({_ordered(document) for document in pool})], dice)
    while True:
        dice.begin()
        with room_for_depth(source.called, source.text):
            document = drawn.next()
        yield json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _ordered(document: Any) -> str:
    return json.dumps(document, sort_keys=True)


class _Documents:
    """A document of the pool, some of its members taken from another one, its leaves varied, as far as it stays valid."""

    def __init__(self, root: Located, pool: list[Any], dice: Dice) -> None:
        self._root, self._dice = root, dice
        # Those with most in them first: half of the documents are full ones, the rest is taken in turn.
        self._full = sorted(pool, key=lambda each: (-len(_ordered(each)), _ordered(each)))[: max(1, len(pool) // 4)]
        self._pool = pool

    def next(self) -> Any:
        """The next one."""
        dice = self._dice
        if dice.on_edge("document"):
            found = self._pool[dice.turn("pool", len(self._pool))]
        else:
            found = self._full[dice.turn("full", len(self._full))]
        found = self._crossed(found, self._pool[dice.turn("other", len(self._pool))])
        for place in list(_leaves(found))[:LEAVES_MAX]:
            path = "".join(f"/{step}" for step in place)
            # What the pool has in this place is near a bound of the schema, as a rule: every third is left alone.
            if dice.turn(f"{path}?", 3):
                changed = _with(found, place, self._leaf(_at(found, place), path))
                if self._valid(changed):
                    found = changed
                elif isinstance(_at(found, place), str):
                    dice.refused()
        return found

    def _crossed(self, one: Any, other: Any) -> Any:
        if not (isinstance(one, dict) and isinstance(other, dict)):
            return one
        # Both are sorted by name, and so is the mixture.
        taken = {name: value for name, value in other.items() if self._dice.turn(f"cross {name}", 2)}
        mixed = dict(sorted({**one, **taken}.items()))
        return mixed if self._valid(mixed) else one

    def _leaf(self, now: Any, path: str) -> Any:
        if isinstance(now, bool):
            return bool(self._dice.turn(path, 2))
        if isinstance(now, str):
            return self._dice.text(path, STRINGS)
        if isinstance(now, int):
            return self._dice.whole(path, -LARGEST_WHOLE, LARGEST_WHOLE)
        return self._dice.real(path, DOUBLES)

    def _valid(self, document: Any) -> bool:
        try:
            return self._root.accepts(document)
        except Undecided:
            return False


Place = tuple[str | int, ...]


def _leaves(node: Any, place: Place = ()) -> Iterator[Place]:
    """Where the texts, numbers and truth values of a document stand."""
    if isinstance(node, dict | list):
        for step, below in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _leaves(below, (*place, step))
    elif node is not None:
        yield place


def _at(node: Any, place: Place) -> Any:
    for step in place:
        node = node[step]
    return node


def _with(node: Any, place: Place, value: Any) -> Any:
    """A copy of the document with another value at this place."""
    if not place:
        return value
    step, rest = place[0], place[1:]
    copy: Any = dict(node) if isinstance(node, dict) else list(node)
    copy[step] = _with(node[step], rest, value)
    return copy
