"""What the sink has to hold: each invoice once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def exports(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row for each invoice."""
    for event in events:
        number = event["value"]["event"]
        yield {"table": "exports", "key": str(number), "value": {"invoice": number, "account": event["key"].decode()}}
