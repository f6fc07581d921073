"""Every kind of difference has a case that shows it and a near miss that does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream_contracts.schema.format import Edition, Policy
from stream_contracts.schema.jsonschema_kinds import ALLOWED, KINDS, LENIENT_ONLY, REFUSED, RETIRED, allowed, sentence
from tests.schema.jsonschema.judged import NEXT, V74, V83, differences, kinds

_CORPUS = Path(__file__).parents[2] / "corpus" / "jsonschema"
_FILES = sorted(_CORPUS.glob("*.json"))
_EMITTED = (KINDS - RETIRED) | {"PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"}


def test_each_emitted_kind_has_its_file() -> None:
    """A kind that never fired in a test is not a kind."""
    assert {file.stem.upper() for file in _FILES} == _EMITTED


def test_the_kinds_are_the_published_ones() -> None:
    """132 kinds: 65 allowed, 9 more under LENIENT, 58 refused (3 of which nothing emits today)."""
    assert (len(KINDS), len(ALLOWED), len(LENIENT_ONLY), len(REFUSED), len(RETIRED)) == (132, 65, 9, 55, 3)


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("part", ["case", "near_miss"])
def test_case_and_near_miss(file: Path, part: str) -> None:
    """The listed kinds, as a multiset; the kind of the file is among them in the case only."""
    corpus = json.loads(file.read_text(encoding="utf-8"))
    found = kinds(corpus[part]["original"], corpus[part]["update"], Edition(corpus["edition"]))
    assert found == corpus[part]["kinds"]
    assert (corpus["kind"] in found) == (part == "case")


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_the_verdict_of_a_kind_follows_the_policy(file: Path) -> None:
    """``compatible`` on each difference is what the policy says of its kind."""
    corpus = json.loads(file.read_text(encoding="utf-8"))
    for policy in Policy:
        edition = NEXT if corpus["edition"] == NEXT else Edition(corpus["edition"])
        if edition is not NEXT and policy is Policy.LENIENT:
            continue
        for found in differences(corpus["case"]["original"], corpus["case"]["update"], edition, policy):
            assert found.compatible == (found.kind in allowed(policy, edition))
            assert found.message == f"at '{found.path}': {sentence(found.kind)}"


def test_8_3_lists_what_next_lists_but_for_exact_decimals() -> None:
    """Outside of recursion and multipleOf the two newest editions agree on the whole corpus."""
    for file in _FILES:
        corpus = json.loads(file.read_text(encoding="utf-8"))
        if "MULTIPLE_OF" in corpus["kind"] or corpus["edition"] != NEXT:
            continue
        for part in ("case", "near_miss"):
            assert kinds(corpus[part]["original"], corpus[part]["update"], V83) == corpus[part]["kinds"], file.stem


_SPLIT = {
    "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
    "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
    "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL",
}
_OF_THE_MODERN_LOADER = {
    "DEFAULT_CHANGED",
    "DEPENDENCY_ARRAY_CHANGED",
    "ID_CHANGED",
    "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
    "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED",
    "SCHEMA_ADDED",
}
"""Their near misses are about what 2020-12 reads differently; 7.4 reads it as draft-07, and the kind is there."""
_LATER = _SPLIT | {kind for kind in KINDS if kind.startswith(("UNEVALUATED_", "MAX_CONTAINS_", "MIN_CONTAINS_"))}


@pytest.mark.parametrize("edition", Edition)
def test_every_kind_of_an_edition_has_a_case_and_a_near_miss_there(edition: Edition) -> None:
    """What 7.4 does not know came with 8.0.6; the kind that was split there is its own."""
    known = KINDS - RETIRED - _LATER | {"PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"} if edition is V74 else KINDS - RETIRED
    shown, missed = set(), set()
    for file in _FILES:
        corpus = json.loads(file.read_text(encoding="utf-8"))
        found = {
            part: kinds(corpus[part]["original"], corpus[part]["update"], edition) for part in ("case", "near_miss")
        }
        shown |= {corpus["kind"]} & set(found["case"])
        missed |= {corpus["kind"]} - set(found["near_miss"])
    assert shown == known
    assert known - missed == (_OF_THE_MODERN_LOADER if edition is V74 else set())


def test_every_kind_has_a_sentence() -> None:
    """Messages name the content model where one decides."""
    for kind in KINDS:
        assert sentence(kind)
        for model in ("OPEN", "CLOSED"):
            if kind.endswith(f"_{model}_CONTENT_MODEL") and "PARTIALLY" not in kind:
                assert model.lower() in sentence(kind)
