"""What real clients call, by their own sources: each call has an endpoint, or a 404 that says what is not there."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest
from confluent_kafka.schema_registry._async import schema_registry_client as async_client
from confluent_kafka.schema_registry._sync import schema_registry_client as sync_client
from confluent_kafka.schema_registry.rules.encryption.dek_registry import dek_registry_client

from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.routes import found
from tests.registry.conftest import Http
from tests.registry.schemas import ONE

_VERBS = ("get", "post", "put", "delete")


def calls(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Every (method, path) that a module of confluent-kafka hands to its REST client; ``x`` stands for a parameter."""
    for function in ast.walk(ast.parse(inspect.getsource(module))):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        said = [
            (node.targets[0].id, node.value)
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        ]
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in _VERBS
                and ast.unparse(node.func.value).endswith("_rest_client")
            ):
                paths = [value for name, value in said if name == ast.unparse(node.args[0])] or [node.args[0]]
                for path in paths:
                    yield from ((node.func.attr.upper(), text) for text in _texts(path))


def _texts(node: ast.expr) -> Iterator[str]:
    """The path in ``"a/{}".format(…)``, in a conditional, or as it stands."""
    if isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
        return
    words = [
        each.value.partition("?")[0]
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    paths = [
        word for word in words if "/" in word or word in ("config", "mode", "contexts", "subjects", "associations")
    ]
    yield from (f"/{word.strip('/').replace('{}', '1')}" for word in paths)


GO = (
    "GET /schemas/ids/1", "GET /contexts", "GET /schemas/ids/1/versions", "GET /schemas/guids/1", "GET /subjects",
    "POST /subjects/1", "DELETE /subjects/1", "GET /subjects/1/metadata", "GET /subjects/1/versions",
    "POST /subjects/1/versions", "GET /subjects/1/versions/1", "DELETE /subjects/1/versions/1",
    "POST /compatibility/subjects/1/versions", "POST /compatibility/subjects/1/versions/1", "GET /config", "PUT /config",
    "GET /config/1", "PUT /config/1", "GET /mode", "PUT /mode", "GET /mode/1", "PUT /mode/1",
    "POST /dek-registry/v1/keks", "GET /dek-registry/v1/keks/1", "PUT /dek-registry/v1/keks/1",
    "POST /dek-registry/v1/keks/1/deks", "GET /dek-registry/v1/keks/1/deks/1",
    "GET /dek-registry/v1/keks/1/deks/1/versions/1", "POST /associations", "PUT /associations",
    "GET /associations/subjects/1", "GET /associations/resources/1", "GET /associations/resources/1/1",
    "DELETE /associations/resources/1",
)  # fmt: skip
"""The endpoints named in schemaregistry/internal/rest_service.go of confluent-kafka-go (August 2026)."""
JAVA = (
    "GET /schemas", "GET /schemas/types", "GET /schemas/ids/1", "GET /schemas/ids/1/schema", "GET /schemas/ids/1/subjects",
    "GET /schemas/ids/1/versions", "GET /schemas/guids/1", "GET /schemas/guids/1/ids", "GET /subjects", "POST /subjects/1",
    "DELETE /subjects/1", "GET /subjects/1/metadata", "GET /subjects/1/versions", "POST /subjects/1/versions",
    "GET /subjects/1/versions/latest", "GET /subjects/1/versions/1", "DELETE /subjects/1/versions/1",
    "GET /subjects/1/versions/1/schema", "GET /subjects/1/versions/1/referencedby", "POST /subjects/1/versions/1/tags",
    "POST /compatibility/subjects/1/versions", "POST /compatibility/subjects/1/versions/1", "GET /config", "PUT /config",
    "DELETE /config", "GET /config/1", "PUT /config/1", "DELETE /config/1", "GET /mode", "PUT /mode", "DELETE /mode",
    "GET /mode/1", "PUT /mode/1", "DELETE /mode/1", "GET /contexts", "DELETE /contexts/1", "GET /v1/metadata/id",
    "GET /v1/metadata/version", "GET /exporters", "POST /exporters", "PUT /exporters/1/pause", "GET /exporters/1/status",
)  # fmt: skip
"""The paths of Confluent's RestService.java, and of the exporters of its command-line tool."""
ABSENT = ("/associations", "/exporters", "/dek-registry", "/tags")
"""What a path of a thing that is not there holds."""


def _called() -> list[str]:
    python = [
        f"{verb} {path}" for module in (sync_client, async_client, dek_registry_client) for verb, path in calls(module)
    ]
    return sorted({*python, *GO, *JAVA})


def test_the_sources_of_the_client_are_understood() -> None:
    """Both flavours call the same, and no call escapes the reader of their sources."""
    sync = set(calls(sync_client))
    assert sync == set(calls(async_client))
    assert len(sync) >= 31
    assert {("GET", "/config"), ("GET", "/config/1"), ("POST", "/associations"), ("PUT", "/mode")} <= sync
    assert len(set(calls(dek_registry_client))) >= 5


@pytest.mark.parametrize("call", _called())
def test_each_call_has_an_endpoint_or_a_clear_404(call: str) -> None:
    method, _, path = call.partition(" ")
    if path.startswith("/v1/metadata/"):
        return  # answered beside the table: test_endpoints asks for both
    if not any(part in path for part in ABSENT):
        assert found(method, path)[0].method == method
        return
    with pytest.raises(Refusal) as refused:
        found(method, path)
    assert refused.value.status == 404


def test_what_is_not_there_is_told_over_http(http: Http) -> None:
    """As JSON, with the code that clients read, whatever the method and the body."""
    http.register("a", ONE)
    asked = [call.split(" ") for call in _called() if any(part in call for part in ABSENT)]
    asked += [["POST", "/contexts/.shop/associations"], ["POST", "/subjects/nosuch/versions/1/tags"]]
    for method, path in asked:
        answer = http.ask(method, path, {"x": 1} if method in ("POST", "PUT") else None)
        assert (answer.status, answer.body["error_code"]) == (404, 404), (method, path)
        assert "not a part of this registry" in answer.body["message"], (method, path)
