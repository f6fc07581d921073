"""Every endpoint that Confluent's registry has: ours answers it, with every parameter, or says clearly that it is not there."""

from __future__ import annotations

from typing import Any

import pytest

from stream_contracts.registry.routes import ABSENT, ROWS
from tests.registry.conftest import Http
from tests.registry.schemas import ONE, TWO

SCHEMA = {"schema": ONE}
ENDPOINTS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/", None),
    ("POST", "/", {}),
    ("GET", "/v1/metadata/id", None),
    ("GET", "/v1/metadata/version", None),
    ("GET", "/schemas?subjectPrefix=a&aliases=true&deleted=true&latestOnly=true&ruleType=x&offset=0&limit=1", None),
    ("GET", "/schemas/types", None),
    ("GET", "/schemas/ids/1?subject=a&format=&referenceFormat=&findTags=true&fetchMaxId=true", None),
    ("GET", "/schemas/ids/1/schema?subject=a&format=", None),
    ("GET", "/schemas/ids/1/subjects?subject=a&deleted=true&offset=0&limit=1", None),
    ("GET", "/schemas/ids/1/versions", None),
    ("GET", "/schemas/guids/{guid}?format=", None),
    ("GET", "/schemas/guids/{guid}/ids", None),
    ("GET", "/subjects?subjectPrefix=a&deleted=true&deletedOnly=false&offset=0&limit=1", None),
    ("POST", "/subjects/a?normalize=true&format=&deleted=true", SCHEMA),
    ("GET", "/subjects/a/metadata?key=k&value=v&format=&deleted=true", None),
    ("GET", "/subjects/a/versions?deleted=true&deletedOnly=false&deletedAsNegative=true&offset=0&limit=1", None),
    ("POST", "/subjects/a/versions?normalize=true&format=&force=false", SCHEMA),
    ("GET", "/subjects/a/versions/1?format=&referenceFormat=&deleted=true&findTags=true", None),
    ("GET", "/subjects/a/versions/latest/schema?format=&deleted=true", None),
    ("GET", "/subjects/a/versions/1/referencedby?deleted=true&offset=0&limit=1", None),
    ("POST", "/compatibility/subjects/a/versions/latest?normalize=true&verbose=true", SCHEMA),
    ("POST", "/compatibility/subjects/a/versions?normalize=true&verbose=true", SCHEMA),
    ("PUT", "/config", {"compatibility": "FULL"}),
    ("GET", "/config", None),
    ("DELETE", "/config", None),
    ("PUT", "/config/a", {"compatibility": "FULL"}),
    ("GET", "/config/a?defaultToGlobal=true", None),
    ("DELETE", "/config/a", None),
    ("PUT", "/mode?force=true", {"mode": "READWRITE"}),
    ("GET", "/mode", None),
    ("DELETE", "/mode", None),
    ("PUT", "/mode/a?force=true", {"mode": "READONLY"}),
    ("GET", "/mode/a?defaultToGlobal=true", None),
    ("DELETE", "/mode/a?recursive=true", None),
    ("GET", "/contexts?offset=0&limit=1&contextPrefix=.", None),
    ("GET", "/contexts/.other/subjects/a/versions", None),
    ("DELETE", "/subjects/a/versions/1", None),
    ("DELETE", "/subjects/a/versions/1?permanent=true", None),
    ("DELETE", "/subjects/a", None),
    ("DELETE", "/subjects/a?permanent=true", None),
    ("DELETE", "/contexts/.other/subjects/a", None),
    ("DELETE", "/contexts/.other/subjects/a?permanent=true", None),
    ("DELETE", "/contexts/.other", None),
)
"""Method, path with its parameters, body; in an order in which each can be answered."""


def test_every_endpoint_answers(http: Http) -> None:
    """One after the other; with every parameter that Confluent's resources declare."""
    http.register("a", ONE)
    http.register("a", TWO, metadata={"properties": {"k": "v"}})
    http.register(":.other:a", ONE)
    guid = http.get("/subjects/a/versions/1").body["guid"]
    for method, path, body in ENDPOINTS:
        answer = http.ask(method, path.replace("{guid}", guid), body)
        assert answer.status in (200, 204), (method, path, answer)


def test_no_endpoint_is_left_out() -> None:
    """The table above goes through every row that the router knows."""
    named = {(method, _shape(path)) for method, path, _ in ENDPOINTS}
    assert {(row.method, _shape(row.path)) for row in ROWS} <= named


def _shape(path: str) -> str:
    steps = path.partition("?")[0].split("/")
    known = {step for row in ROWS for step in row.path.split("/") if not step.startswith("{")} | {"", "v1", "metadata"}
    return "/".join(step if step in known else "{}" for step in steps)


@pytest.mark.parametrize("first", ABSENT)
def test_what_is_not_offered_is_a_clear_404(http: Http, first: str) -> None:
    """Also for a path below it."""
    for path in (f"/{first}", f"/{first}/v1/x"):
        answer = http.get(path)
        assert (answer.status, answer.body["error_code"]) == (404, 404)
        assert "not a part of this registry" in answer.body["message"]


def test_the_release_is_that_of_the_edition(http: Http, old_http: Http) -> None:
    """Clients choose by it what they may use."""
    assert http.get("/v1/metadata/version").body["version"] == "8.3.0"
    assert old_http.get("/v1/metadata/version").body["version"] == "7.4.0"
    assert http.get("/v1/metadata/id").body["scope"]["clusters"] == {"schema-registry-cluster": "schema-registry"}
