"""What the outputs must be: every sale, with the last price of its product; none where that was taken off the list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def priced(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of the table were all sent before the first sale."""
    prices = {event["key"]: event["value"] for event in events if event["topic"] == "prices"}
    for event in events:
        if event["topic"] == "sales":
            price = prices.get(event["key"])
            cents = None if price is None else price["cents"]
            yield {"topic": "priced", "key": event["key"], "value": {**event["value"], "cents": cents}}
