"""What the rules of the registry verdict for JSON Schema hand to each other: differences found, limits, failures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import inf
from typing import Protocol

from stream_contracts.schema.format import Edition
from stream_contracts.schema.jsonschema_nodes import Node

Found = tuple["str | Sequence[Found]", str]
"""A kind, and the path below the place where the comparison stands: empty, or segments that each start with a slash.

Instead of a kind there may be a whole list, whose paths begin where this one ends: long lists are held, not copied.
"""

MOST_DIFFERENCES = 100_000
"""A list longer than this comes from references that multiply it; nobody reads it, and it doubles at each level."""


class RegistryFails(Exception):  # noqa: N818 - what the registry does, not what we do
    """The registry would answer with an error, not with a verdict; ``path`` grows while it passes upwards."""

    def __init__(self, why: str, path: str = "") -> None:
        self.why, self.path = why, path
        super().__init__(why)


class Compares(Protocol):
    """What a rule may ask of the comparison it is part of."""

    edition: Edition

    def compatible(self, found: Sequence[Found]) -> bool:
        """Whether the policy allows all of these."""

    def compare(self, original: Node | None, update: Node | None) -> Sequence[Found]:
        """The differences of two nodes, their paths relative to the nodes."""

    def within(self, segment: str, original: Node | None, update: Node | None) -> Sequence[Found]:
        """The differences of two nodes, with the segment before their paths."""


def flat(found: Sequence[Found], before: str = "") -> Iterator[tuple[str, str]]:
    """Kinds and paths, without lists in lists."""
    for kind, path in found:
        if isinstance(kind, str):
            yield kind, before + path
        else:
            yield from flat(kind, before + path)


def double(number: int | Decimal) -> float:
    """A number as the double that the registry compares; beyond the doubles it is infinite."""
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf


def raised_or_lowered(
    kind: str, path: str, original: int | Decimal | None, update: int | Decimal | None
) -> list[Found]:
    """The common scheme of every limit: added, removed, increased, decreased; numbers count, not their spelling."""
    if original is None:
        return [] if update is None else [(f"{kind}_ADDED", path)]
    if update is None:
        return [(f"{kind}_REMOVED", path)]
    before, after = double(original), double(update)
    if before < after:
        return [(f"{kind}_INCREASED", path)]
    return [(f"{kind}_DECREASED", path)] if before > after else []
