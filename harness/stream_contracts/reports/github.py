"""The review as GitHub annotations: workflow commands, which a job writes to its output."""

from __future__ import annotations

from collections.abc import Iterator

from stream_contracts.findings import Finding, Place, Review, Severity
from stream_contracts.reports.text import summary, told, verdict


def render(review: Review) -> str:
    """A line for each finding, for what could not be told and for each note, then the sum as plain text."""
    lines = [
        *_findings(review),
        *_unknown(review),
        *_noted(review),
        f"{_data(verdict(review))}: {_data(summary(review))}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _findings(review: Review) -> Iterator[str]:
    for found in review.findings:
        details = "\n".join(f"{question}: {answer}" for question, answer in told(found))
        yield _command(_weight(found), found.place, f"{found.rule} ({found.subject})", f"{found.what}\n{details}")


def _weight(found: Finding) -> str:
    if found.excused:
        return "notice"
    return "error" if found.severity is Severity.ERROR else "warning"


def _unknown(review: Review) -> Iterator[str]:
    for each in review.unknown:
        what = f"{each.name}: could not tell ({each.judgement.reason}). {each.judgement.note}"
        yield _command("error", each.place, "could not tell", what)


def _noted(review: Review) -> Iterator[str]:
    for each in review.noted:
        yield _command("notice", each.place, "note", f"{each.name}: {each.judgement.note}")


def _command(kind: str, place: Place | None, title: str, text: str) -> str:
    said = {"title": title}
    if place is not None:
        said = {
            "file": place.path,
            "line": str(place.line or 1),
            **({"col": str(place.column)} if place.column else {}),
        }
        said["title"] = title
    return f"::{kind} {','.join(f'{name}={_property(value)}' for name, value in said.items())}::{_data(text.strip())}"


def _data(text: str) -> str:
    """The runner ends a command at the line's end, and reads percent signs as escapes."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
