"""What became weaker, to the letter: two states of one folder, and every finding between them with subject, line and words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stream_contracts.errors import ContractError
from stream_contracts.findings import Finding, Judged, Judgement, Place, Reason, Review, Severity, Verdict
from stream_contracts.gate.changes import changes
from stream_contracts.gate.decide import decide
from stream_contracts.gate.review import loaded
from stream_contracts.gate.settings import duration, level_lowered, lowered, retention
from stream_contracts.gate.states import Change
from stream_contracts.gate.subjects import Tree, tree
from stream_contracts.gate.verdicts import exit_code
from stream_contracts.gate.waivers import waived, write_known
from tests.gate.project import BASE, TODAY

Edit = Sequence[str]
SHOP, BILLING = "shop/contract.yaml", "billing/contract.yaml"
PIPELINES = "pipelines:\n"


def state(folder: Path, *edits: Edit) -> Tree:
    """The base project with these edits; a file without a text is removed, one without an old text is written."""
    shutil.copytree(BASE, folder)
    for file, old, new in edits:
        path = folder / file
        if not old and not new:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not old or old in path.read_text(), f"{old!r} is not in {path}"
        path.write_text(path.read_text().replace(old, new, 1) if old else new)
    return tree(loaded([folder]))


def told(folder: Path, before: Sequence[Edit], after: Sequence[Edit]) -> list[str]:
    """Everything that is weaker in any of the contracts."""
    former, now = state(folder / "before", *before), state(folder / "after", *after)
    here = {each.name: each for each in now.contracts}
    found = [each for one in former.contracts for each in changes(Change(one, here.get(one.name), former, now))]
    return [_line(folder, each) for each in found]


def _line(folder: Path, found: Finding) -> str:
    assert found.place is not None
    path = Path(found.place.path).relative_to(folder).as_posix().removeprefix("after/")
    at = f" {found.facts['at']}" if found.facts else ""
    return f"{found.rule} {found.subject}{at} {path}:{found.place.line} {found.what}"


CASES = YAML(typ="safe").load(BASE.parent / "decisions" / "between.yaml")


@pytest.mark.parametrize("case", CASES, ids=[each["name"] for each in CASES])
def test_every_finding_between_two_states_is_told_and_no_other(tmp_path: Path, case: dict[str, Any]) -> None:
    assert told(tmp_path, case.get("before", ()), case.get("after", ())) == case["told"]


def judged(severity: Severity, rule: str, verdict: Verdict | None = None, excused: str = "") -> Review:
    found = Finding(rule, "x", severity=severity, excused=excused)
    judgement = Judgement.of([found])
    if verdict is Verdict.UNKNOWN:
        judgement = Judgement.unknown(Reason.UNSUPPORTED, "x", [found])
    return Review("x", (Judged("x", "schema", judgement),))


@pytest.mark.parametrize(
    ("review", "code"),
    [
        (judged(Severity.WARNING, "TYPE_CHANGED"), 0),
        (judged(Severity.WARNING, "schema-unreadable"), 0),
        (judged(Severity.ERROR, "schema-unreadable", excused="waived"), 0),
        (judged(Severity.ERROR, "TYPE_CHANGED"), 1),
        (judged(Severity.ERROR, "schema-unreadable"), 2),
        (judged(Severity.ERROR, "TYPE_CHANGED", Verdict.UNKNOWN), 4),
        (Review("x", ()), 4),
    ],
)
def test_a_review_ends_with_its_exit_code(review: Review, code: int) -> None:
    assert exit_code(review) == code


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("retention.ms", "604800000", "604800000 (7 days)"),
        ("retention.ms", "86400000", "86400000 (1 day)"),
        ("retention.ms", "3600000", "3600000 (1 hour)"),
        ("retention.ms", "7200000", "7200000 (2 hours)"),
        ("retention.ms", "60000", "60000 (1 minute)"),
        ("retention.ms", "1000", "1000 (1 second)"),
        ("retention.ms", "1500", "1500 (1.5 seconds)"),
        ("retention.ms", "999", "999"),
        ("retention.ms", "0", "0"),
        ("retention.ms", "-1", "-1 (without limit)"),
        ("retention.bytes", "-1", "-1 (without limit)"),
        ("retention.bytes", "1000", "1000 bytes"),
        ("retention.ms", "long", "long"),
    ],
)
def test_a_retention_is_told_with_its_unit(key: str, text: str, told: str) -> None:
    assert duration(key, text) == told


def test_settings_that_are_no_numbers_are_not_less() -> None:
    assert [retention(text) for text in ("long", "-1", "0", "5")] == [float("inf"), float("inf"), 0.0, 5.0]
    pairs = [("2", "1"), ("2", "2"), ("1", "2"), ("x", "1"), ("2", "x"), ("0", "-1")]
    assert [lowered(*pair) for pair in pairs] == [True, False, False, False, False, True]


@pytest.mark.parametrize(
    ("was", "now", "lower"),
    [
        ("NONE", "NONE", False),
        ("NONE", "BACKWARD", False),
        ("BACKWARD", "NONE", True),
        ("BACKWARD", "FORWARD", True),
        ("BACKWARD", "FULL", False),
        ("FULL", "BACKWARD_TRANSITIVE", True),
        ("BACKWARD_TRANSITIVE", "FULL", True),
        ("BACKWARD_TRANSITIVE", "FULL_TRANSITIVE", False),
        ("BACKWARD_TRANSITIVE", "BACKWARD_TRANSITIVE", False),
    ],
)
def test_a_level_is_lower_if_it_leaves_out_a_direction_or_versions(was: str, now: str, lower: bool) -> None:
    assert level_lowered(was, now) is lower


WAIVER = "waivers:\n  - {rule: R, %s, reason: because, owner: me, expires: '2026-02-01'}\n"


def waived_in(folder: Path, target: str, found: Sequence[Finding], today: date = TODAY, **more: Any) -> list[Judged]:
    (contract,) = state(folder, (SHOP, PIPELINES, WAIVER % target + PIPELINES), (BILLING, "", "")).contracts
    judgement = more.get("judgement") or Judgement.of([replace(one, place=_at(contract.folder, one)) for one in found])
    return waived(contract, [Judged("shop/x", "schema", judgement)], today, lambda _: more.get("tried", True))


def _at(folder: Path, found: Finding) -> Place | None:
    return Place(str(folder / found.place.path), 1) if found.place else None


def summary(told: Sequence[Judged]) -> list[tuple[str, str, list[tuple[str, bool]]]]:
    return [
        (one.name, one.judgement.verdict, [(each.rule, each.counts) for each in one.judgement.findings]) for one in told
    ]


ORDER = Finding("R", "x", subject="orders-value", place=Place("order.avsc", 1))
UNUSED = ("shop/waivers", "fail", [("waiver-unused", True)])


@pytest.mark.parametrize(
    ("target", "found", "told"),
    [
        ("subject: orders-value", ORDER, [("shop/x", "pass", [("R", False)])]),
        ("path: order.avsc", ORDER, [("shop/x", "pass", [("R", False)])]),
        ("path: money.avsc", ORDER, [("shop/x", "fail", [("R", True)]), UNUSED]),
        ("path: order.avsc", replace(ORDER, place=None), [("shop/x", "fail", [("R", True)]), UNUSED]),
        ("subject: orders-key", ORDER, [("shop/x", "fail", [("R", True)]), UNUSED]),
        ("subject: orders-value", replace(ORDER, rule="S"), [("shop/x", "fail", [("S", True)]), UNUSED]),
    ],
)
def test_a_waiver_excuses_what_it_names(tmp_path: Path, target: str, found: Finding, told: list[Any]) -> None:
    assert summary(waived_in(tmp_path / "a", target, [found])) == told


def test_a_waiver_that_was_not_tried_is_not_unused_and_an_expired_one_is_told_once(tmp_path: Path) -> None:
    subject = "subject: orders-value"
    assert summary(waived_in(tmp_path / "a", subject, [], tried=False)) == [("shop/x", "pass", [])]
    late = waived_in(tmp_path / "b", subject, [ORDER], date(2026, 2, 2))
    assert summary(late) == [
        ("shop/x", "fail", [("R", True)]),
        ("shop/waivers", "fail", [("waiver-expired", True)]),
    ]
    (expired,) = late[1].judgement.findings
    told = "the waiver of R for orders-value (me: because) expired after 2026-02-01"
    assert (expired.what, expired.subject, expired.facts) == (told, "orders-value", {"at": "R"})
    assert late[1].place is not None
    assert expired.place is not None
    assert (late[1].place.line, expired.place.line) == (20, 21)


def test_an_unknown_verdict_stays_one_when_its_findings_are_waived(tmp_path: Path) -> None:
    unknown = Judgement.unknown(Reason.UNSUPPORTED, "no version could be read", [ORDER])
    (told,) = waived_in(tmp_path / "a", "subject: orders-value", [], judgement=unknown)
    assert (told.judgement.verdict, told.judgement.note) == (Verdict.UNKNOWN, "no version could be read")
    assert told.judgement.findings[0].excused == "waived by me until 2026-02-01: because"


def test_one_schema_is_decided_by_its_waivers_too(tmp_path: Path) -> None:
    lost = (SHOP, "order.avsc\n", "order.avsc\n"), ("shop/order.avsc", '"default": null', '"doc": "x"')
    rule = WAIVER.replace("rule: R", "rule: READER_FIELD_MISSING_DEFAULT_VALUE") % "subject: orders-value"
    unused = WAIVER % "subject: orders-key"
    waivers = rule + unused.removeprefix("waivers:\n")
    now = state(tmp_path / "a", *lost, (SHOP, PIPELINES, waivers + PIPELINES))
    contract = next(each for each in now.contracts if each.name == "shop")
    schema = next(schema for subject, schema, _ in contract.subjects() if subject == "orders-value")
    first, after = (decide(contract, schema, budget=0, today=day) for day in (TODAY, date(2026, 2, 2)))
    assert (first.judgement.verdict, after.judgement.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert first.judgement.findings[0].facts["who breaks"].endswith(": shop/enrich")
    assert decide(contract, schema, budget=0).judgement.verdict is Verdict.FAIL, "the day is today"
    shared = next(schema for subject, schema, _ in contract.subjects() if subject == "shop.Money")
    assert decide(contract, shared, budget=0, today=TODAY).judgement.verdict is Verdict.PASS
    with pytest.raises(ContractError, match="is not one of this contract"):
        decide(next(each for each in now.contracts if each.name == "billing"), schema)


def test_only_what_counts_and_may_be_excused_is_written_down_as_known(tmp_path: Path) -> None:
    rules = [("R", Severity.ERROR, ""), ("W", Severity.WARNING, ""), ("E", Severity.ERROR, "waived")]
    found = [Finding(rule, "what \u2192", subject="s", severity=severity, excused=why) for rule, severity, why in rules]
    own = [Finding(rule, "x", subject="s") for rule in ("waiver-unused", "schema-unreadable")]
    review = Review("x", (Judged("x", "schema", Judgement.of([*found, *own])),))
    assert write_known(tmp_path / "known.json", review) == 1
    text = (tmp_path / "known.json").read_text("utf-8")
    assert [each["rule"] for each in json.loads(text)["findings"]] == ["R"]
    assert "\u2192" in text, "it is read by people"


def test_what_no_waiver_excuses_is_not_excused(tmp_path: Path) -> None:
    broken = replace(ORDER, rule="schema-unreadable")
    waiver = WAIVER.replace("rule: R", "rule: schema-unreadable") % "subject: orders-value"
    (contract,) = state(tmp_path / "a", (SHOP, PIPELINES, waiver + PIPELINES), (BILLING, "", "")).contracts
    told = waived(contract, [Judged("shop/x", "schema", Judgement.of([broken]))], TODAY, lambda _: True)
    assert [one.judgement.verdict for one in told] == [Verdict.FAIL, Verdict.FAIL]
    assert told[1].judgement.findings[0].rule == "waiver-unused"


def test_a_waiver_without_a_subject_names_its_file(tmp_path: Path) -> None:
    (_, unused) = waived_in(tmp_path / "a", "path: money.avsc", [ORDER])
    (found,) = unused.judgement.findings
    assert (found.subject, "the waiver of R for money.avsc (me: because) waives nothing" in found.what) == (
        "money.avsc",
        True,
    )
