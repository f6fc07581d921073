"""Settings, modes, contexts and aliases: who says what, and what follows from it."""

from __future__ import annotations

import pytest

from tests.registry.conftest import Http
from tests.registry.schemas import BROKEN, ONE, TWO, record


def test_the_level_comes_from_the_nearest_scope(http: Http) -> None:
    assert http.get("/config").body == {"compatibilityLevel": "BACKWARD"}
    assert http.get("/config/a").refused == (404, 40408)
    assert http.get("/config/a?defaultToGlobal=true").body["compatibilityLevel"] == "BACKWARD"
    assert http.put("/config/a", {"compatibility": "none"}).body == {"compatibility": "none"}
    assert http.get("/config/a").body == {"compatibilityLevel": "NONE"}
    http.register("a", ONE)
    assert http.register("a", BROKEN).status == 200
    assert http.delete("/config/a").body == {"compatibilityLevel": "NONE"}
    assert http.delete("/config/a").refused == (404, 40401)
    assert http.put("/config", {"compatibility": "FULL"}).status == 200
    assert http.get("/config/a?defaultToGlobal=true").body["compatibilityLevel"] == "FULL"
    assert http.delete("/config").body == {"compatibilityLevel": "FULL"}
    assert http.get("/config").body == {"compatibilityLevel": "BACKWARD"}


def test_settings_are_changed_key_by_key_and_null_clears(http: Http) -> None:
    http.put("/config/a", {"compatibility": "NONE", "normalize": True})
    http.put("/config/a", {"compatibilityGroup": "major"})
    assert http.get("/config/a").body == {
        "compatibilityLevel": "NONE",
        "normalize": True,
        "compatibilityGroup": "major",
    }
    http.put("/config/a", {"normalize": None, "future": 1})
    assert http.get("/config/a").body == {"compatibilityLevel": "NONE", "compatibilityGroup": "major"}


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        ({"compatibility": "SOMETIMES"}, (422, 42203)),
        ({"compatibilityPolicy": "LOOSE"}, (422, 422)),
        ({"normalize": "yes"}, (422, 422)),
        ({"defaultMetadata": {"properties": {"a": 1}}}, (422, 422)),
        ({"defaultRuleSet": {"domainRules": ["x"]}}, (422, 42210)),
    ],
)
def test_settings_that_say_nothing(http: Http, settings: object, refused: tuple[int, int]) -> None:
    assert http.put("/config/a", settings).refused == refused


def test_deleting_the_subject_forgets_its_settings(http: Http) -> None:
    http.register("a", ONE)
    http.put("/config/a", {"compatibility": "NONE"})
    http.put("/mode/a", {"mode": "READWRITE"})
    http.delete("/subjects/a")
    assert http.get("/config/a").refused == (404, 40408)
    assert http.get("/mode/a").refused == (404, 40409)


def test_a_read_only_subject_takes_no_writes(http: Http) -> None:
    http.register("a", ONE)
    assert http.put("/mode/a", {"mode": "READONLY"}).body == {"mode": "READONLY"}
    assert http.register("a", TWO).refused == (422, 42205)
    assert http.delete("/subjects/a").refused == (422, 42205)
    assert http.delete("/subjects/a/versions/1").refused == (422, 42205)
    assert http.put("/config/a", {"compatibility": "NONE"}).refused == (422, 42205)
    assert http.get("/subjects/a/versions/1").status == 200
    assert http.register("b", ONE).status == 200
    assert http.delete("/mode/a").body == {"mode": "READONLY"}
    assert http.register("a", TWO).status == 200


def test_modes_by_scope(http: Http) -> None:
    assert http.get("/mode").body == {"mode": "READWRITE"}
    assert http.get("/mode/a").refused == (404, 40409)
    assert http.put("/mode", {"mode": "SLEEP"}).refused == (422, 42204)
    http.put("/mode", {"mode": "READONLY_OVERRIDE"})
    http.put("/mode/a", {"mode": "READWRITE"})
    assert http.register("a", ONE).refused == (422, 42205)
    http.put("/mode", {"mode": "READONLY"})
    assert http.get("/mode/b?defaultToGlobal=true").body == {"mode": "READONLY"}
    assert http.register("a", ONE).status == 200
    assert http.delete("/mode?recursive=true").body == {"mode": "READONLY"}
    assert http.get("/mode/a").refused == (404, 40409)


def test_import_keeps_ids_and_compares_nothing(http: Http) -> None:
    http.register("busy", ONE)
    assert http.put("/mode/busy", {"mode": "IMPORT"}).refused == (422, 42205)
    assert http.register("a", ONE, id=7).refused == (422, 42205)
    http.put("/mode/a", {"mode": "IMPORT"})
    assert http.register("a", TWO).refused == (422, 42205)
    assert http.register("a", TWO, id=50, version=4).body["version"] == 4
    assert http.register("a", BROKEN, id=60, version=9).body["id"] == 60
    assert http.get("/subjects/a/versions").body == [4, 9]
    assert http.register("a", record("other"), id=50, version=10).refused == (422, 42205)
    assert http.register("a", record("other"), id=61, version=9).refused == (422, 42205)
    assert http.register("a", TWO, id=51).refused == (422, 42207)
    assert http.register("b", record("next")).body["id"] == 61
    assert http.put("/mode/busy?force=true", {"mode": "IMPORT"}).status == 200


