"""Registering, looking up, reading and deleting, over HTTP."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.registry.conftest import Http
from tests.registry.schemas import BROKEN, NO_SCHEMA, ONE, TWO, record


def test_ids_count_up_and_equal_content_shares_its_id(http: Http) -> None:
    assert http.register("a", ONE).body["id"] == 1
    assert http.register("a", TWO).body["id"] == 2
    assert http.register("b", ONE).body["id"] == 1
    assert http.get("/subjects").body == ["a", "b"]
    assert http.get("/schemas/ids/1/versions").body == [{"subject": "a", "version": 1}, {"subject": "b", "version": 1}]
    assert http.get("/schemas/ids/1/subjects?subject=b").body == ["b"]


def test_registering_again_gives_the_same_version(http: Http) -> None:
    first = http.register("a", ONE).body
    spaced = ONE.replace(": ", "  :  ")
    assert http.register("a", spaced).body == first
    assert http.get("/subjects/a/versions").body == [1]


def test_the_text_is_kept_in_the_canonical_form(http: Http) -> None:
    http.register("a", '{"fields": [{"type": {"type": "string"}, "name": "x"}], "name": "n.R", "type": "record"}')
    found = http.get("/subjects/a/versions/1").body
    assert found["schema"] == '{"type":"record","name":"R","namespace":"n","fields":[{"name":"x","type":"string"}]}'
    assert http.get("/subjects/a/versions/1/schema").body == {
        "type": "record",
        "name": "R",
        "namespace": "n",
        "fields": [{"name": "x", "type": "string"}],
    }
    assert "schemaType" not in found


def test_documentation_makes_another_schema(http: Http) -> None:
    http.register("a", ONE)
    documented = ONE.replace('"Order"', '"Order", "doc": "an order"')
    assert http.register("a", documented).body["id"] == 2


def test_latest_is_the_newest_that_is_not_deleted(http: Http) -> None:
    http.register("a", ONE)
    http.register("a", TWO)
    assert http.get("/subjects/a/versions/latest").body["version"] == 2
    assert http.get("/subjects/a/versions/-1").body["version"] == 2
    assert http.delete("/subjects/a/versions/latest").body == 2
    assert http.get("/subjects/a/versions/latest").body["version"] == 1
    assert http.get("/subjects/a/versions/2").refused == (404, 40402)
    assert http.get("/subjects/a/versions/2?deleted=true").body["id"] == 2
    assert http.get("/schemas/ids/2").status == 200


def test_lookup_tells_missing_subject_from_missing_schema(http: Http) -> None:
    assert http.post("/subjects/a", {"schema": ONE}).refused == (404, 40401)
    http.register("a", ONE)
    assert http.post("/subjects/a", {"schema": ONE}).body["version"] == 1
    assert http.post("/subjects/a", {"schema": TWO}).refused == (404, 40403)
    assert http.post("/subjects/a", {"schema": NO_SCHEMA}).refused == (422, 42201)


def test_lookup_without_metadata_finds_the_version_with_it(http: Http) -> None:
    http.register("a", ONE, metadata={"properties": {"owner": "o"}})
    assert http.post("/subjects/a", {"schema": ONE}).body["metadata"] == {"properties": {"owner": "o"}}
    other = {"schema": ONE, "metadata": {"properties": {"owner": "p"}}}
    assert http.post("/subjects/a", other).refused == (404, 40403)


def test_soft_then_permanent_delete_of_a_subject(http: Http) -> None:
    http.register("a", ONE)
    http.register("a", TWO)
    assert http.delete("/subjects/a?permanent=true").refused == (404, 40405)
    assert http.delete("/subjects/a").body == [1, 2]
    assert http.delete("/subjects/a").refused == (404, 40404)
    assert http.get("/subjects").body == []
    assert http.get("/subjects?deleted=true").body == ["a"]
    assert http.get("/subjects?deletedOnly=true").body == ["a"]
    assert http.get("/subjects/a/versions").refused == (404, 40401)
    assert http.get("/subjects/a/versions?deletedAsNegative=true").body == [-1, -2]
    assert http.delete("/subjects/a?permanent=true").body == [1, 2]
    assert http.get("/schemas/ids/1").refused == (404, 40403)
    assert http.delete("/subjects/a").refused == (404, 40401)


def test_what_was_deleted_softly_comes_back_with_its_id_as_a_new_version(http: Http) -> None:
    http.register("a", ONE)
    http.delete("/subjects/a")
    again = http.register("a", ONE).body
    assert (again["id"], again["version"]) == (1, 2)


def test_an_id_is_never_given_again(http: Http) -> None:
    http.register("a", ONE)
    http.delete("/subjects/a")
    http.delete("/subjects/a?permanent=true")
    assert http.register("a", TWO).body["id"] == 2
    assert http.register("b", ONE).body["id"] == 3


def test_deleting_versions_in_order(http: Http) -> None:
    http.register("a", ONE)
    assert http.delete("/subjects/a/versions/1?permanent=true").refused == (404, 40407)
    assert http.delete("/subjects/a/versions/1").body == 1
    assert http.delete("/subjects/a/versions/1").refused == (404, 40406)
    assert http.delete("/subjects/a/versions/1?permanent=true").body == 1
    assert http.delete("/subjects/a/versions/1").refused == (404, 40401)


def test_an_incompatible_schema_is_refused_with_the_reason(http: Http) -> None:
    http.register("a", ONE)
    refused = http.register("a", BROKEN)
    assert refused.refused == (409, 40901)
    assert "READER_FIELD_MISSING_DEFAULT_VALUE" in refused.body["message"]
    assert "/fields/1" in refused.body["message"]
    assert http.get("/subjects/a/versions").body == [1]


def test_the_old_edition_says_409_and_only_the_id(old_http: Http) -> None:
    assert old_http.register("a", ONE).body == {"id": 1}
    assert old_http.register("a", BROKEN).refused == (409, 409)


@pytest.mark.parametrize("version", ["0", "-2", "abc", "2147483648", "1.0", "٣"])
def test_what_is_no_version(http: Http, version: str) -> None:
    http.register("a", ONE)
    assert http.get(f"/subjects/a/versions/{quote(version)}").refused == (422, 42202)


def test_a_said_version_has_to_be_the_next(http: Http) -> None:
    assert http.register("a", ONE, version=2).refused == (422, 42201)
    assert http.register("a", ONE, version=1).body["version"] == 1
    assert http.register("a", TWO, version=2).body["version"] == 2


def test_subjects_may_hold_a_slash_and_any_letter(http: Http) -> None:
    name = "shop/orders-ä value"
    assert http.register(quote(name, safe=""), ONE).status == 200
    assert http.get("/subjects").body == [name]
    assert http.get(f"/subjects/{quote(name, safe='')}/versions/1").body["subject"] == name


def test_no_subject_name(http: Http) -> None:
    assert http.register("__GLOBAL", ONE).refused == (422, 42208)
    assert http.register("a%0Ab", ONE).refused == (422, 42208)
    assert http.register(":.ctx:", ONE).refused == (422, 42208)


def test_references_resolve_and_protect_what_they_point_to(http: Http) -> None:
    http.register("money", record("amount", name="Money", namespace="m"))
    text = '{"type": "record", "name": "Bill", "fields": [{"name": "due", "type": "m.Money"}]}'
    link = {"name": "m.Money", "subject": "money", "version": -1}
    assert http.register("bill", text).refused == (422, 42201)
    assert http.register("bill", text, references=[{**link, "version": 7}]).refused == (422, 42201)
    assert http.register("bill", text, references=[link]).body["id"] == 2
    found = http.get("/subjects/bill/versions/1").body
    assert found["references"] == [{**link, "version": 1}]
    assert http.get("/subjects/money/versions/1/referencedby").body == [2]
    assert http.delete("/subjects/money").refused == (422, 42206)
    assert http.delete("/subjects/money/versions/1").refused == (422, 42206)
    resolved = http.get("/schemas/ids/2?format=resolved").body["schema"]
    assert '"namespace":"m","fields":[{"name":"amount","type":"long"}]' in resolved
    http.delete("/subjects/bill")
    assert http.get("/subjects/money/versions/1/referencedby").body == []
    assert http.get("/subjects/money/versions/1/referencedby?deleted=true").body == [2]
    assert http.delete("/subjects/money").body == [1]
    assert http.get("/subjects/bill/versions/1?deleted=true").status == 200


def test_guids_are_the_same_for_the_same_content(http: Http) -> None:
    guid = http.register("a", ONE).body["guid"]
    http.register(":.other:b", TWO)
    assert http.register(":.other:a", ONE).body == {"id": 2, "version": 1, "guid": guid}
    assert http.get(f"/schemas/guids/{guid}").body["guid"] == guid
    ids = [{"context": ".", "id": 1}, {"context": ".other", "id": 2}]
    assert http.get(f"/schemas/guids/{guid}/ids").body == ids
    assert http.get("/schemas/guids/none").refused == (404, 40403)


def test_pages(http: Http) -> None:
    for name in "abcde":
        http.register(name, ONE)
    assert http.get("/subjects?offset=1&limit=2").body == ["b", "c"]
    assert http.get("/subjects?offset=4").body == ["e"]
    assert http.get("/subjects?limit=0").body == []
    assert http.get("/schemas?offset=3&limit=1").body[0]["subject"] == "d"
    assert http.get("/subjects?limit=x").refused == (400, 400)


def test_the_list_of_schemas(http: Http) -> None:
    http.register("a", ONE)
    http.register("a", TWO)
    http.register("ab", ONE)
    found = http.get("/schemas?subjectPrefix=a&latestOnly=true").body
    assert [(each["subject"], each["version"]) for each in found] == [("a", 2), ("ab", 1)]
    assert len(http.get("/schemas").body) == 3
    http.delete("/subjects/a")
    assert len(http.get("/schemas").body) == 1
    assert len(http.get("/schemas?deleted=true").body) == 3


def test_the_highest_id_on_demand(http: Http) -> None:
    http.register("a", ONE)
    http.register("a", TWO)
    assert http.get("/schemas/ids/1?fetchMaxId=true").body["maxId"] == 2
