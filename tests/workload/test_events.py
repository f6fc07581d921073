"""The events of a pipeline: the same everywhere, as the schemas say, and clear complaints where they say nothing."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import fastavro
import pytest

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.errors import ContractError, UsageError
from stream_contracts.workload.events import Event, draw

CONTRACT = """\
contract: orders
owner: team-orders
topics:
  orders: {value: {schema: order.avsc}}
  ids:
    key: {schema: id.avsc}
  out: {}
pipelines:
  one: {command: [x], reads: [orders], writes: [{topic: out}], promises: {delivery: exactly-once}}
  two:
    command: [x]
    reads: [ids, orders]
    writes: [{topic: out}]
    promises: {delivery: exactly-once}
    workload: {events: 400, keys: 5}
"""
ORDER = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "note", "type": ["null", "string"]},
        {"name": "weight", "type": "double"},
        {"name": "tags", "type": {"type": "map", "values": "long"}},
        {"name": "parts", "type": {"type": "array", "items": "Order"}},
    ],
}
DIGEST = "994fbc8f2c8f136d"
"""Of the events of pipeline ``two`` with seed 7: it changes only with a new rule of drawing, never with a machine."""


def write(folder: Path, *, contract: str = CONTRACT, order: Any = ORDER, key: Any = "long") -> Contract:
    """A contract folder, loaded."""
    (folder / "order.avsc").write_text(json.dumps(order))
    (folder / "id.avsc").write_text(json.dumps(key))
    (folder / "contract.yaml").write_text(contract)
    return load(folder)


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    """The contract above."""
    return write(tmp_path)


def digest(events: tuple[Event, ...]) -> str:
    """A short name of these very events: of what is drawn, which does not change with what else is known of an event."""
    told = (f"Event(id={each.id}, topic={each.topic!r}, key={each.key!r}, value={each.value!r})" for each in events)
    return hashlib.sha256(f"({', '.join(told)})".encode()).hexdigest()[:16]


def test_the_draw_never_changes(contract: Contract) -> None:
    assert digest(draw(contract, "two", seed=7)) == DIGEST
    assert digest(draw(contract, "two", seed=8)) != DIGEST


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_a_fresh_process_draws_the_same(hash_seed: str, contract: Contract) -> None:
    code = (
        "import sys; from tests.workload.test_events import digest; from stream_contracts.contract.load import load;"
        "from stream_contracts.workload.events import draw; print(digest(draw(load(sys.argv[1]), 'two', seed=7)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, contract.file],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == DIGEST


def test_a_draw_does_not_need_hypothesis(contract: Contract) -> None:
    code = """
import sys
from stream_contracts.contract.load import load
from stream_contracts.workload.events import draw
draw(load(sys.argv[1]), "two", seed=7)
print("hypothesis" in sys.modules)
"""
    command = [sys.executable, "-c", code, str(contract.file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


def test_events_are_numbered_in_feed_order_and_decode(contract: Contract) -> None:
    events = draw(contract, "one", seed=1)
    parsed = fastavro.parse_schema(ORDER)
    assert [event.id for event in events] == list(range(12))
    assert {event.topic for event in events} == {"orders"}
    orders: list[Any] = [fastavro.schemaless_reader(io.BytesIO(event.value or b""), parsed, None) for event in events]
    assert None in [order["note"] for order in orders]
    assert "" in [order["id"] for order in orders]
    assert any(not order["id"].isascii() for order in orders)
    assert len({event.value for event in events}) == 12


def test_keys_are_skewed(contract: Contract) -> None:
    keys = Counter(event.key for event in draw(contract, "two", seed=3) if event.topic == "orders")
    assert [key for key, _ in keys.most_common(2)] == [b"key-0", b"key-1"]
    assert set(keys) == {b"key-0", b"key-1", b"key-2", b"key-3", b"key-4"}


def test_every_topic_is_fed(contract: Contract) -> None:
    events = draw(contract, "two", seed=3)
    assert [event.topic for event in events[:2]] == ["ids", "orders"]
    assert min(Counter(event.topic for event in events).values()) > 150


def test_a_topic_without_a_value_schema_gets_small_json(contract: Contract) -> None:
    events = [event for event in draw(contract, "two", seed=3) if event.topic == "ids"]
    assert [json.loads(event.value or b"") for event in events] == [{"event": event.id} for event in events]


def test_keys_follow_their_schema(contract: Contract) -> None:
    keys = {event.key for event in draw(contract, "two", seed=3) if event.topic == "ids"}
    assert len(keys) == 5
    assert all(isinstance(fastavro.schemaless_reader(io.BytesIO(key or b""), "long", None), int) for key in keys)


def test_a_key_schema_with_few_values_gives_few_keys(tmp_path: Path) -> None:
    events = draw(write(tmp_path, key="boolean"), "two", seed=3)
    assert {event.key for event in events if event.topic == "ids"} == {b"\x00", b"\x01"}


def test_an_unknown_pipeline_lists_the_known_ones(contract: Contract) -> None:
    with pytest.raises(UsageError, match="no pipeline 'three'; known pipelines: one, two"):
        draw(contract, "three", seed=0)


WRONG: dict[str, tuple[Any, str]] = {
    "no such type": ("strange", "nothing can be drawn from this schema"),
    "fields as text": ({"type": "record", "name": "R", "fields": "x"}, "nothing can be drawn from this schema"),
    "no symbols": ({"type": "enum", "name": "E", "symbols": []}, "nothing can be drawn from this schema"),
    "empty union": ([], "nothing can be drawn from this schema"),
    "size as text": ({"type": "fixed", "name": "F", "size": "x"}, "nothing can be drawn from this schema"),
    "size below zero": (
        {"type": "fixed", "name": "F", "size": -1},
        "its values have -1 bytes; allowed: 0 to 1,000,000",
    ),
    "huge": ({"type": "fixed", "name": "F", "size": 10**12}, "its values have 1,000,000,000,000 bytes"),
    "scale as text": (
        {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": "x"},
        "nothing can be drawn from this schema",
    ),
    "endless": ({"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]}, "it has no finite value"),
}


@pytest.mark.parametrize(("order", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_schema_that_gives_no_values_is_a_complaint(order: Any, says: str, tmp_path: Path) -> None:
    contract = write(tmp_path, order=order)
    with pytest.raises(ContractError) as caught:
        draw(contract, "one", seed=0)
    [(place, text)] = caught.value.complaints
    assert place == f"{contract.file}:4:20"
    assert str(tmp_path / "order.avsc") in text
    assert says in text
