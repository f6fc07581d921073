"""Runs plans and judges them: each against the fault-free run of the same events."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import count

from stream_contracts.anomalies import UNDER_FAULTS, advise, anomaly, broken_by, invariants, judge
from stream_contracts.errors import StackError
from stream_contracts.findings import Finding, Judgement, Reason, Verdict
from stream_contracts.history import tables
from stream_contracts.history.model import Expected
from stream_contracts.stack.health import await_healthy, await_in_sync, out_of_sync, unhealthy
from stream_contracts.trial import evidence
from stream_contracts.trial.arena import Arena
from stream_contracts.trial.intake import ends
from stream_contracts.trial.model import model
from stream_contracts.trial.run import Run, causes, run
from stream_contracts.workload.plan import Plan, Strike

MAY_STILL_COME = frozenset(
    {
        "lost-record", "hidden-record", "delete-lost", "torn-transaction", "state-divergence", "stale-upsert",
        "cdc-gap", "cdc-tombstone-lost", "cdc-divergence", "cdc-torn-transaction", "window-miscounted",
        "replay-divergence",
    }
)  # fmt: skip
"""Anomalies of which a run that did not come to rest says nothing."""


REPLAY = "replay"
"""The promise that a run with ``again`` tries."""

_Input = tuple[int, tuple[int, ...], tuple[Strike, ...]]


def _input(plan: Plan) -> _Input:
    """What the expected outputs depend on: the seed, the choice of the events and what alters them, not how they are fed."""
    return plan.seed, plan.events, plan.altered


HEALTHY_S = 30.0
"""How long brokers may take to be as good as new after a trial; then the next one gets others."""


SETTLED_S = 2.0
"""How long the markers of the last transactions may take; one that is left open stays so for longer than is worth a wait."""


class Runner:
    """Safe to use from the threads of a crew, each with an arena of its own."""

    def __init__(self, arena: Arena) -> None:
        self._pipeline = arena.pipeline
        self._invariants = invariants(arena.contract.invariants)
        self._model = model(arena.contract, arena.pipeline_name, arena.ids)
        self.advice: list[Finding] = []
        """What the first run showed about the clients."""
        self.versions: dict[str, int] = {}
        """In which version its clients ask, by API."""
        self._numbers = count()
        self._oracles: dict[_Input, list[Expected]] = {}
        self.trials = 0
        """How many runs were made."""
        self.seconds: list[float] = []
        """How long each run with faults took."""

    def record(self, arena: Arena, plan: Plan, feed: str = "at-once") -> tuple[Run, list[Expected]]:
        """Run a plan without its faults; what it leaves is the oracle for every plan with the same events.

        Where the contract has a model, that is the oracle, and the run is judged by it. Faults of the input are part of the
        events: whoever promises to stand them has to end as without them, but for the dead letters.
        """
        quiet = Plan(plan.contract, plan.pipeline, plan.seed, feed=feed, events=plan.events, strikes=plan.altered)
        if plan.altered:
            return self._record_altered(arena, quiet)
        if self._model is not None:
            drawn = arena.draw(plan.seed).events
            chosen = [event for event in drawn if not plan.events or event.id in plan.events]
            self._oracles[_input(plan)] = self._model(chosen)
        done = self.run(arena, quiet)
        if self._model is None:
            self._oracles[_input(plan)] = evidence.oracle(done.records, done.sends)
        if not self.advice:
            with tables.load(done.journal) as history:
                self.advice = advise(history)
                asked = history.execute("select api, max(version) from requests group by api").fetchall()
                self.versions = dict(asked)
        return done, self._oracles[_input(plan)]

    def _record_altered(self, arena: Arena, quiet: Plan) -> tuple[Run, list[Expected]]:
        clean, wanted = replace(quiet, strikes=()), ends(arena.contract, arena.pipeline_name, quiet.strikes)
        self.expects(arena, clean)
        found = [] if wanted == "own" else self._oracles[_input(clean)]
        done = self.run(arena, quiet, found)
        left = evidence.oracle(done.records, done.sends)
        if wanted == "own":
            # Who leaves an event out has fewer effects than events: what each one is about, the run without it tells.
            events = causes(self._oracles[_input(clean)])
            found = [
                replace(row, event_id=events.get((row.topic, row.digest))) if row.event_id is None else row
                for row in left
            ]
        elif wanted == "letters":
            poison = {send.event_id for send in done.sends if send.kind == "poison"}
            letters = [
                row for row in left if row.event_id in poison and row.topic == self._pipeline.promises.dead_letter
            ]
            found = [*found, *{row.event_id: row for row in reversed(letters)}.values()]
        self._oracles[_input(quiet)] = found
        return done, found

    @property
    def may_not_lose(self) -> bool:
        """Whether a lost event breaks what the pipeline promises."""
        return self._pipeline.promises.delivery in anomaly("lost-record").breaks

    @property
    def modelled(self) -> bool:
        """Whether a model says what the outputs must be, so that a run without faults may be wrong."""
        return self._model is not None

    def run(self, arena: Arena, plan: Plan, oracle: Sequence[Expected] | None = None) -> Run:
        """Carry out a plan. What is expected is what the oracle of its input left, if it is not told."""
        renew = arena.fresh or (arena.spare if _sick(arena) else None)
        with renew() if renew else nullcontext(arena) as here:
            expected = self._oracles.get(_input(plan), ()) if oracle is None else oracle
            done = run(plan, here, next(self._numbers), expected)
        self.trials += 1
        if plan.disturbed:
            self.seconds.append(done.seconds)
        return done

    def judged(self, done: Run) -> Judgement:
        """Judge a run by what the oracle left; where the input was processed again, by its last values alone."""
        made = self._pipeline.promises.made
        with tables.load(done.journal) as history:
            if done.plan.again:
                found = judge(history, {REPLAY: True}, compare=self._pipeline.compare.how)
                judged = _of_a_replay(found)
            else:
                judged = judge(
                    history,
                    {name: promise for name, promise in made.items() if name != REPLAY},
                    compare=self._pipeline.compare.how,
                    extra=self._invariants,
                )
            if done.plan.strikes and judged.verdict is not Verdict.UNKNOWN:
                judged = Judgement.of([*judged.findings, *advise(history, UNDER_FAULTS)], judged.note)
        return _of_the_restless(judged) if done.restless else judged

    def expects(self, arena: Arena, plan: Plan) -> bool:
        """Record the fault-free run of a plan's input, where there is none yet; whether it left anything to expect."""
        if _input(plan) not in self._oracles:
            recorded, _ = self.record(arena, plan)
            if recorded.restless and not self._knows(arena, plan):
                self._oracles[_input(plan)] = []
        return bool(self._oracles[_input(plan)])

    def _knows(self, arena: Arena, plan: Plan) -> bool:
        """Whether the end of a run is known, though the recording one did not come to rest."""
        return bool(plan.altered) and ends(arena.contract, arena.pipeline_name, plan.altered) != "own"

    def fails(self, arena: Arena, plan: Plan) -> bool:
        """Whether a plan breaks a promise."""
        return self.expects(arena, plan) and self.judged(self.run(arena, plan)).verdict is Verdict.FAIL


