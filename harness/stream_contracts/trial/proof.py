"""What a sweep came to: the judgement, and how much was done for it."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stream_contracts.anomalies import broken_by
from stream_contracts.anomalies.anomaly import DELIVERIES
from stream_contracts.findings import Judgement, Reason, Verdict
from stream_contracts.trial.run import Run


@dataclass(slots=True)
class Proof:
    """What a sweep came to. ``moments`` were chosen of ``seen``; ``exercised`` of them were struck by kill-app.

    ``others`` are the other faults that were tried, ``spent`` tells that the budget ended the sweep. A promise that broke
    did so after ``found_after`` trials and ``found_after_s``; what came behind made the plan smaller and ran it again.
    """

    judgement: Judgement
    seed: int
    seen: int = 0
    moments: int = 0
    exercised: int = 0
    others: int = 0
    others_exercised: int = 0
    spent: bool = False
    trials: int = 0
    seconds: float = 0.0
    trial_seconds: list[float] = field(default_factory=list)
    found_after: int = 0
    found_after_s: float = 0.0
    attempts: Counter[str] = field(default_factory=Counter)
    """How often each fault was tried, by its name."""
    effects: Counter[str] = field(default_factory=Counter)
    """How often it took effect."""
    out_of_place: Mapping[str, str] = field(default_factory=dict)
    """The faults that do not apply to the pipeline, each with the reason."""
    not_again: str = ""
    """Why the whole input was not processed again, where that is promised to change nothing."""
    struck_at: str = ""
    replayed: str = ""
    folder: Path | None = None

    def count(self, run: Run, judgement: Judgement, *, of_moment: bool) -> None:
        """One more faulted trial was made: for a moment under kill-app, or for another fault."""
        exercised = run.exercised and judgement.verdict is not Verdict.UNKNOWN
        for fault in {strike.fault for strike in run.plan.strikes}:
            self.attempts[fault] += 1
            self.effects[fault] += exercised
        if of_moment:
            self.exercised += exercised
        else:
            self.others += 1
            self.others_exercised += exercised

    @property
    def told_so_far(self) -> str:
        """How far it is: ``moments 31/31 exercised, other faults 24/25``."""
        others = f", other faults {self.others_exercised}/{self.others}" if self.others else ""
        return f"moments {self.exercised}/{self.moments} exercised{others}"

    @property
    def told(self) -> str:
        """What was done, in a line: ``moments 31/31 exercised, 34 trials in 45.2 s, median 1.31 s each, seed 1``."""
        if not self.moments and not self.others:
            return f"no moment tried, {self.trials} trials in {self.seconds:.1f} s, seed {self.seed}"
        chosen = "" if self.seen == self.moments else f" (classes: first, second and last; of {self.seen} seen)"
        stopped = (
            ", stopped at the first that broke it" if self.replayed else ", until the budget was spent" * self.spent
        )
        return (
            f"{self.told_so_far}{chosen}{stopped}, {self.trials} trials in {self.seconds:.1f} s, "
            f"median {self.median_s:.2f} s each, seed {self.seed}"
        )

    def why_idle(self, fault: str) -> str:
        """Why a fault never took effect."""
        tried = f"tried {self.attempts[fault]} times in vain" if self.attempts[fault] else ""
        late = "the budget was spent before its turn" if self.spent else "no request of its kind was seen"
        return self.out_of_place.get(fault) or tried or late

    def missed(self, moments: Sequence[object]) -> Judgement | None:
        """Unknown, where a moment under kill-app did not come. Of the other faults the line of the summary tells."""
        what = f"{len(moments)} of {self.moments} moments did not come again: {'; '.join(map(str, moments[:3]))}"
        return Judgement.unknown(Reason.NOT_EXERCISED, what) if moments else None

    def in_vain(self, faults: Sequence[str]) -> Judgement | None:
        """Unknown, where a fault that was asked for never took effect."""
        told = [f"{fault} ({self.why_idle(fault)})" for fault in faults if not self.effects[fault]]
        what = f"asked for, and never took effect: {', '.join(told)}"
        return Judgement.unknown(Reason.NOT_EXERCISED, what) if told else None

    @property
    def idle(self) -> str:
        """The faults that do not apply, or never took effect, with the reasons: ``kill-broker (fewer than 3 brokers)``."""
        vain = [fault for fault in self.attempts if not self.effects[fault]]
        reasons: dict[str, list[str]] = {}
        for fault in dict.fromkeys([*self.out_of_place, *vain]):
            reasons.setdefault(self.why_idle(fault), []).append(fault)
        return "; ".join(f"{', '.join(faults)} ({reason})" for reason, faults in reasons.items())

    def of(self, promise: str) -> Proof:
        """What it came to for one promise of the pipeline: ``delivery``, ``order``, …

        Where another promise broke and ended the sweep, this one was not tried out: ``unknown``.
        """
        judged = self.judgement
        breaks = frozenset(DELIVERIES) if promise == "delivery" else frozenset({promise})
        own = [finding for finding in judged.findings if breaks & broken_by(finding.rule)]
        if judged.verdict is Verdict.UNKNOWN:
            return self
        if any(finding.counts for finding in own):
            return replace(self, judgement=Judgement.of(own))
        if judged.verdict is Verdict.FAIL:
            others = ", ".join(dict.fromkeys(finding.rule for finding in judged.findings if finding.counts))
            note = f"the sweep ended where another promise broke ({others}); mend that, and run it again"
            return replace(self, judgement=Judgement.unknown(Reason.NOT_EXERCISED, note), replayed="")
        if promise == "replay" and self.not_again:
            return replace(self, judgement=Judgement.unknown(Reason.NOT_EXERCISED, self.not_again))
        return replace(self, judgement=Judgement.of(own if promise != "delivery" else judged.findings))

    def explained(self) -> Judgement:
        """The judgement, with when it showed, how surely it shows again, and where the evidence lies."""
        told = [self.judgement.note] if self.judgement.note else []
        if self.struck_at:
            told.append(f"seen with: {self.struck_at}")
        if self.replayed:
            told.append(f"run again with the same plan: {self.replayed} failed in the same way")
        if self.folder is not None:
            told.append(f"plan, journal and logs: {self.folder}")
        return replace(self.judgement, note="\n".join(told))

    @property
    def median_s(self) -> float:
        """Median seconds per faulted trial, 0 where there was none."""
        return statistics.median(self.trial_seconds) if self.trial_seconds else 0.0
