"""How a run of the gate ends: from a review to an exit code."""

from __future__ import annotations

from stream_contracts.findings import Review, Verdict
from stream_contracts.gate.rules import WRONG


def exit_code(review: Review) -> int:
    """0 may ship, 1 may not, 2 a schema is wrong in itself, 4 nothing could be told of something."""
    if any(each.counts and each.rule in WRONG for each in review.findings):
        return 2
    return {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNKNOWN: 4}[review.verdict]
