"""The database of a trial, asked of a real PostgreSQL: every write is seen, once it is committed, and trials never meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pg8000.dbapi
import pytest

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.contract.promises import TableSink
from stream_contracts.errors import ContractError, HarnessError
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.trial.database import LOCK_S, Audited, Database
from stream_contracts.trial.namespace import Namespace, namespace

CONTRACT = """\
contract: c
owner: o
topics: {in: {}}
migrations: [tables.sql]
pipelines:
  p:
    command: [x]
    reads: [in]
    writes: [{table: public.totals, key: [id]}, {table: pairs, key: [a, b]}]
    promises: {delivery: exactly-once}
    compare: {ignore: [$.seen]}
"""
TABLES = """
create table totals (id bigint primary key, amount numeric(40, 10), seen text default 'x');
create table pairs (a text, b integer, note jsonb, primary key (a, b));
create function twice(n integer) returns integer language sql as $$ select n * 2 $$;
"""


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """A way to a PostgreSQL of our own."""
    with open_stack("local", Blueprint(brokers=0, postgres=True)) as stack:
        opened = Database(stack.postgres_dsn)
        yield opened
        opened.close()


def contract(folder: Path, tables: str = TABLES, text: str = CONTRACT) -> Contract:
    """The contract above, loaded."""
    (folder / "tables.sql").write_text(tables)
    (folder / "contract.yaml").write_text(text)
    return load(folder)


@pytest.fixture
def space(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """A namespace for one test."""
    made = namespace(database, f"run.{request.node.name}", contract(tmp_path), "p", lambda: 0.0)
    yield made
    made.drop()


def client(space: Namespace, instance: str = "p-0") -> Any:
    """A session as a pipeline opens it."""
    parts = urlsplit(space.url(instance, space.database.address))
    return pg8000.dbapi.connect(
        parts.username or "", host=parts.hostname or "", port=parts.port or 0, database=parts.path[1:],
        password=parts.password, startup_params={name: value[0] for name, value in parse_qs(parts.query).items()},
    )  # fmt: skip


def done(session: Any, *statements: str, end: str = "commit") -> None:
    """One transaction."""
    cursor = session.cursor()
    for statement in statements:
        cursor.execute(statement)
    getattr(session, end)()


SINKS = (TableSink(table="public.totals", key=("id",)), TableSink(table="pairs", key=("a", "b")))


def written(space: Namespace, sink: TableSink = SINKS[0]) -> list[Audited]:
    """The committed writes to one of the two tables."""
    return space.database.writes(space.name, sink, ["$.seen"])


def test_every_write_is_seen_in_order_with_its_transaction_and_its_writer(space: Namespace) -> None:
    one, other = client(space), client(space, "p-1")
    done(one, "insert into totals values (1, 1.50)", "update totals set amount = 0.1234567891 where id = 1")
    done(other, "insert into totals values (2, null)", "delete from totals where id = 1")
    found = written(space)
    assert [(each.key, each.op, each.writer) for each in found] == [
        ("1", "insert", "p-0"), ("1", "update", "p-0"), ("2", "insert", "p-1"), ("1", "delete", "p-1"),
    ]  # fmt: skip
    assert found[1].row == '{"id": 1, "amount": 0.1234567891}'
    assert found[0].txid == found[1].txid != found[2].txid == found[3].txid
    assert [each.seq for each in found] == sorted(each.seq for each in found)
    assert abs(found[0].at - space.database.now()) < 60
    for session in (one, other):
        session.close()


def test_an_aborted_transaction_leaves_nothing(space: Namespace) -> None:
    session = client(space)
    done(session, "insert into totals values (1, 1)", end="rollback")
    assert written(space) == []
    done(session, "insert into totals values (2, 1)")
    assert [each.key for each in written(space)] == ["2"]
    session.close()


def test_an_upsert_that_changes_nothing_is_no_write_and_one_that_does_is_one(space: Namespace) -> None:
    session = client(space)
    upsert = "insert into totals as t values (1, {0}) on conflict (id) do update set amount = {0} where t.amount < {0}"
    done(session, upsert.format(5), upsert.format(4), upsert.format(6))
    assert [(each.op, each.row) for each in written(space)] == [
        ("insert", '{"id": 1, "amount": 5.0000000000}'),
        ("update", '{"id": 1, "amount": 6.0000000000}'),
    ]
    session.close()


def test_truncated_rows_count_as_deleted(space: Namespace) -> None:
    session = client(space)
    done(session, "insert into totals values (1, 1), (2, 2)")
    done(session, "truncate totals")
    assert sorted((each.key, each.op) for each in written(space)) == [
        ("1", "delete"), ("1", "insert"), ("2", "delete"), ("2", "insert"),
    ]  # fmt: skip
    session.close()


def test_a_key_of_several_columns_is_shown_whole(space: Namespace) -> None:
    session = client(space)
    done(session, """insert into pairs values ('it''s', 2, '{"x": null}')""")
    [found] = written(space, SINKS[1])
    assert (found.key, found.row) == ("""["it's", 2]""", """{"a": "it's", "b": 2, "note": {"x": null}}""")
    session.close()


def test_progress_counts_what_is_committed_and_tells_of_what_is_open(space: Namespace) -> None:
    session = client(space)
    assert space.progress() == (0, False)
    session.cursor().execute("select * from totals")
    assert space.progress() == (0, False)
    session.cursor().execute("insert into totals values (1, 1)")
    assert space.progress() == (0, True)
    session.commit()
    assert space.progress() == (1, False)
    session.close()


def test_a_row_that_no_trigger_saw_is_no_evidence(space: Namespace) -> None:
    session = client(space)
    done(session, "set session_replication_role = replica", "insert into totals values (7, 1)")
    with pytest.raises(HarnessError, match=r"public.totals holds the row .*\"id\": 7.* which its trigger did not see"):
        written(space)
    session.close()


def test_a_table_made_anew_is_no_evidence_either(space: Namespace) -> None:
    session = client(space)
    done(session, "insert into totals values (7, 1)")
    done(session, "drop table totals", "create table totals (id bigint)")
    with pytest.raises(HarnessError, match="does not hold the row"):
        written(space)
    session.close()


def test_two_trials_never_meet(database: Database, tmp_path: Path) -> None:
    shop = contract(tmp_path)
    first, second = (namespace(database, name, shop, "p", lambda: 0.0) for name in ("run.1.1", "run.1.2"))
    session = client(first)
    done(session, "insert into totals values (1, 1)")
    assert (first.progress()[0], second.progress()[0]) == (1, 0)
    session.close()
    for space in (first, second):
        space.drop()


def test_a_namespace_that_somebody_holds_is_left(database: Database, tmp_path: Path) -> None:
    space = namespace(database, "run.held", contract(tmp_path), "p", lambda: 0.0)
    session = client(space)
    session.cursor().execute("insert into totals values (1, 1)")
    database._run("set lock_timeout = '100ms'")
    space.drop()
    session.commit()
    assert space.progress() == (1, False)
    database._run(f"set lock_timeout = '{LOCK_S:g}s'")
    session.close()
    space.drop()
    with pytest.raises(HarnessError, match="does not exist"):
        space.progress()


def test_a_long_name_is_cut_and_stays_unique(database: Database, tmp_path: Path) -> None:
    shop = contract(tmp_path)
    long = [namespace(database, f"{'ns.' * 40}{n}", shop, "p", lambda: 0.0) for n in (1, 2)]
    assert len({space.name for space in long}) == 2
    for space in long:
        space.drop()


@pytest.mark.parametrize(
    ("tables", "at", "says"),
    [
        ("create tabel totals ()", "4:14", r"tables.sql: PostgreSQL refused it: ERROR: syntax error .*at character 8"),
        ("create table other ()", "9:14", "there is no table 'totals': the migrations make other. Name it without"),
        ("create table totals (x text)", "9:14", "the table 'totals' has no column 'id'; its columns: x"),
        (TABLES.replace("b integer", "c integer").replace("(a, b)", "(a)"), "9:49", "no column 'b'; its columns: a, c"),
    ],
)
def test_what_the_migrations_do_not_make_is_a_complaint(
    tables: str, at: str, says: str, database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    shop = contract(tmp_path, tables)
    with pytest.raises(ContractError, match=says) as caught:
        namespace(database, f"wrong.{abs(hash(request.node.name))}", shop, "p", lambda: 0.0)
    assert caught.value.complaints[0][0] == f"{shop.file}:{at}"


def test_after_a_complaint_the_next_trial_goes_on(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ContractError):
        namespace(
            database,
            "broken",
            contract(tmp_path, "create table totals (id int); begin; select 1 / 0"),
            "p",
            lambda: 0.0,
        )
    space = namespace(database, "whole", contract(tmp_path), "p", lambda: 0.0)
    assert space.progress() == (0, False)
    space.drop()


def test_a_server_that_is_not_there_is_an_error_of_ours() -> None:
    with pytest.raises(HarnessError, match=r"PostgreSQL at 127\.0\.0\.1:1: "):
        Database("postgresql://a:b@127.0.0.1:1/c")
