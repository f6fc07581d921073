"""What the words of SQL tell: where statements end, what each changes, and which only look as if they did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_contracts.wire.sql import statements


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("insert into public.totals values (1)", [("INSERT", "INSERT", "public.totals")]),
        ('INSERT INTO "My Table" (a) SELECT 1', [("INSERT", "INSERT", '"My Table"')]),
        ("update only t set a = 'delete from x; commit' where b", [("UPDATE", "UPDATE", "t")]),
        ("DELETE FROM ONLY s.t", [("DELETE", "DELETE", "s.t")]),
        ("MERGE INTO t USING u ON a WHEN MATCHED THEN DELETE", [("MERGE", "MERGE", "t")]),
        ("truncate table t", [("TRUNCATE", "TRUNCATE", "t")]),
        ("copy t (a, b) from stdin", [("COPY", "COPY", "t")]),
        ("copy t to stdout", [("COPY TO", "COPY", None)]),
        ("copy (select a from t) to stdout", [("COPY TO", "COPY", None)]),
        ("call settle(1)", [("CALL", "CALL", "settle")]),
        ("begin; insert into t values (1)", [("BEGIN", "BEGIN", None), ("INSERT", "INSERT", "t")]),
        ("start transaction; end", [("BEGIN", "BEGIN", None), ("COMMIT", "COMMIT", None)]),
        ("abort", [("ROLLBACK", "ROLLBACK", None)]),
        ("rollback to savepoint a", [("ROLLBACK TO", "ROLLBACK", None)]),
        ("prepare transaction 'a'", [("PREPARE TRANSACTION", "PREPARE", None)]),
        ("select 1; ; -- insert into t;\n", [("SELECT", "SELECT", None)]),
        ("/* insert /* nested; */ ; */ select ';' ", [("SELECT", "SELECT", None)]),
        ("with x as (select 1) insert into t select * from x", [("INSERT", "INSERT", "t")]),
        ("with x as (delete from t returning *) select * from x", [("DELETE", "SELECT", "t")]),
        ("with x as (select 'update') select * from x", [("SELECT", "SELECT", None)]),
        ("do $$ begin delete from t; end $$; update t set a=1", [("DO", "DO", None), ("UPDATE", "UPDATE", "t")]),
        ("select $a$ ; $$ ; $a$; delete from t", [("SELECT", "SELECT", None), ("DELETE", "DELETE", "t")]),
        (r"select E'\'; delete from t; '; commit", [("SELECT", "SELECT", None), ("COMMIT", "COMMIT", None)]),
        ("select 'it''s; so', $1; commit", [("SELECT", "SELECT", None), ("COMMIT", "COMMIT", None)]),
        ("", []),
        (" ;; -- nothing", []),
    ],
)  # fmt: skip
def test_statements_verbs_and_tables(sql: str, told: list[tuple[str, str, str | None]]) -> None:
    assert [(each.verb, each.tag, each.table) for each in statements(sql)] == told


def test_a_commit_may_begin_the_next_transaction() -> None:
    assert [each.chained for each in statements("commit and chain; commit and no chain; rollback and chain; commit")] == [
        True, False, True, False,
    ]  # fmt: skip


@given(st.text(alphabet="ab;'\"$/*-()E\\ \n.1é", max_size=40))
def test_any_text_is_read_to_its_end(sql: str) -> None:
    for statement in statements(sql):
        assert statement.text in sql
