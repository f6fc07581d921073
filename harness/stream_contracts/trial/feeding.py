"""When the input comes: before the start, once the pipeline runs, or by and by."""

from __future__ import annotations

from stream_contracts.trial.case import Case
from stream_contracts.trial.feed import Fed

SHARE_S = 15.0
"""How long instances may take to deal out their partitions before they are fed all the same."""
SETTLED_S = 0.5
"""How long after that a pipeline is fed whose input comes after its start: who has a partition looks where it ends."""
PACE_S = 0.15
"""Between two portions of a paced feed: longer than a batch takes, so that the next one is a batch of its own."""


class Feeding:
    """Feed a case as its plan says. The first portion comes at once, if the plan does not make it wait.

    Several instances are fed only when they have dealt out their partitions: fed before, whoever is up first would do
    all the work, and the moments of the others would not come.
    """

    def __init__(self, case: Case) -> None:
        self.plan = plan = case.plan
        self.fed = Fed()
        self._case, self._portions = case, case.feed()
        self._last: float | None = None
        self._shared_at: float | None = None
        self._done = False
        if plan.feed != "after-start" and (len(case.instances) == 1 or not case.grouped):
            self._next()

    def step(self) -> str | None:
        """Feed what is due; a sentence about what is still to come, None when all is fed."""
        if self._done:
            return None
        now = self._case.clock()
        if self._last is None:
            if self._shared_at is None and not self._case.shared() and now <= SHARE_S:
                return "its instances do not share one group yet"
            self._shared_at = now if self._shared_at is None else self._shared_at
            if self.plan.feed == "after-start" and now < self._shared_at + SETTLED_S:
                return "its instances have only just dealt out their partitions"
        elif now < self._last + PACE_S:
            return "a part of the input is not fed yet"
        self._next()
        return None if self._done else "a part of the input is not fed yet"

    def _next(self) -> None:
        fed = next(self._portions, None)
        if fed is None:
            self._done = True
        else:
            self.fed, self._last = fed, self._case.clock()
            self._done = self.plan.feed != "paced"
