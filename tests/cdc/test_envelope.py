"""The envelope without a connector: the Avro form, names, and what only a closer look shows."""

from __future__ import annotations

import json

import fastavro
import pytest

from stream_contracts.cdc.catalog import Column, Kind, Table
from stream_contracts.cdc.connect_avro import avro
from stream_contracts.cdc.envelope import envelope, key, topic
from stream_contracts.cdc.kinds import KINDS, numeric_of
from stream_contracts.cdc.settings import Settings
from stream_contracts.schema import format_named
from stream_contracts.schema.compat import parsed
from stream_contracts.schema.format import Source

PREFIX = Settings({"topic.prefix": "shop"})


def table(*columns: Column, own: tuple[str, ...] = ("id",)) -> Table:
    return Table("public", "customers", (Column("id", Kind("int4"), "integer", required=True), *columns), own)


def test_every_type_has_an_avro_form_that_two_readers_take() -> None:
    columns = [Column(name, Kind(name, 655366 if name == "numeric" else -1), name) for name in KINDS]
    columns += [Column(f"{name}s", Kind(name, -1, array=True), name) for name in KINDS]
    columns.append(Column("mood", Kind("mood", -1, ("sad", "ok")), "mood", required=True, default="'ok'::mood"))
    shape = avro(envelope(table(*columns), PREFIX))
    fastavro.parse_schema(json.loads(json.dumps(shape)))
    parsed(format_named("AVRO"), Source(json.dumps(shape)))


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (Column("a", Kind("text"), "text"), {"name": "a", "type": ["null", "string"], "default": None}),
        (Column("a", Kind("text"), "text", required=True), {"name": "a", "type": "string"}),
        (
            Column("a", Kind("text"), "text", default="'x'::text"),
            {"name": "a", "type": ["string", "null"], "default": "x"},
        ),
        (
            Column("a", Kind("int2"), "smallint", required=True),
            {"name": "a", "type": {"type": "int", "connect.type": "int16"}},
        ),
    ],
)
def test_a_column_in_avro(column: Column, told: dict[str, object]) -> None:
    before = avro(envelope(table(column), PREFIX))["fields"][0]["type"]
    assert before[1]["fields"][1] == told


def test_the_row_is_written_once_and_named_the_second_time() -> None:
    fields = avro(envelope(table(), PREFIX))["fields"]
    assert fields[0]["type"][1]["name"] == "Value"
    assert fields[1]["type"] == ["null", "shop.public.customers.Value"]


def test_a_table_without_a_key_has_none() -> None:
    assert key(table(own=()), PREFIX) is None
    assert key(table(), PREFIX) == {
        "type": "struct",
        "fields": [{"type": "int32", "optional": False, "field": "id"}],
        "optional": False,
        "name": "shop.public.customers.Key",
    }


def test_a_topic_has_the_letters_that_kafka_takes() -> None:
    assert topic(Table("Shop-1", "Order Lines", ()), PREFIX) == "shop.Shop-1.Order_Lines"


@pytest.mark.parametrize(("modifier", "told"), [(655366, (10, 2)), (655364, (10, 0)), (196617, (3, 5))])
def test_precision_and_scale(modifier: int, told: tuple[int, int]) -> None:
    assert numeric_of(modifier) == told
