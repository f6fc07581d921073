"""The sweep: record a pipeline without faults, then kill it at each moment of its wire traffic, and judge every end.

The fault-free run is the oracle: a faulted run must end in the same committed outputs.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from time import monotonic

from stream_contracts.anomalies import judge
from stream_contracts.errors import HarnessError
from stream_contracts.findings import Finding, Judgement, Reason, Verdict
from stream_contracts.history import tables
from stream_contracts.history.model import Expected
from stream_contracts.trial import evidence
from stream_contracts.trial.case import Arena
from stream_contracts.trial.run import Run, run
from stream_contracts.wire.moment import PHASES, Moment
from stream_contracts.workload.plan import Plan, Strike

Progress = Callable[[str], None]

ALL_UP_TO = 64
"""A sweep takes every moment up to this many; above, it takes the classes (`representatives`), and says so."""
TRIES = 3
"""How often a moment that did not come is tried again before it counts as not exercised."""
REPLAYS = 3
"""How often a failing plan is run again to tell how surely it fails."""


@dataclass(slots=True)
class Proof:
    """What a sweep came to. ``moments`` were chosen of ``seen``; ``exercised`` of them were struck by the fault."""

    judgement: Judgement
    seed: int
    seen: int = 0
    moments: int = 0
    exercised: int = 0
    trials: int = 0
    seconds: float = 0.0
    trial_seconds: list[float] = field(default_factory=list)
    struck_at: str = ""
    replayed: str = ""
    folder: Path | None = None

    @property
    def median_s(self) -> float:
        """Median seconds per faulted trial, 0 where there was none."""
        return statistics.median(self.trial_seconds) if self.trial_seconds else 0.0


def prove(arena: Arena, seed: int, progress: Progress = lambda _: None, *, every_moment: bool = False) -> Proof:
    """Judge the delivery promise of the arena's pipeline.

    Two fault-free runs come first, the second with aborted transactions in its input; then a trial per moment, until
    one breaks the promise. An error of our own gives ``unknown: harness-error``, never a pass.
    """
    began = monotonic()
    proof = Proof(Judgement.unknown(Reason.NOT_EXERCISED, "nothing was run"), seed)
    try:
        proof.judgement = _Sweep(arena, proof, progress, every_moment=every_moment).verdict()
    except HarnessError as error:
        proof.judgement = Judgement.unknown(Reason.HARNESS_ERROR, str(error))
    proof.seconds = monotonic() - began
    return proof


class _Sweep:
    """The state of one `prove`: its arena, the oracle once there is one, and the count of runs."""

    def __init__(self, arena: Arena, proof: Proof, progress: Progress, *, every_moment: bool) -> None:
        self._arena, self._proof, self._progress = arena, proof, progress
        self._every_moment = every_moment
        self._delivery = arena.pipeline.promises.delivery
        self._numbers = count()
        self._oracle: list[Expected] = []
        self._plan = Plan(arena.contract.name, arena.pipeline_name, proof.seed)

    def verdict(self) -> Judgement:
        """Record, compare, choose the moments, strike at each."""
        self._progress("recording a run without faults")
        first = self._run(self._plan)
        self._oracle = evidence.oracle(first.records, first.sends)
        if first.restless:
            return self._no_rest(first, "without any fault")
        if not self._oracle:
            return Judgement.unknown(
                Reason.NOT_EXERCISED, f"without faults it wrote nothing to its outputs. {_end_of_logs(first)}"
            )
        self._plan = replace(self._plan, with_aborted=True)
        second = self._run(self._plan)
        if second.restless:
            return self._no_rest(second, "without any fault, with aborted transactions in the input")
        compared = self._judged(second)
        if compared.verdict is not Verdict.PASS:
            return self._without_faults(compared, second)
        again = set(second.moments)
        return self._strike_all([moment for moment in first.moments if moment in again])

    def _strike_all(self, seen: Sequence[Moment]) -> Judgement:
        moments = list(seen) if self._every_moment or len(seen) <= ALL_UP_TO else representatives(seen)
        self._proof.seen, self._proof.moments = len(seen), len(moments)
        missed: list[Moment] = []
        warnings: dict[str, Finding] = {}
        for number, moment in enumerate(moments, 1):
            self._progress(f"moment {number}/{len(moments)}: kill-app {moment}")
            judgement, last = self._strike(moment)
            if last.restless:
                return self._no_rest(last, f"killed {moment}")
            if judgement.verdict is Verdict.FAIL:
                self._failed(judgement, last, moment)
                return judgement
            warnings.update({finding.rule: finding for finding in judgement.findings})
            if last.exercised:
                self._proof.exercised += 1
            else:
                missed.append(moment)
        if missed or not moments:
            what = f"{len(missed)} of {len(moments)} moments did not come again" if moments else "no moment was seen"
            told = "; ".join(str(moment) for moment in missed[:3])
            return Judgement.unknown(Reason.NOT_EXERCISED, f"{what}: {told}" if told else what)
        return Judgement.of(list(warnings.values()))

    def _strike(self, moment: Moment) -> tuple[Judgement, Run]:
        strike = Strike("kill-app", moment.instance, moment.role, moment.api, moment.nth, moment.phase)
        plan = replace(self._plan, strikes=(strike,))
        for _ in range(TRIES):
            last = self._run(plan)
            judgement = self._judged(last)
            if last.exercised or last.restless or judgement.verdict is Verdict.FAIL:
                break
        return judgement, last

    def _failed(self, judgement: Judgement, failing: Run, moment: Moment) -> None:
        """Run the failing plan again, to say how surely it fails, and remember where it lies."""
        self._proof.struck_at, self._proof.folder = f"kill-app {moment}", failing.folder
        self._proof.exercised += failing.exercised
        again = 0
        for number in range(REPLAYS):
            self._progress(f"replaying the failing plan {number + 1}/{REPLAYS}")
            replayed = self._run(failing.plan)
            again += self._judged(replayed).verdict is judgement.verdict
        self._proof.replayed = f"{again}/{REPLAYS}"

    def _without_faults(self, compared: Judgement, second: Run) -> Judgement:
        """Two fault-free runs differ: the pipeline is wrong as it stands, or its output is no function of its input."""
        self._proof.struck_at, self._proof.folder = "no fault at all", second.folder
        rules = {finding.rule for finding in compared.findings}
        if rules == {"state-divergence", "lost-record"}:
            return Judgement.unknown(
                Reason.HARNESS_ERROR,
                "two runs without faults gave different outputs for the same input, so there is nothing to compare "
                "with: name the fields that may differ (a processing time?) under compare.ignore",
                compared.findings,
            )
        return compared

    def _no_rest(self, restless: Run, when: str) -> Judgement:
        self._proof.struck_at, self._proof.folder = when, restless.folder
        ended = f"; it ended by itself {restless.own_ends} times" if restless.own_ends else ""
        return Judgement.unknown(
            Reason.HARNESS_ERROR,
            f"{when}, the pipeline did not come to rest in time: {restless.restless}{ended}. {_end_of_logs(restless)}",
        )

    def _run(self, plan: Plan) -> Run:
        done = run(plan, self._arena, next(self._numbers), self._oracle)
        self._proof.trials += 1
        if plan.strikes:
            self._proof.trial_seconds.append(done.seconds)
        return done

    def _judged(self, done: Run) -> Judgement:
        with tables.load(done.journal) as history:
            return judge(history, self._delivery)


def representatives(moments: Iterable[Moment]) -> list[Moment]:
    """The first, second and last of each class (instance, role, API, phase), in the order in which they came."""
    moments = list(moments)
    chosen: set[Moment] = set()
    for phase in PHASES:
        by_class: dict[tuple[str, str, str], list[Moment]] = {}
        for moment in moments:
            if moment.phase == phase:
                by_class.setdefault((moment.instance, moment.role, moment.api), []).append(moment)
        for members in by_class.values():
            chosen.update([*members[:2], members[-1]])
    return [moment for moment in moments if moment in chosen]


def _end_of_logs(done: Run, lines: int = 12) -> str:
    told = []
    for log in sorted(done.folder.glob("*.log")):
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        told.append(f"The end of its log ({log}):\n" + "\n".join(f"    {line}" for line in tail or ["(empty)"]))
    return "\n".join(told)
