"""The currency of the house: what was found, where, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a check says of a promise. ``unknown`` is never green."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a verdict is ``unknown``."""

    NOT_EXERCISED = "not-exercised"
    """The fault, or the input, that would have shown a violation did not take effect."""
    HARNESS_ERROR = "harness-error"
    """Our own side failed: an undecodable frame, a crashed check, a drain that did not end in time."""
    UNSUPPORTED = "unsupported"
    """The backend, or the pipeline, lacks what the check needs."""


class Severity(StrEnum):
    """How a finding weighs: an error breaks a promise, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the user's files something is written: path, and 1-based line and column where known."""

    path: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person has to know: rule, place, what, why it matters, what to do, witness.

    ``rule`` is the id of the row (schema rule, anomaly, gate rule) that fired. ``witness`` is JSON-ready data that
    proves the finding: the event and its offsets, or the value that no longer decodes.
    """

    rule: str
    what: str
    why: str = ""
    remedy: str = ""
    place: Place | None = None
    severity: Severity = Severity.ERROR
    witness: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its grounds: what was found, and for ``unknown`` the reason and a sentence about it."""

    verdict: Verdict
    findings: Sequence[Finding] = ()
    reason: Reason | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if (self.verdict is Verdict.UNKNOWN) != (self.reason is not None):
            raise ValueError("an unknown verdict has a reason, and only an unknown one")

    @classmethod
    def of(cls, findings: Sequence[Finding], note: str = "") -> Judgement:
        """Fail where an error was found, pass otherwise: warnings alone do not break a promise."""
        broken = any(finding.severity is Severity.ERROR for finding in findings)
        return cls(Verdict.FAIL if broken else Verdict.PASS, tuple(findings), note=note)

    @classmethod
    def unknown(cls, reason: Reason, note: str, findings: Sequence[Finding] = ()) -> Judgement:
        """No verdict, and why there is none."""
        return cls(Verdict.UNKNOWN, tuple(findings), reason, note)
