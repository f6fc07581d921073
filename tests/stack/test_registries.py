"""Registries of a stack: ours in the harness's process, Apicurio as a process of its own, one API over both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from stream_contracts.errors import UnsupportedError
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import REGISTRIES, Blueprint
from stream_contracts.stack.capabilities import Killable, Pausable
from stream_contracts.stack.model import Stack

LOCAL = ("apicurio", "embedded")


@pytest.fixture(scope="module", params=LOCAL)
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    blueprint = Blueprint(brokers=0, registry=request.param)
    with open_stack("local", blueprint, run_dir=tmp_path_factory.mktemp("run"), progress=print) as stack:
        yield stack


def test_confluents_client_registers_and_reads(registry: Stack) -> None:
    client = SchemaRegistryClient({"url": registry.schema_registry_url})
    number = client.register_schema("s-value", Schema('"string"', "AVRO"))
    assert client.get_schema(number).schema_str.replace(" ", "") in ('"string"', '{"type":"string"}')
    assert client.get_subjects() == ["s-value"]


def test_what_cannot_be_done_to_it_is_unsupported_with_the_reason(registry: Stack) -> None:
    if registry.blueprint.registry == "embedded":
        with pytest.raises(UnsupportedError, match=r"registry cannot be killed: .* a thread of the harness itself"):
            registry.service("registry", can=Killable)
    else:
        service = registry.service("registry", can=Pausable)
        service.pause()
        service.resume()
        registry.await_ready()


@pytest.mark.parametrize("name", sorted(set(REGISTRIES) - set(LOCAL)))
def test_one_that_needs_containers_is_unsupported(name: str, tmp_path: Path) -> None:
    with (
        pytest.raises(UnsupportedError, match=rf"cannot run the {name} registry.*docker"),
        open_stack("local", Blueprint(registry=name), run_dir=tmp_path, progress=print),
    ):
        pytest.fail("it ran")
    assert list(tmp_path.iterdir()) == []
