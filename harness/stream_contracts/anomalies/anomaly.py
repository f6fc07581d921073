"""One anomaly: the text of a .sql file, its head and its query."""

from __future__ import annotations

import re
from dataclasses import dataclass

DELIVERIES = ("at-most-once", "at-least-once", "exactly-once")
PROMISES = (
    *DELIVERIES,
    "order",
    "recovers-within",
    "lag",
    "late",
    "dead-letter",
    "poison",
    "duplicates",
    "atomic",
    "replay",
)
"""What can be broken: the three kinds of delivery, and the other promises of a contract by their names."""

ALWAYS = "always"
"""Broken whatever was promised: what a user's own invariant says where it says nothing else."""
NEVER = "-"
"""A warning whatever was promised."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One way to break a promise, as its file tells it. ``breaks`` is empty for what is always a warning.

    ``first`` is a cheaper question that is asked before ``query``: where it has no rows, ``query`` has none either.
    """

    id: str
    title: str
    breaks: frozenset[str]
    why: str
    remedy: str
    says: str
    query: str
    first: str = ""


def parse(name: str, text: str) -> Anomaly:
    """An anomaly from the text of its file; a head without its lines is a ValueError that names the missing one."""
    head = _head(text)
    missing = [line for line in (name, "breaks", "why", "remedy", "says") if line not in head]
    if missing:
        raise ValueError(f"{name}.sql: its head has no line '-- {missing[0]}: …'")
    *first, query = re.split(r";\n+", text.rstrip())
    told = head["why"], head["remedy"], head["says"]
    return Anomaly(name, head[name], _breaks(head["breaks"]), *told, query, *first)


def invariant(name: str, text: str) -> Anomaly:
    """A user's own anomaly. Every line of its head may be left out: then each row breaks every promise, and is told whole.

    Raises a ValueError for a promise that there is none of.
    """
    head = _head(text)
    breaks = _breaks(head.get("breaks", ALWAYS))
    unknown = sorted(breaks - {ALWAYS, *PROMISES})
    if unknown:
        raise ValueError(f"it breaks {unknown[0]!r}; allowed: {ALWAYS}, {NEVER}, {', '.join(PROMISES)}")
    title = head.get(name, name.replace("-", " ").replace("_", " "))
    why = head.get("why", "the contract says that this query has no rows")
    return Anomaly(name, title, breaks, why, head.get("remedy", ""), head.get("says", ""), text)


def _head(text: str) -> dict[str, str]:
    lines = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    return dict(line.split(": ", 1) for line in reversed(lines) if ": " in line)


def _breaks(text: str) -> frozenset[str]:
    return frozenset(promise.strip() for promise in text.split(",")) - {NEVER, ""}
