"""late-record: an event whose own time is behind that of events that were sent before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stream_contracts.faults._input import Ends, Feed
from stream_contracts.workload.events import Event

LATER_S = 10.0
"""By how much an event is later than it may be, at least."""
USUAL_ALLOWED_S = 60.0
"""What is taken for allowed where no contract says it."""
SPAN = 4
"""All other events lie within this part of the time that is allowed: they are in order, and none is late for anybody."""


@dataclass(frozen=True, slots=True)
class LateRecord:
    """The timestamp of one record is older than ``late: {allowed: …}`` lets it be; ``what`` = ``in-time``: just not.

    It is late for every reader: an earlier event of the same key, and so of the same partition, is newer. The time of an
    event is the timestamp of its record; a time that stands in the value is the workload's, and stays as it is.
    """

    kinds: Sequence[str] = ("", "in-time")

    @property
    def stands(self) -> Mapping[str, Ends]:
        """What becomes of it is the pipeline's affair, as long as it is accounted for, and always the same."""
        return {"late": "own"}

    def altered(self, feed: Feed, what: str) -> Sequence[Event] | None:
        """Give every event a time of its own, and the struck one a time before them."""
        allowed = float(feed.promises["late"]["allowed"]) if "late" in feed.promises else USUAL_ALLOWED_S
        struck, step = feed.struck, allowed / SPAN / len(feed.events)
        if not any((each.topic, each.key) == (struck.topic, struck.key) for each in feed.events[: feed.at]):
            return None
        times = [place * step - allowed / SPAN if each.time_s is None else each.time_s
                 for place, each in enumerate(feed.events)]  # fmt: skip
        newest = max(times[: feed.at])
        late = newest - allowed / 2 if what == "in-time" else -allowed / SPAN - allowed - LATER_S
        times[feed.at] = late
        return tuple(replace(each, time_s=time_s) for each, time_s in zip(feed.events, times, strict=True))
