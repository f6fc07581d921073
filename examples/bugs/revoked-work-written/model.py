"""What has to come out: each scan once. Without a model a run without faults says it, and this pipeline may be wrong in that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def sightings(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every scan, as it is."""
    for event in events:
        yield {"topic": "sightings", "key": event["key"], "value": event["value"]}
