"""The clients that people use, unchanged, over real HTTP: every serializer, with references and rules."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.schema_registry import (
    AsyncSchemaRegistryClient,
    Metadata,
    MetadataProperties,
    Rule,
    RuleKind,
    RuleMode,
    RuleSet,
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    ServerConfig,
)
from confluent_kafka.schema_registry.avro import (
    AsyncAvroDeserializer,
    AsyncAvroSerializer,
    AvroDeserializer,
    AvroSerializer,
)
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import (
    AsyncJSONDeserializer,
    AsyncJSONSerializer,
    JSONDeserializer,
    JSONSerializer,
)
from confluent_kafka.schema_registry.protobuf import (
    AsyncProtobufDeserializer,
    AsyncProtobufSerializer,
    ProtobufDeserializer,
    ProtobufSerializer,
)
from confluent_kafka.schema_registry.schema_registry_client import ConfigCompatibilityLevel
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc

from stream_contracts.registry.server import Running
from tests.registry.schemas import BROKEN, ONE, TWO, record

VALUE = SerializationContext("orders", MessageField.VALUE)
MONEY = json.dumps({"type": "record", "name": "Money", "namespace": "m", "fields": [{"name": "cents", "type": "long"}]})
BILL = json.dumps({"type": "record", "name": "Bill", "fields": [{"name": "due", "type": "m.Money"}]})
MONEY_LINK = SchemaReference("m.Money", "money", 1)
JSON_MONEY = {"$id": "http://example.com/money.json", "type": "object", "properties": {"cents": {"type": "integer"}}}
JSON_BILL = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "http://example.com/bill.json",
    "title": "Bill",
    "type": "object",
    "properties": {"due": {"$ref": "http://example.com/money.json"}},
    "required": ["due"],
}
JSON_LINK = SchemaReference("http://example.com/money.json", "money", 1)
PROTO_MONEY = 'syntax = "proto3"; package m; message Money { int64 cents = 1; }'
PROTO_BILL = """
syntax = "proto3";
package shop;
import "money.proto";
import "google/protobuf/timestamp.proto";
message Bill {
  m.Money due = 1;
  google.protobuf.Timestamp at = 2;
  map<string, int32> items = 3;
  oneof by { string card = 4; bool cash = 5; }
  optional string note = 6;
  enum State { OPEN = 0; PAID = 1; }
  repeated State states = 7;
}
"""


@pytest.fixture
def client(running: Running) -> SchemaRegistryClient:
    return SchemaRegistryClient({"url": running.url})


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The class of the Bill message, compiled by protoc as a user's build would."""
    folder: Path = tmp_path_factory.mktemp("proto")
    (folder / "money.proto").write_text(PROTO_MONEY)
    (folder / "bill.proto").write_text(PROTO_BILL)
    out = folder / "out.bin"
    includes = Path(protoc.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{folder}", f"-I{includes}", "--include_imports", f"--descriptor_set_out={out}"]
    assert protoc.main([*arguments, "bill.proto"]) == 0
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(out.read_bytes()).file:
        pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("shop.Bill"))


def fresh(client: SchemaRegistryClient) -> SchemaRegistryClient:
    """The same registry seen by another process: nothing is cached."""
    return SchemaRegistryClient({"url": client.config()["url"]})


def test_avro_round_trip_and_evolution(client: SchemaRegistryClient) -> None:
    old = AvroSerializer(client, ONE)({"id": 5}, VALUE)
    new = AvroSerializer(client, TWO)({"id": 6, "total": 7}, VALUE)
    reader = AvroDeserializer(fresh(client), TWO)
    assert reader(old, VALUE) == {"id": 5, "total": 0}
    assert reader(new, VALUE) == {"id": 6, "total": 7}
    with pytest.raises(SchemaRegistryError) as refused:
        AvroSerializer(client, record("id", "total", "tax"))({"id": 1, "total": 1, "tax": 1}, VALUE)
    assert (refused.value.http_status_code, refused.value.error_code) == (409, 40901)


def test_avro_with_references(client: SchemaRegistryClient) -> None:
    client.register_schema("money", Schema(MONEY, "AVRO"))
    schema = Schema(BILL, "AVRO", [MONEY_LINK])
    sent = AvroSerializer(client, schema)({"due": {"cents": 3}}, VALUE)
    assert AvroDeserializer(fresh(client))(sent, VALUE) == {"due": {"cents": 3}}
    assert client.get_referenced_by("money", 1) == [2]
    assert fresh(client).get_latest_version("orders-value").schema.references == [MONEY_LINK]


