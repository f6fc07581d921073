"""The behavioural specification paragraph by paragraph: the exact multiset of kinds with their paths, per edition."""

from __future__ import annotations

import json

import pytest

from stream_contracts.schema.format import Edition
from tests.schema.protobuf.corpus import FOLDER, found

_ROWS = FOLDER.parent / "specification" / "protobuf.jsonl"
PARAGRAPHS = [json.loads(line) for line in _ROWS.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("original", "update", "finds"),
    [pytest.param(row["original"], row["update"], row["finds"], id=row["paragraph"]) for row in PARAGRAPHS],
)
@pytest.mark.parametrize("edition", list(Edition), ids=lambda edition: edition.value)
def test_a_paragraph_holds(original: str, update: str, finds: dict[str, list[str]], edition: Edition) -> None:
    expected = finds.get("every edition", finds.get(edition.value))
    assert found(original, update, edition) == expected
