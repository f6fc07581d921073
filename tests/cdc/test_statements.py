"""SQL as statements: where one begins and ends, and which words it has."""

from __future__ import annotations

import pytest

from stream_contracts.cdc.statements import statements


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("select 1;\nselect 2", [1, 2]),
        ("-- a; b\nselect 1;;\n\n/* x; /* y; */ z; */ select 2;", [2, 4]),
        ("insert into a values ('x;y', 'it''s; so', E'a\\'; b');\nselect 1", [1, 2]),
        ('select ";";\nselect 2', [1, 2]),
        ("do $$ begin x; end $$;\ncreate function f() as $a$ b; $$ c; $$ $a$;\nselect 3", [1, 2, 3]),
        ("create function f() begin atomic select case when a then b end; select 2; end;\nselect 3", [1, 2]),
        ("begin;\nselect 1;\nend;", [1, 2, 3]),
        ("select 'open; never closed", [1]),
        ("", []),
        ("select $1; select 2", [1, 1]),
    ],
)
def test_where_statements_begin(text: str, lines: list[int]) -> None:
    assert [each.line for each in statements(text)] == lines


def test_words_are_names_as_the_catalog_has_them() -> None:
    [one] = statements('ALTER TABLE Shop."Order""s" RENAME Größe TO x')
    assert one.words == ("alter", "table", "shop", ".", 'Order"s', "rename", "größe", "to", "x")
    assert one.says("alter", "rename", "to")
    assert not one.says("rename", "alter")
