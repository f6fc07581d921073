"""What `make proof` says of its results: what is worse than it should be, what still holds, and the table of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.proof_rows import BUGS, Kept, Tried, bugs, complaints, found_before, row, source, written

BUG = bugs()[0]
GOOD = Tried(
    BUG.name, "state", "fail", rules=sorted(BUG.anomalies), struck_at="kill-app", trials=5, seconds=9.0,
    size="1 fault, 1 of 12 events", replayed="3/3",
)  # fmt: skip


def test_what_is_found_soon_and_surely_is_no_complaint():
    assert not complaints(BUG, GOOD, set())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"verdict": "pass"}, "was not found: pass"),
        ({"verdict": "broken"}, "was not found: broken"),
        ({"rules": ["replay-storm"]}, "was found by replay-storm"),
        ({"seconds": 121.0}, "was found after 121 s"),
        ({"replayed": "1/3"}, "failed again in 1/3 replays"),
    ],
)
def test_what_is_worse_is_told(change, told):
    (complaint,) = complaints(BUG, replace(GOOD, **change), set())
    assert told in complaint
    assert "regression" not in complaint


def test_what_the_document_calls_found_and_is_not_is_a_regression():
    before = found_before("\n".join([row(BUG, GOOD), row(bugs()[1], replace(GOOD, verdict="unknown"))]))
    assert before == {BUG.name}
    (complaint,) = complaints(BUG, replace(GOOD, verdict="pass"), before)
    assert "a regression" in complaint


def test_results_are_kept_as_long_as_the_sources_stay(tmp_path):
    kept, folder = Kept(tmp_path / "proof.jsonl"), BUGS / BUG.name
    now = replace(GOOD, source=source(folder))
    kept.add(replace(now, seconds=1.0))
    kept.add(now)
    kept.add(replace(now, source="former", seed=2))
    kept.add(replace(now, verdict="broken", seed=3))
    assert kept.of([(BUG.name, folder)]) == {(BUG.name, 1): now}
    kept.clear()
    assert not kept.of([(BUG.name, folder)])


def test_the_document_counts_what_was_tried_and_names_what_was_not():
    right = Tried(
        "contracts/orders", "state", "pass", trials=50, exercised=40, moments=40, others_exercised=9, others=10
    )
    text = written([GOOD], [right, replace(right, seed=2, verdict="fail")])
    assert f"1 of {len(bugs())} found" in text
    assert bugs()[-1].name in text.partition("Not tried yet: ")[2]
    assert "100 trials with faults, 1 alarms" in text
    assert "| 2 | 80 of 80 | 18 of 20 | 100 | 1 | 0 |" in text
