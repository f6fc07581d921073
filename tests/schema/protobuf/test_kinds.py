"""Every kind of difference has a case that shows it and a near miss that does not, for every edition."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_contracts.schema.format import Edition, compatible
from stream_contracts.schema.protobuf_explain import KINDS
from stream_contracts.schema.protobuf_kinds import ABSENT, ALLOWED, SENTENCES
from tests.schema.protobuf.corpus import SIDES, differences, files, found, load

INCOMPATIBLE = {
    "PACKAGE_CHANGED",
    "MESSAGE_REMOVED",
    "FIELD_KIND_CHANGED",
    "FIELD_SCALAR_KIND_CHANGED",
    "FIELD_NAMED_TYPE_CHANGED",
    "FIELD_NUMERIC_LABEL_CHANGED",
    "REQUIRED_FIELD_ADDED",
    "REQUIRED_FIELD_REMOVED",
    "ONEOF_FIELD_REMOVED",
    "MULTIPLE_FIELDS_MOVED_TO_ONEOF",
    "FIELD_MOVED_TO_EXISTING_ONEOF",
}
KIND_FILES = pytest.mark.parametrize("path", files("kinds"), ids=lambda path: path.stem)
EDITIONS = pytest.mark.parametrize("edition", Edition)


def test_the_corpus_has_every_kind_and_no_other() -> None:
    assert {path.stem for path in files("kinds")} == SENTENCES.keys()
    assert len(SENTENCES) == 26


@KIND_FILES
@EDITIONS
@pytest.mark.parametrize("side", SIDES)
def test_the_registry_finds_exactly_this(path: Path, edition: Edition, side: str) -> None:
    case = load(path)[side]
    expected = case["finds"].get("every edition", case["finds"].get(str(edition)))
    assert found(case["old"], case["new"], edition) == sorted(expected), case.get("why")


@KIND_FILES
def test_a_case_shows_its_kind_and_a_near_miss_does_not(path: Path) -> None:
    cases = load(path)
    edition = Edition.CONFLUENT_NEXT
    shown = {
        side: [line.split()[0] for line in found(cases[side]["old"], cases[side]["new"], edition)] for side in SIDES
    }
    assert path.stem in shown["case"]
    assert path.stem not in shown["near_miss"]


@KIND_FILES
@EDITIONS
def test_a_difference_is_allowed_as_its_kind_is(path: Path, edition: Edition) -> None:
    case = load(path)["case"]
    for difference in differences(case["old"], case["new"], edition):
        refused = difference.kind in INCOMPATIBLE - ({"PACKAGE_CHANGED"} if edition == "confluent-7.4" else set())
        assert difference.compatible is not refused
        assert difference.path in difference.message


@pytest.mark.parametrize(
    ("edition", "kinds", "allowed"), [("confluent-next", 26, 15), ("confluent-8.3", 25, 14), ("confluent-7.4", 24, 15)]
)
def test_each_edition_has_as_many_kinds_as_documented(edition: str, kinds: int, allowed: int) -> None:
    known = Edition(edition)
    assert len(SENTENCES) - len(ABSENT[known]) == kinds
    assert len(ALLOWED[known]) == allowed
    assert ALLOWED[known].isdisjoint(ABSENT[known])


def test_every_kind_is_explained() -> None:
    assert KINDS.keys() == SENTENCES.keys()


@KIND_FILES
@EDITIONS
@pytest.mark.parametrize("side", SIDES)
def test_a_schema_is_no_different_from_itself(path: Path, edition: Edition, side: str) -> None:
    for text in (load(path)[side]["old"], load(path)[side]["new"]):
        assert found(text, text, edition) == []


OPPOSITES = {"ADDED": "REMOVED", "REMOVED": "ADDED"}


@KIND_FILES
def test_additions_and_removals_mirror_each_other(path: Path) -> None:
    """Read backwards, what was added was removed; the rest of a multiset of unmoved things is symmetric."""
    case = load(path)["case"]

    def plain(lines: list[str]) -> list[str]:
        return sorted(
            line for line in lines if line.split("_")[0] in ("MESSAGE", "ENUM", "FIELD") and "ONEOF" not in line
        )

    there = plain(found(case["old"], case["new"]))
    back = plain(found(case["new"], case["old"]))
    turned = []
    for line in back:
        kind, _, place = line.partition(" ")
        head, _, tail = kind.rpartition("_")
        turned.append(f"{head}_{OPPOSITES.get(tail, tail)} {place}")
    if "oneof" not in case["old"] + case["new"]:
        assert there == sorted(turned)


def test_a_list_of_allowed_differences_is_compatible() -> None:
    old = 'syntax = "proto3"; message Pay { int32 a = 1; string b = 2; }'
    assert compatible(differences(old, 'syntax = "proto3"; message Pay { int64 a = 1; }'))
    assert not compatible(differences(old, 'syntax = "proto3"; message Pay { string a = 1; }'))
