"""`make proof` as a command, with attempts that cost nothing: it goes on where it was, ends in time, and says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import proof
from benchmarks.proof_rows import Tried, bugs, source


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, int]]:
    """What is attempted; every wrong pipeline is found by its anomaly, every sweep of a right one has 60 trials."""
    made: list[tuple[str, int]] = []
    anomalies = {bug.name: sorted(bug.anomalies) for bug in bugs()}

    def tried(name: str, seed: int, _budget_s: float, folder: Path) -> Tried:
        made.append((name, seed))
        state = source(folder)
        if name in anomalies:
            return Tried(
                name, state, "fail", rules=anomalies[name], struck_at="x", trials=5, seconds=5.0, replayed="3/3"
            )
        return Tried(name, state, "pass", seed=seed, trials=60)

    monkeypatch.setattr(proof, "tried", tried)
    monkeypatch.setattr(proof, "KEPT", tmp_path / "kept/proof")
    monkeypatch.setattr(proof, "DOCUMENT", tmp_path / "proof.md")
    return made


def test_all_of_it_is_tried_once_and_then_it_is_kept(made, tmp_path):
    assert proof.main([]) == 0
    wanted = len(bugs()) + 2 * len(proof.controls())
    assert len(made) == len(set(made)) == wanted
    assert proof.main([]) == 0
    assert len(made) == wanted
    assert f"{len(bugs())} of {len(bugs())} found" in (tmp_path / "proof.md").read_text("utf-8")
    assert proof.main(["--fresh", "acks-one"]) == 0
    assert made[wanted:] == [("acks-one", 1)]


def test_controls_go_on_until_there_are_enough_each_with_seeds_of_its_own(made, capsys):
    sweeps = len(proof.controls()) + 1
    wanted = str(60 * sweeps - 20)
    assert proof.main(["--controls", wanted]) == 0
    assert len(made) == len(set(made)) == sweeps
    assert {name for name, _ in made} == set(proof.controls())
    assert f"{60 * sweeps} of {wanted} trials" in capsys.readouterr().out
    assert proof.main(["--controls", wanted]) == 0
    assert len(made) == sweeps


def test_controls_may_be_some_of_them(made):
    assert proof.main(["--controls", "200", "contracts/totals", "contracts/dedup"]) == 0
    assert made == [
        ("contracts/totals", 0), ("contracts/dedup", 0), ("contracts/totals", 2), ("contracts/dedup", 2),
    ]  # fmt: skip


def test_where_no_time_is_left_it_says_so_and_fails(made, capsys):
    assert proof.main(["--within", "-1", "acks-one"]) == 1
    assert not made
    assert "no time was left for acks-one" in capsys.readouterr().err


@pytest.mark.usefixtures("made")
def test_what_was_found_before_and_is_not_now_is_told(monkeypatch, capsys):
    monkeypatch.setattr(proof, "tried", lambda name, *_: Tried(name, "state", "pass"))
    monkeypatch.setattr(proof, "found_before", lambda _: {"acks-one"})
    assert proof.main(["acks-one"]) == 1
    assert "regression" in capsys.readouterr().err


def test_nobody_is_tried_whom_nobody_knows(made):
    assert proof.main(["no-such-bug"]) == 2
    assert not made
