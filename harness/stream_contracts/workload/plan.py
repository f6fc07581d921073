"""A plan: everything that a trial will do, drawn before it starts. JSON, and the same plan reruns anywhere."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar, get_origin, get_type_hints

from stream_contracts.errors import UsageError

PHASES = ("before", "after")
"""On which side of the broker's work a fault strikes."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault of a plan: its name in `FAULTS`, and the moment at which it is applied."""

    fault: str
    instance: str
    role: str
    api: str
    nth: int
    phase: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a trial does: the pipeline, the seed of its input, whether aborted input is mixed in, and the faults."""

    contract: str
    pipeline: str
    seed: int
    with_aborted: bool = False
    strikes: tuple[Strike, ...] = ()

    def to_json(self) -> str:
        """One line, keys in order: the same plan is the same text, byte for byte."""
        return json.dumps(asdict(self), sort_keys=True)

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
            return _typed(cls(**written, strikes=strikes))
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise UsageError(f"this is not a plan: {error}. A plan is a file that a failing trial saved.") from error


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
    return part
