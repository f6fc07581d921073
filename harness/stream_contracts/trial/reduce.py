"""A plan that failed is made small, and run again to say how surely it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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


def smaller(
    failing: Run, fails: Callable[[Plan], bool], keys: Mapping[int, object], progress: Callable[[str], None]
) -> list[Plan]:
    """The plan of a failing run, and then each smaller one that failed, too, the smallest last."""
    trail = [failing.plan]

    def failed(plan: Plan) -> bool:
        if not fails(plan):
            return False
        trail.append(plan)
        return True

    if failing.seconds < LONG_S:
        progress("making the failing plan smaller")
        shrink(failing.plan, failed, keys)
    return trail


def surest(
    failing: Run, judgement: Judgement, plans: Iterable[Plan], again: Callable[[Plan], Sequence[tuple[Run, Judgement]]]
) -> Reduced:
    """The first of these plans that fails surely; where none does, the one that fails most often.

    ``again`` replays a plan `REPLAYS` times, and gives those of the runs that failed, with their judgements.
    """
    best: Sequence[tuple[Run, Judgement]] = ()
    for plan in dict.fromkeys(plans):
        best = max(best, again(plan), key=len)
        if len(best) >= SURE:
            break
    run, judged = best[0] if best else (failing, judgement)
    return Reduced(run, judged, f"{len(best)}/{REPLAYS}")


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
        """The smallest plan that failed at all, one half-way to it, or the one that it began with: `surest`."""
        events = self._arena.draw(failing.plan.seed).events
        keys = {event.id: (event.topic, event.key) for event in events}
        trail = smaller(failing, lambda plan: self._runner.fails(self._arena, plan), keys, self._progress)
        return surest(failing, judgement, (trail[-1], trail[len(trail) // 2], trail[0]), self._again)

    def _again(self, plan: Plan) -> Sequence[tuple[Run, Judgement]]:
        """Replay a plan; those of the runs that failed, with their judgements."""
        self._progress("replaying the failing plan")
        runs = self._crew.run(iter([plan] * REPLAYS), self._run, alone=strikes_others)
        judged = [(run, self._runner.judged(run)) for run in runs]
        return [each for each in judged if each[1].verdict is Verdict.FAIL]
