"""Which statements are moments, and what the history keeps of them.

A moment is a statement that changes data, or the COMMIT or ROLLBACK of a transaction that did. So neither the queries that
a client sends to look around nor the empty transactions of a pool shift the numbers.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from stream_contracts.history.model import Request
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.ledger import Ledger
from stream_contracts.wire.moment import Phase
from stream_contracts.wire.sql import CHANGING, ENDING, Statement

ROLE = "database"
TEXT = 200
"""How much of a statement is kept."""
FAILED = 1
"""What the history says for the error of a statement; its SQLSTATE is in the detail."""


@dataclass(slots=True)
class Doing:
    """A statement on its way. ``alone`` says that it is a transaction of its own."""

    statement: Statement
    connection: int
    client: str
    at: float
    nth: int
    transaction: int
    alone: bool


class Session:
    """The transactions of one connection, as its client begins and ends them."""

    def __init__(self, moments: PostgresMoments, connection: int) -> None:
        self._moments, self._connection = moments, connection
        self.client = ""
        self.open = False
        self._transaction = 0

    def asked(self, statement: Statement, *, together: bool) -> Doing | None:
        """A statement is about to run; what it is if it is a moment. ``together``: it shares a message with others."""
        verb = statement.verb
        if verb == "BEGIN":
            self.open = True
        elif verb in CHANGING:
            alone = not self.open and not together
            if not self._transaction or alone:
                self._transaction = self._moments.next_transaction()
            doing = self._doing(statement, alone)
            if not self.open:
                self._transaction = 0
            return doing
        elif verb in ENDING or verb == "PREPARE TRANSACTION":
            ends = self._doing(statement, alone=False) if self._transaction and verb in ENDING else None
            self._transaction, self.open = 0, statement.chained
            return ends
        return None

    def idle(self) -> None:
        """The server says that no transaction is open."""
        self.open, self._transaction = False, 0

    def _doing(self, statement: Statement, alone: bool) -> Doing:
        at, nth = self._moments.ledger.clock(), self._moments.count(statement.verb)
        return Doing(statement, self._connection, self.client, at, nth, self._transaction, alone)


class PostgresMoments:
    """Counts the moments of an instance at its database."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._counts: Counter[str] = Counter()
        self._transactions = 0

    def count(self, verb: str) -> int:
        """The next number of this verb."""
        self._counts[verb] += 1
        return self._counts[verb]

    def next_transaction(self) -> int:
        """The next number of a transaction that changes something."""
        self._transactions += 1
        return self._transactions

    def reached(self, doing: Doing, phase: Phase) -> Hold | None:
        """Write the moment down; the hold that waits for it, if one does."""
        return self.ledger.reached(ROLE, doing.statement.verb, doing.nth, phase)

    def sent(self) -> None:
        """A statement passed towards the server."""
        self.ledger.in_flight += 1
        self.ledger.changed.set()

    def done(self, doing: Doing, tag: str = "", sqlstate: str = "") -> None:
        """The server said that it is done, or that it is not."""
        self.ledger.in_flight -= 1
        self.record(doing, self.ledger.clock(), tag, sqlstate)
        self.ledger.changed.set()

    def lost(self, doing: Doing) -> None:
        """The connection ended before the server's answer came."""
        self.ledger.in_flight -= 1
        self.record(doing, None)

    def record(self, doing: Doing, answered_at: float | None, tag: str = "", sqlstate: str = "") -> None:
        """Write the statement into the history."""
        statement = doing.statement
        detail = {
            "statement": statement.text[:TEXT],
            "transaction": doing.transaction,
            "table": statement.table,
            "tag": tag,
            "sqlstate": sqlstate,
        }
        error = None if answered_at is None else FAILED if sqlstate else 0
        self.ledger.write(
            Request(
                self.ledger.instance, doing.connection, ROLE, doing.client, statement.verb, 3, doing.nth, doing.at,
                answered_at, error, json.dumps({name: value for name, value in detail.items() if value}),
            )
        )  # fmt: skip
