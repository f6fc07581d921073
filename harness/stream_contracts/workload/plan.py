"""A plan: everything that a trial will do, drawn before it starts. JSON, and the same plan reruns anywhere."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any, TypeVar, get_origin, get_type_hints

from stream_contracts.errors import UsageError

PHASES = ("before", "after")
"""On which side of the broker's work a fault strikes."""
FEEDS = ("at-once", "paced", "after-start", "tail")
"""How the input comes: all before the start; a part before it and the rest by and by; all once the pipeline runs; or most
of it before the start, and the end once the faults are over.
"""
INPUT = "input"
"""The role of a strike that changes what is fed, before anything runs."""
MOST_DELAY_S = 60.0
MOST_INSTANCES = 32


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault of a plan: its name in `FAULTS`, and the moment at which, or ``delay_s`` after which, it is applied.

    ``what`` says more where a fault comes in kinds; empty for the usual one.
    """

    fault: str
    instance: str
    role: str
    api: str
    nth: int
    phase: str
    delay_s: float = 0.0
    what: str = ""

    @property
    def of_input(self) -> bool:
        """Whether it strikes the input: ``instance`` is then a topic, and ``nth`` counts its events."""
        return self.role == INPUT

    def __str__(self) -> str:
        kind = f" ({self.what})" if self.what else ""
        late = f"{self.delay_s:g} s " if self.delay_s else ""
        return f"{self.fault}{kind} {late}{self.phase} {self.api}#{self.nth} of {self.instance} ({self.role})"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a trial does: the pipeline, the seed of its input, whether aborted input is mixed in, and the faults.

    ``feed`` is one of FEEDS. ``instances`` is how many processes there are; 0 is as many as the contract says.
    ``events`` are the numbers of the events that are sent; empty means all of them. With ``patient`` no time is
    compressed: sessions and transactions of the dead run out as they would. With ``again`` the whole input is processed a
    second time, once it was.
    """

    contract: str
    pipeline: str
    seed: int
    with_aborted: bool = False
    strikes: tuple[Strike, ...] = ()
    feed: str = "at-once"
    events: tuple[int, ...] = ()
    instances: int = 0
    patient: bool = False
    again: bool = False

    def __str__(self) -> str:
        told = [", then ".join(map(str, self.strikes)) or "no fault"]
        told += ["without compressing time"] * self.patient
        told += [f"with {self.instances} instances"] * bool(self.instances)
        told += [f"fed {self.feed}"] * (self.feed != "at-once")
        told += [f"with {len(self.events)} of the events"] * bool(self.events)
        told += ["and then the whole input once more"] * self.again
        return ", ".join(told)

    @property
    def altered(self) -> tuple[Strike, ...]:
        """The strikes that change its input: they belong to what is fed, with and without the other faults."""
        return tuple(strike for strike in self.strikes if strike.of_input)

    @property
    def disturbed(self) -> bool:
        """Whether anything strikes while it runs."""
        return any(not strike.of_input for strike in self.strikes)

    def to_json(self) -> str:
        """One line, keys in order, defaults left out: the same plan is the same text, byte for byte, in any version."""
        return json.dumps({**_told(self), "strikes": [_told(strike) for strike in self.strikes]}, sort_keys=True)

    @property
    def digest(self) -> str:
        """A short name for the plan, from its content."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:12]

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read a plan; `UsageError` says what is wrong with it."""
        try:
            written: dict[str, Any] = json.loads(text)
            strikes = tuple(_typed(Strike(**strike)) for strike in written.pop("strikes", ()))
            events = tuple(_number(event) for event in written.pop("events", ()))
            return _typed(cls(**written, strikes=strikes, events=events))
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise UsageError(f"this is not a plan: {error}. A plan is a file that a failing trial saved.") from error


def _told(part: Plan | Strike) -> dict[str, Any]:
    """The fields of a part that say more than their default."""
    return {field.name: value for field in fields(part) if (value := getattr(part, field.name)) != field.default}


def _number(event: Any) -> int:
    if type(event) is not int or event < 0:
        raise ValueError(f"events holds {event!r}, which is no number of an event")
    return event


T = TypeVar("T", Plan, Strike)


def _typed(part: T) -> T:
    """The part itself, once each field has the type, and the few values, that the rest of the house relies on."""
    hints = get_type_hints(type(part))
    for field in fields(part):
        wanted = get_origin(hints[field.name]) or hints[field.name]
        found = getattr(part, field.name)
        if type(found) is not wanted:
            raise TypeError(f"{field.name} is {found!r}, which is no {wanted.__name__}")
    if isinstance(part, Strike):
        if part.phase not in PHASES:
            raise ValueError(f"phase is {part.phase!r}; known: {', '.join(PHASES)}")
        if part.nth < 1:
            raise ValueError(f"nth is {part.nth}; moments are counted from 1")
        if not 0 <= part.delay_s <= MOST_DELAY_S:
            raise ValueError(f"delay_s is {part.delay_s}; allowed: 0 to {MOST_DELAY_S:g}")
    elif not 0 <= part.instances <= MOST_INSTANCES:
        raise ValueError(f"instances is {part.instances}; allowed: 0 to {MOST_INSTANCES}")
    elif part.feed not in FEEDS:
        raise ValueError(f"feed is {part.feed!r}; known: {', '.join(FEEDS)}")
    return part
