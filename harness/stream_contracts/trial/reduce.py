"""A plan that failed is made small, and run again to say how surely it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from stream_contracts.faults import strikes_others
from stream_contracts.findings import Judgement, Verdict
from stream_contracts.trial.arena import Arena
from stream_contracts.trial.crew import Crew
from stream_contracts.trial.run import Run
from stream_contracts.trial.runner import Runner
from stream_contracts.trial.shrink import shrink
from stream_contracts.workload.plan import Plan

LONG_S = 20.0
"""A run that took longer than this is not made smaller: the budget of that would be over before anything is gained."""
REPLAYS = 3
"""How often a failing plan is run again to tell how surely it fails."""
SURE = 2
"""Of those so many have to fail, or a larger plan is tried."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """A failing run of the plan that is told, its judgement, and how many of so many replays failed (``3/3``)."""

    run: Run
    judgement: Judgement
    replayed: str


class Reducer:
    """Works on the arenas of a sweep that is over: ``run`` carries out a plan in one of them."""

    def __init__(
        self,
        crew: Crew[Arena],
        runner: Runner,
        arena: Arena,
        run: Callable[[Arena, Plan], Run],
        progress: Callable[[str], None],
    ) -> None:
        self._crew, self._runner, self._arena, self._run, self._progress = crew, runner, arena, run, progress

    def reduced(self, failing: Run, judgement: Judgement) -> Reduced:
        """The smallest plan that fails surely; where none does, the one that fails most often."""
        best: Sequence[tuple[Run, Judgement]] = ()
        for plan in self._smaller(failing):
            failed = self._again(plan)
            if len(failed) > len(best):
                best = failed
            if len(best) >= SURE:
                break
        run, judged = best[0] if best else (failing, judgement)
        return Reduced(run, judged, f"{len(best)}/{REPLAYS}")

    def _smaller(self, failing: Run) -> Iterator[Plan]:
        """The smallest plan that failed at all, one half-way to it, and the plan that it began with."""
        trail = [failing.plan]

        def fails(plan: Plan) -> bool:
            failed = self._runner.fails(self._arena, plan)
            if failed:
                trail.append(plan)
            return failed

        if failing.seconds < LONG_S:
            self._progress("making the failing plan smaller")
            events = self._arena.draw(failing.plan.seed).events
            shrink(failing.plan, fails, {event.id: (event.topic, event.key) for event in events})
        yield from dict.fromkeys((trail[-1], trail[len(trail) // 2], trail[0]))

    def _again(self, plan: Plan) -> Sequence[tuple[Run, Judgement]]:
        """Replay a plan; those of the runs that failed, with their judgements."""
        self._progress("replaying the failing plan")
        runs = self._crew.run(iter([plan] * REPLAYS), self._run, alone=strikes_others)
        judged = [(run, self._runner.judged(run)) for run in runs]
        return [each for each in judged if each[1].verdict is Verdict.FAIL]
