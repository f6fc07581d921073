"""Make a failing plan small: fewer faults, no delays, fewer keys, fewer events, as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import monotonic

from stream_contracts.workload.plan import Plan

Fails = Callable[[Plan], bool]

TRIES = 2
"""How often a candidate may be tried before it counts as one that does not fail: some plans fail only mostly."""
BUDGET_S = 30.0


def shrink(plan: Plan, fails: Fails, keys: Mapping[int, object], *, budget_s: float = BUDGET_S) -> Plan:
    """The smallest plan that was found to fail, within the budget; the plan itself where none is smaller.

    ``keys`` tells the key of each event of the workload by its number. ``fails`` runs a candidate. Each kind of step is
    gone through until it helps no more; no candidate is run twice.
    """
    until = monotonic() + budget_s
    seen = {plan.digest}
    smaller = True
    while smaller:
        smaller = False
        for step in STEPS:
            found = _first_failing(step(plan, keys), fails, seen, until)
            while found is not None:
                plan, smaller = found, True
                found = _first_failing(step(plan, keys), fails, seen, until)
    return plan


def _first_failing(candidates: Iterator[Plan], fails: Fails, seen: set[str], until: float) -> Plan | None:
    for candidate in candidates:
        if candidate.digest in seen:
            continue
        seen.add(candidate.digest)
        for _ in range(TRIES):
            if monotonic() > until:
                return None
            if fails(candidate):
                return candidate
    return None


def fewer_strikes(plan: Plan, _: Mapping[int, object]) -> Iterator[Plan]:
    """Without one of the faults, if there are several."""
    if len(plan.strikes) > 1:
        for number in range(len(plan.strikes)):
            yield replace(plan, strikes=plan.strikes[:number] + plan.strikes[number + 1 :])


def plainer(plan: Plan, _: Mapping[int, object]) -> Iterator[Plan]:
    """Without aborted input, fed at once, without delays, at the first moment of its kind."""
    if plan.with_aborted:
        yield replace(plan, with_aborted=False)
    if plan.feed != "at-once":
        yield replace(plan, feed="at-once")
    for number, strike in enumerate(plan.strikes):
        before, after = plan.strikes[:number], plan.strikes[number + 1 :]
        if strike.delay_s:
            yield replace(plan, strikes=(*before, replace(strike, delay_s=0.0), *after))
        if strike.nth > 1:
            yield replace(plan, strikes=(*before, replace(strike, nth=1), *after))


def fewer_keys(plan: Plan, keys: Mapping[int, object]) -> Iterator[Plan]:
    """With the events of one key alone; without the events of one key."""
    events = plan.events or tuple(sorted(keys))
    present = list(dict.fromkeys(keys[event] for event in events))
    if len(present) > 1:
        for key in present:
            yield replace(plan, events=tuple(event for event in events if keys[event] == key))
        for key in present:
            yield replace(plan, events=tuple(event for event in events if keys[event] != key))


def fewer_events(plan: Plan, keys: Mapping[int, object]) -> Iterator[Plan]:
    """Without a half of the events, then without a quarter, down to one of them."""
    events = plan.events or tuple(sorted(keys))
    size = len(events) // 2
    while size:
        for start in range(0, len(events), size):
            left = events[:start] + events[start + size :]
            if left:
                yield replace(plan, events=left)
        size //= 2


STEPS: Sequence[Callable[[Plan, Mapping[int, object]], Iterator[Plan]]] = (
    fewer_strikes,
    plainer,
    fewer_keys,
    fewer_events,
)
