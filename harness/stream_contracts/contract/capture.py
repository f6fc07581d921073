"""What a contract says of change data capture: which table, by which connector, to which topic."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from stream_contracts.contract.part import Duration, Part, TableName, Text, TopicName
from stream_contracts.contract.promises import Order

Before = Literal["key", "full"]
CaptureDelivery = Literal["at-least-once", "exactly-once"]


class CapturePromises(Part):
    """What a connector promises of a captured table; each line is judged as a test of its own."""

    delivery: CaptureDelivery
    """How often a change of the table may appear in the topic when things break."""
    order: Order | None = None
    """`per-key`: the changes of a row appear in the order in which they were committed."""
    recovers_within: Duration | None = Field(default=None, alias="recovers-within")
    """How long after a fault the topic holds every change again."""
    atomic: bool = False
    """`true`: of each transaction of the table a reader can tell when it has all of it."""

    @property
    def made(self) -> dict[str, Any]:
        """The promises that are made, by name; times are seconds."""
        every = self.model_dump(by_alias=True, exclude_none=True)
        return {name: value for name, value in every.items() if value is not False}


class Transactions(Part):
    """What a trial does to the table."""

    units: int = Field(default=42, ge=1, le=10_000)
    """How many transactions, or short groups of them, there are."""
    keys: int = Field(default=5, ge=3, le=1000)
    """How many rows they are about."""


class Capture(Part):
    """A table of PostgreSQL whose changes a Debezium connector writes to a topic."""

    table: TableName
    """The table in its database, such as public.customers; `public` where no schema is named."""
    topic: TopicName
    """The topic that its changes are in, after all transforms; it need not stand under `topics`."""
    connector: Text
    """The connector's settings as Kafka Connect takes them, a JSON file in the contract's folder."""
    migrations: tuple[Text, ...] = ()
    """SQL files that make the captured database, in order; those of the contract unless they are given."""
    before: Before = "key"
    """What readers need of a row as it was: `key`, its key at most, or `full`, every column."""
    idle: bool = False
    """`true`: the table may rest for hours while others of its database are written."""
    promises: CapturePromises | None = None
    """What is checked in trials; without it the connector is only looked at, and not run."""
    survives: tuple[Literal["slot-dropped"], ...] = ()
    """What lies beyond a connector, and is tried all the same: `slot-dropped`, somebody drops its slot and makes it anew."""
    workload: Transactions = Transactions()
    """What is done to the table in trials."""

    @property
    def qualified(self) -> tuple[str, str]:
        """The table's schema and its name."""
        schema, _, name = self.table.rpartition(".")
        return schema or "public", name
