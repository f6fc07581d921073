"""Every rule of the gate: a change that it finds, and a near miss that it lets pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stream_contracts.findings import Severity
from stream_contracts.gate.changes import CHANGES
from stream_contracts.gate.rules import VERDICTS
from tests.gate.project import BASE, Project

CORPUS = sorted(path.stem for path in BASE.parent.glob("*.yaml"))
ELSEWHERE = {
    "registry-refuses": "test_registry.py",
    "level-differs": "test_registry.py",
    "decoder-differs": "test_compare.py",
}
"""Rules that need more than two states of a folder, and where their case and near miss are."""


def case(rule: str) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load((BASE.parent / f"{rule}.yaml").read_text())
    return loaded


@pytest.mark.parametrize("rule", CORPUS)
def test_the_change_is_found_with_its_place(shop: Project, rule: str) -> None:
    told = case(rule)
    found = [each for each in shop.edit(told["case"]).review().findings if each.rule == rule]
    assert [each.subject for each in found][:1] == [told["subject"]], found
    assert str(found[0].place).startswith(f"{shop.contracts}/{told['place']}"), found[0].place
    assert found[0].why
    assert found[0].remedy


@pytest.mark.parametrize("rule", CORPUS)
def test_the_near_miss_passes(shop: Project, rule: str) -> None:
    review = shop.edit(case(rule)["near"]).review()
    assert rule not in {each.rule for each in review.findings}
    assert not [each for each in review.findings if each.counts and each.severity is Severity.ERROR], review.findings


def test_the_base_itself_may_ship(shop: Project) -> None:
    review = shop.review()
    assert review.verdict == "pass"
    assert not review.findings
    assert len(review.judged) == 8


def test_every_rule_has_its_case() -> None:
    every = {rule.id for rule in VERDICTS} | {rule.id for rule, _ in CHANGES}
    assert every == set(CORPUS) | ELSEWHERE.keys()
    for rule, file in ELSEWHERE.items():
        assert rule in (Path(__file__).parent / file).read_text()
