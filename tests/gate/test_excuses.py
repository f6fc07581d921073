"""Waivers, the baseline file, and what is older than a commit: visible, and not counted."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from stream_contracts.errors import UsageError
from stream_contracts.findings import Verdict
from stream_contracts.gate.waivers import write_known
from tests.gate.project import Project, only, rules

BREAK = ("shop/enriched.json", '{"type": "integer"}', '{"type": "string"}')


def waive(shop: Project, **said: str) -> Project:
    lines = {"reason": "agreed with all readers", "owner": "team-shop", "expires": "2026-02-01", **said}
    row = ", ".join(f'{name}: "{value}"' for name, value in lines.items())
    return shop.replace("shop/contract.yaml", "pipelines:\n", f"waivers:\n  - {{{row}}}\npipelines:\n")


@pytest.mark.parametrize("target", [{"subject": "orders-enriched-value"}, {"path": "enriched.json"}])
def test_a_waived_finding_stays_visible_and_does_not_count(shop: Project, target: dict[str, str]) -> None:
    waive(shop.replace(*BREAK), rule="TYPE_CHANGED", **target)
    review = shop.review()
    assert review.verdict is Verdict.PASS
    assert only(review, "TYPE_CHANGED").excused == "waived by team-shop until 2026-02-01: agreed with all readers"


@pytest.mark.parametrize(
    "target",
    [{"subject": "orders-value"}, {"path": "order.avsc"}, {"subject": "orders-enriched-value", "path": "order.avsc"}],
)
def test_a_waiver_for_something_else_excuses_nothing(shop: Project, target: dict[str, str]) -> None:
    waive(shop.replace(*BREAK), rule="TYPE_CHANGED", **target)
    assert rules(shop.review()) == {"TYPE_CHANGED", "waiver-unused"}


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ({"rule": "NO_SUCH"}, "no rule has that name"),
        ({"subject": "payment-value"}, "the contract has no 'payment-value'; known: "),
        ({"path": "paymnt.proto"}, "there is no file "),
        ({}, ""),
    ],
)
def test_an_unused_waiver_says_what_of_it_names_nothing(shop: Project, target: dict[str, str], told: str) -> None:
    waived = {"rule": "TYPE_MISMATCH", **({} if "path" in target else {"subject": "orders-value"}), **target}
    what = only(waive(shop, **waived).review(), "waiver-unused").what
    assert f"waives nothing{': ' if told else ''}{told}" in what
    assert what.endswith("waives nothing") is not bool(told)


def test_the_day_after_it_does_not_hold(shop: Project) -> None:
    waive(shop.replace(*BREAK), rule="TYPE_CHANGED", subject="orders-enriched-value")
    review = shop.review(today=date(2026, 2, 2))
    assert rules(review) == {"TYPE_CHANGED", "waiver-expired"}
    assert str(only(review, "waiver-expired").place).endswith("shop/contract.yaml:21:5")


def test_a_waiver_in_another_contract_is_not_asked(shop: Project) -> None:
    shop.replace(*BREAK)
    shop.replace(
        "billing/contract.yaml",
        "topics:",
        "waivers: [{rule: TYPE_CHANGED, subject: orders-enriched-value, reason: x, owner: y, expires: '2026-03-01'}]\ntopics:",
    )
    assert rules(shop.review()) == {"TYPE_CHANGED", "waiver-unused"}


def test_what_was_not_looked_at_is_not_called_unused(shop: Project) -> None:
    waive(shop, rule="partitions-changed", subject="orders")
    assert shop.review("kept").verdict is Verdict.PASS
    assert rules(shop.review("git:main")) == {"waiver-unused"}


def test_a_waiver_waives_no_waiver(shop: Project) -> None:
    waive(shop, rule="waiver-unused", subject="orders")
    assert rules(shop.review()) == {"waiver-unused"}


def test_a_schema_that_is_wrong_cannot_be_waived(shop: Project) -> None:
    waive(
        shop.write("shop/order_id.avsc", "[]["[:2] + '{"type": "rec"}'[:0]),
        rule="schema-unreadable",
        subject="orders-key",
    )
    shop.write("shop/order_id.avsc", '{"type": "record"}')
    assert "schema-unreadable" in rules(shop.review())


def test_known_findings_do_not_count_and_new_ones_do(shop: Project, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    shop.replace(*BREAK)
    assert write_known(known, shop.review()) == 1
    assert json.loads(known.read_text())["findings"][0]["rule"] == "TYPE_CHANGED"
    assert shop.review(known=known).verdict is Verdict.PASS
    shop.replace("shop/contract.yaml", "partitions: 6", "partitions: 7")
    review = shop.review(known=known)
    assert rules(review) == {"partitions-changed"}
    assert only(review, "TYPE_CHANGED").excused == f"known: it is in {known}"


def test_known_findings_are_known_again_when_lines_move(shop: Project, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    write_known(known, shop.replace(*BREAK).review())
    shop.replace("shop/enriched.json", "{\n", "{\n\n\n")
    assert shop.review(known=known).verdict is Verdict.PASS


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"findings": [{}]}', '{"findings": 7}'])
def test_a_file_that_is_no_baseline_is_bad_usage(shop: Project, tmp_path: Path, text: str) -> None:
    (tmp_path / "known.json").write_text(text)
    with pytest.raises(UsageError, match=r"--baseline .*--update-baseline writes one"):
        shop.review(known=tmp_path / "known.json")
    with pytest.raises(UsageError, match="no such file"):
        shop.review(known=tmp_path / "nowhere.json")


def test_since_counts_only_what_is_touched_from_then_on(shop: Project) -> None:
    base = shop.commit("long ago")
    shop.replace(*BREAK).replace("shop/contract.yaml", "partitions: 6", "partitions: 7")
    shop.replace("shop/contract.yaml", "exactly-once", "at-least-once").commit("old sins")
    shop.git("tag", "adopted")
    assert len(rules(shop.review(f"git:{base}"))) == 3
    review = shop.review(f"git:{base}", since="adopted")
    assert (review.verdict, rules(review)) == (Verdict.PASS, set())
    assert len(review.findings) == 3
    shop.replace("shop/enriched.json", '"id": {"type": "string"}', '"id": {"type": "string", "maxLength": 9}')
    review = shop.review(f"git:{base}", since="adopted")
    assert rules(review) == {"TYPE_CHANGED", "MAX_LENGTH_ADDED"}


def test_what_was_deleted_before_is_old_and_what_is_deleted_now_is_not(shop: Project) -> None:
    base = shop.commit("long ago")
    shop.replace("shop/contract.yaml", "  payments:\n    value: {schema: payment.proto}\n", "").commit("gone")
    shop.git("tag", "adopted")
    assert rules(shop.review(f"git:{base}", since="adopted")) == set()
    assert rules(shop.review(f"git:{base}")) == {"topic-deleted"}
