"""Runs without faults that differ: did one of them lose something, or is the output no function of the input?

A content that several runs wrote is a function of the input: no clock and no chance is in it. A run that wrote it less often,
and nothing for its key that no other run wrote, has lost it. Where each run has contents of its own for the key, one may
stand for the other, and nothing can be said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from stream_contracts.anomalies import anomaly
from stream_contracts.findings import Finding
from stream_contracts.history.model import Record
from stream_contracts.trial.rows import Effect

Content = tuple[str, str | None, str]
"""Output, key, digest."""


def lost(runs: Sequence[Sequence[Effect]]) -> list[Finding]:
    """What one of these runs of the same input lost, a finding for each key; pure, needs three runs to say anything."""
    written = [Counter(_contents(run)) for run in runs]
    found: dict[tuple[str, str | None], Finding] = {}
    for number, own in enumerate(written):
        others = [each for place, each in enumerate(written) if place != number]
        alone = {(where, key) for where, key, digest in own if not any((where, key, digest) in each for each in others)}
        for content in sorted(set().union(*others), key=repr):
            where, key, _ = content
            agreed = sorted(each[content] for each in others)[-2:]
            missing = (min(agreed) if len(agreed) > 1 else 0) - own[content]
            if missing > 0 and (where, key) not in alone and (where, key) not in found:
                found[where, key] = _finding(where, key, missing)
    return list(found.values())


def _contents(run: Sequence[Effect]) -> Iterator[Content]:
    for effect in run:
        if isinstance(effect, Record):
            if effect.fate in ("committed", "plain"):
                yield effect.topic, effect.key, effect.digest
        else:
            yield effect.sink, effect.key, effect.digest


def _finding(where: str, key: str | None, missing: int) -> Finding:
    rule = anomaly("lost-record")
    what = (
        f"no fault: of the same events, for key {key} in {where}, one run did not write {missing} "
        f"effect{'s' * (missing > 1)} that two others wrote"
    )
    remedy = "do not drop what cannot be handled at once: stop reading (pause the consumer) until there is room"
    return Finding(rule.id, what, rule.why, remedy, witness={"output": where, "key": key, "missing": missing})
