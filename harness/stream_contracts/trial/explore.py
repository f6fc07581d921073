"""The sweep: record a pipeline without faults, then kill it at each moment of its wire traffic, and judge every end.

The fault-free run is the oracle: a faulted run must end in the same committed outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from time import monotonic

from stream_contracts.anomalies import invariants, judge
from stream_contracts.errors import HarnessError
from stream_contracts.findings import Finding, Judgement, Reason, Verdict
from stream_contracts.history import tables
from stream_contracts.history.model import Expected
from stream_contracts.trial import evidence
from stream_contracts.trial.case import Arena
from stream_contracts.trial.proof import Proof
from stream_contracts.trial.run import Run, run
from stream_contracts.wire.moment import PHASES, Moment, urgency
from stream_contracts.workload.plan import Plan, Strike

Progress = Callable[[str], None]

ALL_UP_TO = 64
"""A sweep takes every moment up to this many; above, it takes the classes (`representatives`), and says so."""
TRIES = 3
"""How often a moment that did not come is tried again before it counts as not exercised."""
REPLAYS = 3
"""How often a failing plan is run again to tell how surely it fails."""


def prove(arena: Arena, seed: int, progress: Progress = lambda _: None, *, every_moment: bool = False) -> Proof:
    """Judge the delivery promise of the arena's pipeline.

    Two fault-free runs come first, the second with aborted transactions in its input; then a trial per moment, until
    one breaks the promise. An error of our own gives ``unknown: harness-error``, never a pass.
    """
    plan = Plan(arena.contract.name, arena.pipeline_name, seed)
    return _proved(_Sweep(arena, plan, progress), every_moment=every_moment)


def replay(arena: Arena, plan: Plan, progress: Progress = lambda _: None) -> Proof:
    """Run one plan again and judge it; ``unknown: not-exercised`` where a fault of it does not take effect."""
    return _proved(_Sweep(arena, replace(plan, with_aborted=False, strikes=()), progress), only=plan)


def _proved(sweep: _Sweep, *, every_moment: bool = False, only: Plan | None = None) -> Proof:
    began, proof = monotonic(), sweep.proof
    try:
        proof.judgement = sweep.recorded() or (
            sweep.swept(every_moment=every_moment) if only is None else sweep.replayed(only)
        )
    except HarnessError as error:
        proof.judgement = Judgement.unknown(Reason.HARNESS_ERROR, str(error))
    proof.seconds = monotonic() - began
    return proof


class _Sweep:
    """The state of one `prove`: the oracle once there is one, the moments that were seen, and the count of runs."""

    def __init__(self, arena: Arena, plan: Plan, progress: Progress) -> None:
        self.proof = Proof(Judgement.unknown(Reason.NOT_EXERCISED, "nothing was run"), plan.seed)
        self._arena, self._plan, self._progress = arena, plan, progress
        self._invariants = invariants(arena.contract.invariants)
        self._numbers = count()
        self._oracle: list[Expected] = []
        self._moments: list[Moment] = []

    def recorded(self) -> Judgement | None:
        """Record two runs without faults; a judgement where they already settle the matter."""
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
        again = set(second.moments)
        self._moments = [moment for moment in first.moments if moment in again]
        compared = self._judged(second)
        return None if compared.verdict is Verdict.PASS else self._without_faults(compared, second)

    def replayed(self, plan: Plan) -> Judgement:
        """Judge one plan."""
        done = self._run(plan)
        judgement = self._judged(done)
        self.proof.seen = self.proof.moments = len(plan.strikes)
        self.proof.exercised = done.struck
        if done.restless:
            return self._no_rest(done, "in this plan")
        if judgement.verdict is Verdict.PASS and not done.exercised:
            return Judgement.unknown(
                Reason.NOT_EXERCISED,
                f"{len(plan.strikes) - done.struck} of {len(plan.strikes)} faults never took effect",
            )
        return judgement

    def swept(self, *, every_moment: bool) -> Judgement:
        """Strike at each of the chosen moments, until one breaks the promise."""
        seen = self._moments
        moments = list(seen) if every_moment or len(seen) <= ALL_UP_TO else representatives(seen)
        moments.sort(key=urgency)
        self.proof.seen, self.proof.moments = len(seen), len(moments)
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
                self.proof.exercised += 1
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
        self.proof.struck_at, self.proof.folder = f"kill-app {moment}", failing.folder
        self.proof.exercised += failing.exercised
        again = 0
        for number in range(REPLAYS):
            self._progress(f"replaying the failing plan {number + 1}/{REPLAYS}")
            replayed = self._run(failing.plan)
            again += self._judged(replayed).verdict is judgement.verdict
        self.proof.replayed = f"{again}/{REPLAYS}"

    def _without_faults(self, compared: Judgement, second: Run) -> Judgement:
        """Two fault-free runs differ: the pipeline is wrong as it stands, or its output is no function of its input.

        A third run, fed as the first, tells the two apart where values were lost and others came instead.
        """
        self.proof.struck_at, self.proof.folder = "no fault: only aborted transactions in the input", second.folder
        rules = {finding.rule for finding in compared.findings}
        if "lost-record" in rules and rules & {"state-divergence", "aborted-visible"}:
            third = self._run(replace(self._plan, with_aborted=False))
            if self._judged(third).verdict is not Verdict.PASS:
                return Judgement.unknown(
                    Reason.HARNESS_ERROR,
                    "two runs without faults gave different outputs for the same input, so there is nothing to compare "
                    "with: name the fields that may differ (a processing time?) under compare.ignore",
                )
        return compared

    def _no_rest(self, restless: Run, when: str) -> Judgement:
        self.proof.struck_at, self.proof.folder = when, restless.folder
        return Judgement.unknown(
            Reason.HARNESS_ERROR,
            f"{when}, the pipeline did not come to rest: {restless.restless}. {_end_of_logs(restless)}",
        )

    def _run(self, plan: Plan) -> Run:
        done = run(plan, self._arena, next(self._numbers), self._oracle)
        self.proof.trials += 1
        if plan.strikes:
            self.proof.trial_seconds.append(done.seconds)
        return done

    def _judged(self, done: Run) -> Judgement:
        with tables.load(done.journal) as history:
            pipeline = self._arena.pipeline
            return judge(history, pipeline.promises.made, compare=pipeline.compare.how, extra=self._invariants)


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
