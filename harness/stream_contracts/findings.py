"""The currency of the house: what was found, where, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
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
    proves the finding: the event and its offsets, or the value that no longer decodes. ``subject`` names what it is
    about (a registry subject, a topic, a pipeline), ``facts`` are further answers by question (who breaks, in which
    order to deploy, …). ``excused`` says why the finding does not count although it stands: a waiver, for example.
    """

    rule: str
    what: str
    why: str = ""
    remedy: str = ""
    place: Place | None = None
    severity: Severity = Severity.ERROR
    witness: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    excused: str = ""

    @property
    def counts(self) -> bool:
        """An error that nobody excused."""
        return self.severity is Severity.ERROR and not self.excused

    @property
    def fingerprint(self) -> str:
        """The same for the same finding in the next run: rule, subject and node count, lines and wording do not."""
        file = self.place.path.rpartition("/")[2] if self.place else ""
        told = "\0".join((self.rule, self.subject, self.facts.get("at", ""), file))
        return blake2b(told.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in words; ``example`` is what the change looks like that it finds."""

    id: str
    why: str
    remedy: str
    example: str
    severity: Severity = Severity.ERROR

    def at(self, place: Place | None, subject: str, what: str, at: str = "") -> Finding:
        """A finding of this rule; ``at`` tells two findings on one subject apart, across runs."""
        facts = {"at": at} if at else {}
        return Finding(self.id, what, self.why, self.remedy, place, self.severity, subject=subject, facts=facts)


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
        """Fail where an error was found, pass otherwise: warnings, and what is excused, do not break a promise."""
        broken = any(finding.counts for finding in findings)
        return cls(Verdict.FAIL if broken else Verdict.PASS, tuple(findings), note=note)

    @classmethod
    def unknown(cls, reason: Reason, note: str, findings: Sequence[Finding] = ()) -> Judgement:
        """No verdict, and why there is none."""
        return cls(Verdict.UNKNOWN, tuple(findings), reason, note)


@dataclass(frozen=True, slots=True)
class Judged:
    """One thing that was judged, by name: its judgement, how it was judged, and where it is written.

    ``kind`` says what it is: ``schema``, ``topic``, ``pipeline``, ``contract``. ``new`` marks what the baseline lacks.
    """

    name: str
    kind: str
    judgement: Judgement
    told: str = ""
    place: Place | None = None
    new: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that one run of the gate judged, and against what; the reports are made from it."""

    against: str
    judged: tuple[Judged, ...]
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, in the order of what was judged."""
        return tuple(finding for each in self.judged for finding in each.judgement.findings)

    @property
    def unknown(self) -> tuple[Judged, ...]:
        """What nothing can be said of."""
        return tuple(each for each in self.judged if each.judgement.verdict is Verdict.UNKNOWN)

    @property
    def noted(self) -> tuple[Judged, ...]:
        """What has a verdict and a note beside it: a decoder's unknown verdict, for example."""
        return tuple(
            each for each in self.judged if each.judgement.note and each.judgement.verdict is not Verdict.UNKNOWN
        )

    @property
    def verdict(self) -> Verdict:
        """Fail where anything fails, else unknown where anything is unknown or nothing was judged, else pass."""
        verdicts = {each.judgement.verdict for each in self.judged}
        if Verdict.FAIL in verdicts:
            return Verdict.FAIL
        return Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts or not verdicts else Verdict.PASS
