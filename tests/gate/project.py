"""A small project in a real git repository, changed by edits."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from stream_contracts.findings import Finding, Review
from stream_contracts.gate.review import Options, review

BASE = Path(__file__).parent.parent / "corpus" / "gate" / "base"
TODAY = date(2026, 2, 1)


@dataclass(frozen=True)
class Project:
    """A folder with contracts; ``root`` is a git repository whose branch main holds the base."""

    root: Path

    @property
    def contracts(self) -> Path:
        return self.root / "contracts"

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *who, *words], cwd=self.root, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()

    def commit(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def edit(self, edits: Iterable[Mapping[str, Any]]) -> Project:
        """Replace text in files; without ``old`` a file is written, without ``new`` too it is removed."""
        for each in edits:
            path = self.contracts / each["file"]
            if each["new"] is None:
                path.unlink()
            elif each["old"] is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(each["new"])
            else:
                before = path.read_text()
                assert before.count(each["old"]) >= 1, f"{each['old']!r} is not in {path}"
                path.write_text(before.replace(each["old"], each["new"], 1))
        return self

    def replace(self, file: str, old: str, new: str) -> Project:
        return self.edit([{"file": file, "old": old, "new": new}])

    def write(self, file: str, text: str) -> Project:
        return self.edit([{"file": file, "old": None, "new": text}])

    def review(self, against: str = "git:main", **more: Any) -> Review:
        return review([self.contracts], Options(**{"today": TODAY, "against": against, **more}))


def project(root: Path) -> Project:
    """The base, committed to main."""
    made = Project(root)
    shutil.copytree(BASE, made.contracts)
    made.git("init", "-q", "-b", "main")
    made.commit("base")
    return made


def rules(review: Review) -> set[str]:
    """The rules of what counts."""
    return {found.rule for found in review.findings if found.counts}


def only(review: Review, rule: str) -> Finding:
    """The one finding of a rule."""
    found = [each for each in review.findings if each.rule == rule]
    assert len(found) == 1, [(each.rule, each.what) for each in review.findings]
    return found[0]
