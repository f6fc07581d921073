"""What is weaker than what: topic settings with Kafka's defaults, compatibility levels, delivery promises."""

from __future__ import annotations

from typing import Final

from stream_contracts.contract.model import Topic
from stream_contracts.contract.promises import Delivery
from stream_contracts.schema.compat import level_named

DEFAULTS: Final = {
    "cleanup.policy": "delete",
    "delete.retention.ms": "86400000",
    "max.message.bytes": "1048588",
    "min.insync.replicas": "1",
    "retention.bytes": "-1",
    "retention.ms": "604800000",
    "unclean.leader.election.enable": "false",
}
"""Topic settings where a contract says nothing: Apache Kafka 4.3 as it comes (a cluster may set others)."""


def setting(topic: Topic, key: str) -> str:
    """A topic setting as Kafka's admin protocol spells it; its default where the contract says nothing."""
    return topic.settings.get(key, DEFAULTS[key])


def number(text: str) -> float | None:
    """The value of a numeric setting; None where it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def retention(text: str) -> float:
    """How much is kept: -1 is for ever. What is no number does not compare as less."""
    value = number(text)
    return float("inf") if value is None or value < 0 else value


def lowered(was: str, now: str) -> bool:
    """Whether a numeric setting became smaller."""
    before, after = number(was), number(now)
    return before is not None and after is not None and after < before


def duration(key: str, text: str) -> str:
    """A retention with its unit, for people: ``604800000 (7 days)``, ``-1 (for ever)``."""
    value = number(text)
    if value is None:
        return text
    if value < 0:
        return f"{text} (without limit)"
    if not key.endswith(".ms"):
        return f"{text} bytes"
    for unit, size in (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1000)):
        if value >= size:
            return f"{text} ({value / size:g} {unit}{'s' * (value != size)})"
    return text


def level_lowered(was: str, now: str) -> bool:
    """Whether a level leaves out a direction, or versions, that the former one compared."""
    before, after = level_named(was), level_named(now)
    if not before.directions:
        return False
    lost = not set(before.directions) <= set(after.directions)
    return lost or (before.transitive and not after.transitive)


_KEEPS: Final = {
    "at-most-once": frozenset({"no effect twice"}),
    "at-least-once": frozenset({"no effect missing"}),
    "exactly-once": frozenset({"no effect twice", "no effect missing"}),
}


def weaker_delivery(was: Delivery, now: Delivery) -> bool:
    """Whether something that was promised is not promised any more."""
    return not _KEEPS[was] <= _KEEPS[now]
