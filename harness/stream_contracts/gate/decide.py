"""Decide for one schema of a contract whether it may ship: against its former versions, at its effective level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.contract.model import Contract, Schema
from stream_contracts.errors import SchemaError
from stream_contracts.findings import Finding, Judgement, Place, Reason, Severity
from stream_contracts.schema import format_for
from stream_contracts.schema.compat import Answer, Comparison, check
from stream_contracts.schema.explain import BREAKS, explanations
from stream_contracts.schema.format import Reads, Source


@dataclass(frozen=True, slots=True)
class Decision:
    """The judgement of one schema, and what it was judged against."""

    judgement: Judgement
    level: str
    versions: int
    """How many former versions there are; 0 is a new schema."""


def decide(contract: Contract, schema: Schema) -> Decision:
    """Compare a schema with every former version that its level asks for.

    The registry's verdict decides; where a decoder breaks although the registry agrees, that is a warning with the
    message that shows it. A schema that cannot be read raises `SchemaError`. A new schema passes.
    """
    form, former, level = format_for(schema.file), contract.former(schema), contract.level(schema)
    answer = check(form, [_source(path) for path in former], _source(contract.path(schema)), level)
    if answer.registry is None:
        failure = next(comparison.failure for comparison in answer.comparisons if comparison.failure)
        return Decision(Judgement.unknown(Reason.UNSUPPORTED, failure, ()), level, len(former))
    place = Place(str(contract.path(schema)), 1)
    found = [finding for comparison in answer.comparisons for finding in _findings(answer, comparison, place)]
    return Decision(Judgement.of(found), level, len(former))


def _findings(answer: Answer, comparison: Comparison, place: Place) -> Iterator[Finding]:
    against = f"{Path(comparison.former.called).name}, {comparison.direction}"
    known = explanations(answer.format)
    refused = [difference for difference in comparison.differences if not difference.compatible]
    decoding = comparison.decoding
    witness = {} if decoding is None or decoding.witness is None else {
        "written": decoding.witness.value,
        "bytes": decoding.witness.data.hex(),
        "read": decoding.witness.error or decoding.witness.outcome,
    }  # fmt: skip
    for difference in refused:
        told = known.get(difference.kind)
        yield Finding(
            difference.kind,
            f"{difference.message} (at {difference.path}, against {against})",
            f"it breaks {BREAKS[comparison.direction]}",
            told.instead if told else "",
            place,
            witness=witness,
        )
    if decoding is None or refused or decoding.reads in (Reads.READS, Reads.UNKNOWN):
        return
    for clash in decoding.clashes:
        told = known.get(clash.rule)
        yield Finding(
            clash.rule,
            f"{clash.message} (at {clash.pointer}, against {against}); the registry allows it",
            f"decoders {clash.reads.value} it: {BREAKS[comparison.direction]}",
            told.instead if told else "",
            place,
            Severity.WARNING,
            witness,
        )


def _source(path: Path) -> Source:
    try:
        return Source(path.read_text(encoding="utf-8"), called=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(str(path), f"it cannot be read: {error}") from error
