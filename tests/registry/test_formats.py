"""The real judge in each format: spelling of differences, policies, reserved fields, what makes a schema the same one."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, struct_pb2, type_pb2
from google.type import money_pb2

from stream_contracts.registry import protobuf_identity
from stream_contracts.registry.formats import judge
from stream_contracts.schema.format import Source
from tests.registry.conftest import Http

OBJECT = {"type": "object", "properties": {"x": {"type": "integer"}}}
PROTO = 'syntax = "proto3"; package p; message A { int64 x = 1; }'
ID = {
    "AVRO": '{"type": "record", "name": "A", "fields": [{"name": "x", "type": "long"}]}',
    "JSON": json.dumps(OBJECT),
    "PROTOBUF": PROTO,
}
WRONG = {
    "AVRO": '{"type": "record", "name": "A", "fields": [{"name": "x", "type": "string"}]}',
    "JSON": json.dumps({"type": "object", "properties": {"x": {"type": "string"}}}),
    "PROTOBUF": 'syntax = "proto3"; package p; message A { string x = 1; }',
}
LAYOUT = {
    "AVRO": r"\{errorType:'TYPE_MISMATCH', description:'[^']*'/fields/0/type'.*', additionalInfo:'reader type: STRING .*'\}",
    "JSON": r"\{errorType:\"TYPE_CHANGED\", description:\"[^']*'#/properties/x'.*'\}",
    "PROTOBUF": r"\{errorType:\"FIELD_SCALAR_KIND_CHANGED\", description:\"[^']*'#/A/1'.*\"\}",
}


@pytest.mark.parametrize("kind", ["AVRO", "JSON", "PROTOBUF"])
def test_each_format_has_its_own_pseudo_json(http: Http, kind: str) -> None:
    http.register("a", ID[kind], schemaType=kind)
    body = {"schema": WRONG[kind], "schemaType": kind}
    messages = http.post("/compatibility/subjects/a/versions?verbose=true", body).body["messages"]
    assert re.fullmatch(LAYOUT[kind], messages[0]), messages[0]
    assert messages[1] == "{oldSchemaVersion: 1}"
    assert http.post("/subjects/a/versions", body).refused == (409, 40901)


@pytest.mark.parametrize("kind", ["AVRO", "JSON", "PROTOBUF"])
def test_reserved_names_are_top_level_fields(http: Http, kind: str) -> None:
    http.put("/config/a", {"compatibility": "NONE", "validateFields": True})
    for name, status in (("x", 409), ("y", 200)):
        metadata = {"properties": {"confluent:reserved": name}}
        assert http.register("a", ID[kind], schemaType=kind, metadata=metadata).status == status


def test_the_lenient_policy_is_for_open_json_objects(http: Http) -> None:
    http.register("a", json.dumps(OBJECT), schemaType="JSON")
    more: dict[str, Any] = {"type": "object", "properties": {**OBJECT["properties"], "y": {"type": "string"}}}  # type: ignore[dict-item]
    assert http.register("a", json.dumps(more), schemaType="JSON").refused == (409, 40901)
    http.put("/config/a", {"compatibilityPolicy": "lenient"})
    assert http.register("a", json.dumps(more), schemaType="JSON").status == 200


def test_the_order_of_json_keys_matters_unless_normalized(http: Http) -> None:
    first, turned = '{"type": "object", "title": "t"}', '{"title": "t", "type": "object"}'
    assert http.register("a", first, schemaType="JSON").body["id"] == 1
    assert http.register("a", turned, schemaType="JSON").body["id"] == 2
    assert http.register("b", turned.replace(" ", ""), schemaType="JSON").body["id"] == 2
    for text in (first, turned):
        answer = http.post("/subjects/c/versions?normalize=true", {"schema": text, "schemaType": "JSON"})
        assert answer.body["id"] == 2
    http.put("/config/d", {"normalize": True})
    assert http.register("d", first, schemaType="JSON").body["id"] == 2


def test_numbers_that_no_client_could_read_are_refused(http: Http) -> None:
    assert http.register("a", '{"type": "number", "maximum": 1e400}', schemaType="JSON").refused == (422, 42201)


def test_half_a_surrogate_stays_escaped(http: Http) -> None:
    http.register("a", '{"title": "\\ud800"}', schemaType="JSON")
    assert http.get("/subjects/a/versions/1").body["schema"] == '{"title":"\\ud800"}'
    assert http.get("/subjects/a/versions/1/schema").status == 200


@pytest.mark.parametrize("text", ['"string"', '{"type": "string"}', '[ "null", "long" ]'])
def test_avro_need_not_be_a_record(http: Http, text: str) -> None:
    assert http.register("a", text).status == 200


def test_avro_names_are_the_same_however_they_are_qualified() -> None:
    read = judge().read
    texts = (
        '{"type":"record","name":"n.A","fields":[{"name":"a","type":["null","n.A"]}]}',
        '{"name":"A","namespace":"n","type":"record","fields":[{"type":["null","A"],"name":"a"}]}',
        '{"type":"record","name":"A","namespace":"n","aliases":[],"fields":[{"name":"a","type":["null","A"],"order":"ascending"}]}',
    )
    assert len({read("AVRO", Source(text), False).identity for text in texts}) == 1
    other = '{"type":"record","name":"A","namespace":"n","fields":[{"name":"a","type":["null","A"],"order":"ignore"}]}'
    assert read("AVRO", Source(other), False).identity != read("AVRO", Source(texts[0]), False).identity


@pytest.mark.parametrize("module", [struct_pb2, type_pb2, money_pb2, descriptor_pb2])
def test_the_text_of_a_descriptor_compiles_to_the_same_descriptor(module: Any) -> None:
    sent = base64.b64encode(module.DESCRIPTOR.serialized_pb).decode()
    reading = judge().read("PROTOBUF", Source(sent), False)
    again = judge().read("PROTOBUF", Source(reading.text), False)
    assert again.identity == reading.identity
    assert again.text == reading.text


EVERYTHING = """
syntax = "proto2";
package p.q;
option java_package = "com.\\"x\\"";
message A {
  reserved 2, 5 to 7, 100 to max;
  reserved "old", "older";
  required string name = 1 [default = "a\\"b\\n", json_name = "other"];
  optional bytes raw = 3 [default = "\\377", deprecated = true];
  repeated int32 packed = 4 [packed = true];
  optional group Inner = 8 { optional float f = 1 [default = inf]; }
  oneof choice { B b = 9; Color c = 10; }
  map<string, B> by_name = 11;
  optional Color color = 12 [default = RED];
  enum Color { option allow_alias = true; reserved 9; RED = 0; ROT = 0 [deprecated = true]; }
  message B { extensions 10 to 20; extend B { optional int64 more = 10; } }
}
extend A.B { repeated string tags = 11; }
service S { rpc Get (A) returns (stream A.B) { option deprecated = true; } }
"""


def test_every_kind_of_element_survives_the_way_through_a_descriptor() -> None:
    written = Source(EVERYTHING)
    sent = protobuf_identity.serialized(written)
    assert sent != EVERYTHING
    assert judge().read("PROTOBUF", Source(sent), False).identity == judge().read("PROTOBUF", written, False).identity


def test_options_that_an_import_defines_survive() -> None:
    text = (
        'syntax = "proto3"; import "confluent/meta.proto"; '
        'message A { string x = 1 [(confluent.field_meta) = { tags: ["PII"] }]; }'
    )
    sent = protobuf_identity.serialized(Source(text))
    reading = judge().read("PROTOBUF", Source(sent), False)
    assert "(confluent.field_meta)" in reading.text
    assert '"PII"' in reading.text
    assert judge().read("PROTOBUF", Source(text), False).identity == reading.identity


def test_a_comment_is_not_part_of_a_protobuf_schema(http: Http) -> None:
    http.register("a", PROTO, schemaType="PROTOBUF")
    assert http.register("a", f"// a comment\n{PROTO}", schemaType="PROTOBUF").body["version"] == 1
    assert http.get("/subjects/a/versions/1").body["schema"] == PROTO
