"""Appends transfers to a ledger. What it knows of an account it has replayed from the ledger itself."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass, field
from types import FrameType
from urllib.parse import parse_qs, unquote, urlsplit

import pg8000.dbapi
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

SNAPSHOT_EVERY = 3
UNIQUE_VIOLATION = "23505"


class Stop:
    """Becomes true when the process is asked to end."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def connected(url: str) -> pg8000.dbapi.Connection:
    """A session by a URL; its ``options`` go along, for they say which schema is ours."""
    parts = urlsplit(url)
    return pg8000.dbapi.connect(
        unquote(parts.username or ""),
        host=parts.hostname or "localhost",
        port=parts.port or 5432,
        database=parts.path.removeprefix("/"),
        password=unquote(parts.password or "") or None,
        startup_params={name: values[0] for name, values in parse_qs(parts.query).items()},
    )


def transfer(data: bytes) -> tuple[int, str]:
    """Cents and reason of a transfer, read by hand: field 1 is a zigzag varint, field 2 a text."""
    cents, reason, at = 0, "", 0
    while at < len(data):
        tag, at = varint(data, at)
        number, at = varint(data, at)
        if tag == 1 << 3:
            cents = (number >> 1) ^ -(number & 1)
        else:
            reason = data[at : at + number].decode()
            at += number
    return cents, reason


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A varint, and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


@dataclass
class Account:
    """What the entries of an account come to."""

    version: int = 0
    balance: int = 0


@dataclass
class Ledger:
    """The accounts, each replayed from its snapshot when it is first needed."""

    database: pg8000.dbapi.Connection
    accounts: dict[str, Account] = field(default_factory=dict)

    def account(self, name: str) -> Account:
        """Replay an account: its snapshot, and every entry after it."""
        if name not in self.accounts:
            cursor = self.database.cursor()
            cursor.execute("select version, balance from snapshots where account = %s", (name,))
            found = Account(*(cursor.fetchone() or (0, 0)))
            cursor.execute(
                "select version, cents from entries where account = %s and version > %s order by version",
                (name, found.version),
            )
            for version, cents in cursor.fetchall():
                found.version, found.balance = version, found.balance + cents
            self.accounts[name] = found
        return self.accounts[name]

    def append(self, message: Message) -> None:
        """Append one transfer in one transaction; whoever was faster makes us look again."""
        cents, reason = transfer(message.value() or b"")
        name, place = (message.key() or b"").decode(), (message.partition(), message.offset())
        while True:
            account, cursor = self.account(name), self.database.cursor()
            try:
                cursor.execute(
                    "insert into entries values (%s, %s, %s, %s, %s, %s, %s)",
                    (name, account.version + 1, cents, account.balance + cents, reason, *place),
                )
                if (account.version + 1) % SNAPSHOT_EVERY == 0:
                    cursor.execute(
                        "insert into snapshots values (%s, %s, %s) on conflict (account) do update set"
                        " version = excluded.version, balance = excluded.balance"
                        " where snapshots.version < excluded.version",
                        (name, account.version + 1, account.balance + cents),
                    )
                self.database.commit()
            except pg8000.dbapi.DatabaseError as error:
                self.database.rollback()
                if error.args[0].get("C") != UNIQUE_VIOLATION:
                    raise
                del self.accounts[name]
                cursor.execute("select 1 from entries where source_partition = %s and source_offset = %s", place)
                if cursor.fetchone():
                    return  # it is in the ledger already
            else:
                account.version, account.balance = account.version + 1, account.balance + cents
                return


def positions(database: pg8000.dbapi.Connection, consumer: Consumer, topic: str) -> list[TopicPartition]:
    """Where to go on in each partition: behind the last entry that came from it."""
    cursor = database.cursor()
    cursor.execute("select source_partition, max(source_offset) + 1 from entries group by 1")
    known = dict(cursor.fetchall())
    found = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    return [TopicPartition(topic, number, known.get(number, 0)) for number in found]


def main() -> None:
    """Run until asked to stop."""
    stop = Stop()
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            "group.id": "none",  # the client wants one; nobody joins it
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
        }
    )
    database = connected(os.environ["DATABASE_URL"])
    ledger = Ledger(database)
    consumer.assign(positions(database, consumer, os.environ["INPUT"]))
    try:
        while not stop.asked:
            message = consumer.poll(0.2)
            if message is None:
                continue
            error = message.error()
            if error is None:
                ledger.append(message)
            elif error.fatal():
                raise KafkaException(error)
            else:
                sys.stderr.write(f"ledger: {error}\n")  # the client gets over it by itself
    finally:
        database.close()
        consumer.close()


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        sys.exit(f"ledger: {error}")
