"""Which requests to a Kafka broker are moments, and what the history keeps of them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from stream_contracts.history.model import Request
from stream_contracts.wire import membership
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.kafka import Header
from stream_contracts.wire.kafka_fetch import Asked
from stream_contracts.wire.ledger import Ledger
from stream_contracts.wire.moment import IDLE, ONLY_AFTER, TELLING, Phase
from stream_contracts.wire.offsets import Offsets
from stream_contracts.wire.transactions import Transactions

_TELLS = (
    "transactional_id",
    "group_id",
    "generation_id_or_member_epoch",
    "producer_id",
    "producer_epoch",
    "committed",
    "acks",
    "max_wait_ms",
    "isolation_level",
)
"""The fields of a request that a reader of the history wants to see."""
PUT_OFF = frozenset({14, 15, 16, 51})
"""A coordinator says "ask again": it is loading, not available, not the one, or busy with another transaction."""
CHANGING = TELLING - ONLY_AFTER
"""The APIs whose requests change what a broker holds."""
WORK = CHANGING - IDLE
"""Those of them that keep a run from being at rest while they are unanswered."""


@dataclass(slots=True)
class Exchange:
    """A request on its way, and later its answer. ``nth`` is 0 as long as it is no moment."""

    connection: int
    header: Header
    role: str
    at: float
    request: Any = None
    response: Any = None
    error: int | None = None
    """The first error code of the answer, 0 for none, None where there is no answer."""
    brought: bool = False
    """Whether it is a Fetch, and brought records."""
    nth: int = 0
    transaction: int | None = None
    """The number of the transaction that it is part of, where it is part of one."""
    refusal: bytes | None = None
    """The frame with which we answer it ourselves: the broker has not seen it."""
    settled: bool = False
    """Whether the broker's answer came, or ours took its place."""


WAITS = 30
"""So many Fetches of an instance that brought nothing become rows; a loop without a wait makes thousands."""