def _sick(arena: Arena) -> bool:
    """Whether the brokers are not as good as new, and do not become so in time: the next trial must not pay for the last.

    Every replica is in sync, and of this arena no transaction is open and nothing is hidden from readers; what the trials
    beside it do is theirs.
    """
    brokers, own = arena.stack.brokers, f"{arena.prefix}."
    if not brokers:
        return False
    try:
        if out_of_sync(brokers) is not None:
            await_in_sync(arena.stack, HEALTHY_S)
            arena.cluster.forget()
        if unhealthy(brokers, prefix=own) is not None:
            await_healthy(arena.stack, SETTLED_S, prefix=own)
    except StackError:
        return True
    return False


def skipped(first: Run, effects: int) -> Judgement:
    """What is to be said where no event that was there before the start has an effect, and later ones have ``effects``."""
    what = (
        f"none of the {len(first.sends)} events that were there before it started has an effect; "
        f"of the same events, sent once it ran, there are {effects}"
    )
    remedy = "begin at the earliest offset where none is committed: auto.offset.reset=earliest"
    lost = anomaly("lost-record")
    return Judgement.of([Finding(lost.id, what, lost.why, remedy, witness={"events": len(first.sends)})])


def _of_a_replay(judged: Judgement) -> Judgement:
    """What is to be said of a run that should have processed its input twice: its last values, or that it did not."""
    own = tuple(each for each in judged.findings if broken_by(each.rule) == {REPLAY})
    if judged.verdict is Verdict.PASS and own:
        return Judgement.unknown(Reason.NOT_EXERCISED, own[0].what)
    return replace(judged, findings=own)


def _of_the_restless(judged: Judgement) -> Judgement:
    """What can be said of a run that did not come to rest: what is missing may still come, what is too much stays so."""
    if judged.verdict is Verdict.UNKNOWN:
        return judged
    return Judgement.of([finding for finding in judged.findings if finding.rule not in MAY_STILL_COME])


def end_of_logs(done: Run, lines: int = 12) -> str:
    """The last lines of the log of each instance, for who has to find out why nothing could be said."""
    told: Sequence[str] = [
        f"The end of its log ({log}):\n"
        + "\n".join(f"    {line}" for line in log.read_text("utf-8", "replace").splitlines()[-lines:] or ["(empty)"])
        for log in sorted(set(done.folder.glob("*.log")) - set(done.folder.glob("service-*.log")))
    ]
    return "\n".join(told)
