"""Checking without registering: levels, versions, directions, verbose answers."""

from __future__ import annotations

import pytest

from tests.registry.conftest import Asked, Http
from tests.registry.schemas import BROKEN, NO_SCHEMA, ONE, TWO, record


def check(http: Http, text: str, version: str = "", **more: object) -> Asked:
    query = "&".join(f"{key}={value}" for key, value in more.items())
    return http.post(f"/compatibility/subjects/a/versions{version}?{query}", {"schema": text})


def test_an_incompatible_schema_is_an_answer_not_an_error(http: Http) -> None:
    http.register("a", ONE)
    assert check(http, BROKEN, "/latest").body == {"is_compatible": False}
    assert check(http, BROKEN).body == {"is_compatible": False}
    assert check(http, TWO).body == {"is_compatible": True}
    assert check(http, TWO, "/1", verbose="true").body == {"is_compatible": True, "messages": []}


def test_an_empty_subject_takes_everything_but_a_numbered_version_is_missed(http: Http) -> None:
    assert check(http, ONE).body == {"is_compatible": True}
    assert check(http, ONE, "/latest").body == {"is_compatible": True}
    assert check(http, ONE, "/1").refused == (404, 40402)
    assert check(http, ONE, "/x").refused == (422, 42202)


def test_verbose_says_why_in_confluents_spelling(http: Http) -> None:
    http.register("a", ONE)
    messages = check(http, BROKEN, "/latest", verbose="true").body["messages"]
    assert messages[0].startswith("{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'")
    assert messages[0].endswith(", additionalInfo:'total'}")
    assert messages[1:] == [
        "{oldSchemaVersion: 1}",
        """{oldSchema: '{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}'}""",
        "{validateFields: 'false', compatibility: 'BACKWARD'}",
    ]


def test_verbose_reports_an_unreadable_schema_instead_of_refusing_it(http: Http) -> None:
    http.register("a", ONE)
    answer = check(http, NO_SCHEMA, "/latest", verbose="true").body
    assert answer["is_compatible"] is False
    assert len(answer["messages"]) == 1
    assert check(http, NO_SCHEMA, "/latest").refused == (422, 42201)


def test_a_long_earlier_schema_is_cut(http: Http) -> None:
    http.register("a", record(*(f"field_{number}" for number in range(600))))
    messages = check(http, BROKEN, verbose="true").body["messages"]
    shown = next(message for message in messages if message.startswith("{oldSchema:"))
    assert shown.startswith("{oldSchema: <truncated> '{")
    assert shown.endswith("...'}")
    assert len(shown) == 10240 + len("{oldSchema: <truncated> '...'}")


@pytest.mark.parametrize(
    ("level", "adds_required", "adds_optional", "drops"),
    [
        ("NONE", True, True, True),
        ("BACKWARD", False, True, True),
        ("FORWARD", True, True, False),
        ("FULL", False, True, False),
        ("BACKWARD_TRANSITIVE", False, True, True),
        ("FORWARD_TRANSITIVE", True, True, False),
        ("FULL_TRANSITIVE", False, True, False),
    ],
)
def test_levels(http: Http, level: str, adds_required: bool, adds_optional: bool, drops: bool) -> None:
    http.put("/config/a", {"compatibility": level})
    http.register("a", record("id", "old"))
    assert check(http, record("id", "old", "new")).body["is_compatible"] is adds_required
    assert check(http, record("id", "old", optional=("new",))).body["is_compatible"] is adds_optional
    assert check(http, record("id")).body["is_compatible"] is drops


def test_transitive_stops_at_the_newest_version_that_clashes(http: Http) -> None:
    http.register("a", ONE)
    http.register("a", TWO)
    third = record("id", "total")
    http.put("/config/a", {"compatibility": "BACKWARD"})
    assert check(http, third).body["is_compatible"] is True
    http.put("/config/a", {"compatibility": "BACKWARD_TRANSITIVE"})
    messages = check(http, third, verbose="true").body["messages"]
    assert "{oldSchemaVersion: 1}" in messages
    assert check(http, third, "/latest").body["is_compatible"] is True
    assert http.register("a", third).refused == (409, 40901)


def test_full_reports_forward_first_and_the_old_schema_after_backward_only(http: Http) -> None:
    http.put("/config/a", {"compatibility": "FULL"})
    http.register("a", record("id", "old"))
    both = check(http, record("id", "new"), verbose="true").body["messages"]
    assert [message.split(",")[0] for message in both] == [
        "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE'",
        "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE'",
        "{oldSchemaVersion: 1}",
        '{oldSchema: \'{"type":"record"',
        "{validateFields: 'false'",
    ]
    assert "additionalInfo:'old'" in both[0]
    assert "additionalInfo:'new'" in both[1]
    forward_only = check(http, record("id"), verbose="true").body["messages"]
    assert len(forward_only) == 2


def test_another_type_is_incompatible_unless_none(http: Http) -> None:
    http.register("a", ONE)
    other = {"schema": 'syntax = "proto3"; message Order { int64 id = 1; }', "schemaType": "PROTOBUF"}
    assert http.post("/compatibility/subjects/a/versions", other).body == {"is_compatible": False}
    verbose = http.post("/compatibility/subjects/a/versions?verbose=true", other).body["messages"]
    assert len(verbose) == 2
    assert http.post("/subjects/a/versions", other).refused == (409, 40901)
    http.put("/config/a", {"compatibility": "NONE"})
    assert http.post("/subjects/a/versions", other).status == 200


def test_reserved_fields(http: Http) -> None:
    http.put("/config/a", {"compatibility": "NONE", "validateFields": True})
    reserved = {"properties": {"confluent:reserved": "ssn, iban"}}
    assert http.register("a", ONE, metadata=reserved).status == 200
    used = http.register("a", record("id", "ssn"), metadata=reserved)
    assert used.refused == (409, 40901)
    assert "'ssn'" in used.body["message"]
    freed = http.register("a", TWO, metadata={"properties": {"confluent:reserved": "ssn"}})
    assert freed.refused == (409, 40901)
    assert "'iban'" in freed.body["message"]
    assert "validateFields: 'true'" in freed.body["message"]
    assert http.register("a", TWO, metadata=reserved).status == 200


def test_an_unknown_or_absent_type_is_said(http: Http) -> None:
    assert http.register("a", "x", schemaType="XML").refused == (422, 42201)
    assert http.post("/subjects/a/versions", {}).refused == (422, 42201)
    assert http.post("/subjects/a/versions", {"schema": ""}).refused == (422, 42201)
