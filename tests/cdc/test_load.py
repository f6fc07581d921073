"""The SQL of a trial: every kind of transaction, the same for the same seed, and nothing that a table cannot take."""

from __future__ import annotations

import pytest

from stream_contracts.cdc.catalog import Column, Kind, Table
from stream_contracts.cdc.load import KINDS, last, units
from stream_contracts.errors import UnsupportedError


def column(name: str, kind: str, told: str = "", **more: object) -> Column:
    return Column(name, Kind(kind), told or kind, **more)  # type: ignore[arg-type]


USERS = Table(
    "public",
    "users",
    (
        column("id", "int8", "bigint", required=True),
        column("name", "text"),
        column("n", "numeric"),
        column("at", "date"),
    ),
    ("id",),
    primary=True,
)


def test_the_same_seed_gives_the_same_statements_and_another_one_others() -> None:
    assert units(USERS, 1, 30, 5) == units(USERS, 1, 30, 5)
    assert units(USERS, 1, 30, 5) != units(USERS, 2, 30, 5)


def test_every_kind_comes_within_one_round() -> None:
    assert {unit.kind for unit in units(USERS, 3, 2 + len(KINDS), 5)} == {kind for kind, _ in KINDS}


def test_what_a_table_lacks_is_not_asked_of_it() -> None:
    bare = Table("public", "flags", (column("id", "int4", required=True), column("on", "bool", required=True)), ("id",))
    kinds = {unit.kind for unit in units(bare, 1, 60, 5)}
    assert not kinds & {"large value", "null"}
    assert "interleaved" in kinds


def test_transactions_are_ended_in_the_session_that_began_them() -> None:
    for unit in units(USERS, 1, 60, 5):
        for session in (0, 1):
            words = [statement for number, statement in unit.steps if number == session]
            begun = [word for word in words if word == "begin"]
            ended = [word for word in words if word in ("commit", "rollback")]
            assert len(begun) == len(ended)


def test_keys_reach_the_ends_of_their_type() -> None:
    told = " ".join(statement for unit in units(USERS, 1, 60, 5) for _, statement in unit.steps)
    assert "9223372036854775807" in told
    assert "-9223372036854775808" in told


def test_the_last_unit_changes_a_row_of_its_own() -> None:
    assert all('"id" = 0' in each or "values (0" in each for _, each in last(USERS, 1).steps)
    assert not any("values (0," in each for unit in units(USERS, 1, 60, 5) for _, each in unit.steps)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (Table("public", "log", (column("text", "text"),)), "no key"),
        (Table("public", "p", (column("at", "point", required=True),), ("at",)), "no keys of that type"),
        (Table("p", "q", (column("id", "int4"), column("box", "box", required=True)), ("id",)), "no such values"),
    ],
)
def test_a_table_that_cannot_be_drawn_is_told_so(table: Table, why: str) -> None:
    with pytest.raises(UnsupportedError, match=why):
        units(table, 1, 30, 5)
