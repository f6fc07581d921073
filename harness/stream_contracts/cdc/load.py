"""The SQL that a trial of a captured table runs: transactions of every kind, drawn from a seed. Pure.

Each unit can be carried out whether or not the others were, so that a failing plan can be made smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import shake_256

from stream_contracts.cdc.catalog import Column, Table
from stream_contracts.cdc.load_values import INTS, TEXTS, VALUES
from stream_contracts.cdc.postgres import name
from stream_contracts.errors import UnsupportedError
from stream_contracts.workload.dice import Dice, below

NOTE = "stream_contracts_note"
"""A column that a unit adds and another removes again: DDL in between."""
LARGE = 9_000
"""Characters of a value that PostgreSQL keeps apart from its row (TOAST)."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that happens to the table. ``steps`` are (session, statement); sessions 0 and 1 may be interleaved.

    ``key`` is what it is about, for whoever leaves units out.
    """

    number: int
    kind: str
    key: str
    steps: tuple[tuple[int, str], ...]


def units(table: Table, seed: int, count: int, keys: int) -> tuple[Unit, ...]:
    """So many units over so many keys. UnsupportedError where the table has no key, or a column that must be drawn and cannot."""
    if not table.key:
        raise UnsupportedError(f"{table.schema}.{table.name} has no key, so its rows cannot be told apart")
    drawn = _Drawn(table, seed, keys)
    kinds = [kind for kind, fits in KINDS if fits(drawn)]
    found = []
    for number in range(count):
        # Every kind comes in its turn, and inserts come first: there is something to change then.
        kind = "insert" if number < keys // 2 else kinds[(number + below(len(kinds), seed, "start")) % len(kinds)]
        key = below(keys, seed, number, "key")
        found.append(Unit(number, kind, str(key), _STEPS[kind](drawn, number, key)))
    return tuple(found)


def last(table: Table, seed: int) -> Unit:
    """A unit that certainly changes the table: once it is told, what was before and is not told does not come any more."""
    drawn = _Drawn(table, seed, 1)
    return Unit(-1, "the last", "", _alone(drawn.delete(-1), drawn.insert(0, -1)))


class _Drawn:
    """Statements about one table, with drawn values."""

    def __init__(self, table: Table, seed: int, keys: int) -> None:
        self.table, self.seed, self.keys = table, seed, keys
        self._dice = Dice("cdc", seed, table.name)
        self.where = f"{name(table.schema)}.{name(table.name)}"
        self.columns = [column for column in table.columns if not column.generated]
        self.others = [column for column in self.columns if column.name not in table.key and not column.identity]
        self.large = next((each for each in self.others if _is_large(each)), None)
        self.empty = next((each for each in self.others if not each.required), None)
        self._always = any(column.identity for column in self.columns)

    def insert(self, number: int, key: int, *, large: bool = False) -> str:
        names, values = [], []
        for column in self.columns:
            value = self._key(column, key) if column.name in self.table.key else self.value(column, number)
            if large and column is self.large:
                value = self.big(number)
            if value is not None:
                names.append(name(column.name))
                values.append(value)
        over = " overriding system value" if self._always else ""
        return (
            f"insert into {self.where} ({', '.join(names)}){over} values ({', '.join(values)}) on conflict do nothing"
        )

    def update(self, number: int, key: int, column: Column | None = None, value: str | None = None) -> str:
        if column is None:
            drawn = [
                (each, self.value(each, number)) for each in self.others if each is not self.large or not number % 3
            ]
            sets = [f"{name(each.name)} = {told}" for each, told in drawn if told is not None]
        else:
            sets = [f"{name(column.name)} = {value}"]
        sets = sets or [f"{name(each)} = {name(each)}" for each in self.table.key]
        return f"update {self.where} set {', '.join(sets)} where {self.at(key)}"

    def delete(self, key: int) -> str:
        return f"delete from {self.where} where {self.at(key)}"

    def rekey(self, key: int, other: int) -> str:
        sets = ", ".join(f"{name(column.name)} = {self._key(column, other)}" for column in self._key_columns())
        taken = f"exists (select 1 from {self.where} where {self.at(other)})"
        return f"update {self.where} set {sets} where {self.at(key)} and not {taken}"

    def at(self, key: int) -> str:
        return " and ".join(f"{name(column.name)} = {self._key(column, key)}" for column in self._key_columns())

    def big(self, number: int) -> str:
        return quoted(shake_256(f"{self.seed} {number}".encode()).hexdigest(LARGE // 2))

    def _key_columns(self) -> list[Column]:
        return [column for column in self.columns if column.name in self.table.key]

    def _key(self, column: Column, key: int) -> str:
        """The value of a key's column: plain ones, and the least and the greatest."""
        kind, told = column.kind, column.told
        if kind.name in INTS:
            edges = {0: INTS[kind.name] - 1, 1: -INTS[kind.name]}
            return str(edges.get(key, key + 1))
        if kind.name == "uuid":
            return f"'{shake_256(str(key).encode()).hexdigest(16)}'::uuid"
        if kind.name in TEXTS and not kind.array:
            return f"{quoted(('k', 'ł', chr(39))[key % 3] + str(key))}::{told}"
        if kind.name == "numeric" and not kind.array:
            return f"{key + 1}::{told}"
        raise UnsupportedError(f"the key {column.name} of {self.where} is {told}, and no keys of that type are drawn")

    def value(self, column: Column, number: int) -> str | None:
        """A value as SQL, or None to leave the column to its default."""
        path = column.name
        if not column.required and self._dice.roll(6, path, number, "null") == 0:
            return "null"
        draw = None if column.kind.array else VALUES.get("enum" if column.kind.labels else column.kind.name)
        if draw is not None:
            return f"{quoted(draw(self._dice, column))}::{column.told}"
        if column.required and column.default is None and not column.identity:
            raise UnsupportedError(
                f"the column {column.name} of {self.where} is {column.told}: no such values are drawn"
            )
        return None