def test_contexts_count_their_own_ids(http: Http) -> None:
    http.register("a", ONE)
    http.register("b", TWO)
    assert http.register(":.shop:a", BROKEN).body["id"] == 1
    assert http.get("/contexts").body == [".", ".shop"]
    assert http.get("/subjects").body == [":.shop:a", "a", "b"]
    assert http.get("/subjects?subjectPrefix=:.shop:").body == [":.shop:a"]
    assert http.get("/subjects?subjectPrefix=").body == ["a", "b"]
    assert http.get("/schemas/ids/1?subject=:.shop:").body["schema"] == BROKEN.replace(": ", ":").replace(", ", ",")
    assert http.get("/schemas/ids/2?subject=:.shop:").refused == (404, 40403)
    assert http.post("/subjects/:.:a", {"schema": ONE}).body["subject"] == "a"


def test_an_id_with_a_plain_subject_is_looked_for_in_all_contexts(http: Http) -> None:
    http.register("a", ONE)
    http.register(":.shop:orders", BROKEN)
    assert "total" in http.get("/schemas/ids/1?subject=orders").body["schema"]
    assert "total" not in http.get("/schemas/ids/1?subject=a").body["schema"]


def test_contexts_in_the_url(http: Http) -> None:
    assert http.post("/contexts/.shop/subjects/a/versions", {"schema": ONE}).status == 200
    assert http.get("/contexts/shop/subjects").body == [":.shop:a"]
    assert http.get("/contexts/.shop/subjects/a/versions/1").body["subject"] == ":.shop:a"
    assert http.get("/contexts/.shop/schemas/ids/1").status == 200
    assert http.get("/schemas/ids/1").refused == (404, 40403)
    assert http.put("/contexts/.shop/config", {"compatibility": "NONE"}).status == 200
    assert http.get("/config/:.shop:").body == {"compatibilityLevel": "NONE"}
    assert http.get("/config/:.shop:a?defaultToGlobal=true").body == {"compatibilityLevel": "NONE"}
    assert http.get("/config").body == {"compatibilityLevel": "BACKWARD"}
    assert http.register(":.shop:a", BROKEN).status == 200


def test_only_an_empty_context_is_deleted(http: Http) -> None:
    http.register(":.shop:a", ONE)
    assert http.delete("/contexts/.shop").refused == (422, 42211)
    http.delete("/subjects/:.shop:a")
    http.delete("/subjects/:.shop:a?permanent=true")
    assert http.delete("/contexts/.shop").status == 204
    assert http.register(":.shop:a", TWO).body["id"] == 2
    assert http.delete("/contexts/.none").refused == (404, 404)


def test_an_alias_is_read_as_its_subject(http: Http) -> None:
    http.register("orders-v2", ONE)
    http.put("/config/orders", {"alias": "orders-v2"})
    assert http.get("/subjects/orders/versions/latest").body["subject"] == "orders-v2"
    assert http.post("/subjects/orders", {"schema": ONE}).body["subject"] == "orders-v2"
    assert http.register("orders", BROKEN).status == 200
    assert http.get("/subjects").body == ["orders", "orders-v2"]


def test_a_group_is_compared_within_itself(http: Http) -> None:
    http.put("/config/a", {"compatibilityGroup": "major"})
    first = {"properties": {"major": "1"}}
    second = {"properties": {"major": "2"}}
    assert http.register("a", ONE, metadata=first).status == 200
    assert http.register("a", BROKEN, metadata=first).refused == (409, 40901)
    assert http.register("a", BROKEN, metadata=second).status == 200
    assert http.register("a", TWO, metadata=first).status == 200


def test_metadata_and_rules_are_kept_inherited_and_overridden(http: Http) -> None:
    rule = {"name": "check", "kind": "CONDITION", "type": "CEL", "mode": "WRITE", "expr": "true"}
    http.register("a", ONE, metadata={"properties": {"owner": "x"}}, ruleSet={"domainRules": [rule]})
    inherited = http.register("a", TWO).body
    assert inherited["metadata"] == {"properties": {"owner": "x"}}
    assert inherited["ruleSet"] == {"domainRules": [rule]}
    http.put("/config/a", {"overrideMetadata": {"properties": {"owner": "y"}}})
    http.put("/config/a", {"defaultMetadata": {"tags": {"**.id": ["PII"]}}})
    third = http.register("a", record("id", optional=("total", "tax"))).body
    assert third["metadata"] == {"properties": {"owner": "y"}, "tags": {"**.id": ["PII"]}}
    assert http.get("/subjects/a/metadata?key=owner&value=x").body["version"] == 2
    assert http.get("/subjects/a/metadata?key=owner&value=z").refused == (404, 40402)
    assert http.register("a", ONE, ruleSet={"domainRules": [rule, rule]}).refused == (422, 42210)
    assert http.register("a", ONE, ruleSet={"domainRules": [{"kind": "CONDITION"}]}).refused == (422, 42210)


def test_metadata_alone_makes_a_new_version_of_the_latest_text(http: Http) -> None:
    http.register("a", ONE)
    added = http.post("/subjects/a/versions", {"metadata": {"properties": {"owner": "x"}}}).body
    assert (added["id"], added["version"]) == (2, 2)
    assert http.get("/subjects/a/versions/2/schema").body["name"] == "Order"
