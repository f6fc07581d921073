"""python-schema-registry-client, unchanged, over real HTTP."""

from __future__ import annotations

import asyncio
import json

import pytest
from schema_registry.client import AsyncSchemaRegistryClient as OtherAsyncClient
from schema_registry.client import SchemaRegistryClient as OtherClient
from schema_registry.client import schema as other_schema
from schema_registry.client.errors import ClientError
from schema_registry.serializers import AvroMessageSerializer

from stream_contracts.registry.server import Running
from tests.registry.schemas import BROKEN, ONE, TWO


def test_the_other_python_client(running: Running) -> None:
    client = OtherClient(url=running.url)
    first = other_schema.AvroSchema(json.loads(ONE))
    assert client.register("a", first) == client.register("a", first) == 1
    assert client.get_by_id(1).raw_schema["name"] == "Order"
    assert client.get_schema("a").version == 1
    assert client.get_schema("missing") is None
    assert client.check_version("a", first).schema_id == 1
    assert client.test_compatibility("a", other_schema.AvroSchema(json.loads(BROKEN))) is False
    assert client.test_compatibility("a", other_schema.AvroSchema(json.loads(TWO)), verbose=True)
    with pytest.raises(ClientError):
        client.register("a", other_schema.AvroSchema(json.loads(BROKEN)))
    assert client.get_subjects() == ["a"]
    assert client.get_versions("a") == [1]
    assert [(each.subject, each.version) for each in client.get_schema_subject_versions(1)] == [("a", 1)]
    assert client.update_compatibility("FULL", "a") is True
    assert client.get_compatibility("a") == "FULL"
    shape = other_schema.JsonSchema({"type": "object", "properties": {"x": {"type": "integer"}}})
    assert client.register("j", shape) == 2
    serializer = AvroMessageSerializer(client)
    sent = serializer.encode_record_with_schema("b", first, {"id": 4})
    assert serializer.decode_message(sent) == {"id": 4}
    assert client.delete_version("a", 1) == 1
    assert client.delete_subject("b") == [1]


def test_the_other_python_client_async(running: Running) -> None:
    async def run() -> None:
        client = OtherAsyncClient(url=running.url)
        assert await client.register("a", other_schema.AvroSchema(json.loads(ONE))) == 1
        assert await client.get_subjects() == ["a"]

    asyncio.run(run())
