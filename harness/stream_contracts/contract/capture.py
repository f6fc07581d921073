"""What a contract says of change data capture: which table, by which connector, to which topic."""

from __future__ import annotations

from typing import Literal

from stream_contracts.contract.part import Part, TableName, Text, TopicName

Before = Literal["key", "full"]


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

    @property
    def qualified(self) -> tuple[str, str]:
        """The table's schema and its name."""
        schema, _, name = self.table.rpartition(".")
        return schema or "public", name
