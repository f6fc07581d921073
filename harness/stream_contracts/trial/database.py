"""A database for trials: a schema of its own for each, its tables, and a trigger that writes down every write.

The rows that the trigger writes belong to the transaction that made them: what can be read is committed, and an
aborted transaction leaves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from stream_contracts.contract.model import Contract
from stream_contracts.contract.promises import TableSink
from stream_contracts.errors import ContractError, HarnessError
from stream_contracts.wire.kafka import Address

WRITES = "stream_contracts_writes"
WRITER = "stream_contracts.instance"
"""The setting of a session that says which instance it belongs to; it comes with the address."""
TIMEOUT_S = 20.0
LOCK_S = 5.0
"""How long we wait for a lock that a session of the pipeline holds."""

AUDIT = f"""
create table {WRITES} (
    seq bigint generated always as identity primary key,
    "table" text not null,
    op text not null,
    old jsonb,
    new jsonb,
    txid bigint not null default pg_current_xact_id()::text::bigint,
    at double precision not null default extract(epoch from clock_timestamp()),
    writer text default current_setting('{WRITER}', true)
);
create function stream_contracts_row() returns trigger language plpgsql as $audit$
begin
    execute format(
        'insert into %I.{WRITES} ("table", op, old, new) values ($1, $2, $3, $4)', tg_argv[0]
    ) using
        tg_table_name::text,
        lower(tg_op),
        case when tg_op <> 'INSERT' then to_jsonb(old) end,
        case when tg_op <> 'DELETE' then to_jsonb(new) end;
    return null;
end $audit$;
create function stream_contracts_truncate() returns trigger language plpgsql as $audit$
begin
    execute format(
        'insert into %I.{WRITES} ("table", op, old) select $1, ''delete'', to_jsonb(t) from %I.%I t',
        tg_argv[0], tg_table_schema, tg_table_name
    ) using tg_table_name::text;
    return null;
end $audit$;
"""
"""What a namespace holds besides the contract's tables. A truncated row counts as deleted."""


@dataclass(frozen=True, slots=True)
class Audited:
    """One committed write as the trigger saw it: key and row as text, the instance that wrote, seconds since 1970."""

    seq: int
    key: str | None
    op: str
    row: str
    txid: int
    at: float
    writer: str | None


