"""Values of all three formats, bare and with the schema's id: valid, varied, and the same bytes for the same seed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import fastavro
import jsonschema
import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.errors import ContractError
from stream_contracts.schema.format import Source
from stream_contracts.schema.framing import unframe
from stream_contracts.schema.protobuf_protoc import compiled
from stream_contracts.workload.dice import HUGE_BYTES
from stream_contracts.workload.events import Event, draw
from stream_contracts.workload.writers import Library
from tests.workload.test_events import digest

CONTRACT = """\
contract: shop
owner: team-shop
registry: {{compatibility: {level}}}
topics:
  in:
    config: {config}
    value: {{schema: {schema}, framing: {framing}}}
  out: {{}}
pipelines:
  one:
    command: [x]
    reads: [in]
    writes: [{{topic: out}}]
    promises: {{delivery: exactly-once}}
    workload: {{events: {events}}}
"""

PROTO = """\
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
enum State { STATE_UNSPECIFIED = 0; OPEN = 1; PAID = 2; }
message Order {
  string id = 1;
  int32 quantity = 2;
  sint64 delta = 3;
  fixed64 seen = 4;
  double weight = 5;
  float part = 6;
  bool urgent = 7;
  bytes blob = 8;
  State state = 9;
  optional string note = 10;
  repeated string tags = 11;
  map<string, Line> lines = 12;
  Order parent = 13;
  google.protobuf.Timestamp at = 14;
  oneof pay { string card = 15; int64 cash = 16; }
  message Line { int32 count = 1; }
}
message Other { string x = 1; }
"""
JSON = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["id", "quantity"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "quantity": {"type": "integer", "minimum": 0, "maximum": 1000},
        "price": {"type": "number", "exclusiveMinimum": 0},
        "state": {"enum": ["open", "paid"]},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        "note": {"type": ["string", "null"]},
    },
}
AVRO = {
    "type": "record",
    "name": "Order",
    "fields": [{"name": "id", "type": "string"}, {"name": "quantity", "type": "int", "default": 1}],
}
SCHEMAS = {"order.avsc": json.dumps(AVRO), "order.proto": PROTO, "order.json": json.dumps(JSON)}
DIGESTS = {
    "order.avsc": "cf728addf09fe840",
    "order.proto": "1dcd1fa17953cf54",
    "order.json": "b35e0af86dadbcad",
}
"""Of 100 events of each with seed 7: they change only with a new rule of drawing."""


def contract(folder: Path, schema: str, text: str = "", **more: object) -> Contract:
    """A contract folder with this one schema, loaded."""
    told = {"framing": "none", "level": "BACKWARD", "config": "{}", "events": 100, **more}
    (folder / schema).write_text(text or SCHEMAS[schema])
    (folder / "contract.yaml").write_text(CONTRACT.format(schema=schema, **told))
    return load(folder)


def values(events: tuple[Event, ...]) -> list[bytes]:
    """The values that are none of them tombstones."""
    return [event.value for event in events if event.value is not None]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_draw_never_changes(schema: str, tmp_path: Path) -> None:
    events = draw(contract(tmp_path, schema), "one", seed=7)
    assert digest(events) == DIGESTS[schema]
    assert len(set(values(events))) > 90


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_a_fresh_process_draws_the_same(hash_seed: str, tmp_path: Path) -> None:
    code = (
        "import sys; from tests.workload.test_events import digest; from stream_contracts.contract.load import load;"
        "from stream_contracts.workload.events import draw; print(digest(draw(load(sys.argv[1]), 'one', seed=7)))"
    )
    for schema, wanted in DIGESTS.items():
        folder = tmp_path / schema
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", code, contract(folder, schema).file],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.strip() == wanted, schema


def messages(found: list[bytes], text: str = PROTO) -> list[Any]:
    """What protobuf reads from them."""
    order = GetMessageClass(compiled(Source(text)).messages["Order"])
    return [order.FromString(value) for value in found]


def test_messages_meet_boundaries_oneofs_and_ends(tmp_path: Path) -> None:
    found = messages(values(draw(contract(tmp_path, "order.proto"), "one", seed=1)))
    assert {message.WhichOneof("pay") for message in found} == {None, "card", "cash"}
    assert {0, 2**31 - 1, -(2**31)} <= {message.quantity for message in found}
    assert {2**64 - 1, 0} <= {message.seen for message in found}
    assert {message.state for message in found} == {0, 1, 2}
    assert {message.HasField("note") for message in found} == {True, False}
    assert any(message.parent.parent.id for message in found)
    assert any(len(message.lines) > 1 for message in found)
    assert "" in {message.id for message in found}
    assert all("nan" not in json.dumps(MessageToDict(message)).lower() for message in found)


def test_a_proto2_message_has_its_required_fields(tmp_path: Path) -> None:
    text = 'syntax = "proto2"; message Order { required string id = 1; optional Order next = 2; required int32 n = 3; }'
    found = messages(values(draw(contract(tmp_path, "order.proto", text), "one", seed=1)), text)
    assert all(message.IsInitialized() for message in found)
    assert {message.HasField("next") for message in found} == {True, False}


def test_a_message_that_contains_itself_is_a_complaint(tmp_path: Path) -> None:
    text = 'syntax = "proto2"; message Order { required Order next = 1; }'
    with pytest.raises(ContractError, match="contains its own message"):
        draw(contract(tmp_path, "order.proto", text), "one", seed=1)


def test_documents_are_valid_and_varied(tmp_path: Path) -> None:
    found = [json.loads(value) for value in values(draw(contract(tmp_path, "order.json"), "one", seed=1))]
    for document in found:
        jsonschema.Draft202012Validator(JSON).validate(document)
    for name in JSON["properties"]:
        assert {name in document for document in found} >= {True}, name
    assert {0, 1000} <= {document["quantity"] for document in found}
    assert {document.get("state") for document in found} == {None, "open", "paid"}
    assert len({document["id"] for document in found}) > 20


def test_a_schema_without_any_valid_document_is_a_complaint(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no document was found"):
        draw(contract(tmp_path, "order.json", '{"type": "string", "minLength": 3, "maxLength": 2}'), "one", seed=1)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_one_value_is_huge(schema: str, tmp_path: Path) -> None:
    sizes = sorted(len(value) for value in values(draw(contract(tmp_path, schema, events=24), "one", seed=3)))
    assert sizes[-1] > 0.9 * HUGE_BYTES
    assert sizes[-2] < 10_000


def test_no_value_is_larger_than_the_topic_takes(tmp_path: Path) -> None:
    small = contract(tmp_path, "order.avsc", config="{max.message.bytes: 4000}")
    assert max(len(value) for value in values(draw(small, "one", seed=3))) < 2000


def test_a_compacted_topic_gets_tombstones(tmp_path: Path) -> None:
    events = draw(contract(tmp_path, "order.avsc", config="{cleanup.policy: 'compact,delete'}"), "one", seed=3)
    assert 14 <= sum(event.value is None for event in events) <= 18
    events = draw(contract(tmp_path, "order.avsc", config="{cleanup.policy: delete}"), "one", seed=3)
    assert all(event.value is not None for event in events)


FORMER = {
    "order.avsc": json.dumps({**AVRO, "fields": AVRO["fields"][:1]}),
    "order.proto": 'syntax = "proto3"; package shop; message Order { string id = 1; int32 quantity = 2; }',
    "order.json": json.dumps(JSON | {"required": ["id", "quantity", "price"]}),
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_records_that_name_their_schema_come_from_former_versions_too(schema: str, tmp_path: Path) -> None:
    (tmp_path / "former").mkdir()
    stem, suffix = schema.split(".")
    (tmp_path / "former" / f"{stem}.v1.{suffix}").write_text(FORMER[schema])
    found = values(draw(contract(tmp_path, schema, framing="confluent"), "one", seed=3))
    parts = [unframe(value, protobuf=suffix == "proto") for value in found]
    assert Counter(part.schema_id for part in parts) == {1: 50, 2: 50}
    assert {part.indexes for part in parts} == ({(0,)} if suffix == "proto" else {None})
    if suffix == "avsc":
        texts = {1: FORMER[schema], 2: SCHEMAS[schema]}
        for part in parts:
            stream = io.BytesIO(part.data)
            fastavro.schemaless_reader(stream, json.loads(texts[part.schema_id or 0]), AVRO)
            assert stream.read() == b""


def test_a_former_version_that_the_present_one_cannot_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "former").mkdir()
    (tmp_path / "former/order.v1.avsc").write_text(
        json.dumps({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "int"}]})
    )
    found = values(draw(contract(tmp_path, "order.avsc", framing="confluent", level="NONE"), "one", seed=3))
    assert {unframe(value).schema_id for value in found} == {2}


def test_bare_records_come_from_the_present_version_alone(tmp_path: Path) -> None:
    alone = draw(contract(tmp_path, "order.avsc"), "one", seed=3)
    (tmp_path / "former").mkdir()
    (tmp_path / "former/order.v1.avsc").write_text(FORMER["order.avsc"])
    assert draw(contract(tmp_path, "order.avsc"), "one", seed=3) == alone


REFERRING = """\
contract: shop
owner: team-shop
topics:
  in: {value: {schema: order.avsc, references: {shop.Money: money}, framing: confluent}}
  out: {}
