"""What migrations change for the readers of a captured table: the table of rules, each a check of before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from stream_contracts.cdc.blame import blamed
from stream_contracts.cdc.catalog import Column, Table, Tables
from stream_contracts.cdc.envelope import captured, key_columns
from stream_contracts.cdc.kinds import numeric_of, shape
from stream_contracts.cdc.watched import Watched
from stream_contracts.findings import Place, Rule, Severity


@dataclass(frozen=True, slots=True)
class Pair:
    """A captured table before and after: what the contract says of it, and what its migrations make."""

    before: Watched
    after: Watched
    tables_before: Tables
    tables_after: Tables

    @property
    def old(self) -> Table | None:
        """The captured table as it was."""
        return _told(self.tables_before, self.before)

    @property
    def new(self) -> Table | None:
        """The same table now; it may be another one by the contract."""
        return _told(self.tables_after, self.after)

    def place(self, *names: str) -> Place:
        """The statement that did it, found by the names in it."""
        found = blamed(self.before.script, self.after.script, names)
        return found or self.after.place("table")


def _told(tables: Tables, one: Watched) -> Table | None:
    """The table with the key that its records have; None where it is not there."""
    table = tables.get(one.capture.qualified)
    return replace(table, key=key_columns(table, one.settings)) if table else None


@dataclass(frozen=True, slots=True)
class Hit:
    """What a check found: where, what, which column it is about, and whether readers can go on for all that."""

    place: Place
    what: str
    column: str = ""
    harmless: bool = False
    new_name: str = ""


Check = Callable[[Pair], Iterator[Hit]]


def _both(pair: Pair) -> Iterator[tuple[Column, Column]]:
    """Columns that are told before and after, by name."""
    if pair.old and pair.new:
        after = captured(pair.new, pair.after.settings)
        for column in captured(pair.old, pair.before.settings).columns:
            now = after.column(column.name)
            if now is not None:
                yield column, now


def _renamed(pair: Pair) -> dict[str, str]:
    """Old name → new name: the same column by its number and type."""
    if not (pair.old and pair.new):
        return {}
    fresh = {each.number: each for each in pair.new.columns if pair.old.column(each.name) is None}
    told = captured(pair.old, pair.before.settings).columns
    gone = [each for each in told if pair.new.column(each.name) is None]
    return {
        each.name: fresh[each.number].name
        for each in gone
        if each.number in fresh and fresh[each.number].kind == each.kind
    }


def _twin(pair: Pair) -> tuple[str, str] | None:
    """A new table with the same columns as the one that is gone."""
    if pair.old is None:
        return None
    shapes = [(column.name, column.kind) for column in pair.old.columns]
    for at, table in pair.tables_after.items():
        if at not in pair.tables_before and [(each.name, each.kind) for each in table.columns] == shapes:
            return at
    return None


def table_renamed(pair: Pair) -> Iterator[Hit]:
    """The table has another name, and with it another topic."""
    twin = _twin(pair) if pair.old and pair.before.capture.qualified not in pair.tables_after else None
    if twin and pair.old:
        yield Hit(pair.place(pair.old.name, twin[1]), f"{pair.before.capture.table} is called {'.'.join(twin)} now")


def table_dropped(pair: Pair) -> Iterator[Hit]:
    """The table is not there any more."""
    if pair.old and pair.before.capture.qualified not in pair.tables_after and _twin(pair) is None:
        yield Hit(pair.place(pair.old.name), f"{pair.before.capture.table} is dropped")


def table_unpublished(pair: Pair) -> Iterator[Hit]:
    """The connector's publication holds the table no more."""
    publication = pair.after.settings.get("publication.name")
    if pair.old and pair.new and publication in pair.old.published - pair.new.published:
        what = f"the publication {publication} does not hold {pair.after.capture.table} any more"
        yield Hit(pair.place(publication), what)


def column_dropped(pair: Pair) -> Iterator[Hit]:
    """A column that readers know is gone."""
    if pair.old and pair.new:
        renamed, after = _renamed(pair), captured(pair.new, pair.after.settings)
        for column in captured(pair.old, pair.before.settings).columns:
            if after.column(column.name) is None and column.name not in renamed:
                there = pair.new.column(column.name) is not None
                how = "left out by the connector's settings" if there else "dropped"
                place = (
                    pair.after.settings.place("column.exclude.list")
                    if there
                    else pair.place(pair.old.name, column.name)
                )
                yield Hit(place, f"{_at(pair, column)} is {how}", column.name)


