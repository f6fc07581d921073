"""The review as SARIF 2.1.0, which code scanning services read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from stream_contracts import __version__
from stream_contracts.findings import Finding, Place, Review, Severity
from stream_contracts.reports.json import finite
from stream_contracts.reports.text import told

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(review: Review) -> str:
    """One run: a result for each finding, what is excused as suppressed, what could not be told as a notification."""
    rules = {found.rule: found for found in reversed(review.findings)}
    order = {rule: position for position, rule in enumerate(sorted(rules))}
    driver = {
        "name": "stream-contracts",
        "version": __version__,
        "rules": [_rule(rules[rule]) for rule in sorted(rules)],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(review)],
        "results": [_result(found, order) for found in review.findings],
    }
    return f"{json.dumps({'$schema': SCHEMA, 'version': '2.1.0', 'runs': [run]}, ensure_ascii=False, indent=2, default=str)}\n"


def _rule(found: Finding) -> dict[str, Any]:
    why, remedy = found.why or found.rule, found.remedy
    rule: dict[str, Any] = {"id": found.rule, "shortDescription": {"text": why}}
    if remedy:
        rule["help"] = {"text": remedy}
    return rule


def _result(found: Finding, order: dict[str, int]) -> dict[str, Any]:
    details = "\n".join(f"{question}: {answer}" for question, answer in told(found))
    result: dict[str, Any] = {
        "ruleId": found.rule,
        "ruleIndex": order[found.rule],
        "level": "error" if found.severity is Severity.ERROR else "warning",
        "message": {"text": f"{found.what}\n{details}".strip()},
        "partialFingerprints": {"streamContracts/v1": found.fingerprint},
        "properties": {"subject": found.subject, "witness": finite(found.witness)},
    }
    if found.place is not None:
        result["locations"] = [_location(found.place)]
    if found.excused:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": found.excused}]
    return result


def _location(place: Place) -> dict[str, Any]:
    path = place.path.removeprefix("./")
    physical: dict[str, Any] = {"artifactLocation": {"uri": ("file://" if path.startswith("/") else "") + quote(path)}}
    if place.line is not None:
        physical["region"] = {"startLine": place.line, **({"startColumn": place.column} if place.column else {})}
    return {"physicalLocation": physical}


def _invocation(review: Review) -> dict[str, Any]:
    told = [
        {"level": "error", "message": {"text": f"{each.name}: could not tell: {each.judgement.note}"}}
        for each in review.unknown
    ]
    failed = bool(told)
    told += [{"level": "note", "message": {"text": f"{each.name}: {each.judgement.note}"}} for each in review.noted]
    return {"executionSuccessful": not failed, **({"toolExecutionNotifications": told} if told else {})}
