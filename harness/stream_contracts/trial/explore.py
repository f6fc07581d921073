"""The sweep: record a pipeline without faults, then try the programme of faults on it, and judge every end.

The fault-free run is the oracle: a faulted run must end in the same committed outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from stream_contracts.errors import HarnessError
from stream_contracts.faults import strikes_others
from stream_contracts.findings import Judgement, Reason, Verdict
from stream_contracts.pipelines import kind_of
from stream_contracts.trial.agreement import lost
from stream_contracts.trial.alike import shown_again
from stream_contracts.trial.arena import Arena
from stream_contracts.trial.crew import Crew
from stream_contracts.trial.intake import possible
from stream_contracts.trial.programme import Step, debts, kills, programme
from stream_contracts.trial.proof import Proof
from stream_contracts.trial.reduce import Reducer
from stream_contracts.trial.run import Run
from stream_contracts.trial.runner import Runner, end_of_logs, skipped
from stream_contracts.trial.special import asked_for, out_of_place
from stream_contracts.wire.moment import Moment
from stream_contracts.workload.plan import Plan

Progress = Callable[[str], None]

BUDGET_S = 60.0
"""How long the faulted trials of one pipeline may take; kill-app, and each other fault once, are tried in any case."""
TRIES = 3
"""How often a moment that did not come is tried again before it counts as not exercised."""
DIFFERENT = (
    "two runs without faults gave different outputs for the same input, so there is nothing to compare with: name the "
    "fields that may differ (a processing time?) under compare.ignore"
)


def prove(
    crew: Sequence[Arena],
    seed: int,
    progress: Progress = lambda _: None,
    *,
    every_moment: bool = False,
    budget_s: float = BUDGET_S,
    faults: Sequence[str] = (),
) -> Proof:
    """Judge the delivery promise of the pipeline, with a trial at a time in each arena of the crew.

    Fault-free runs come first: one is the oracle, one has aborted transactions in its input, one is fed by and by. Then
    the steps of the programme, until one breaks the promise or the budget is spent. With ``faults`` these are tried and
    no others, and each of them has to take effect. An error of our own gives ``unknown: harness-error``, never a pass.
    """
    plan = Plan(crew[0].contract.name, crew[0].pipeline_name, seed)
    sweep = _Sweep(crew, plan, progress)
    return _proved(sweep, lambda: sweep.recorded() or sweep.swept(budget_s, faults, every_moment=every_moment))


def replay(arena: Arena, plan: Plan, progress: Progress = lambda _: None) -> Proof:
    """Run one plan again and judge it; ``unknown: not-exercised`` where a fault of it does not take effect."""
    sweep = _Sweep([arena], replace(plan, with_aborted=False, strikes=(), feed="at-once"), progress)
    return _proved(sweep, lambda: sweep.oracled() or sweep.replayed(plan))


def _proved(sweep: _Sweep, judged: Callable[[], Judgement]) -> Proof:
    began, proof = monotonic(), sweep.proof
    try:
        proof.judgement = judged()
    except HarnessError as error:
        proof.judgement = Judgement.unknown(Reason.HARNESS_ERROR, str(error))
    sweep.close()
    proof.seconds = monotonic() - began
    return proof


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a step: the last run that was made for it."""

    step: Step
    run: Run
    judgement: Judgement


