"""When the input comes: before the start, once the pipeline runs, or by and by."""

from __future__ import annotations

from stream_contracts.trial.case import PORTIONS, Case
from stream_contracts.trial.feed import Fed

SHARE_S = 15.0
"""How long instances may take to deal out their partitions before they are fed all the same."""
SETTLED_S = 0.5
"""How long after that a pipeline is fed whose input comes after its start: who has a partition looks where it ends."""
IN_ONE = ("at-once", "after-start")
"""The feeds that come in one portion; the others come in `PORTIONS`."""
KEPT_BACK = 2
"""How many portions of a tail come later: the next one where all that was fed is done, so that one is behind any fault."""
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
        self._fed_portions = 0
        if plan.feed != "after-start" and (len(case.instances) == 1 or not case.grouped):
            self._next()

    @property
    def waits(self) -> bool:
        """Whether the end of the input is kept back until the faults are over."""
        return self.plan.feed == "tail" and not self._done

    def step(self, *, over: bool = False) -> str | None:
        """Feed what is due; a sentence about what is still to come, None when all is fed.

        ``over`` says that the faults are over, or that all that was fed is done: then its end comes.
        """
        if self._done:
            return None
        now = self._case.clock()
        if self._last is None:
            if self._shared_at is None and not self._case.shared() and now <= SHARE_S:
                return "its instances do not share one group yet"
            self._shared_at = now if self._shared_at is None else self._shared_at
            if self.plan.feed == "after-start" and now < self._shared_at + SETTLED_S:
                return "its instances have only just dealt out their partitions"
        elif self.waits and self._fed_portions >= PORTIONS - KEPT_BACK and not over:
            return "the end of the input is kept back until the faults are over"
        elif now < self._last + PACE_S and not self.waits:
            return "a part of the input is not fed yet"
        self._next()
        return None if self._done else "a part of the input is not fed yet"

    def _next(self) -> None:
        fed = next(self._portions, None)
        if fed is None:
            self._done = True
        else:
            self.fed, self._last = fed, self._case.clock()
            self._fed_portions += 1
            self._done = self.plan.feed in IN_ONE
