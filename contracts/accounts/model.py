"""What the accounts have to be: every event, in order, from the first one. It knows nothing of snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def states(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The state of each account when all its events are folded."""
    accounts: dict[bytes, dict[str, int]] = {}
    for event in events:
        account = accounts.setdefault(event["key"], {"version": 0, "balance": 0})
        moved = event["value"]
        account["version"] += 1
        account["balance"] += moved["amount"] if moved["direction"] == "IN" else -moved["amount"]
    for key, account in accounts.items():
        yield {"topic": "account-states", "key": key, "value": account}
