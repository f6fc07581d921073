"""A table as an outbox: what Debezium's EventRouter makes of its rows, and the SQL that writes them in a trial. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import shake_256

from stream_contracts.cdc.catalog import Table
from stream_contracts.cdc.load import Steps, Unit, quoted
from stream_contracts.cdc.postgres import name
from stream_contracts.cdc.settings import Settings
from stream_contracts.errors import UnsupportedError

ROUTED = "${routedByValue}"


@dataclass(frozen=True, slots=True)
class Outbox:
    """The columns of an outbox by what they mean, and what the route column holds for the captured topic."""

    id: str
    key: str
    payload: str
    route: str
    routed: str


def outbox(settings: Settings, topic: str) -> Outbox:
    """What a connector with an EventRouter reads of its table; the defaults are Debezium's."""
    router = next(each for each in settings.transforms if settings.transform(each, "type").endswith(".EventRouter"))

    def said(setting: str, default: str) -> str:
        return settings.transform(router, setting) or default

    before, found, after = said("route.topic.replacement", f"outbox.event.{ROUTED}").partition(ROUTED)
    routed = topic.removeprefix(before).removesuffix(after) if found else ""
    if not (topic.startswith(before) and topic.endswith(after) and routed):
        raise UnsupportedError(f"{settings.file}: its EventRouter writes no event to {topic}")
    return Outbox(
        said("table.field.event.id", "id"), said("table.field.event.key", "aggregateid"),
        said("table.field.event.payload", "payload"), said("route.by.field", "aggregatetype"), routed,
    )  # fmt: skip


def events(table: Table, box: Outbox, seed: int, count: int, keys: int) -> tuple[Unit, ...]:
    """Units that write events: alone, several at once, interleaved, rolled back, and removed again at once, as many do."""
    missing = [column for column in (box.id, box.key, box.payload, box.route) if table.column(column) is None]
    if missing:
        raise UnsupportedError(f"{table.schema}.{table.name} has no column {missing[0]}, which its EventRouter reads")
    return tuple(_unit(table, box, seed, number, keys) for number in range(count))


def last_event(table: Table, box: Outbox, seed: int, number: int) -> Unit:
    """One event more, the ``number``-th of its kind, for a key of its own."""
    return Unit(-1, "the last", "", ((0, _insert(table, box, seed, f"last {number}", "the last")),))


def _unit(table: Table, box: Outbox, seed: int, number: int, keys: int) -> Unit:
    key, other = f"k{number % keys}", f"k{(number + 1) % keys}"
    one, two = (_insert(table, box, seed, f"{number}.{part}", which) for part, which in ((1, key), (2, other)))
    where = f"{name(table.schema)}.{name(table.name)}"
    removed = f"delete from {where} where {name(box.id)} = {_id(table, box, seed, f'{number}.1')}"
    kinds: Sequence[tuple[str, Steps]] = (
        ("an event", ((0, one),)),
        ("removed at once", ((0, "begin"), (0, one), (0, removed), (0, "commit"))),
        ("several events", ((0, "begin"), (0, one), (0, two), (0, "commit"))),
        ("interleaved", ((0, "begin"), (0, one), (1, "begin"), (1, two), (1, "commit"), (0, "commit"))),
        ("rolled back", ((0, "begin"), (0, one), (0, "rollback"))),
    )
    kind, steps = kinds[number % len(kinds)]
    return Unit(number, kind, key, steps)


def _insert(table: Table, box: Outbox, seed: int, mark: str, key: str) -> str:
    values = {
        box.id: _id(table, box, seed, mark),
        box.key: quoted(key),
        box.route: quoted(box.routed),
        box.payload: quoted(f'{{"mark": "{mark}"}}'),
    }
    for column in table.columns:
        if column.required and column.default is None and not column.identity and column.name not in values:
            values[column.name] = quoted("made") if column.kind.name in ("text", "varchar") else "default"
    names = ", ".join(map(name, values))
    return f"insert into {name(table.schema)}.{name(table.name)} ({names}) values ({', '.join(values.values())})"


def _id(table: Table, box: Outbox, seed: int, mark: str) -> str:
    drawn = shake_256(f"{seed} {mark}".encode()).hexdigest(16)
    column = table.column(box.id)
    whole = column is not None and column.kind.name in ("int8", "int4")
    return str(int(drawn[:7], 16)) if whole else quoted(drawn)
