"""What a fault of the input can change: the events of one trial, in the order in which they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from stream_contracts.contract.model import Topic
from stream_contracts.workload.events import FIRST_ADDED_ID, Event

Ends = Literal["clean", "letters", "own"]
"""What a run with a changed input has to end in: as without the change; so, with a dead letter; as an undisturbed run."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The input of a trial, and the place in it that is struck: ``events[at]``, an event of ``topic``.

    ``promises`` are those of the pipeline (`contract.promises.Promises.made`). Every method gives a new input.
    """

    events: tuple[Event, ...]
    at: int
    topic: Topic
    promises: Mapping[str, Any]

    @property
    def struck(self) -> Event:
        """The event at the place."""
        return self.events[self.at]

    def with_another(self, event: Event, at: int) -> tuple[Event, ...]:
        """One more event, before the one that stands at that place; it is numbered anew."""
        added = sum(not each.drawn for each in self.events)
        return (*self.events[:at], replace(event, id=FIRST_ADDED_ID + added), *self.events[at:])


class InputFault(Protocol):
    """An immutable value with one verb. It changes what is fed before anything runs; nothing has to be healed.

    It lies within what a pipeline promises where one of the promises of ``stands`` is made, and beyond it otherwise: then it
    is off unless it is asked for, and a run has to end as one without other faults.
    """

    @property
    def stands(self) -> Mapping[str, Ends]:
        """Promise -> what a run of who makes it has to end in."""

    @property
    def kinds(self) -> Sequence[str]:
        """What a plan may say of it beside its name; the first, ``""``, is the usual."""

    def altered(self, feed: Feed, what: str) -> Sequence[Event] | None:
        """The input with the fault in it; None where it cannot be there, so that it has no effect."""
