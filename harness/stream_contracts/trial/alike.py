"""Instances of a pipeline are one program: which of them a moment comes to is chance, and each stands for the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stream_contracts.wire.moment import Moment

SURE = {"JoinGroup": 2, "SyncGroup": 2}
"""How many requests of an API each of several instances makes in any case; of others it is one.

Who gets which partition is chance, so how much there is to do for one of them is, too. A member joins twice: the
coordinator gives it an id, and asks it to come again.
"""

Kind = tuple[str, str, int, str]


def kind(moment: Moment) -> Kind:
    """A moment without the instance that it came to."""
    return moment.role, moment.api, moment.nth, moment.phase


def shown_again(first: Sequence[Moment], again: Iterable[Moment]) -> list[Moment]:
    """The moments of a run of which another run has shown the like."""
    kinds = {kind(moment) for moment in again}
    return [moment for moment in first if kind(moment) in kinds]


def one_of_each(moments: Sequence[Moment]) -> list[Moment]:
    """One moment of each kind, in their order; with several instances of those kinds alone that are sure to come again."""
    found: dict[Kind, Moment] = {}
    several = len({moment.instance for moment in moments}) > 1
    for moment in moments:
        if not several or moment.nth <= SURE.get(moment.api, 1):
            found.setdefault(kind(moment), moment)
    return list(found.values())


def alike(moment: Moment, seen: Iterable[Moment]) -> list[Moment]:
    """A moment, and then those of the other instances that are as good."""
    return [moment, *(each for each in seen if kind(each) == kind(moment) and each != moment)]
