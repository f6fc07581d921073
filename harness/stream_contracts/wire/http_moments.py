"""Which requests to a registry or to Kafka Connect are moments, what is kept of them, and the answers that stay wrong."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from stream_contracts.history.model import Request
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.http import Message, endpoint, refusal
from stream_contracts.wire.ledger import Ledger
from stream_contracts.wire.moment import Phase

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_BY_ID = re.compile(r"(/schemas/ids/)(\d+)(?=[/?]|$)")
_GIVING_IDS = frozenset({"POST /subjects/{subject}/versions", "POST /subjects/{subject}"})


@dataclass(slots=True)
class Exchange:
    """A request on its way, and later its answer. ``role`` is the service that it asks."""

    connection: int
    role: str
    message: Message
    at: float
    nth: int

    @property
    def api(self) -> str:
        """The endpoint: method and path without the names in it."""
        return endpoint(self.role, self.message.method, self.message.target)

    @property
    def changes(self) -> bool:
        """Whether it changes what the service holds."""
        return self.message.method not in _READING


@dataclass(slots=True, eq=False)
class HttpRule:
    """An answer that stays wrong until it is healed; ``hits`` counts the requests that it was given to."""

    heal: Callable[[], None]
    """Take it back; a second call does nothing. From any thread."""
    answers: Callable[[Exchange], bytes | None] = lambda _: None
    """What is answered in the service's place."""
    aims: Callable[[Exchange], bytes | None] = lambda _: None
    """What is asked in place of the request."""
    changes: Callable[[Exchange, Message], bytes | None] = lambda _, __: None
    """What is answered in place of the answer."""
    hits: int = field(default=0)

    def hit(self, found: bytes | None) -> bytes | None:
        """Count, where something was found."""
        self.hits += found is not None
        return found


class HttpMoments:
    """Counts the moments of an instance at its services, and keeps the rules that are on."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.rules: tuple[HttpRule, ...] = ()
        """Replaced as a whole, never changed: other threads may do so at any time."""
        self._counts: Counter[tuple[str, str]] = Counter()

    def asked(self, connection: int, service: str, message: Message) -> Exchange:
        """A request came."""
        exchange = Exchange(connection, service, message, self.ledger.clock(), 0)
        self._counts[service, exchange.api] += 1
        exchange.nth = self._counts[service, exchange.api]
        return exchange

    def reached(self, exchange: Exchange, phase: Phase) -> Hold | None:
        """Write the moment down; the hold that waits for it, if one does."""
        return self.ledger.reached(exchange.role, exchange.api, exchange.nth, phase)

    def sent(self, exchange: Exchange, by: int = 1) -> None:
        """A request passed towards the service; with -1, it is no longer on its way."""
        if exchange.changes:
            self.ledger.in_flight += by
        self.ledger.changed.set()

    def record(self, exchange: Exchange, status: int | None) -> None:
        """Write the exchange into the history; without a status, it was never answered."""
        message = exchange.message
        detail = {"target": message.target} | ({} if status is None else {"status": status})
        error = None if status is None else status if status >= 400 else 0
        answered_at = None if status is None else self.ledger.clock()
        self.ledger.write(
            Request(
                self.ledger.instance, exchange.connection, exchange.role, message.header("user-agent"), exchange.api, 1,
                exchange.nth, exchange.at, answered_at, error, json.dumps(detail),
            )
        )  # fmt: skip

    def add(self, make: Callable[[Callable[[], None]], HttpRule]) -> HttpRule:
        """Let a rule begin; it is made with what heals it."""

        def heal() -> None:
            self.rules = tuple(each for each in self.rules if each is not rule)

        rule = make(heal)
        self.rules = (*self.rules, rule)
        return rule


def answering(match: str, status: int, body: str) -> Callable[[Callable[[], None]], HttpRule]:
    """A rule: what matches (an endpoint, or a pattern of method and target) gets this answer, and the service no request."""

    def answers(exchange: Exchange) -> bytes | None:
        asked = exchange.message
        if match != exchange.api and not fnmatchcase(f"{asked.method} {asked.target}", match):
            return None
        return refusal(exchange.role, asked.method, status, body)

    return lambda heal: HttpRule(heal, answers=answers)


def mistaking(asked_id: int, told_id: int) -> Callable[[Callable[[], None]], HttpRule]:
    """A rule: who asks a registry for one id gets the schema of the other, and who is given the one is told the other."""

    def aims(exchange: Exchange) -> bytes | None:
        target = exchange.message.target
        found = _BY_ID.search(target)
        if exchange.role != "registry" or found is None or int(found[2]) != asked_id:
            return None
        return exchange.message.aimed_at(f"{target[: found.start(2)]}{told_id}{target[found.end(2) :]}")

    def changes(exchange: Exchange, answer: Message) -> bytes | None:
        if exchange.role != "registry" or exchange.api not in _GIVING_IDS or answer.status >= 300:
            return None
        if answer.header("content-encoding"):
            return None
        told = json.loads(bytes(answer.body))
        return answer.saying(json.dumps({**told, "id": told_id}).encode()) if told.get("id") == asked_id else None

    return lambda heal: HttpRule(heal, aims=aims, changes=changes)
