"""The review as one JSON object, for programs; docs/review.schema.json describes it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from stream_contracts import __version__
from stream_contracts.findings import Finding, Judged, Place, Review

VERSION = 1
"""Of the shape; it is raised when something that was there changes its meaning or goes."""


def render(review: Review) -> str:
    """One object, indented."""
    return f"{json.dumps(data(review), ensure_ascii=False, indent=2, default=str)}\n"


def data(review: Review) -> dict[str, Any]:
    """The review as JSON-ready data."""
    return {
        "version": VERSION,
        "tool": {"name": "stream-contracts", "version": __version__},
        "against": review.against,
        "verdict": review.verdict.value,
        "notes": list(review.notes),
        "judged": [_judged(each) for each in review.judged],
    }


def _judged(each: Judged) -> dict[str, Any]:
    return {
        "name": each.name,
        "kind": each.kind,
        "verdict": each.judgement.verdict.value,
        "reason": each.judgement.reason.value if each.judgement.reason else None,
        "note": each.judgement.note,
        "told": each.told,
        "new": each.new,
        "place": _place(each.place),
        "findings": [_finding(found) for found in each.judgement.findings],
    }


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "rule": found.rule,
        "severity": found.severity.value,
        "counts": found.counts,
        "excused": found.excused,
        "subject": found.subject,
        "what": found.what,
        "why": found.why,
        "remedy": found.remedy,
        "place": _place(found.place),
        "facts": dict(found.facts),
        "witness": finite(found.witness),
        "fingerprint": found.fingerprint,
    }


def finite(value: Any) -> Any:
    """Data as JSON can hold it: a witness may be NaN or infinite, which JSON has no word for."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): finite(inner) for key, inner in value.items()}
    return [finite(inner) for inner in value] if isinstance(value, list | tuple) else value


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"path": place.path, "line": place.line, "column": place.column}
