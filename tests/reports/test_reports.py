"""Each report: right by its format's schema, whole, and safe with any text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from stream_contracts.errors import UsageError
from stream_contracts.findings import Finding, Judged, Judgement, Place, Review, Verdict
from stream_contracts.reports import REPORTS, report_named
from tests.reports.conftest import published

DOCS = Path(__file__).parents[2] / "docs"
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""What GitLab's documentation of code quality reports asks for.

It is stricter than the schema that GitLab's own reader applies (app/validators/json_schemas/codeclimate.json: description,
fingerprint, severity and location, without their values), which no package on a registry carries.
"""
JUNIT: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"skipped", "time", "file"}, {"testcase"}),
    "testcase": ({"name"}, {"classname", "time"}, {"failure", "error", "system-out"}),
    "failure": (set(), {"message", "type"}, set()),
    "error": (set(), {"message", "type"}, set()),
    "system-out": (set(), set(), set()),
}
"""Element → the attributes that it must have, those that it may have, and its children.

The part that we use of junit-10.xsd, which Jenkins publishes; no package on a registry carries that file, so it is
written down here.
"""


def rendered(name: str, review: Review) -> str:
    return report_named(name)(review)


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_ends_a_line_and_can_be_written(name: str, review: Review, silent: Review) -> None:
    for each in (review, silent, Review("nothing", ())):
        text = rendered(name, each)
        assert text.endswith("\n")
        text.encode("utf-8")


def test_an_unknown_report_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="text, json, junit, github, gitlab, sarif, markdown"):
        report_named("pdf")


def test_sarif_is_what_oasis_publishes(review: Review, silent: Review) -> None:
    schema = published("https://json.schemastore.org/sarif-2.1.0.json")
    assert "oasis-tcs/sarif-spec" in schema["$id"]
    for each in (review, silent):
        Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER).validate(
            json.loads(rendered("sarif", each))
        )
    run = json.loads(rendered("sarif", review))["runs"][0]
    assert [result["ruleId"] for result in run["results"]] == [
        "TYPE_MISMATCH",
        "TYPE_MISMATCH",
        "level-weak",
        "topic-deleted",
    ]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert [result["level"] for result in run["results"]] == ["error", "error", "warning", "error"]
    assert (
        run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "contracts/a%20b/order.avsc"
    )
    assert run["results"][3]["suppressions"][0]["status"] == "accepted"
    assert run["invocations"][0]["executionSuccessful"] is False


def test_the_sarif_schema_bites(review: Review) -> None:
    wrong = json.loads(rendered("sarif", review))
    wrong["runs"][0]["results"][0]["level"] = "bad"
    assert not Draft7Validator(published("https://json.schemastore.org/sarif-2.1.0.json")).is_valid(wrong)


def test_gitlab_is_what_its_documentation_asks_for(review: Review, silent: Review) -> None:
    issues = json.loads(rendered("gitlab", review))
    Draft202012Validator(GITLAB).validate(issues)
    assert [issue["severity"] for issue in issues] == ["critical", "critical", "minor", "info", "critical"]
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert json.loads(rendered("gitlab", silent)) == []


def test_json_is_what_we_publish(review: Review, silent: Review) -> None:
    schema = json.loads((DOCS / "review.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    for each in (review, silent):
        Draft202012Validator(schema).validate(json.loads(rendered("json", each)))
    told = json.loads(rendered("json", review))
    assert told["verdict"] == "fail"
    assert [each["verdict"] for each in told["judged"]] == ["fail", "pass", "unknown", "pass"]
    told["judged"][0]["verdict"] = "maybe"
    assert not Draft202012Validator(schema).is_valid(told)


def test_junit_is_what_its_readers_know(review: Review, silent: Review) -> None:
    for each in (review, silent):
        for element in ET.fromstring(rendered("junit", each)).iter():
            required, optional, children = JUNIT[element.tag]
            assert required <= set(element.keys()) <= required | optional
            assert {child.tag for child in element} <= children
    root = ET.fromstring(rendered("junit", review))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "1", "1")
    cases = [[child.tag for child in case] for case in root.iter("testcase")]
    assert cases == [["failure"], ["system-out"], ["error"], ["system-out"]]
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("type") == "TYPE_MISMATCH"
    assert "level-weak" in (failure.text or "")


COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^:,]*,?)+)::(.*)")


