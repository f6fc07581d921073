"""What a difference means to a team: who breaks, which deploy order is safe, and how to change the schema instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Final, NamedTuple

from stream_contracts.errors import UsageError
from stream_contracts.schema import format_named
from stream_contracts.schema.compat import Answer, Comparison, Direction
from stream_contracts.schema.format import Explanation, Reads


class Order(StrEnum):
    """Who may be deployed first without breaking anyone."""

    CONSUMERS_FIRST = "consumers first"
    PRODUCERS_FIRST = "producers first"
    EITHER = "either"
    NEITHER = "neither"


READER: Final = "the reader is a new one on old data under BACKWARD, an old one on new data under FORWARD"
BREAKS: Final[Mapping[Direction, str]] = {
    Direction.BACKWARD: "new readers, on data that the former schema wrote",
    Direction.FORWARD: "old readers, on data that the new schema writes",
}


def explanation(form: str, kind: str) -> Explanation:
    """Look a kind up; raises ``UsageError`` for an unknown format or kind."""
    table = explanations(form)
    if kind not in table:
        raise UsageError(f"{form} has no difference kind or rule {kind!r}; known: {', '.join(sorted(table))}")
    return table[kind]


def explanations(form: str) -> Mapping[str, Explanation]:
    """The table of one format."""
    return format_named(form).explanations


class Example(NamedTuple):
    """A change that shows a kind or rule: the schema that wrote, and the one that reads."""

    before: str
    after: str


def example(form: str, kind: str) -> Example:
    """The example of a kind or rule; raises ``UsageError`` for an unknown one."""
    explanation(form, kind)
    return Example(*_examples()[form][kind])


@lru_cache(maxsize=1)
def _examples() -> dict[str, dict[str, list[str]]]:
    text = resources.files("stream_contracts.schema").joinpath("examples.json").read_text(encoding="utf-8")
    held: dict[str, dict[str, list[str]]] = json.loads(text)
    return held


def deploy_order(answer: Answer, *, by_decoder: bool = False) -> Order:
    """Say who may go first, from what was compared.

    Where new readers read old data, consumers may go first; where old readers read new data, producers may. A direction
    that was not compared is taken for broken: nothing is known about it.
    """
    return order_where(answer, _reads_by_decoder if by_decoder else _taken_by_registry)


def order_where(answer: Answer, good: Callable[[Comparison], bool]) -> Order:
    """The same by any other measure of what is good."""
    backward, forward = (_holds(answer, each, good) for each in (Direction.BACKWARD, Direction.FORWARD))
    if backward and forward:
        return Order.EITHER
    if backward:
        return Order.CONSUMERS_FIRST
    return Order.PRODUCERS_FIRST if forward else Order.NEITHER


def _holds(answer: Answer, direction: Direction, good: Callable[[Comparison], bool]) -> bool:
    compared = [comparison for comparison in answer.comparisons if comparison.direction is direction]
    return bool(compared) and all(map(good, compared))


def _reads_by_decoder(comparison: Comparison) -> bool:
    return comparison.decoding is not None and comparison.decoding.reads is Reads.READS


def _taken_by_registry(comparison: Comparison) -> bool:
    return comparison.registry is True
