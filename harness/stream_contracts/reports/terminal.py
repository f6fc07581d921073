"""Verdicts and findings as text for people: what was found, where, why it matters, what to do, how to see it again."""

from __future__ import annotations

import json
from collections.abc import Iterator

from stream_contracts.findings import Finding, Judgement, Severity, Verdict
from stream_contracts.reports import sequence

_LONGEST_WITNESS = 400


def judged(what: str, judgement: Judgement) -> Iterator[str]:
    """Tell a judgement line by line; ``what`` names the promise, as in ``orders/enrich promises delivery: …``."""
    yield f"{what}: {_verdict(judgement)}"
    if judgement.note:
        yield from (f"  {line}" for line in judgement.note.splitlines())
    yield from findings(judgement)


def findings(judgement: Judgement) -> Iterator[str]:
    """Tell what was found: errors first, each rule once with its reason and remedy."""
    for severity in Severity:
        for rule in dict.fromkeys(found.rule for found in judgement.findings if found.severity is severity):
            yield ""
            same = [found for found in judgement.findings if found.rule == rule and found.severity is severity]
            yield from _group(rule, severity, same)


def _verdict(judgement: Judgement) -> str:
    if judgement.verdict is Verdict.UNKNOWN:
        return f"unknown ({judgement.reason})"
    return {Verdict.PASS: "kept", Verdict.FAIL: "BROKEN"}[judgement.verdict]


def _group(rule: str, severity: Severity, found: list[Finding]) -> Iterator[str]:
    mark = "" if severity is Severity.ERROR else "warning: "
    yield f"  {mark}{rule}"
    for finding in found:
        at = f" ({finding.place})" if finding.place else ""
        yield f"    {finding.what}{at}"
        if finding.excused:
            yield f"      does not count: {finding.excused}"
    first = found[0]
    if first.why:
        yield f"    why it matters: {first.why}"
    if first.remedy:
        yield f"    what to do: {first.remedy}"
    for question in dict.fromkeys(question for finding in found for question in finding.facts):
        answers = dict.fromkeys(str(finding.facts[question]) for finding in found if question in finding.facts)
        if question != "at":
            yield f"    {question}: {'; '.join(answers)}"
    shows = next((finding for finding in found if finding.witness and finding.place), None)
    if shows is not None:  # a schema's witness is a message; an anomaly's rows are in the sentences already
        shown = json.dumps(dict(shows.witness), ensure_ascii=False, default=str)
        yield f"    a message that shows it: {shown[:_LONGEST_WITNESS]}"
    drawn = sequence.text(first.witness) if severity is Severity.ERROR else []
    if drawn:
        yield "    on the wire, around it:"
        yield from (f"      {line}" for line in drawn)
