"""The sweep of a captured table: a run without faults, then one fault after the other, each judged by the source itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from time import monotonic

from stream_contracts.anomalies import invariants, judge
from stream_contracts.errors import HarnessError, StackError, UnsupportedError
from stream_contracts.findings import Finding, Judgement, Reason, Verdict
from stream_contracts.history import tables
from stream_contracts.trial.capture_arena import CaptureArena
from stream_contracts.trial.capture_run import DRAIN_S, run
from stream_contracts.trial.explore import Progress
from stream_contracts.trial.proof import Proof
from stream_contracts.trial.reduce import REPLAYS, smaller, surest
from stream_contracts.trial.run import Run
from stream_contracts.trial.runner import MAY_STILL_COME
from stream_contracts.wire.moment import Moment
from stream_contracts.workload.plan import Plan, Strike

AT_LEAST = 4
"""Steps that are tried even when the budget is spent."""
TRIES = 2
"""How often a moment that did not come is tried."""

Where = tuple[str, str, str, str]
"""Fault, API, phase, and what more there is to say of it."""

PROGRAMME: Sequence[Where] = (
    # a worker dies with changes that are written and not committed, or committed and not acknowledged
    ("kill-app", "EndTxn", "before", ""),
    ("kill-app", "Produce", "after", ""),
    # a deployment, while the table is changed
    ("stop-app", "Produce", "before", ""),
    # the source goes away: a walsender, the server, its machine
    ("cut-link", "Produce", "before", "postgres"),
    ("restart-database", "Produce", "after", ""),
    ("kill-app", "EndTxn", "after", ""),
    # a worker that is frozen for longer than its session
    ("pause-app", "EndTxn", "before", ""),
    ("pause-app", "Produce", "after", ""),
    # two workers: one takes the connector over from the other, and gives it back
    ("take-over", "EndTxn", "before", ""),
    ("take-over", "Produce", "after", ""),
    # records without their offsets
    ("offsets-behind", "Produce", "before", ""),
    ("restart-database", "Produce", "before", "kill"),
    ("cut-link", "Produce", "after", "kafka"),
    ("cut-link", "EndTxn", "after", ""),
    ("take-over", "Produce", "after", "pause"),
    ("join-app", "Produce", "before", ""),
    ("refuse-link", "Produce", "before", "postgres"),
    ("refuse-link", "Produce", "before", "kafka"),
    ("hold-frame", "EndTxn", "after", ""),
    ("kill-app", "Produce", "before", ""),
    ("kill-app", "InitProducerId", "after", ""),
    ("restart-broker", "Produce", "before", ""),
    ("slow-link", "Produce", "before", ""),
)
"""The faults of a sweep and where they strike, the most telling first."""


BEYOND: Mapping[str, Where] = {"slot-dropped": ("drop-slot", "Produce", "before", "")}
"""What is tried only where a contract says that it is survived, by the word for it there; then it comes first."""


def programme(base: Plan, seen: Sequence[Moment], survives: Sequence[str] = ()) -> Iterator[tuple[Plan, ...]]:
    """Each row at a moment in the stream, then at the first of its kind (the snapshot), then at the others; more than a
    connector does is not asked for. The plans of a step are equally good: the first that is exercised counts.
    """
    rows = (*(BEYOND[each] for each in survives), *PROGRAMME)
    members = {
        (api, phase): [moment for moment in seen if (moment.api, moment.phase) == (api, phase)]
        for _, api, phase, _ in rows
    }
    for turn in range(max((len(each) for each in members.values()), default=0)):
        for fault, api, phase, what in rows:
            found = members[api, phase]
            if turn < len(found):
                # In the middle of the stream first; then at the very beginning, in the snapshot.
                middle = len(found) // 2
                order = [*found[middle:], *found[:middle]]
                chosen = [order[0], found[0], *order[1:]][turn : turn + TRIES] if len(found) > 1 else found
                yield tuple(replace(base, strikes=(_strike(fault, moment, what),)) for moment in chosen)


def _strike(fault: str, at: Moment, what: str) -> Strike:
    return Strike(fault, at.instance, at.role, at.api, at.nth, at.phase, what=what)


def prove(arena: CaptureArena, seed: int, progress: Progress, *, budget_s: float) -> Proof:
    """Judge what is promised of a captured table, with one trial at a time. An error of ours is unknown, never a pass."""
    sweep = _Sweep(arena, Plan(arena.contract.name, arena.capture_name, seed), progress)
    return sweep.proved(lambda: sweep.swept(budget_s))


def replay(arena: CaptureArena, plan: Plan, progress: Progress) -> Proof:
    """Run one plan again and judge it; ``unknown: not-exercised`` where a fault of it does not take effect."""
    sweep = _Sweep(arena, plan, progress)
    return sweep.proved(sweep.replayed)


class _Sweep:
    """The state of one sweep: what was run, and what it came to."""

    def __init__(self, arena: CaptureArena, plan: Plan, progress: Progress) -> None:
        self.proof = Proof(Judgement.unknown(Reason.NOT_EXERCISED, "nothing was run"), plan.seed)
        self._arena, self._plan, self._progress = arena, plan, progress
        promises = arena.capture.promises
        self._made: Mapping[str, object] = promises.made if promises else {}
        self._invariants = invariants(arena.contract.invariants)
        self._numbers, self._began = count(), monotonic()
        self._keys: dict[int, object] = {}

    def proved(self, judged: Callable[[], Judgement]) -> Proof:
        """Judge, and put down how long it took."""
        try:
            self.proof.judgement = judged()
        except UnsupportedError:
            raise
        except (HarnessError, StackError) as error:
            self.proof.judgement = Judgement.unknown(Reason.HARNESS_ERROR, str(error))
        self.proof.seconds = monotonic() - self._began
        return self.proof

    def replayed(self) -> Judgement:
        """Judge one plan."""
        done, judgement = self._tried(self._plan)
        self.proof.seen = self.proof.moments = len(self._plan.strikes)
        self.proof.exercised = done.struck
        if done.restless and judgement.verdict is not Verdict.FAIL:
            return self._no_rest(done)
        if judgement.verdict is Verdict.FAIL:
            self.proof.struck_at, self.proof.folder = str(done.plan), done.folder
        elif not done.exercised:
            missed = len(self._plan.strikes) - done.struck
            return Judgement.unknown(
                Reason.NOT_EXERCISED, f"{missed} of {len(self._plan.strikes)} faults never took effect"
            )
        return judgement

    def swept(self, budget_s: float) -> Judgement:
        """Without faults, then the programme, until a promise breaks or the budget is spent."""
        self._progress("recording a run without faults")
        first, judgement = self._tried(self._plan)
        if first.gave_up:
            return Judgement.unknown(Reason.HARNESS_ERROR, f"without a fault, the connector gave up: {first.gave_up}")
        if first.restless and judgement.verdict is not Verdict.FAIL:
            return self._no_rest(first)
        if judgement.verdict is Verdict.FAIL:
            self._found(first, "no fault")
            return judgement
        if judgement.verdict is Verdict.UNKNOWN:
            return judgement
        return self._struck(first.moments, monotonic() + budget_s, {each.rule: each for each in judgement.findings})

    def _struck(self, seen: Sequence[Moment], until: float, warnings: dict[str, Finding]) -> Judgement:
        self.proof.seen = len(seen)
        missed: list[str] = []
        owed = {BEYOND[each][0] for each in self._arena.capture.survives}
        for plans in programme(self._plan, seen, self._arena.capture.survives):
            self.proof.spent = monotonic() > until
            if self.proof.spent and self.proof.moments + self.proof.others >= AT_LEAST:
                break
            kill = plans[0].strikes[0].fault == "kill-app"
            self._progress(f"{self.proof.told_so_far}: {plans[0]}")
            for plan in plans:
                done, judgement = self._tried(plan)
                if done.exercised or done.restless or judgement.verdict is Verdict.FAIL:
                    break
            self._count(kill=kill, exercised=done.exercised and not done.restless)
            if done.exercised:
                owed.discard(plans[0].strikes[0].fault)
            if judgement.verdict is Verdict.FAIL:
                return self._failed(done, judgement)
            if done.restless:
                return self._no_rest(done)
            if not done.exercised and kill:
                missed.append(str(plans[0].strikes[0]))
            warnings.update({finding.rule: finding for finding in judgement.findings})
        if not self.proof.exercised:
            what = f"none of {self.proof.moments} moments came again: {'; '.join(missed[:3])}"
            return Judgement.unknown(Reason.NOT_EXERCISED, what if missed else "no moment was seen")
        if owed:
            what = f"what is to be survived never took effect: {', '.join(sorted(owed))}"
            return Judgement.unknown(Reason.NOT_EXERCISED, what)
        return Judgement.of(list(warnings.values()))

    def _count(self, *, kill: bool, exercised: bool) -> None:
        if kill:
            self.proof.moments += 1
            self.proof.exercised += exercised
        else:
            self.proof.others += 1
            self.proof.others_exercised += exercised

    def _tried(self, plan: Plan) -> tuple[Run, Judgement]:
        done = run(plan, self._arena, next(self._numbers))
        self.proof.trials += 1
        if plan.strikes:
            self.proof.trial_seconds.append(done.seconds)
        self._keys = self._keys or dict(done.keys)
        with tables.load(done.journal) as history:
            judged = judge(history, self._owed(plan), extra=self._invariants, captured=True)
        if done.gave_up:
            if judged.verdict is Verdict.PASS:
                judged = Judgement.unknown(Reason.HARNESS_ERROR, "")
            judged = replace(judged, note=f"the connector gave up: {done.gave_up}")
        if done.restless and judged.verdict is not Verdict.UNKNOWN:
            judged = Judgement.of([each for each in judged.findings if each.rule not in MAY_STILL_COME])
        return done, judged

    def _owed(self, plan: Plan) -> Mapping[str, object]:
        """What is promised in a trial: who survives a fault comes to rest behind it, in the time that a trial has for that."""
        survived = {BEYOND[each][0] for each in self._arena.capture.survives}
        if survived & {strike.fault for strike in plan.strikes}:
            return {"recovers-within": DRAIN_S, **self._made}
        return self._made

    def _failed(self, failing: Run, judgement: Judgement) -> Judgement:
        """Make the failing plan small, run it again to say how surely it fails, and remember where it lies."""
        self._found(failing, str(failing.plan))
        trail = smaller(failing, lambda plan: self._tried(plan)[1].verdict is Verdict.FAIL, self._keys, self._progress)
        found = surest(failing, judgement, (trail[-1], trail[0]), self._again)
        self.proof.replayed = found.replayed
        self.proof.struck_at, self.proof.folder = str(found.run.plan), found.run.folder
        return found.judgement

    def _again(self, plan: Plan) -> list[tuple[Run, Judgement]]:
        self._progress("replaying the failing plan")
        runs = [self._tried(plan) for _ in range(REPLAYS)]
        return [each for each in runs if each[1].verdict is Verdict.FAIL]

    def _found(self, done: Run, seen_with: str) -> None:
        self.proof.found_after, self.proof.found_after_s = self.proof.trials, monotonic() - self._began
        self.proof.struck_at, self.proof.folder = seen_with, done.folder

    def _no_rest(self, restless: Run) -> Judgement:
        self.proof.struck_at, self.proof.folder = str(restless.plan), restless.folder
        what = f"with {restless.plan}, the connector did not tell the last change: {restless.restless}"
        return Judgement.unknown(Reason.HARNESS_ERROR, what)
