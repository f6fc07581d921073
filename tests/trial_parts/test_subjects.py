"""The schemas of a contract in a real registry: under ids that never change, and under the names of a trial."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.errors import HarnessError
from stream_contracts.registry.server import running_registry
from stream_contracts.schema.framing import unframe
from stream_contracts.stack.rest import ask
from stream_contracts.trial.names import Names
from stream_contracts.trial.subjects import Subjects, subjects
from stream_contracts.workload.events import draw
from stream_contracts.workload.writers import Library

CONTRACT = """\
contract: shop
owner: team-shop
registry: {compatibility: FULL}
topics:
  orders:
    key: {schema: id.json}
    value: {schema: order.avsc, references: {shop.Money: money}, framing: confluent}
  again: {value: {schema: order.avsc, references: {shop.Money: money}, framing: confluent, subject: elsewhere}}
shared:
  money: {schema: money.avsc}
pipelines:
  p: {command: [x], reads: [orders], writes: [{topic: again}], promises: {delivery: exactly-once}}
"""
MONEY = {"type": "record", "name": "Money", "namespace": "shop", "fields": [{"name": "cents", "type": "long"}]}
ID = {"name": "id", "type": "string"}
ORDER = {"type": "record", "name": "Order", "namespace": "shop", "fields": [ID, {"name": "price", "type": "Money"}]}


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    """A registry of our own."""
    with running_registry() as running:
        yield running.url


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    """A contract with a shared schema, a former version, and one schema under two subjects."""
    (tmp_path / "former").mkdir()
    wider = {**ORDER, "fields": [*ORDER["fields"], {"name": "note", "type": "string"}]}
    for name, schema in {
        "money.avsc": MONEY, "order.avsc": ORDER, "former/order.v1.avsc": wider, "id.json": {"type": "string"},
    }.items():  # fmt: skip
        (tmp_path / name).write_text(json.dumps(schema))
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    return load(tmp_path)


def test_every_arena_gives_the_same_ids_and_they_are_those_that_are_drawn_without_one(
    registry: str, contract: Contract
) -> None:
    ask("POST", f"{registry}/subjects/stranger/versions", {"schema": '"long"'})
    first, second = (subjects(contract, registry, f"run.{n}", contexts=True).register() for n in (1, 2))
    assert first == second == Library(contract).numbered()
    assert draw(contract, "p", seed=1, ids=first) == draw(contract, "p", seed=1)


def test_a_record_leads_to_its_schema(registry: str, contract: Contract) -> None:
    arena = subjects(contract, registry, "run.3", contexts=True)
    events = draw(contract, "p", seed=1, ids=arena.register())
    ids = {unframe(event.value or b"").schema_id for event in events}
    assert len(ids) == 2
    for number in ids:
        status, answer = ask("GET", f"{arena.url}/schemas/ids/{number}")
        assert status == 200
        assert json.loads(answer["schema"])["name"] == "Order"


def versions(arena: Subjects, subject: str) -> object:
    return ask("GET", f"{arena.url}/subjects/{subject}/versions")[1]


def test_a_serializer_finds_the_subjects_of_the_topics_of_its_trial(registry: str, contract: Contract) -> None:
    arena, names = subjects(contract, registry, "run.4", contexts=True), Names("run.4.0")
    ids = arena.register()
    arena.name_for(names)
    subject = f"{names.topic('orders')}-value"
    assert versions(arena, subject) == [1, 2]
    newest = ask("GET", f"{arena.url}/subjects/{subject}/versions/latest")[1]
    assert newest["id"] == ids["orders-value", (contract.folder / "order.avsc").read_text()]
    assert ask("GET", f"{arena.url}/config/{subject}")[1]["compatibilityLevel"] == "FULL"
    assert versions(arena, f"{names.topic('orders')}-key") == [1]
    assert isinstance(versions(arena, f"{names.topic('again')}-value"), dict)  # its subject has a name of its own


def test_where_there_are_no_contexts_every_subject_begins_with_the_arena(registry: str, contract: Contract) -> None:
    arena = subjects(contract, registry, "run.5", contexts=False)
    assert arena.url == registry
    arena.register()
    assert versions(arena, "run.5.orders-value") == [1, 2]
    assert versions(arena, "run.5.money") == [1]
    assert isinstance(versions(arena, "orders-value"), dict)


def test_a_registry_that_refuses_is_an_error_of_ours(registry: str, contract: Contract) -> None:
    (contract.folder / "order.avsc").write_text('{"type": "record"}')
    with pytest.raises(HarnessError, match=r"did not take .*order.avsc: HTTP 422"):
        subjects(contract, registry, "run.6", contexts=True).register()


def test_ids_are_resolved_where_the_registry_answers_for_them(registry: str, contract: Contract) -> None:
    arena = subjects(contract, registry, "run.7", contexts=True)
    ids = arena.register()
    body = {"schema": '"long"'}
    new = ask("POST", f"{arena.url}/subjects/new/versions", body)[1]["id"]
    told = arena.resolved(ids, {new, 4711, ids["money", (contract.folder / "money.avsc").read_text()]})
    assert {each.id for each in told} == {*ids.values(), new}
    assert "money" in {each.subject for each in told}
