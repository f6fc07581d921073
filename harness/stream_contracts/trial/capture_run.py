"""One run of a plan on a captured table: rows, a connector, SQL while faults strike, and what the topic holds in the end."""

from __future__ import annotations

from stream_contracts.history.model import Note
from stream_contracts.stack.logs import Marks
from stream_contracts.trial.act import Act
from stream_contracts.trial.capture_arena import CaptureArena
from stream_contracts.trial.capture_case import CaptureCase
from stream_contracts.trial.run import PER_STRIKE_S, Run, folder_for, write_service_logs
from stream_contracts.workload.plan import Plan

DRAIN_S = 30.0
"""How long the last change may take to be told before we say that we cannot tell."""
PAUSE_S = 0.03
"""Between two units of the load."""
LOOK_S = 0.02
ASK_S = 0.08
"""How often the topic is read for the last change."""
REMEMBERED_S = 2.0
"""How long the first offset of a connector is waited for before the rest of the load comes."""
LONELY_S = 1.5
"""How long nothing may pass before a fault whose moment has not come is not waited for any more."""


def run(plan: Plan, arena: CaptureArena, number: int) -> Run:
    """Carry out a plan in a database, topics and a connector of its own; ``number`` tells the runs of an arena apart.

    Raises `HarnessError` where our own side failed.
    """
    folder = folder_for(plan, arena.folder, number)
    result, marks = Run(plan, folder), Marks(arena.stacks)
    with CaptureCase(arena, folder, number, plan) as case:
        case.journal.add(Note("seed", str(plan.seed), 0.0))
        instance = case.instance_of_it
        acts = [Act(case, strike) for strike in plan.strikes]
        try:
            case.load.begin(case.while_it_starts, PAUSE_S)
            instance.start()
            result.restless = _driven(case, acts)
            result.gave_up, result.restless = case.gave_up, "" if case.gave_up else result.restless
        finally:
            for act in acts:
                act.end()
        now = case.clock()
        how = "restless" if result.restless else "gave up" if result.gave_up else "rest"
        case.journal.add(Note(how, result.restless or result.gave_up, now))
        result.struck = sum(act.struck for act in acts)
        result.moments = [moment for moment in instance.lane.moments if moment.api != "Fetch"]
        result.keys = {unit.number: unit.key for unit in case.units}
        case.evidence()
        result.seconds = case.clock()
    write_service_logs(marks, folder)
    return result


def _driven(case: CaptureCase, acts: list[Act]) -> str:
    """Go on until the topic holds the last change. Returns what was unfinished at the bound, and nothing at rest."""
    way = _Way(case, acts)
    deadline = case.clock() + DRAIN_S + sum(PER_STRIKE_S + strike.delay_s for strike in case.plan.strikes)
    while True:
        for act in acts:
            act.step()
        hopeless = case.look_after(disturbed=any(act.busy for act in acts))
        if hopeless is not None:
            return hopeless
        case.wait(LOOK_S)
        missing = way.step()
        if missing is None:
            return ""
        if case.clock() > deadline:
            return missing + (f"; the connector said: {case.told_wrong}" if case.told_wrong else "")


class _Way:
    """From the load to the last change: where a run is, from look to look."""

    def __init__(self, case: CaptureCase, acts: list[Act]) -> None:
        self._case, self._acts = case, acts
        self._begun = False
        self._last: int | None = None
        self._seen, self._seen_at = -1, 0.0
        self._asked_at, self._read_at = 0.0, 0.0

    def step(self) -> str | None:
        """Do what is next, and say what is missing; None at the end."""
        case = self._case
        if case.load.busy:
            return "the load is not over"
        if not self._begun:
            if not any(act.busy for act in self._acts) and not case.source.streams():
                return f"nobody reads the slot {case.source.slot} yet"
            self._read_at = self._read_at or case.clock()
            # Who dies before its first offset takes another snapshot: of that each trial has a while, not all of it.
            if case.clock() - self._read_at < REMEMBERED_S and not case.remembered():
                return "the connector has kept no offset yet"
            self._begun = True
            case.load.begin(case.while_it_runs, PAUSE_S)
            return "the load has just begun"
        if self._disturbed():
            return "a fault is on, or its moment may still come"
        if self._last is None:
            if not case.source.streams():
                return f"nobody reads the slot {case.source.slot}"
            case.load.run(case.at_the_end)
            case.at_the_end = []
            self._last = case.sentinel()
        if case.clock() - self._asked_at < ASK_S:
            return "the topic is to be read again"
        told = case.passed(self._last)
        self._asked_at = case.clock()
        return None if told else f"the last change, at position {self._last}, is not told in {case.arena.capture.topic}"

    def _disturbed(self) -> bool:
        """Whether a fault is on. One whose moment has not come is waited for as long as something passes on the wire."""
        if any(act.busy for act in self._acts):
            self._last = None  # what was changed before it may be in a snapshot that is taken behind it
            return True
        passed, now = len(self._case.instance_of_it.lane.moments), self._case.clock()
        if passed != self._seen:
            self._seen, self._seen_at = passed, now
        waiting = any(not act.struck for act in self._acts)
        return waiting and self._last is None and now - self._seen_at < LONELY_S
