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
        self._unheard: set[str] = set()

    def number(self, request: Any) -> int | None:
        """The number of the transaction that a request is part of; None for a request outside of any.

        An EndTxn that comes first, though its client has not heard (`unheard`) how the last transaction ended, asks again for
        the end of that one.
        """
        transactional_id = _id_of(request)
        if transactional_id is None:
            return None
        ended = self._ended[transactional_id]
        if (transactional_id, ended) not in self._numbers and transactional_id in self._unheard:
            if type(request).__name__ == "EndTxnRequest" and ended:
                ended -= 1
            else:
                self._unheard.discard(transactional_id)
        return self._numbers.setdefault((transactional_id, ended), len(self._numbers) + 1)

    def unheard(self, request: Any, *, heard: bool = False) -> None:
        """The answer to an EndTxn is kept from its client; ``heard``: it has it after all."""
        transactional_id = _id_of(request)
        if transactional_id is not None and type(request).__name__ == "EndTxnRequest":
            (self._unheard.discard if heard else self._unheard.add)(transactional_id)

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
