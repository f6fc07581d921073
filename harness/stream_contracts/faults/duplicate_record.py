"""duplicate-record: an event stands in the input twice, as an upstream that sends at least once gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stream_contracts.faults._input import Ends, Feed
from stream_contracts.workload.events import Event


@dataclass(frozen=True, slots=True)
class DuplicateRecord:
    """The same bytes once more, behind the first; with ``what`` = ``later``, behind all others of the input.

    Both have the same key, value and headers, and different offsets: only what the event itself says tells that it was
    there before.
    """

    kinds: Sequence[str] = ("", "later")

    @property
    def stands(self) -> Mapping[str, Ends]:
        """It counts once."""
        return {"duplicates": "clean"}

    def altered(self, feed: Feed, what: str) -> Sequence[Event] | None:
        """Put the struck event there once more."""
        at = len(feed.events) if what == "later" else feed.at + 1
        return feed.with_another(replace(feed.struck, kind="again", again=feed.struck.id), at)
