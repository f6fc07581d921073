"""What is kept is whole: half-written, changed and old things are not used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stream_contracts.errors import StackError
from stream_contracts.stack.derived import DONE, UNUSED_S, derived


def build(folder: Path) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "cache").write_text("content", encoding="utf-8")


def never(folder: Path) -> None:
    pytest.fail(f"{folder} was built again")


def test_it_is_built_once(tmp_path: Path) -> None:
    place = derived(tmp_path, "k", build, print)
    assert (place / "below" / "cache").read_text(encoding="utf-8") == "content"
    assert derived(tmp_path, "k", never, print) == place


def test_another_key_is_another_build(tmp_path: Path) -> None:
    assert derived(tmp_path, "k", build, print) != derived(tmp_path, "other", build, print)


@pytest.mark.parametrize("harm", ["truncate", "remove", "unlisted", "unfinished"])
def test_what_is_not_whole_is_built_again(tmp_path: Path, harm: str) -> None:
    place = derived(tmp_path, "k", build, print)
    match harm:
        case "truncate":
            os.truncate(place / "below" / "cache", 3)
        case "remove":
            (place / "below" / "cache").unlink()
        case "unlisted":
            (place / "more").touch()
        case "unfinished":
            (place / DONE).unlink()
    again = derived(tmp_path, "k", build, print)
    assert (again / "below" / "cache").read_text(encoding="utf-8") == "content"
    assert derived(tmp_path, "k", never, print) == again


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fails(folder: Path) -> None:
        build(folder)
        raise StackError("no")

    with pytest.raises(StackError, match="no"):
        derived(tmp_path, "k", fails, print)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_what_lies_unused_is_removed_and_what_is_used_stays(tmp_path: Path) -> None:
    old, recent = derived(tmp_path, "old", build, print), derived(tmp_path, "recent", build, print)
    killed = tmp_path / ".build-killed"
    killed.mkdir()
    stamp = (old / DONE).stat().st_mtime - UNUSED_S - 1
    os.utime(old / DONE, (stamp, stamp))
    derived(tmp_path, "new", build, print)
    assert not old.exists()
    assert not killed.exists()
    assert recent.exists()
