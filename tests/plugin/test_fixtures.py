"""The fixtures that users get."""

TEST = """
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

def test_it_registers(schema_registry):
    client = SchemaRegistryClient({"url": schema_registry})
    number = client.register_schema("orders-value", Schema('"string"', "AVRO"))
    assert client.get_schema(number).schema_str == '"string"'
    assert client.test_compatibility("orders-value", Schema('"long"', "AVRO")) is False
"""


def test_a_schema_registry_with_and_without_contracts(pytester):
    pytester.makepyfile(TEST)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    pytester.runpytest_subprocess("--stream-contracts").assert_outcomes(passed=1)