def test_avro_by_latest_version_and_without_registering(client: SchemaRegistryClient) -> None:
    client.register_schema("orders-value", Schema(TWO, "AVRO"))
    latest = AvroSerializer(client, ONE, conf={"auto.register.schemas": False, "use.latest.version": True})
    assert latest({"id": 1, "total": 2}, VALUE)[:5] == b"\x00\x00\x00\x00\x01"
    known = AvroSerializer(fresh(client), TWO, conf={"auto.register.schemas": False})
    assert known({"id": 1, "total": 2}, VALUE)[:5] == b"\x00\x00\x00\x00\x01"
    unknown = AvroSerializer(fresh(client), ONE, conf={"auto.register.schemas": False})
    with pytest.raises(SchemaRegistryError) as refused:
        unknown({"id": 1}, VALUE)
    assert refused.value.error_code == 40403


def test_avro_rules_travel_and_run(client: SchemaRegistryClient) -> None:
    rule = Rule(
        "positive",
        None,
        RuleKind.CONDITION,
        RuleMode.WRITE,
        "CEL",
        None,
        None,
        "message.id > 0",
        None,
        None,
        disabled=False,
    )
    schema = Schema(ONE, "AVRO", [], Metadata(None, MetadataProperties({"owner": "us"}), None), RuleSet(None, [rule]))
    client.register_schema("orders-value", schema)
    found = fresh(client).get_latest_version("orders-value").schema
    assert found.rule_set.domain_rules[0].expr == "message.id > 0"
    assert found.metadata.properties.properties == {"owner": "us"}
    with_owner = fresh(client).get_latest_with_metadata("orders-value", {"owner": "us"})
    assert with_owner.version == 1


def test_json_round_trip_with_references(client: SchemaRegistryClient) -> None:
    client.register_schema("money", Schema(json.dumps(JSON_MONEY), "JSON"))
    schema = Schema(json.dumps(JSON_BILL), "JSON", [JSON_LINK])
    serializer = JSONSerializer(schema, client, conf={"auto.register.schemas": True})
    sent = serializer({"due": {"cents": 3}}, VALUE)
    assert JSONDeserializer(schema, schema_registry_client=fresh(client))(sent, VALUE) == {"due": {"cents": 3}}
    assert fresh(client).get_latest_version("orders-value").schema.schema_type == "JSON"


def test_protobuf_round_trip_with_references(client: SchemaRegistryClient, bill: Any) -> None:
    message = bill(items={"a": 1}, card="visa", note="", states=[1, 0])
    message.due.cents = 12
    message.at.seconds = 99
    serializer = ProtobufSerializer(bill, client, {"use.deprecated.format": False})
    sent = serializer(message, VALUE)
    reader = ProtobufDeserializer(bill, {"use.deprecated.format": False}, fresh(client))
    assert reader(sent, VALUE) == message
    assert set(client.get_subjects()) == {"orders-value", "money.proto"}


def test_protobuf_is_kept_as_text_and_known_in_both_spellings(client: SchemaRegistryClient, bill: Any) -> None:
    ProtobufSerializer(bill, client, {"use.deprecated.format": False})(bill(), VALUE)
    text = fresh(client).get_latest_version("orders-value")
    assert 'import "money.proto";' in text.schema.schema_str
    assert "map<string, int32> items = 3;" in text.schema.schema_str
    assert "optional string note = 6;" in text.schema.schema_str
    written = Schema(PROTO_BILL, "PROTOBUF", text.schema.references)
    assert fresh(client).lookup_schema("orders-value", written).schema_id == text.schema_id
    assert fresh(client).register_schema("orders-value", written) == text.schema_id


def test_protobuf_changes_are_judged(client: SchemaRegistryClient) -> None:
    client.register_schema("p", Schema('syntax = "proto3"; message A { int32 x = 1; }', "PROTOBUF"))
    fine = Schema('syntax = "proto3"; message A { int64 x = 1; string y = 2; }', "PROTOBUF")
    wrong = Schema('syntax = "proto3"; message A { string x = 1; }', "PROTOBUF")
    assert client.test_compatibility("p", fine) is True
    assert client.test_compatibility("p", wrong) is False
    with pytest.raises(SchemaRegistryError):
        client.register_schema("p", wrong)


