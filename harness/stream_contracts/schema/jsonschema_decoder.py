"""The decoder verdict for JSON Schema: is every instance that the writer may write valid for the reader?

A decoder of JSON Schema validates. ``reads`` is proved by rules or, failing a proof, supported by a search that found
no instance that breaks (``proved`` is False then); ``fails`` has a witness; ``unknown`` says what was in the way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from stream_contracts.schema.format import UNSEARCHED, Clash, Decoding, Reads, Witness
from stream_contracts.schema.jsonschema_circles import meaningless
from stream_contracts.schema.jsonschema_essence import essence
from stream_contracts.schema.jsonschema_identity import equal_key, spelled_key
from stream_contracts.schema.jsonschema_located import Located, views
from stream_contracts.schema.jsonschema_mutants import mutants
from stream_contracts.schema.jsonschema_rules import PATIENCE, Prover
from stream_contracts.schema.jsonschema_text import Draft, overflowed
from stream_contracts.schema.jsonschema_validation import Checker, Undecided
from stream_contracts.schema.jsonschema_values import Tries
from stream_contracts.schema.jsonschema_widened import same, widened
from stream_contracts.schema.jsonschema_wild import wild

_KEPT = 16
"""Valid instances that are changed in one place each when all else found nothing."""
_MUTANTS = 12
"""Changed instances per value of the budget: nothing was proved then, and they are what the verdict rests on."""
_WILD = 8
"""Wild instances per value of the budget, after the targeted ones."""
_ENOUGH = 3
"""Valid instances below which a search without a witness says nothing."""
_SAME = Decoding(Reads.READS, note="both schemas are the same")
_BY_RULE = Decoding(Reads.READS, note="by rule: every instance of the writer's schema is one of the reader's")


def decode(writer: Checker, reader: Checker, budget: int) -> Decoding:
    """The verdict on data valid for the writer, read by the reader; at most ``budget`` values are tried."""
    writer.reject_malformed()
    reader.reject_malformed()
    at_a_glance = _at_a_glance(writer, reader)
    if at_a_glance is not None:
        return at_a_glance
    written = Located(writer.documents.root, writer.documents.resolver, writer)
    read = Located(reader.documents.root, reader.documents.resolver, reader)
    if _same(writer, reader):
        return _SAME
    if meaningless(written) or meaningless(read):
        why = "a schema refers to itself for the same value, through oneOf, not or if: that has no meaning"
        return Decoding(Reads.UNKNOWN, proved=False, note=why)
    prover = Prover()
    if _proved(prover, written, read):
        return _BY_RULE
    try:
        return _searched(prover, written, read, budget)
    except BaseException as error:
        if not overflowed(error):
            raise
        return Decoding(Reads.UNKNOWN, proved=False, note="the schemas nest too deeply for a search")


def _at_a_glance(writer: Checker, reader: Checker) -> Decoding | None:
    """The verdict on schemas that hardly differ and refer to nothing; None where a closer look is needed."""
    mine, theirs = writer.documents, reader.documents
    if writer.draft is not reader.draft or mine.others or theirs.others:
        return None
    if same(mine.root, theirs.root):
        return _SAME
    return _BY_RULE if widened(mine.root, theirs.root) else None


def _searched(prover: Prover, written: Located, read: Located, budget: int) -> Decoding:
    """The verdict by trying: targeted values, wild ones, changes to what turned out to be valid, random ones."""
    search = _Search(written, read, budget)
    prover.steps = PATIENCE // 2
    tries = Tries(budget * 40, prover, spelled=search.spelled)
    broken = search.first(tries.raw((written,), (read,), 0))
    reason = "" if broken else _in_the_way(search, tries)
    search.left = budget * _WILD
    broken = broken or search.first(wild(written, read, search.kept, search.left))
    search.left = budget * _MUTANTS
    broken = broken or search.first(mutants(list(search.kept), written, read))
    if broken is None:
        # Hypothesis takes longer to import than most verdicts take: only what nothing else decides pays for it.
        from stream_contracts.schema.jsonschema_random import random_values

        search.left = budget
        broken = search.first(random_values(written, budget // 4))
    if broken is not None:
        return broken
    reason = (_in_doubt(written, read, search) or reason) if budget > 0 else (_beyond(written, read) or UNSEARCHED)
    if reason:
        return Decoding(Reads.UNKNOWN, proved=False, note=reason)
    note = f"no rule proves it; {search.valid} valid instances around every limit of both schemas were all accepted"
    return Decoding(Reads.READS, proved=False, note=note)


def _proved(prover: Prover, written: Located, read: Located) -> bool:
    try:
        return prover.subset((written,), read)
    except BaseException as error:
        if not overflowed(error):
            raise
        return False


def _same(writer: Checker, reader: Checker) -> bool:
    """Whether both say the same, but for notes and the order of what has none."""
    if writer.draft is not reader.draft:
        return False
    mine, theirs = writer.documents, reader.documents
    return essence(mine.root, mine.others) == essence(theirs.root, theirs.others)


class _Search:
    """Tries values on the whole of both schemas until one breaks."""

    def __init__(self, written: Located, read: Located, budget: int) -> None:
        self.written, self.read, self.left = written, read, budget
        self.spelled = Draft.D4 in (written.checker.draft, read.checker.draft)
        self.valid = self.undecided = 0
        self.kept: list[Any] = []
        self.seen: set[Any] = set()

    def first(self, values: Iterable[Any]) -> Decoding | None:
        """The verdict on the first value that is valid before and invalid after, if one is among these."""
        for value in values:
            if self.left <= 0:
                return None
            key = spelled_key(value) if self.spelled else equal_key(value)
            if key in self.seen:
                continue
            self.seen.add(key)
            self.left -= 1
            try:
                if self.written.accepts(value):
                    self.valid += 1
                    self.keep(value)
                    if not self.read.accepts(value) and self.confirmed(value):
                        return self.broken(value)
            except Undecided:
                self.undecided += 1
        return None

    def confirmed(self, value: Any) -> bool:
        """The library has the last word on a witness; where it disagrees, the value counts as undecided."""
        broken = self.written.checker.accepts(value) and not self.read.checker.accepts(value)
        self.undecided += not broken
        return broken

    def keep(self, value: Any) -> None:
        """Remember some of the valid values: the first ones, then one at a place that wanders through the list."""
        if len(self.kept) < _KEPT:
            self.kept.append(value)
        else:
            self.kept[self.valid % _KEPT] = value

    def broken(self, value: Any) -> Decoding:
        """``fails``, with the value and the reader's complaints about it."""
        clashes = []
        for error in self.read.checker.errors(value):
            pointer = "#" + "".join(f"/{part}" for part in error.absolute_schema_path)
            at = "".join(f"/{part}" for part in error.absolute_path) or "the root"
            clashes.append(Clash(f"json-{error.validator or 'false'}", pointer, f"{at}: {error.message}", Reads.FAILS))
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        witness = Witness(value, data, error="; ".join(clash.message for clash in clashes[:3]))
        return Decoding(Reads.FAILS, tuple(clashes), witness)


def _in_the_way(search: _Search, tries: Tries) -> str:
    """Why the targeted search saw less than every limit of both schemas; empty where it saw them all."""
    if tries.undecided:
        return _UNDECIDED
    if tries.cut:
        return "the schemas nest deeper than the search looks"
    if tries.patience <= 0 or search.left <= 0:
        return "the budget ended before every limit of both schemas was tried"
    return ""


_UNDECIDED = "some instances could not be judged: a pattern cannot be run safely, or a multipleOf depends on rounding"


def _in_doubt(written: Located, read: Located, search: _Search) -> str:
    """Why a search without a witness is no ground for ``reads``, however long it was; empty where it is."""
    if search.valid < _ENOUGH:
        return f"only {search.valid} valid instances of the writer's schema could be made"
    if search.undecided:
        return _UNDECIDED
    return _beyond(written, read)


def _beyond(written: Located, read: Located) -> str:
    """The word of a schema that no rule knows; empty where there is none."""
    for located in (written, read):
        for view in views(located):
            for word in ("$dynamicRef", "$recursiveRef"):
                if word in view.words():
                    return f"{word} is beyond the rules"
    return ""