class _Sweep:
    """The state of one `prove`: what runs, the moments that were seen, and how far it is."""

    def __init__(self, arenas: Sequence[Arena], plan: Plan, progress: Progress) -> None:
        self.proof = Proof(Judgement.unknown(Reason.NOT_EXERCISED, "nothing was run"), plan.seed)
        self._arenas, self._plan, self._progress = arenas, plan, progress
        self._crew, self._runner = Crew(arenas), Runner(arenas[0])
        self._moments: list[Moment] = []
        self._quiet: list[Run] = []
        self._began = monotonic()

    def _found(self, run: Run, seen_with: str) -> None:
        """A promise broke: put down when, with what, and where the evidence lies."""
        self.proof.found_after, self.proof.found_after_s = self._runner.trials, monotonic() - self._began
        self.proof.struck_at, self.proof.folder = seen_with, run.folder

    def close(self) -> None:
        """Put down how much was done."""
        self.proof.trials, self.proof.trial_seconds = self._runner.trials, self._runner.seconds

    def oracled(self) -> Judgement | None:
        """Record a run without faults: the oracle. A judgement where there can be none."""
        self._progress("recording a run without faults")
        first, expected = self._runner.record(self._arenas[0], self._plan)
        self._quiet = [first]
        self._moments = list(first.moments)
        if first.restless:
            return self._never_at_rest(first)
        if not expected:
            return self._mute(first)
        if self._runner.modelled:
            judged = self._runner.judged(first)
            if judged.verdict is not Verdict.PASS:
                self._found(first, "no fault: the outputs are not those of the model")
                return judged
        return None

    def _never_at_rest(self, first: Run) -> Judgement:
        """Without faults it did not come to rest: a broken promise, where a model tells what can be said of such a run."""
        if self._runner.modelled:
            judged = self._runner.judged(first)
            if judged.verdict is Verdict.FAIL:
                self._found(first, "no fault: it did not come to rest")
                return judged
        return self._no_rest(first)

    def _mute(self, first: Run) -> Judgement:
        """It wrote nothing of what was there before it started: perhaps it does of what comes once it runs."""
        later, expected = self._runner.record(self._arenas[0], self._plan, feed="after-start")
        if later.restless or not expected or not self._runner.may_not_lose:
            told = f"without faults it wrote nothing to its outputs. {end_of_logs(first)}"
            return Judgement.unknown(Reason.NOT_EXERCISED, told)
        self._found(first, "no fault: all events were there before it started")
        return skipped(first, len(expected))

    def recorded(self) -> Judgement | None:
        """Record runs without faults; a judgement where they already settle the matter."""
        settled = self.oracled()
        if settled is not None:
            return settled
        self._plan = replace(self._plan, with_aborted=True)
        others = [self._plan, replace(self._plan, feed="paced")]
        done = dict(self._crew.run(iter(others), lambda arena, plan: (plan.feed, self._runner.run(arena, plan))))
        self._quiet += done.values()
        self._moments = shown_again(self._moments, done[self._plan.feed].moments)
        for plan in others:
            other = done[plan.feed]
            if other.restless:
                return self._no_rest(other)
            compared = self._runner.judged(other)
            if compared.verdict is not Verdict.PASS:
                return self._without_faults(compared, other)
        return self._again() if self._arenas[0].pipeline.promises.replay else None

    def _again(self) -> Judgement | None:
        """Have the whole input processed once more; a judgement where that did not end as the first time."""
        self._progress("processing the whole input once more")
        done = self._runner.run(self._arenas[0], replace(self._plan, with_aborted=False, again=True))
        judged = self._runner.judged(done)
        if judged.verdict is Verdict.FAIL:
            self._found(done, str(done.plan))
            return judged
        if done.restless:
            return self._no_rest(done)
        self.proof.not_again = judged.note
        return None

    def replayed(self, plan: Plan) -> Judgement:
        """Judge one plan."""
        self._runner.expects(self._arenas[0], plan)
        done = self._runner.run(self._arenas[0], plan)
        judgement = self._runner.judged(done)
        self.proof.seen = self.proof.moments = len(plan.strikes)
        self.proof.exercised = done.struck
        if done.restless and judgement.verdict is not Verdict.FAIL:
            return self._no_rest(done)
        if judgement.verdict is Verdict.FAIL:
            self.proof.struck_at, self.proof.folder = str(plan), done.folder
        elif judgement.verdict is Verdict.PASS and not done.exercised:
            missed = f"{len(plan.strikes) - done.struck} of {len(plan.strikes)} faults never took effect"
            return Judgement.unknown(Reason.NOT_EXERCISED, missed)
        return judgement

    def _steps(self, faults: Sequence[str], *, every_moment: bool) -> tuple[Iterator[Step], int]:
        """What is to be tried, and how much of it in any case; what cannot be is put down with its reason."""
        arena, seen = self._arenas[0], self._moments
        promises = arena.pipeline.promises
        inputs = possible(arena.contract, arena.pipeline_name, arena.draw(self._plan.seed).events, faults)
        self.proof.seen = len(seen)
        if not faults or "kill-app" in faults:
            self.proof.moments = len(kills(seen, every_moment=every_moment))
        if faults:
            steps = list(asked_for(self._plan, seen, faults, inputs, every_moment=every_moment))
            return iter(steps), sum(step.owed for step in steps)
        brokers, beyond = len(arena.brokers), kind_of(arena.pipeline).beyond
        self.proof.out_of_place = out_of_place(seen, inputs, promises.made, brokers, beyond)
        versions, recovers = self._runner.versions, promises.recovers_within is not None
        owed = debts(
            self._plan, seen, every_moment=every_moment, brokers=brokers, versions=versions, beyond=beyond
        )  # fmt: skip
        return programme(
            self._plan, seen, every_moment=every_moment, brokers=brokers, versions=versions, beyond=beyond,
            recovers=recovers, inputs=inputs,
        ), len(inputs) + owed  # fmt: skip

    def swept(self, budget_s: float, faults: Sequence[str] = (), *, every_moment: bool) -> Judgement:
        """Try what is to be tried, until a step breaks the promise or the budget is spent."""
        steps, owed = self._steps(faults, every_moment=every_moment)
        steps = self._affordable(steps, monotonic() + budget_s, owed)
        missed: list[Moment] = []
        failed: list[_Outcome] = []
        restless: list[_Outcome] = []
        warnings = {finding.rule: finding for finding in self._runner.advice}
        for outcome in self._crew.run(steps, self._tried, alone=lambda step: step.alone):
            if outcome.judgement.verdict is Verdict.FAIL:
                failed.append(outcome)
            elif outcome.run.restless:
                restless.append(outcome)
            elif not outcome.run.exercised and outcome.step.moment is not None:
                missed.append(outcome.step.moment)
            self.proof.count(outcome.run, outcome.judgement, of_moment=outcome.step.moment is not None)
            warnings.update({finding.rule: finding for finding in outcome.judgement.findings})
            if failed or restless:
                self._crew.stopping.set()
        if failed:
            return self._failed(failed[0])
        if restless:
            return self._no_rest(restless[0].run)
        if not self.proof.moments and not faults:
            return Judgement.unknown(Reason.NOT_EXERCISED, "no moment was seen")
        return self.proof.missed(missed) or self.proof.in_vain(faults) or Judgement.of(list(warnings.values()))

    def _affordable(self, steps: Iterator[Step], until: float, owed: int) -> Iterator[Step]:
        for step in steps:
            self.proof.spent = monotonic() > until
            if self.proof.spent and not owed:
                return
            if self.proof.spent and not step.owed:
                continue  # what is owed is still to come
            owed -= step.owed
            self._progress(f"{self.proof.told_so_far}: {step.plans[0]}")
            yield step

    def _tried(self, arena: Arena, step: Step) -> _Outcome:
        for plan in step.plans * (TRIES if step.moment else 1):
            self._runner.expects(arena, plan)
            last = self._run(arena, plan)
            judgement = self._runner.judged(last)
            if last.exercised or last.restless or judgement.verdict is Verdict.FAIL:
                break
        return _Outcome(step, last, judgement)

    def _run(self, arena: Arena, plan: Plan) -> Run:
        """Carry out a plan. Where it struck what others use, their connections to it are not what they were."""
        done = self._runner.run(arena, plan)
        for each in self._arenas if strikes_others(plan) else ():
            each.cluster.forget()
        return done

    def _failed(self, outcome: _Outcome) -> Judgement:
        """Make the failing plan small, run it again to say how surely it fails, and remember where it lies."""
        self._found(outcome.run, str(outcome.run.plan))
        reducer = Reducer(self._crew, self._runner, self._arenas[0], self._run, self._progress)
        found = reducer.reduced(outcome.run, outcome.judgement)
        self.proof.replayed = found.replayed
        self.proof.struck_at, self.proof.folder = str(found.run.plan), found.run.folder
        return found.judgement

    def _without_faults(self, compared: Judgement, other: Run) -> Judgement:
        """Two fault-free runs differ: the pipeline is wrong as it stands, or its output is no function of its input.

        A further run, fed as the first, tells the two apart where values were lost and others came instead.
        """
        fed = ", fed by and by" if other.plan.feed == "paced" else ""
        self._found(other, f"no fault: only aborted transactions in the input{fed}")
        rules = {finding.rule for finding in compared.findings}
        # Values whose schema nobody has cannot be compared, and need not be: that they cannot be read is enough.
        unclear = "lost-record" in rules and rules & {"state-divergence", "aborted-visible"}
        if unclear and "unresolvable-schema-id" not in rules:
            third = self._runner.run(self._arenas[0], replace(self._plan, with_aborted=False))
            if self._runner.judged(third).verdict is not Verdict.PASS:
                dropped = lost([run.records for run in (*self._quiet, third)])
                return Judgement.of(dropped) if dropped else Judgement.unknown(Reason.HARNESS_ERROR, DIFFERENT)
        return compared

    def _no_rest(self, restless: Run) -> Judgement:
        self.proof.struck_at, self.proof.folder = str(restless.plan), restless.folder
        return Judgement.unknown(
            Reason.HARNESS_ERROR,
            f"with {restless.plan}, the pipeline did not come to rest: {restless.restless}. {end_of_logs(restless)}",
        )
