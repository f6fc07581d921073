"""A database to throw away: migrations are carried out in it, and its catalog is read."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.cdc.catalog import Tables, tables
from stream_contracts.cdc.postgres import RefusedError, Session, name
from stream_contracts.cdc.statements import statements
from stream_contracts.contract.reading import text as text_of
from stream_contracts.errors import StreamContractsError
from stream_contracts.findings import Place
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint

ALONE = "25001"
"""SQLSTATE of a statement that may not run with others, such as CREATE INDEX CONCURRENTLY."""


class MigrationError(StreamContractsError):
    """A migration that PostgreSQL refuses: ``place`` is the statement, ``told`` what it says."""

    def __init__(self, place: Place, told: str) -> None:
        self.place, self.told = place, told
        super().__init__(f"{place}: {told}")


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL in which databases may be made."""

    dsn: str

    def tables(self, files: Sequence[Path]) -> Tables:
        """What the migrations make of an empty database. MigrationError; StackError where the server does not answer."""
        database = f"stream_contracts_{secrets.token_hex(6)}"
        with Session(self.dsn) as session:
            session.run(f"create database {name(database)} template template0")
            try:
                with Session(self.dsn, database) as inside:
                    for file in files:
                        migrate(inside, file)
                    return tables(inside.run)
            finally:
                session.run(f"drop database if exists {name(database)} with (force)")


@contextmanager
def server(dsn: str = "") -> Iterator[Server]:
    """The server of the DSN, or one that is started here and ends with the block. StackError where there is none."""
    if dsn:
        yield Server(dsn)
        return
    with open_stack("local", Blueprint(brokers=0, postgres=True), progress=lambda _: None) as stack:
        yield Server(stack.postgres_dsn)


def migrate(session: Session, file: Path) -> None:
    """Run a file in one go; one by one where a statement has to run alone, or to see which one is refused."""
    text = text_of(file)
    try:
        session.run(text)
    except RefusedError as error:
        if error.position is not None and error.state != ALONE:
            raise MigrationError(Place(str(file), text.count("\n", 0, error.position) + 1), error.told) from error
        session.run("rollback")
        for each in statements(text, str(file)):
            try:
                session.run(each.text)
            except RefusedError as again:
                raise MigrationError(each.place, again.told) from again