def column_renamed(pair: Pair) -> Iterator[Hit]:
    """A column has another name."""
    for old, new in _renamed(pair).items():
        what = f"{pair.before.capture.table}.{old} is called {new} now"
        yield Hit(pair.place(pair.before.capture.qualified[1], old, new), what, old, new_name=new)


def column_required(pair: Pair) -> Iterator[Hit]:
    """A column that could be null cannot any more."""
    for old, new in _both(pair):
        if new.required and not old.required:
            yield Hit(pair.place(_table(pair), new.name), f"{_at(pair, new)} is NOT NULL now", new.name)


def column_type(pair: Pair) -> Iterator[Hit]:
    """A column's events have another type; what the events do not show (varchar(20) to varchar(40)) is no change."""
    for old, new in _both(pair):
        if old.kind.name == new.kind.name == "numeric" and old.kind.array == new.kind.array:
            continue
        if old.kind.labels and new.kind.labels and old.kind.array == new.kind.array:
            continue
        if shape(old.kind, pair.before.settings) != shape(new.kind, pair.after.settings):
            what = f"{_at(pair, new)} is {new.told}, it was {old.told}"
            wider = (old.kind.name, new.kind.name) in WIDER and not new.kind.array
            yield Hit(pair.place(_table(pair), new.name), what, new.name, harmless=wider)


WIDER: Final = frozenset({("int2", "int4"), ("int4", "int8"), ("int2", "int8"), ("float4", "float8")})
"""Every old value is one of the new type, and readers of the new schema take it."""


def numeric_precision(pair: Pair) -> Iterator[Hit]:
    """A numeric has another precision or scale."""
    for old, new in _both(pair):
        if old.kind.name == new.kind.name == "numeric" and old.kind.modifier != new.kind.modifier:
            what = f"{_at(pair, new)} is {new.told}, it was {old.told}"
            yield Hit(pair.place(_table(pair), new.name), what, new.name, harmless=_holds(old, new))


def _holds(old: Column, new: Column) -> bool:
    """Whether only the precision grew."""
    if old.kind.modifier < 0 or new.kind.modifier < 0:
        return False
    (precision, scale), (now, scale_now) = numeric_of(old.kind.modifier), numeric_of(new.kind.modifier)
    return scale == scale_now and now >= precision


def enum_label_removed(pair: Pair) -> Iterator[Hit]:
    """A label that is in old events is not one any more."""
    for old, new in _both(pair):
        lost = [label for label in old.kind.labels if label not in new.kind.labels] if new.kind.labels else []
        if lost:
            place = pair.place(new.kind.name, *lost) if len(lost) == 1 else pair.place(new.kind.name)
            yield Hit(
                place, f"{_at(pair, new)}: the type {new.kind.name} has no label {', '.join(lost)} any more", new.name
            )


def key_changed(pair: Pair) -> Iterator[Hit]:
    """The records have another key."""
    if pair.old and pair.new:
        renamed = _renamed(pair)
        was = tuple(renamed.get(name, name) for name in pair.old.key)
        if was != pair.new.key:
            names = [name for name in pair.new.key if name not in was][:1] or ["key"]
            what = f"the key of {pair.after.capture.table} is {_listed(pair.new.key)}, it was {_listed(pair.old.key)}"
            yield Hit(pair.place(pair.new.name, *names), what)


def identity_changed(pair: Pair) -> Iterator[Hit]:
    """Less of a row is logged when it changes."""
    if pair.old and pair.new and WEIGHT[pair.new.identity] < WEIGHT[pair.old.identity]:
        what = f"the replica identity of {pair.after.capture.table} is {pair.new.identity}, it was {pair.old.identity}"
        needed = pair.after.capture.before == "full" or pair.new.identity == "nothing"
        yield Hit(pair.place(pair.new.name, "identity"), what, harmless=not needed)


WEIGHT: Final = {"nothing": 0, "index": 1, "default": 1, "full": 2}


def _table(pair: Pair) -> str:
    return pair.after.capture.qualified[1]


def _at(pair: Pair, column: Column) -> str:
    return f"{pair.after.capture.table}.{column.name}"


def _listed(names: tuple[str, ...]) -> str:
    return f"({', '.join(names)})" if names else "none"


