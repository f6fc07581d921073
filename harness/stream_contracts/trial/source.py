"""The database of one trial of a captured table, and its truth: a second slot, and what the table holds."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import unquote, urlsplit

from stream_contracts.cdc.catalog import Table, tables
from stream_contracts.cdc.instrument import Where
from stream_contracts.cdc.pgoutput import RowChange, changes
from stream_contracts.cdc.postgres import Session, name
from stream_contracts.cdc.scratch import MigrationError, migrate
from stream_contracts.contract.capture import Capture
from stream_contracts.contract.model import Contract
from stream_contracts.errors import ContractError, HarnessError, StackError
from stream_contracts.wire.kafka import Address

TRUTH = "stream_contracts_truth"
"""The publication of our own slot."""
PATIENCE_S = 20.0
LOCK = "set lock_timeout = '5s'"


class Source:
    """A database of its own on a server that many share; one session for us, not shared between threads."""

    def __init__(self, dsn: str, database: str, contract: Contract, capture_name: str) -> None:
        self.dsn, self.database = dsn, database
        self._capture: Capture = contract.cdc[capture_name]
        self.slot, self._truth = f"{database}_c", f"{database}_t"
        self._found: list[tuple[str, int, bytes]] = []
        with Session(dsn) as session:
            session.run(f"create database {name(database)} template template0")
        self._session = Session(dsn, database)
        try:
            self.table = self._made(contract, capture_name)
        except BaseException:
            self.drop()
            raise

    def _made(self, contract: Contract, capture_name: str) -> Table:
        capture = self._capture
        files = [contract.folder / file for file in contract.migrations_of(capture)]
        try:
            for file in files:
                migrate(self._session, Path(file))
        except MigrationError as error:
            raise ContractError([(str(error.place), f"PostgreSQL refused it: {error.told}")]) from error
        found = tables(self._session.run)
        if capture.qualified not in found:
            place = str(contract.place("cdc", capture_name, "table"))
            made = ", ".join(".".join(each) for each in sorted(found)) or "none"
            raise ContractError([(place, f"the migrations do not make the table {capture.table}; they make: {made}")])
        where = ".".join(name(each) for each in capture.qualified)
        self._session.run(f"create publication {TRUTH} for table {where}")
        self._session.run(f"select pg_create_logical_replication_slot('{self._truth}', 'pgoutput')")
        return found[capture.qualified]

    @property
    def address(self) -> Address:
        """Host and port of the server."""
        parts = urlsplit(self.dsn)
        return parts.hostname or "localhost", parts.port or 5432

    def where(self, address: Address) -> Where:
        """What the connector is told, by an address of the tap."""
        parts = urlsplit(self.dsn)
        return Where(*address, unquote(parts.username or ""), unquote(parts.password or ""), self.database)

    def session(self) -> Session:
        """Another session with the database."""
        session = Session(self.dsn, self.database)
        session.run(LOCK)
        return session

    def again(self) -> None:
        """Connect anew, after the server was started again."""
        self._session.close()
        deadline = monotonic() + PATIENCE_S
        while True:
            try:
                self._session = Session(self.dsn, self.database)
            except StackError:
                if monotonic() > deadline:
                    raise
                sleep(0.05)
            else:
                return

    def changes(self) -> list[RowChange]:
        """Every committed change of the table so far, in commit order."""
        ask = (
            f"select lsn::text, xid::text::int, data from pg_logical_slot_get_binary_changes('{self._truth}', null, null, "
            f"'proto_version', '1', 'publication_names', '{TRUTH}')"
        )
        self._found += [(str(lsn), int(xid), bytes(data)) for lsn, xid, data in self._run(ask)]
        try:
            return [change for change in changes(self._found) if change.table == self._capture.qualified]
        except KeyError as error:
            raise HarnessError(f"our slot told a change of a relation that it had not told before: {error}") from error

    def rows(self) -> tuple[Table, list[Mapping[str, str | None]]]:
        """The table as it is now, and its rows: column -> what PostgreSQL writes of it."""
        table = tables(self._run)[self._capture.qualified]
        columns = [column.name for column in table.columns]
        shown = ", ".join(
            f"case when {name(each)} is null then null else format('%s', {name(each)}) end" for each in columns
        )
        where = ".".join(name(each) for each in self._capture.qualified)
        return table, [dict(zip(columns, row, strict=True)) for row in self._run(f"select {shown} from {where}")]

    def drop_slot(self, *, again: bool) -> bool:
        """Drop the connector's slot, whoever reads it; with ``again``, make one of that name. Whether there is a change."""
        with Session(self.dsn, self.database) as session:
            there = bool(session.run(f"select 1 from pg_replication_slots where slot_name = '{self.slot}'"))
            if again:
                if not there:
                    session.run(f"select pg_create_logical_replication_slot('{self.slot}', 'pgoutput')")
                return not there
            _dropped(session, self.slot)
            return there

    def streams(self) -> bool:
        """Whether somebody reads the connector's slot: then what is changed from now on is streamed, and in no snapshot."""
        return bool(
            self._run(
                "select 1 from pg_replication_slots s join pg_stat_replication r on r.pid = s.active_pid "
                f"where s.slot_name = '{self.slot}' and r.state in ('catchup', 'streaming')"
            )
        )

    def drop(self) -> None:
        """Remove slots and database; what cannot be removed stays until the server ends."""
        self._session.close()
        with contextlib.suppress(StackError), Session(self.dsn) as session:
            for slot in (self._truth, self.slot):
                _dropped(session, slot)
            session.run(f"drop database if exists {name(self.database)} with (force)")

    def _run(self, sql: str) -> Sequence[Sequence[Any]]:
        try:
            return self._session.run(sql)
        except StackError:
            self.again()
            return self._session.run(sql)


def _dropped(session: Session, slot: str) -> None:
    """Drop a slot, whoever reads it. StackError where somebody takes it again and again."""
    ours = f"from pg_replication_slots where slot_name = '{slot}'"
    deadline = monotonic() + PATIENCE_S
    while True:
        session.run(f"select pg_terminate_backend(active_pid) {ours} and active_pid is not null")
        try:
            session.run(f"select pg_drop_replication_slot(slot_name) {ours}")
        except StackError:
            if monotonic() > deadline:
                raise
            sleep(0.02)
        else:
            return
