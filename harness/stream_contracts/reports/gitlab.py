"""The review as GitLab Code Quality: a JSON list of issues, each with a fingerprint that stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from stream_contracts.findings import Finding, Place, Review, Severity


def render(review: Review) -> str:
    """A list, empty where nothing was found and nothing has to be noted."""
    return f"{json.dumps(list(_issues(review)), ensure_ascii=False, indent=2)}\n"


def _issues(review: Review) -> Iterator[dict[str, Any]]:
    seen: dict[str, int] = {}
    for each in review.judged:
        for found in each.judgement.findings:
            yield _issue(
                found.what, found.rule, _once(seen, found.fingerprint), _weight(found), found.place or each.place
            )
    for each in review.noted:
        mark = blake2b(f"note\0{each.name}".encode(), digest_size=16).hexdigest()
        yield _issue(f"{each.name}: {each.judgement.note}", "note", _once(seen, mark), "info", each.place)
    for each in review.unknown:
        mark = blake2b(f"unknown\0{each.name}".encode(), digest_size=16).hexdigest()
        what = f"{each.name}: could not tell: {each.judgement.note}"
        yield _issue(what, "could-not-tell", _once(seen, mark), "critical", each.place)


def _once(seen: dict[str, int], mark: str) -> str:
    """GitLab drops an issue whose fingerprint it has seen."""
    seen[mark] = seen.get(mark, 0) + 1
    return mark if seen[mark] == 1 else f"{mark}-{seen[mark]}"


def _weight(found: Finding) -> str:
    if found.excused:
        return "info"
    return "critical" if found.severity is Severity.ERROR else "minor"


def _issue(what: str, rule: str, mark: str, weight: str, place: Place | None) -> dict[str, Any]:
    path, line = (place.path, place.line or 1) if place else ("contract.yaml", 1)
    return {
        "description": what,
        "check_name": rule,
        "fingerprint": mark,
        "severity": weight,
        "location": {"path": path.removeprefix("./"), "lines": {"begin": line}},
    }