class Database:
    """The harness's own way to PostgreSQL, past the tap. One connection, not shared between threads."""

    def __init__(self, dsn: str) -> None:
        # Imported here: who has no table among the sinks needs no client of PostgreSQL.
        import pg8000.native

        parts = urlsplit(dsn)
        self._parts = parts
        self.address: Address = (parts.hostname or "localhost", parts.port or 5432)
        self._problems: tuple[type[Exception], ...] = (
            pg8000.native.DatabaseError, pg8000.native.InterfaceError, OSError,
        )  # fmt: skip
        self._connect()

    def _connect(self) -> None:
        import pg8000.native

        parts = self._parts
        try:
            self._connection = pg8000.native.Connection(
                unquote(parts.username or ""),
                host=self.address[0],
                port=self.address[1],
                database=parts.path.removeprefix("/"),
                password=unquote(parts.password or "") or None,
                timeout=TIMEOUT_S,
                application_name="stream-contracts",
            )
        except self._problems as error:
            raise HarnessError(f"PostgreSQL at {self.address[0]}:{self.address[1]}: {error}") from error
        self._run(f"set lock_timeout = '{LOCK_S:g}s'")

    def again(self) -> None:
        """Connect anew: the server was started again, and the former connection ended with it."""
        self.close()
        self._connect()

    def close(self) -> None:
        """Close the connection."""
        try:
            self._connection.close()
        except self._problems:
            return

    def url(self, namespace: str, instance: str, address: Address) -> str:
        """The ``DATABASE_URL`` of an instance: the database, by this address, with its namespace as search path.

        ``options`` is libpq's, which drivers pass on at the start of a session.
        """
        login = self._parts.netloc.rpartition("@")[0]
        options = quote(f"-csearch_path={namespace},public -c{WRITER}={instance}", safe="")
        host, port = address
        return f"postgresql://{login}@{host}:{port}{self._parts.path}?options={options}"

    def make(self, namespace: str, contract: Contract, pipeline_name: str) -> None:
        """Make a namespace: an empty schema, the contract's migrations, and the triggers on the pipeline's tables.

        Raises `ContractError`, at the migration or the sink, where one cannot be carried out or leaves a table out.
        """
        self._run(f"create schema {_name(namespace)}; set search_path to {_name(namespace)}, public")
        try:
            self._migrate(contract)
            self._run(AUDIT)
            for number, sink in enumerate(contract.pipelines[pipeline_name].writes):
                if isinstance(sink, TableSink):
                    where = str(contract.place("pipelines", pipeline_name, "writes", number))
                    self._audit(namespace, sink, where)
        except ContractError:
            self._run("rollback")
            self.drop(namespace)
            raise
        finally:
            self._run("reset search_path")

    def _migrate(self, contract: Contract) -> None:
        for number, file in enumerate(contract.migrations):
            path = contract.folder / file
            try:
                self._connection.execute_simple(path.read_text(encoding="utf-8"))
            except self._problems as error:
                place = str(contract.place("migrations", number))
                raise ContractError([(place, f"{path}: PostgreSQL refused it: {_told(error)}")]) from error

    def _audit(self, namespace: str, sink: TableSink, where: str) -> None:
        table = table_of(sink)
        columns = self._columns(namespace, table)
        if not columns:
            made = "the contract has no migrations" if not self._tables(namespace) else (
                f"the migrations make {', '.join(self._tables(namespace))}"
            )  # fmt: skip
            why = f"there is no table {table!r}: {made}. Name it without its schema there: every trial has a schema of its own"
            raise ContractError([(where, why)])
        missing = [column for column in sink.key if column not in columns]
        if missing:
            why = f"the table {table!r} has no column {missing[0]!r}; its columns: {', '.join(columns)}"
            raise ContractError([(where, why)])
        name, argument = f"{_name(namespace)}.{_name(table)}", namespace.replace("'", "''")
        self._run(
            f"create trigger stream_contracts_row after insert or update or delete on {name} for each row "
            f"execute function stream_contracts_row('{argument}');"
            f"create trigger stream_contracts_truncate before truncate on {name} for each statement "
            f"execute function stream_contracts_truncate('{argument}')"
        )

    def now(self) -> float:
        """The clock of the server, in seconds since 1970."""
        return float(self._run("select extract(epoch from clock_timestamp())::float8")[0][0])

    def progress(self, namespace: str) -> tuple[int, bool]:
        """How many writes are committed, and whether a transaction that has written something is still open."""
        [(count, waiting)] = self._run(
            f"select (select count(*) from {_name(namespace)}.{WRITES}),"
            " exists (select 1 from pg_locks l join pg_class c on c.oid = l.relation"
            f" where c.relnamespace = {_text(namespace)}::regnamespace and l.pid <> pg_backend_pid()"
            " and l.mode = 'RowExclusiveLock' and l.granted)"
        )
        return int(count), bool(waiting)

    def writes(self, namespace: str, sink: TableSink, ignore: Sequence[str]) -> list[Audited]:
        """Every committed write to a sink, in the order in which they happened, without the fields of ``ignore``.

        Writes to one row wait for each other, so for them this is the order of their commits. Raises `HarnessError`
        where the table holds what the trigger has not seen, for then nothing can be said about it.
        """
        self._compare(namespace, sink)
        row = "coalesce(new, old)"
        key = f"{row} ->> {_text(sink.key[0])}"
        if len(sink.key) > 1:
            key = f"jsonb_build_array({', '.join(f'{row} -> {_text(column)}' for column in sink.key)})::text"
        kept = row + "".join(f" #- {_text(_path(path))}" for path in ignore)
        found = self._run(
            f'select seq, {key}, op, ({kept})::text, txid, at, writer from {_name(namespace)}.{WRITES} where "table" ='
            f" {_text(table_of(sink))} order by seq"
        )
        return [Audited(*line) for line in found]

    def _compare(self, namespace: str, sink: TableSink) -> None:
        table = table_of(sink)
        strange = self._run(
            "select row::text, sum(n) from ("
            f'select new as row, 1 as n from {_name(namespace)}.{WRITES} where "table" = {_text(table)} and new is not null'
            f' union all select old, -1 from {_name(namespace)}.{WRITES} where "table" = {_text(table)} and old is not null'
            f" union all select to_jsonb(t), -1 from {_name(namespace)}.{_name(table)} t"
            ") seen group by row having sum(n) <> 0 limit 1"
        )
        if strange:
            row, count = strange[0]
            what = "which its trigger did not see written" if count < 0 else "as its trigger saw it written, no more"
            raise HarnessError(
                f"the table {sink.table} {'holds' if count < 0 else 'does not hold'} the row {row}, {what}. Did the pipeline "
                "make the table itself, or switch triggers off? Make it in the migrations"
            )

    def _columns(self, namespace: str, table: str) -> list[str]:
        found = self._run(
            "select column_name::text from information_schema.columns where table_schema = "
            f"{_text(namespace)} and table_name = {_text(table)} order by ordinal_position"
        )
        return [name for (name,) in found]

    def _tables(self, namespace: str) -> list[str]:
        found = self._run(
            "select tablename::text from pg_tables where schemaname = "
            f"{_text(namespace)} and tablename <> '{WRITES}' order by 1"
        )
        return [name for (name,) in found]

    def drop(self, namespace: str) -> None:
        """Remove a namespace with all that is in it."""
        self._run(f"drop schema if exists {_name(namespace)} cascade")

    def _run(self, sql: str) -> list[Any]:
        try:
            return list(self._connection.execute_simple(sql).rows or ())
        except self._problems as error:
            raise HarnessError(f"PostgreSQL at {self.address[0]}:{self.address[1]}: {_told(error)}") from error


def table_of(sink: TableSink) -> str:
    """The table's name within the namespace, which stands for the schema that the contract may name."""
    return sink.table.rpartition(".")[2]


def _path(path: str) -> str:
    """``$.a.b`` as PostgreSQL writes a path, ``{a,b}``."""
    steps = (step.replace("\\", "\\\\").replace('"', '\\"') for step in path.removeprefix("$.").split("."))
    return "{" + ",".join(f'"{step}"' for step in steps) + "}"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _told(error: Exception) -> str:
    """What PostgreSQL says: severity, message, and where in the text, if it says so."""
    said = error.args[0] if error.args else ""
    if not isinstance(said, dict):
        return str(error) or type(error).__name__
    place = f" (at character {said['P']})" if "P" in said else ""
    return f"{said.get('S', 'ERROR')}: {said.get('M', '')}{place}"