def test_every_call_of_the_client(client: SchemaRegistryClient) -> None:
    first = client.register_schema_full_response("a", Schema(ONE, "AVRO"))
    assert (first.schema_id, first.version) == (1, 1)
    assert client.register_schema("a", Schema(TWO, "AVRO"), normalize_schemas=True) == 2
    assert fresh(client).get_schema(1).schema_str == ONE.replace(": ", ":").replace(", ", ",")
    assert fresh(client).get_schema_by_guid(first.guid).schema_type == "AVRO"
    assert set(client.get_schema_types()) >= {"AVRO", "PROTOBUF"}
    assert client.get_subjects_by_schema_id(1) == ["a"]
    assert [(each.subject, each.version) for each in client.get_schema_versions(1)] == [("a", 1)]
    assert client.lookup_schema("a", Schema(TWO, "AVRO")).version == 2
    assert client.get_subjects(subject_prefix="a", limit=5) == ["a"]
    assert client.get_version("a", 1).schema_id == 1
    assert client.get_versions("a") == [1, 2]
    assert client.test_compatibility("a", Schema(BROKEN, "AVRO"), version="1") is False
    assert client.test_compatibility_all_versions("a", Schema(TWO, "AVRO")) is True
    assert client.set_compatibility("a", "full") == {"compatibility": "FULL"}
    assert client.get_compatibility("a") == "FULL"
    wanted = ServerConfig(compatibility=ConfigCompatibilityLevel.NONE, compatibility_group="major")
    assert client.set_config("a", wanted)["compatibility"] == "NONE"
    assert client.get_config("a").compatibility_group == "major"
    assert client.delete_config("a").compatibility_level == "NONE"
    assert client.update_mode("a", "READONLY") == "READONLY"
    assert client.get_mode("a") == "READONLY"
    assert client.delete_mode("a") == "READONLY"
    assert client.update_global_mode("READWRITE") == client.get_global_mode() == "READWRITE"
    assert client.get_contexts() == ["."]
    assert client.delete_version("a", 1) == 1
    assert client.delete_version("a", 1, permanent=True) == 1
    assert client.delete_subject("a") == [2]
    assert client.delete_subject("a", permanent=True) == [2]


@pytest.mark.parametrize("call", ["get_associations_by_resource_name", "delete_associations"])
def test_what_is_not_offered_is_a_clear_404(client: SchemaRegistryClient, call: str) -> None:
    arguments = ("ns", "name") if call.startswith("get") else ("id",)
    with pytest.raises(SchemaRegistryError) as refused:
        getattr(client, call)(*arguments)
    assert refused.value.http_status_code == 404
    assert "not a part of this registry" in refused.value.error_message


def test_the_async_client_with_all_serializers(running: Running, bill: Any) -> None:
    async def run() -> None:
        async with AsyncSchemaRegistryClient({"url": running.url}) as client:
            avro = await AsyncAvroSerializer(client, ONE)
            read_avro = await AsyncAvroDeserializer(client, ONE)
            assert await read_avro(await avro({"id": 1}, VALUE), VALUE) == {"id": 1}
            schema = json.dumps({"title": "T", "type": "object", "properties": {"x": {"type": "integer"}}})
            context = SerializationContext("json", MessageField.VALUE)
            to_json = await AsyncJSONSerializer(schema, client)
            from_json = await AsyncJSONDeserializer(schema, schema_registry_client=client)
            assert await from_json(await to_json({"x": 1}, context), context) == {"x": 1}
            context = SerializationContext("bills", MessageField.VALUE)
            to_proto = await AsyncProtobufSerializer(bill, client, {"use.deprecated.format": False})
            from_proto = await AsyncProtobufDeserializer(bill, {"use.deprecated.format": False}, client)
            assert await from_proto(await to_proto(bill(note="n"), context), context) == bill(note="n")
            assert await client.get_subjects() == sorted(await client.get_subjects())

    asyncio.run(run())


def test_context_urls_keep_teams_apart(running: Running) -> None:
    shop = SchemaRegistryClient({"url": f"{running.url}/contexts/.shop"})
    bank = SchemaRegistryClient({"url": f"{running.url}/contexts/.bank"})
    sent = AvroSerializer(shop, ONE)({"id": 1}, VALUE)
    AvroSerializer(bank, record("other"))({"other": 2}, VALUE)
    assert AvroDeserializer(SchemaRegistryClient(replace_url(shop)))(sent, VALUE) == {"id": 1}
    assert shop.get_subjects() == [":.shop:orders-value"]


def replace_url(client: SchemaRegistryClient) -> dict[str, str]:
    """The configuration of a second client like the first."""
    return {"url": client.config()["url"]}
