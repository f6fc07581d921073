"""The schema of one trial in the database: under a name of its own, with its clock set against that of the trial."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.contract.promises import TableSink
from stream_contracts.errors import HarnessError
from stream_contracts.trial.database import Audited, Database
from stream_contracts.wire.kafka import Address

LONGEST_NAME = 63
"""Bytes that PostgreSQL keeps of a name."""


LOOKS = 5
"""How often the clocks are compared; the quickest answer is the one that is believed."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """The schema of one trial, with the clock of the server set against that of the trial."""

    database: Database
    name: str
    ahead_s: float
    """What the server's clock shows when the trial's shows 0."""

    def url(self, instance: str, address: Address) -> str:
        """The ``DATABASE_URL`` of an instance."""
        return self.database.url(self.name, instance, address)

    def progress(self) -> tuple[int, bool]:
        """How many writes are committed, and whether a transaction that has written is open."""
        return self.database.progress(self.name)

    def writes(self, pipeline: Pipeline) -> Iterable[tuple[TableSink, list[Audited]]]:
        """Every committed write of each sink."""
        for sink in pipeline.tables_written:
            yield sink, self.database.writes(self.name, sink, pipeline.compare.ignore)

    def drop(self) -> None:
        """Remove it; where a session of the pipeline still holds it, it stays until the stack ends."""
        with suppress(HarnessError):
            self.database.drop(self.name)


def namespace(
    database: Database, prefix: str, contract: Contract, pipeline: str, clock: Callable[[], float]
) -> Namespace:
    """Make the namespace of a trial whose names begin with ``prefix``."""
    name = "".join(letter if letter.isalnum() else "_" for letter in prefix.lower())
    if len(name.encode()) > LONGEST_NAME:
        mark = sha256(prefix.encode()).hexdigest()[:12]
        name = f"{name[: LONGEST_NAME // 2]}_{mark}"
    database.make(name, contract, pipeline)
    return Namespace(database, name, min(_ahead(database, clock) for _ in range(LOOKS))[1])


def _ahead(database: Database, clock: Callable[[], float]) -> tuple[float, float]:
    """How long an answer took, and how far the server's clock is ahead of ours by it (Cristian 1989): half-way."""
    asked = clock()
    told = database.now()
    answered = clock()
    return answered - asked, told - (asked + answered) / 2
