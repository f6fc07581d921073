"""The wire around a violation as a small sequence diagram: lines of text, or Mermaid."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

LINES = 18
"""At most so many events are drawn: those nearest to the fault, or to the end where there was none."""

_OTHERS = {"database": "database", "registry": "registry"}
"""Whom a connection in such a role speaks to; every other role speaks to a broker."""


class Event(NamedTuple):
    """One thing that happened: when, to whom, a mark, what it was, to whom it went if to anybody, and how it ended."""

    at: float
    who: str
    mark: str
    what: str
    to: str = ""
    ended: str = ""


def text(witness: Mapping[str, Any]) -> list[str]:
    """The diagram as lines, with a head; none where the witness holds nothing of the wire."""
    drawn, left_out = _drawn(witness)
    if not drawn:
        return []
    who = max(len(event.who) for event in drawn)
    what = max((len(event.what) for event in drawn if event.to), default=0)
    lines = [f"{'time':>9}  {'who':<{who}}  what"]
    for event in drawn:
        line = f"{event.at:7.3f} s  {event.who:<{who}}  "
        if event.to:
            line += f"── {event.what} {'─' * (what - len(event.what))}──▶ {event.to}: {event.ended}"
        else:
            line += f"{event.mark} {event.what}"
        lines.append(line)
    return [*lines, f"           … and {left_out} more"] if left_out else lines


def mermaid(witness: Mapping[str, Any]) -> str:
    """The diagram as Mermaid text (`sequenceDiagram`); empty where the witness holds nothing of the wire."""
    drawn, _ = _drawn(witness)
    if not drawn:
        return ""
    names = dict.fromkeys(name for event in drawn for name in (event.who, event.to) if name)
    ids = {name: f"p{number}" for number, name in enumerate(names)}
    lines = ["sequenceDiagram", *(f"  participant {ids[name]} as {_plain(name)}" for name in names)]
    for event in drawn:
        if not event.to:
            lines.append(f"  Note over {ids[event.who]}: {event.at:.3f} s {_plain(event.what)}")
            continue
        lost = event.ended.startswith("no answer")
        lines.append(
            f"  {ids[event.who]}{'-x' if lost else '->>'}{ids[event.to]}: {event.at:.3f} s {_plain(event.what)}"
        )
        if not lost:
            lines.append(f"  {ids[event.to]}-->>{ids[event.who]}: {_plain(event.ended)}")
    return "".join(f"{line}\n" for line in lines)


def _drawn(witness: Mapping[str, Any]) -> tuple[list[Event], int]:
    """The events to draw, in order, and how many were left out."""
    if not witness.get("wire") and not witness.get("faults"):
        return [], 0
    events = sorted([*_requests(witness), *_faults(witness), *_lives(witness)], key=lambda event: event.at)
    struck = [event.at for event in _faults(witness)]
    middle = struck[0] if struck else events[-1].at
    near = sorted(events, key=lambda event: abs(event.at - middle))[:LINES]
    return sorted(near, key=lambda event: event.at), len(events) - len(near)


def _requests(witness: Mapping[str, Any]) -> Iterator[Event]:
    for row in witness.get("wire", ()):
        detail = _detail(row.get("detail"))
        number = f"#{row['nth']}" if row.get("nth") else ""
        told = f" ({detail})" if detail else ""
        yield Event(
            row["at"],
            row["instance"],
            "",
            f"{row['api']}{number}{told}",
            _OTHERS.get(row["role"], "broker"),
            _end(row),
        )


def _end(row: Mapping[str, Any]) -> str:
    if row.get("answered_at") is None:
        return "no answer"
    took = f"after {(row['answered_at'] - row['at']) * 1000:.0f} ms"
    return f"{_error(row['error'], row['role'])} {took}" if row.get("error") else f"ok {took}"


def _error(code: int | str, role: str) -> str:
    """The error as one searches for it: a broker's has a name."""
    name = _broker_errors().get(str(code)) if role not in _OTHERS else None
    return f"error {code} {name}" if name else f"error {code}"


@cache
def _broker_errors() -> dict[str, str]:
    from kio.schema.errors import ErrorCode

    return {str(error.value): error.name.upper() for error in ErrorCode}


def _detail(detail: str | None) -> str:
    """What of a request tells one from the next: whether a transaction is committed, and the epoch."""
    try:
        found = json.loads(detail or "{}")
    except ValueError:
        return ""
    if not isinstance(found, dict):
        return ""
    told = []
    if "committed" in found:
        told.append("commit" if found["committed"] else "abort")
    if found.get("producer_epoch", -1) >= 0:
        told.append(f"epoch {found['producer_epoch']}")
    if found.get("generation_id_or_member_epoch", -1) >= 0:
        told.append(f"generation {found['generation_id_or_member_epoch']}")
    return ", ".join(told)


def _faults(witness: Mapping[str, Any]) -> Iterator[Event]:
    for row in witness.get("faults", ()):
        yield Event(row["applied_at"], "(fault)", "✗", f"{row['fault']} {row['moment']}")


def _lives(witness: Mapping[str, Any]) -> Iterator[Event]:
    for row in witness.get("lives", ()):
        yield Event(row["started_at"], row["name"], "●", f"starts (life {row['incarnation']})")
        if row.get("ended_at") is not None:
            yield Event(row["ended_at"], row["name"], "■", f"ends with status {row.get('exit')}")


def _plain(words: str) -> str:
    """Without what ends a statement, or begins a comment, in Mermaid."""
    return "".join(" " if letter in ";#\r\n" else letter for letter in words)
