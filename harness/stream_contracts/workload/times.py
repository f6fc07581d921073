"""Events with times of their own: in order, but for some that come late, by less and by more than is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stream_contracts.workload.events import Event

PER_ALLOWED = 2
"""How many events in order there are in the time by which one may be late."""
LATE_EVERY = 3
"""Every third event comes late where an earlier one of its key lets it: in turn too late, and just in time."""


def timed(events: Sequence[Event], allowed_s: float) -> tuple[Event, ...]:
    """The events with a ``time_s`` each, whole milliseconds, no two alike. Pure: the same events get the same times.

    A late one is behind the newest event of its own key, so it is late for whoever reads its partition, and for whoever
    reads all of them: by half of what is allowed, or by half more than that.
    """
    step_s = allowed_s / PER_ALLOWED
    newest: dict[tuple[str, bytes | None], float] = {}
    found: list[Event] = []
    turn = 0
    for place, event in enumerate(events):
        source, time_s = (event.topic, event.key), place * step_s
        if place % LATE_EVERY == LATE_EVERY - 1 and source in newest:
            time_s = newest[source] - allowed_s * (0.5 if turn % 2 else 1.5)
            turn += 1
        newest[source] = max(time_s, newest.get(source, time_s))
        found.append(replace(event, time_s=round(time_s + place / 1000, 3)))
    return tuple(found)
