"""Which transaction a request belongs to, counted in the order in which transactions show themselves on the wire."""

from __future__ import annotations

from collections import Counter
from typing import Any

_INSIDE = frozenset(
    {
        "AddPartitionsToTxnRequest",
        "AddOffsetsToTxnRequest",
        "TxnOffsetCommitRequest",
        "ProduceRequest",
        "EndTxnRequest",
    }
)
"""The requests that belong to a transaction when they name a transactional id."""


class Transactions:
    """Number the transactions of an instance from 1; one ends when a coordinator has answered its EndTxn (KIP-98)."""

    def __init__(self) -> None:
        self._ended: Counter[str] = Counter()
        self._numbers: dict[tuple[str, int], int] = {}

    def number(self, request: Any) -> int | None:
        """The number of the transaction that a request is part of; None for a request outside of any.

        No client ends a transaction in which nothing was done. So an EndTxn that comes first asks again for the end of the
        last one: its client has not heard the answer.
        """
        transactional_id = _id_of(request)
        if transactional_id is None:
            return None
        ended = self._ended[transactional_id]
        if type(request).__name__ == "EndTxnRequest" and ended and (transactional_id, ended) not in self._numbers:
            ended -= 1
        return self._numbers.setdefault((transactional_id, ended), len(self._numbers) + 1)

    def end(self, request: Any, number: int | None) -> None:
        """The transaction ``number``, whose EndTxn this is, is over; one that is over already stays so."""
        transactional_id = _id_of(request)
        if transactional_id is None:
            return
        if number == self._numbers.get((transactional_id, self._ended[transactional_id])):
            self._ended[transactional_id] += 1


def _id_of(request: Any) -> str | None:
    if type(request).__name__ not in _INSIDE:
        return None
    found = getattr(request, "transactional_id", None) or getattr(request, "v3_and_below_transactional_id", None)
    return str(found) if found else None
