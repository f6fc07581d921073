"""The review as text for a shell: what may not ship and why, what could not be told, and one line at the end."""

from __future__ import annotations

from collections.abc import Iterator

from stream_contracts.findings import Finding, Judged, Review, Severity, Verdict
from stream_contracts.reports.terminal import findings


def render(review: Review) -> str:
    """Everything that has findings, a note or no verdict, then the sum; what passes in silence is only counted."""
    return "".join(f"{line}\n" for line in _lines(review))


def _lines(review: Review) -> Iterator[str]:
    for each in review.judged:
        if each.judgement.findings or each.judgement.note or each.judgement.verdict is Verdict.UNKNOWN:
            yield from _judged(each)
            yield ""
    new = [each.name for each in review.judged if each.new]
    if new:
        yield f"new: {', '.join(new[:10])}{f' and {len(new) - 10} more' if len(new) > 10 else ''}"
    yield from review.notes
    yield f"{verdict(review)}: {summary(review)}"


def _judged(each: Judged) -> Iterator[str]:
    said = {Verdict.PASS: "may ship", Verdict.FAIL: "may NOT ship"}
    unknown = f"could not tell ({each.judgement.reason})"
    yield f"{each.name}: {said.get(each.judgement.verdict, unknown)}"
    if each.told:
        yield f"  {each.told}"
    yield from (f"  {line}" for line in each.judgement.note.splitlines())
    yield from findings(each.judgement)


def verdict(review: Review) -> str:
    """The answer to the question, in words."""
    if not review.judged:
        return "Nothing was judged"
    words = {Verdict.PASS: "May ship", Verdict.FAIL: "May NOT ship", Verdict.UNKNOWN: "Could not tell"}
    return words[review.verdict]


def summary(review: Review) -> str:
    """The sum in one line: what was judged, how many findings of each weight, and against what."""
    schemas = sum(each.kind == "schema" for each in review.judged)
    found = {
        "error": [each for each in review.findings if each.counts],
        "warning": [each for each in review.findings if each.severity is Severity.WARNING and not each.excused],
        "excused": [each for each in review.findings if each.excused],
    }
    parts = [_counted(schemas, "schema"), _new(review)]
    parts += [
        f"{len(rows)} {name}" if name == "excused" else _counted(len(rows), name)
        for name, rows in found.items()
        if rows
    ]
    parts.append(f"{len(review.unknown)} could not be told" if review.unknown else "")
    return f"{', '.join(filter(None, parts))}; against {review.against}"


def _new(review: Review) -> str:
    new = sum(each.new and each.kind == "schema" for each in review.judged)
    return f"{new} of them new" if new else ""


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def told(finding: Finding) -> Iterator[tuple[str, str]]:
    """A finding as question and answer, in the order in which a person asks; used by every report that has room."""
    if finding.why:
        yield "why it matters", finding.why
    for question, answer in finding.facts.items():
        if question != "at":
            yield question, answer
    if finding.remedy:
        yield "what to do", finding.remedy
    if finding.excused:
        yield "does not count", finding.excused
