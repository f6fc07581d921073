"""Two states of one contract side by side, and what a check finds between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stream_contracts.contract.model import Contract, Topic
from stream_contracts.findings import Place
from stream_contracts.gate.subjects import Tree


@dataclass(frozen=True, slots=True)
class Change:
    """A contract before and after; ``after`` is None where the contract is gone. The trees hold all the others."""

    before: Contract
    after: Contract | None
    former: Tree
    now: Tree

    def place(self, *steps: str | int) -> Place:
        """Where that is written now, or where it was."""
        return (self.after or self.before).place(*steps)

    def topics(self) -> Iterator[tuple[str, Topic, Contract, Topic]]:
        """Topics that are still there, also in another contract: name, before, the contract now, after."""
        for name, topic in self.before.topics.items():
            home = self.home(name)
            if home is not None:
                yield name, topic, home, home.topics[name]

    def home(self, topic: str) -> Contract | None:
        """The contract that holds a topic now: the same one, or another where it was moved."""
        known = [self.after] if self.after else []
        return next((each for each in (*known, *self.now.contracts, *self.now.beside) if topic in each.topics), None)


@dataclass(frozen=True, slots=True)
class Hit:
    """What a check found: what it is about, where it is written, and what it says."""

    subject: str
    place: Place
    what: str
    at: str = ""