class KafkaMoments:
    """Counts the moments of an instance at its brokers, and keeps who joined and committed in which group."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.members: dict[str, membership.Member] = {}
        self.groups: set[str] = set()
        self.transactional_ids: set[str] = set()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._put_off: set[tuple[str, str]] = set()
        self._transactions = Transactions()
        self._waits = 0
        self.offsets = Offsets(ledger.write)

    def reached(self, exchange: Exchange, phase: Phase) -> Hold | None:
        """Count a moment; the hold that waits for it, if one does.

        The count must not depend on timing. So a request that only repeats one which the broker put off (`PUT_OFF`) is
        the same moment, and within a transaction only the first request of an API is one (how many partitions a client
        adds, or writes, at once is chance): there, the count is that of the transaction.
        """
        api, role = exchange.header.api, exchange.role
        if api not in TELLING or (phase == "before" and api in ONLY_AFTER):
            return None
        if phase == "before":
            exchange.transaction = self._transactions.number(exchange.request)
        if phase == "before" and (role, api) in self._put_off:
            self._put_off.discard((role, api))
            exchange.nth = self._counts[role, api]
            return None
        if phase == "after" and exchange.error in PUT_OFF:
            if exchange.nth:  # what was no moment of its own is none when it is asked again
                self._put_off.add((role, api))
            return None
        if phase == "before" or api in ONLY_AFTER:
            exchange.nth = self._next(exchange)
        if not exchange.nth:
            return None
        return self.ledger.reached(role, api, exchange.nth, phase)

    def _next(self, exchange: Exchange) -> int:
        """The number of this request among those of its role and API; 0 where it is no moment of its own."""
        kind = (exchange.role, exchange.header.api)
        if exchange.header.api == "Fetch" and not exchange.brought:
            return 0
        transaction = exchange.transaction
        if transaction is None:
            self._counts[kind] += 1
            return self._counts[kind]
        if self._counts[kind] >= transaction:
            return 0
        self._counts[kind] = transaction
        return transaction

    def asked(self, exchange: Exchange) -> None:
        """A request passed towards the broker."""
        if exchange.header.api in WORK:
            self.ledger.in_flight += 1
            self.ledger.changed.set()
        if exchange.header.api == "EndTxn":
            self.offsets.ending(exchange.request)

    def answered(self, exchange: Exchange) -> None:
        """The broker answered: keep what the exchange tells, whether or not the client will hear of it."""
        api, request, response = exchange.header.api, exchange.request, exchange.response
        if api in WORK:
            self.ledger.in_flight -= 1
        if api == "EndTxn" and exchange.error not in PUT_OFF:
            self._transactions.end(request, exchange.transaction)
        if api == "InitProducerId" and getattr(request, "transactional_id", None):
            self.transactional_ids.add(str(request.transactional_id))
        if response is not None:
            self._heard_of_offsets(exchange)
        if request is not None and response is not None:
            member = membership.joined(api, request, response)
            if member is not None:
                self.members[member.member_id] = member
                self.groups.add(member.group)
            for member_id in membership.left(api, request):
                self.members.pop(member_id, None)
        if exchange.nth or api in CHANGING or membership.moved(api, request, response) or self._waits_in(exchange):
            self.record(exchange, self.ledger.clock())
        self.ledger.changed.set()

    def _waits_in(self, exchange: Exchange) -> bool:
        """Whether this is one of the first Fetches that brought nothing: how an instance waits shows in those alone."""
        if exchange.header.api != "Fetch" or exchange.brought or self._waits >= WAITS:
            return False
        self._waits += 1
        return True

    def _heard_of_offsets(self, exchange: Exchange) -> None:
        api, request, response = exchange.header.api, exchange.request, exchange.response
        if api == "Metadata":
            self.offsets.named(response)
        elif api == "Produce":
            self.offsets.appended(response, exchange.at)
        elif api == "EndTxn" and exchange.error == 0:
            self.offsets.ended(request)
        elif api == "InitProducerId" and exchange.error == 0 and request.transactional_id:
            self.offsets.began(str(request.transactional_id))

    def unheard(self, exchange: Exchange, *, heard: bool = False) -> None:
        """An answer is kept from its client, which may ask again; ``heard``: it was let through after all."""
        self._transactions.unheard(exchange.request, heard=heard)

    def refused(self, exchange: Exchange) -> None:
        """We answered in the broker's place: its client asks again, and that is the same moment where it would be."""
        if exchange.nth and exchange.error in PUT_OFF:
            self._put_off.add((exchange.role, exchange.header.api))
        self.record(exchange, self.ledger.clock())
        self.ledger.changed.set()

    def lost(self, exchange: Exchange) -> None:
        """The connection ended before the broker's answer came."""
        if exchange.header.api in CHANGING:
            self.ledger.in_flight -= exchange.header.api in WORK
            self.record(exchange, None)

    def record(self, exchange: Exchange, answered_at: float | None) -> None:
        """Write the exchange into the history."""
        header, request = exchange.header, exchange.request
        self.ledger.write(
            Request(
                self.ledger.instance, exchange.connection, exchange.role, header.client_id, header.api, header.version,
                exchange.nth, exchange.at, answered_at, exchange.error, _detail(request),
            )
        )  # fmt: skip
        if header.api in ("OffsetCommit", "TxnOffsetCommit") and request is not None:
            self.groups.add(str(request.group_id))  # a lost answer may have been a yes: the group counts either way
            self.offsets.committed(header.api, request, exchange.response, exchange.at)


def _detail(request: Any) -> str:
    return _fetch_detail(request) if isinstance(request, Asked) else json.dumps(_told(request))


@lru_cache
def _fetch_detail(request: Asked) -> str:
    """A consumer asks thousands of times on the same terms."""
    return json.dumps(_told(request))


def _told(request: Any) -> dict[str, Any]:
    told = _one(request)
    found = ((name, getattr(told, name, getattr(told, f"v3_and_below_{name}", None))) for name in _TELLS)
    detail = {name: value if isinstance(value, str) else int(value) for name, value in found if value is not None}
    protocols = getattr(request, "protocols", None)
    if protocols:
        detail["protocols"] = ",".join(str(protocol.name) for protocol in protocols)
    return detail


def _one(request: Any) -> Any:
    """The transaction that an AddPartitionsToTxn of version 4 and later is about: clients name one (KIP-890)."""
    transactions = getattr(request, "transactions", None)
    return transactions[0] if transactions else request