def _rule(name: str, why: str, remedy: str, example: str) -> Rule:
    return Rule(f"cdc-{name}", why, remedy, example, Severity.ERROR)


CHANGES: Final[tuple[tuple[Rule, Check], ...]] = (
    (_rule("table-renamed",
           "Its events go to another topic: readers of the old one hear nothing any more, without an error.",
           "Make a view with the new name, or move the readers first and route the topic to its old name.",
           "ALTER TABLE customers RENAME TO clients"), table_renamed),
    (_rule("table-dropped",
           "No event comes any more, and none says that the rows are gone.",
           "Move the readers first; drop the table after the capture.",
           "DROP TABLE customers"), table_dropped),
    (_rule("table-unpublished",
           "The connector goes on without an error, and no change of the table is told.",
           "Keep the table in the connector's publication as long as anybody reads its topic.",
           "ALTER PUBLICATION shop DROP TABLE customers"), table_unpublished),
    (_rule("column-dropped",
           "Readers find nothing where the column was, from the first event after the migration on.",
           "Let the readers do without it first; drop it in a later change.",
           "ALTER TABLE customers DROP COLUMN email"), column_dropped),
    (_rule("column-renamed",
           "For readers the old column is gone and another one has come: no schema says that they are the same.",
           "Add the new column, write both, move the readers, then drop the old one.",
           "ALTER TABLE customers RENAME COLUMN email TO mail"), column_renamed),
    (_rule("column-required",
           "Old events hold null there, which a reader of the new schema cannot take.",
           "Leave the column nullable, or use a CHECK constraint: events do not show it.",
           "ALTER TABLE customers ALTER email SET NOT NULL"), column_required),
    (_rule("column-type",
           "Readers decode the old type, and the topic holds both.",
           "Add a column of the new type, move the readers, then drop the old one.",
           "ALTER TABLE customers ALTER id TYPE text"), column_type),
    (_rule("numeric-precision",
           "The bytes of a decimal mean another number once its scale is another one, and a reader with fewer digits refuses.",
           "Raise the precision alone; for another scale add a column.",
           "ALTER TABLE orders ALTER total TYPE numeric(10, 4)   – it was numeric(10, 2)"), numeric_precision),
    (_rule("enum-label-removed",
           "Old events in the topic hold the label, and readers that know the new ones refuse it.",
           "Keep the label, and see that nobody writes it.",
           "ALTER TYPE state RENAME VALUE 'new' TO 'open'"), enum_label_removed),
    (_rule("key-changed",
           "Events of one row have two keys: they go to other partitions, and compaction keeps both.",
           "Keep the key, or write to a new topic with a new snapshot.",
           "ALTER TABLE customers DROP CONSTRAINT customers_pkey, ADD PRIMARY KEY (email)"), key_changed),
    (_rule("identity-changed",
           "Updates and deletes tell less of the row as it was, or none at all.",
           "Keep the replica identity as long as a reader looks at before.",
           "ALTER TABLE customers REPLICA IDENTITY NOTHING"), identity_changed),
)  # fmt: skip
"""Rule and check; each row has its case and its near miss in tests/cdc/test_migrations.py."""
SCHEMA_REFUSED: Final = _rule(
    "schema-refused",
    "The schema that the connector registers for the table is not compatible with the one before, so it stops at the change.",
    "Give a new column a default or let it be null; give a setting of the connector back its value.",
    "ALTER TABLE customers ADD COLUMN country text NOT NULL",
)
MIGRATION_REFUSED: Final = _rule(
    "migration-refused",
    "PostgreSQL does not carry it out in an empty database, so nothing can be said of what comes behind it.",
    "Correct it where the message says; all migrations together make the database from nothing.",
    "ALTER TABLE custmers ADD COLUMN age int",
)
CAPTURE_GONE: Final = _rule(
    "capture-gone",
    "Nobody checks its events any more, while readers of the topic may be there.",
    "Remove the capture once the topic has no reader; waive the finding meanwhile.",
    "cdc: {customers: …, orders: …}   →   cdc: {customers: …}",
)
FOUND_BY_GATE: Final = (SCHEMA_REFUSED, MIGRATION_REFUSED, CAPTURE_GONE)
"""What the gate finds with the engine, with PostgreSQL, and in the contract alone."""


def found(pair: Pair) -> Iterator[tuple[Rule, Hit]]:
    """Everything that the rules find."""
    for rule, check in CHANGES:
        yield from ((rule, hit) for hit in check(pair))
