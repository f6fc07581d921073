"""The input of a trial as its plan alters it: what is fed besides the drawn events, or in their place, and what ends so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stream_contracts.contract.model import Contract
from stream_contracts.errors import UsageError
from stream_contracts.faults import FAULTS, INPUT_FAULTS
from stream_contracts.faults._input import Ends, Feed
from stream_contracts.trial.normal import decoder
from stream_contracts.wire.moment import Moment, Phase
from stream_contracts.workload.events import Event
from stream_contracts.workload.plan import INPUT, Strike

API = "event"
"""What the moments of an input are called: ``before event#3 of orders (input)``."""
TRIED = (3, 2, 4, 1, 5, 6, 7, 8)
"""At which event of a topic a fault is tried, the first where it can be."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What is fed, and which of the strikes changed it; the others found no place, and took no effect."""

    events: tuple[Event, ...]
    struck: frozenset[Strike] = frozenset()


def altered(contract: Contract, pipeline: str, events: Sequence[Event], strikes: Sequence[Strike]) -> Intake:
    """The events with every strike in them that finds a place. Raises `UsageError` for a fault that is none of the input."""
    found, struck = tuple(events), set()
    for strike in strikes:
        changed = _struck(contract, pipeline, found, strike)
        if changed is not None:
            found = changed
            struck.add(strike)
    return Intake(found, frozenset(struck))


def _struck(contract: Contract, pipeline: str, events: tuple[Event, ...], strike: Strike) -> tuple[Event, ...] | None:
    fault = INPUT_FAULTS.get(strike.fault)
    if fault is None:
        told = "strikes what runs, not what is fed" if strike.fault in FAULTS else "is none"
        raise UsageError(f"the fault {strike.fault!r} {told}; known for an input: {', '.join(INPUT_FAULTS)}")
    if strike.what not in fault.kinds:
        known = ", ".join(kind or "(the usual)" for kind in fault.kinds)
        raise UsageError(f"the fault {strike.fault} comes in no kind {strike.what!r}; known: {known}")
    places = [place for place, each in enumerate(events) if each.drawn and each.topic == strike.instance]
    if len(places) < strike.nth:
        return None
    at = places[strike.nth - 1]
    promises = contract.pipelines[pipeline].promises.made
    changed = fault.altered(Feed(events, at, contract.topics[strike.instance], promises), strike.what)
    return None if changed is None or _readable(contract, changed, strike) else tuple(changed)


def _readable(contract: Contract, events: Sequence[Event], strike: Strike) -> bool:
    """Whether a schema takes even these bytes for a value: then they poison nobody."""
    if strike.what:
        return False
    read = decoder(contract, strike.instance)
    for event in events:
        if event.kind in ("poison", "skip") and event.topic == strike.instance and event.value is not None:
            try:
                read(event.value)
            except Exception:  # each reader has errors of its own for what it cannot read
                continue
            return True
    return False


def ends(contract: Contract, pipeline: str, strikes: Sequence[Strike]) -> Ends:
    """What a run with these strikes in its input has to end in."""
    made = contract.pipelines[pipeline].promises.made
    stood = [INPUT_FAULTS[strike.fault].stands for strike in strikes]
    told = [[ends for promise, ends in stands.items() if promise in made] or ["own"] for stands in stood]
    return next((each for each in ("own", "letters") if any(each in ends for ends in told)), "clean")


def possible(contract: Contract, pipeline: str, events: Sequence[Event], faults: Sequence[str]) -> list[Strike]:
    """The faults of the input that a pipeline promises to stand, or (``faults``) that were asked for.

    One strike for each kind, in each topic that it reads, where there is a place.
    """
    under_test = contract.pipelines[pipeline]
    found = []
    for name, fault in INPUT_FAULTS.items():
        if name not in faults and (faults or not under_test.promises.made.keys() & fault.stands.keys()):
            continue
        for topic in under_test.reads:
            for kind in fault.kinds:
                tried = (Strike(name, topic, INPUT, API, nth, "before", what=kind) for nth in TRIED)
                found += [each for each in tried if altered(contract, pipeline, events, [each]).struck][:1]
    return found


def moment_of(strike: Strike) -> Moment:
    """The moment that a line of a plan speaks of."""
    phase: Phase = "before" if strike.phase == "before" else "after"
    return Moment(strike.instance, strike.role, strike.api, strike.nth, phase)
