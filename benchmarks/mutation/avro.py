"""The rules of Avro against their corpus: which wrong versions does no pair of schemas tell from the right one?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.mutation.code import Mutant, in_place, mutants
from stream_contracts.schema import avro_rules
from stream_contracts.schema.avro_parse import parse
from stream_contracts.schema.format import Source

CORPUS = Path(__file__).parents[2] / "tests" / "corpus" / "avro"


class Tried(NamedTuple):
    """One rule: how many wrong versions there were, and those of which no pair of the corpus tells."""

    name: str
    times: int
    survivors: list[Mutant]


def tried() -> Iterator[Tried]:
    """Try every mutant of every rule; what counts is which rules fire, for that is what the corpus says of a pair."""
    pairs = [_pair(path) for path in sorted(CORPUS.glob("*/*.json"))]
    meant = [answer(*pair) for pair in pairs]
    for rule in avro_rules.RULES:
        function: Any = rule.check
        every = list(mutants(function))
        left = []
        for mutant in every:
            with in_place(function, mutant):
                if all(answer(*pair) == right for pair, right in zip(pairs, meant, strict=True)):
                    left.append(mutant)
        yield Tried(rule.id, len(every), left)


def answer(writer: Any, reader: Any) -> Any:
    """The rules that fire, as often as they do; of a mutant that breaks, that it does."""
    try:
        return sorted(firing.clash.rule for firing in avro_rules.firings(writer, reader))
    except Exception as error:
        return type(error)


def _pair(path: Path) -> tuple[Any, Any]:
    case = json.loads(path.read_text("utf-8"))
    return tuple(parse(Source(json.dumps(case[side]))).root for side in ("writer", "reader"))  # type: ignore[return-value]
