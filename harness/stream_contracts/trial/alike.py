"""Instances of a pipeline are one program: which of them a moment comes to is chance, and each stands for the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stream_contracts.wire.moment import Moment

OF_OTHERS = ("JoinGroup", "SyncGroup")
"""APIs of which a member needs as many as there are others that come and go."""
OWN = 2
"""The first of them are its own: the coordinator gives a member its id, and asks it to come again."""

Kind = tuple[str, str, int, str]


def kind(moment: Moment) -> Kind:
    """A moment without the instance that it came to."""
    return moment.role, moment.api, moment.nth, moment.phase


def shown_again(first: Sequence[Moment], again: Iterable[Moment]) -> list[Moment]:
    """The moments of a run of which another run has shown the like."""
    kinds = {kind(moment) for moment in again}
    return [moment for moment in first if kind(moment) in kinds]


def one_of_each(moments: Sequence[Moment]) -> list[Moment]:
    """One moment of each kind, in their order; with several instances without those that are the work of others."""
    found: dict[Kind, Moment] = {}
    several = len({moment.instance for moment in moments}) > 1
    for moment in moments:
        if not (several and moment.api in OF_OTHERS and moment.nth > OWN):
            found.setdefault(kind(moment), moment)
    return list(found.values())


def alike(moment: Moment, seen: Iterable[Moment]) -> list[Moment]:
    """A moment, and then those of the other instances that are as good."""
    return [moment, *(each for each in seen if kind(each) == kind(moment) and each != moment)]
