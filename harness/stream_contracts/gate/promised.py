"""What a pipeline promises less than before, promise by promise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stream_contracts.contract.promises import Promises, told
from stream_contracts.gate.settings import weaker_delivery


def weaker(before: Promises, after: Promises) -> Iterator[tuple[str, str]]:
    """Yield each promise that is weaker, or gone, by name, with what became of it."""
    now = after.made
    for name, was in before.made.items():
        if name not in now:
            yield name, f"does not promise {name} any more (it was {told(was)})"
        elif now[name] != was and _less(name, was, now[name]):
            yield name, f"promises {name}: {told(now[name])} instead of {told(was)}"


def _less(name: str, was: Any, now: Any) -> bool:
    match name:
        case "delivery":
            return weaker_delivery(was, now)
        case "recovers-within":
            return bool(now > was)
        case "lag":
            return bool(now["max"] > was["max"] or now["within"] > was["within"])
        case "late":
            dropped = (was["then"], now["then"]) == ("side-output", "drop")
            return bool(now["allowed"] < was["allowed"]) or dropped or ("counts" in was and "counts" not in now)
    return name != "dead-letter"  # another topic for dead letters is another promise, not a weaker one