def test_github_annotations_are_one_line_each(review: Review) -> None:
    *lines, last = rendered("github", review).splitlines()
    found = [COMMAND.fullmatch(line) for line in lines]
    assert [match and match[1] for match in found] == ["error", "error", "warning", "notice", "error"]
    assert found[0] is not None
    assert "file=./contracts/a b/order.avsc,line=7,col=3," in found[0][2]
    assert "%0A::error::" in found[0][3]
    assert last.startswith("May NOT ship")
    assert not last.startswith("::")


def test_markdown_stays_text(review: Review) -> None:
    text = rendered("markdown", review)
    assert text.startswith("### ❌ May NOT ship")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
    outside = re.sub(r"~~~json\n.*?\n~~~", "", text, flags=re.DOTALL)
    assert "<b>" not in outside
    assert "@team" not in outside


def test_markdown_fits_into_a_comment() -> None:
    found = [Finding("r", "x" * 500, "y" * 500, subject=str(at), place=Place("a", at)) for at in range(1000)]
    text = rendered("markdown", Review("git", (Judged("a/b", "schema", Judgement.of(found)),)))
    assert len(text) < 65_536
    assert "more" in text


def test_the_text_says_all(review: Review, silent: Review) -> None:
    text = rendered("text", review)
    for part in (
        "shop/orders-value: may NOT ship",
        "could not tell (unsupported)",
        "new: shop/new-value",
        "does not count",
    ):
        assert part in text
    assert "\nMay NOT ship: 3 schemas, 1 of them new, 2 errors, 1 warning, 1 excused, 1 could not be told;" in text
    assert rendered("text", silent) == "May ship: 1 schema; against git main\n"
    assert rendered("text", Review("x", ())).startswith("Nothing was judged")


def test_a_note_beside_a_verdict_is_in_every_format() -> None:
    """As a note, never as an error: the verdict stands."""
    note = "the decoder's verdict is unknown: x"
    review = Review("git", (Judged("shop/a-value", "schema", Judgement.of([], note), place=Place("c.yaml", 3)),))
    for name in REPORTS:
        assert note in rendered(name, review).replace("\\", ""), name
    invocation = json.loads(rendered("sarif", review))["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is True
    assert [each["level"] for each in invocation["toolExecutionNotifications"]] == ["note"]
    Draft7Validator(published("https://json.schemastore.org/sarif-2.1.0.json")).validate(
        json.loads(rendered("sarif", review))
    )
    assert [issue["severity"] for issue in json.loads(rendered("gitlab", review))] == ["info"]
    assert rendered("github", review).startswith("::notice file=c.yaml,line=3,title=note::shop/a-value: ")
    assert "| ℹ️ | note | shop/a-value |" in rendered("markdown", review)
    assert rendered("text", review).startswith("shop/a-value: may ship\n")


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


@given(TEXTS, TEXTS, TEXTS)
def test_any_text_leaves_every_format_whole(what: str, why: str, name: str) -> None:
    found = Finding(
        "r", what, why, why, Place("p", 1), subject=name, facts={"q": what}, witness={"w": why}, excused=name
    )
    judged = Judged(f"c/{name}", "schema", Judgement.of([found, Finding("r", why)]), what, Place("p", 1))
    review = Review(name, (judged,))
    assert review.verdict is Verdict.FAIL
    parse: dict[str, Any] = {"json": json.loads, "gitlab": json.loads, "sarif": json.loads, "junit": ET.fromstring}
    for form in REPORTS:
        text = rendered(form, review)
        parse.get(form, str)(text)
        if form == "github":
            assert all(line.startswith("::") for line in text.split("\n")[:2])
            assert text.count("\n") == 3


def test_what_json_has_no_word_for_is_told_in_words() -> None:
    found = Finding(
        "r", "half a pair: \ud800", witness={"v": [float("nan"), {"w": float("-inf")}]}, place=Place("p", 1)
    )
    review = Review("git", (Judged("a/b", "schema", Judgement.of([found])),))
    for form in REPORTS:
        rendered(form, review).encode("utf-8")
    told = json.loads(rendered("json", review), parse_constant=pytest.fail)
    assert told["judged"][0]["findings"][0]["witness"] == {"v": ["nan", {"w": "-inf"}]}
    assert json.loads(rendered("sarif", review), parse_constant=pytest.fail)
