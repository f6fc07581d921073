"""An answer in words: what changed, where, who breaks, in which order to deploy, what to do instead, a message."""

from __future__ import annotations

import json
from collections.abc import Iterator

from stream_contracts.schema.compat import Answer, Comparison
from stream_contracts.schema.explain import BREAKS, deploy_order, explanations
from stream_contracts.schema.format import Decoding, Difference, Reads

_LONGEST = 200


def told(answer: Answer, *, verdict: str) -> Iterator[str]:
    """Tell an answer, line by line."""
    if not answer.comparisons:
        yield f"Nothing was compared at level {answer.level}. The new schema can be read."
        return
    yield f"registry ({answer.edition.value}, {answer.level}): {_word(answer)}"
    yield f"decoder: {answer.decoder.value}"
    for comparison in answer.comparisons:
        yield from _comparison(answer, comparison)
    yield ""
    yield f"Safe deploy order by the {verdict}: {_order(answer, verdict)}."


def _word(answer: Answer) -> str:
    words = {True: "compatible", False: "incompatible", None: "no verdict, the registry itself fails"}
    return words[answer.registry]


def _order(answer: Answer, verdict: str) -> str:
    order = deploy_order(answer, by_decoder=verdict == "decoder").value
    directions = {comparison.direction for comparison in answer.comparisons}
    if len(directions) == 2:
        return order
    other = "old readers on new data" if "BACKWARD" in directions else "new readers on old data"
    return f"{order} (not compared: {other}; FULL compares both)"


def _comparison(answer: Answer, comparison: Comparison) -> Iterator[str]:
    refused = [difference for difference in comparison.differences if not difference.compatible]
    decoding = comparison.decoding
    if not refused and not comparison.failure and (decoding is None or decoding.reads is Reads.READS):
        if decoding is not None and decoding.note:
            yield f"  note: {decoding.note}"
        return
    yield ""
    compared = f"{comparison.former.called} (version {comparison.version}), {comparison.direction}"
    yield f"{compared}: breaks {BREAKS[comparison.direction]}"
    if comparison.failure:
        yield f"  the registry fails: {comparison.failure}"
    for difference in refused:
        yield from _difference(answer.format, difference)
    if decoding is not None:
        yield from _decoding(answer.format, decoding)


def _difference(form: str, difference: Difference) -> Iterator[str]:
    yield f"  {difference.kind} at {difference.path}: {difference.message}"
    known = explanations(form).get(difference.kind)
    if known is not None:
        yield f"      why: {known.why}"
        yield f"      safe deploy order: {known.order}"
        yield f"      instead: {known.instead}"


def _decoding(form: str, decoding: Decoding) -> Iterator[str]:
    for clash in decoding.clashes:
        yield f"  decoder, {clash.reads.value}: {clash.message} ({clash.rule} at {clash.pointer})"
        known = explanations(form).get(clash.rule)
        if known is not None:
            yield f"      safe deploy order: {known.order}"
            yield f"      instead: {known.instead}"
    if decoding.witness is not None:
        witness = decoding.witness
        yield f"  this message shows it: {_short(witness.value)}"
        read = witness.error or _short(witness.outcome)
        yield f"      bytes {_cut(witness.data.hex(' '))} → {read}"
    elif not decoding.proved:
        yield "  unproved: no message that breaks was found within the budget"
    if decoding.note:
        yield f"  note: {decoding.note}"


def _short(value: object) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