def _is_large(column: Column) -> bool:
    return column.kind.name == "text" and not column.kind.array and not column.kind.domain


def quoted(text: str) -> str:
    """A text as SQL quotes it; PostgreSQL has none with a zero character."""
    return "'" + text.replace("'", "''").replace("\0", "") + "'"


Steps = tuple[tuple[int, str], ...]


def _alone(*statements: str) -> Steps:
    return tuple((0, statement) for statement in statements)


def _together(*statements: str, end: str = "commit") -> Steps:
    return _alone("begin", *statements, end)


def _insert(drawn: _Drawn, number: int, key: int) -> Steps:
    return _alone(drawn.insert(number, key))


def _update(drawn: _Drawn, number: int, key: int) -> Steps:
    return _alone(drawn.update(number, key))


def _delete(drawn: _Drawn, _: int, key: int) -> Steps:
    return _alone(drawn.delete(key))


def _key_change(drawn: _Drawn, number: int, key: int) -> Steps:
    return _alone(drawn.insert(number, key), drawn.rekey(key, (key + 1) % drawn.keys))


def _several(drawn: _Drawn, number: int, key: int) -> Steps:
    """A row is written, changed and perhaps removed in one transaction, with others."""
    near = [(key + step) % drawn.keys for step in range(3)]
    return _together(
        *(drawn.insert(number, each) for each in near),
        *(drawn.update(number, each) for each in near),
        drawn.delete(near[-1]),
    )


def _interleaved(drawn: _Drawn, number: int, key: int) -> Steps:
    """The transaction that began first is committed last, and one in between is not."""
    other = (key + 1) % drawn.keys
    return (
        (0, "begin"), (0, drawn.insert(number, key)), (1, "begin"), (1, drawn.insert(number, other)),
        (0, drawn.update(number, key)), (1, drawn.update(number, other)), (1, "commit"), (0, drawn.delete(key)),
        (0, drawn.insert(number, key)), (0, "commit"),
    )  # fmt: skip


def _rolled_back(drawn: _Drawn, number: int, key: int) -> Steps:
    return _together(drawn.insert(number, key), drawn.update(number, key), drawn.delete(key), end="rollback")


def _saved(drawn: _Drawn, number: int, key: int) -> Steps:
    """A part of a transaction is rolled back."""
    return _together(
        drawn.insert(number, key), "savepoint kept", drawn.delete(key), "rollback to kept", drawn.update(number, key)
    )


def _large(drawn: _Drawn, number: int, key: int) -> Steps:
    """A large value is written, and then the row changed without it."""
    other = next(each for each in drawn.others if each is not drawn.large)
    told = drawn.value(other, number) or name(other.name)
    return _alone(
        drawn.insert(number, key),
        drawn.update(number, key, drawn.large, drawn.big(number)),
        drawn.update(number, key, other, told),
    )


def _nothing(drawn: _Drawn, number: int, key: int) -> Steps:
    return _alone(drawn.insert(number, key), drawn.update(number, key, drawn.empty, "null"))


def _altered(drawn: _Drawn, number: int, key: int) -> Steps:
    """A column is added and written in one transaction."""
    return _together(
        f"alter table {drawn.where} add column if not exists {NOTE} text", drawn.insert(number, key),
        f"update {drawn.where} set {NOTE} = {quoted(str(number))} where {drawn.at(key)}",
    )  # fmt: skip


def _restored(drawn: _Drawn, number: int, key: int) -> Steps:
    return _alone(f"alter table {drawn.where} drop column if exists {NOTE}", drawn.update(number, key))


def _always(_: _Drawn) -> bool:
    return True


KINDS: Sequence[tuple[str, Callable[[_Drawn], bool]]] = (
    ("insert", _always),
    ("update", _always),
    ("delete", _always),
    ("key change", _always),
    ("several rows", _always),
    ("rolled back", _always),
    ("interleaved", _always),
    ("large value", lambda drawn: drawn.large is not None and len(drawn.others) > 1),
    ("update", _always),
    ("savepoint", _always),
    ("null", lambda drawn: drawn.empty is not None),
    ("column added", _always),
    ("delete", _always),
    ("column dropped", _always),
)
"""The kinds of units in their turn, and what a table must have for one."""
_STEPS: Mapping[str, Callable[[_Drawn, int, int], Steps]] = {
    "insert": _insert, "update": _update, "delete": _delete, "key change": _key_change, "several rows": _several,
    "rolled back": _rolled_back, "interleaved": _interleaved, "large value": _large, "savepoint": _saved, "null": _nothing,
    "column added": _altered, "column dropped": _restored,
}  # fmt: skip