shared:
  money: {schema: money.avsc}
pipelines:
  one: {command: [x], reads: [in], writes: [{topic: out}], promises: {delivery: exactly-once}}
"""
MONEY = {"type": "record", "name": "Money", "namespace": "shop", "fields": [{"name": "cents", "type": "long"}]}
PRICED = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "fields": [{"name": "id", "type": "string"}, {"name": "price", "type": "Money"}],
}


def referring(folder: Path) -> Contract:
    """A contract whose schema refers to a shared one."""
    (folder / "money.avsc").write_text(json.dumps(MONEY))
    (folder / "order.avsc").write_text(json.dumps(PRICED))
    (folder / "contract.yaml").write_text(REFERRING)
    return load(folder)


def test_what_a_schema_refers_to_is_found_and_registered_first(tmp_path: Path) -> None:
    shop = referring(tmp_path)
    assert [writer.subject for writer in Library(shop).every()] == ["money", "in-value"]
    [first, *_] = values(draw(shop, "one", seed=1))
    assert unframe(first).schema_id == 2


def test_a_subject_that_nobody_holds_is_a_complaint(tmp_path: Path) -> None:
    referring(tmp_path)
    (tmp_path / "contract.yaml").write_text(REFERRING.replace("shop.Money: money", "shop.Money: coins"))
    with pytest.raises(ContractError, match=r"coins: no contract here holds this subject.*known: .*money"):
        draw(load(tmp_path), "one", seed=1)


def test_ids_are_those_of_the_registry(tmp_path: Path) -> None:
    shop = contract(tmp_path, "order.avsc", framing="confluent")
    ids = {("in-value", SCHEMAS["order.avsc"]): 4711}
    assert {unframe(value).schema_id for value in values(draw(shop, "one", seed=1, ids=ids))} == {4711}
