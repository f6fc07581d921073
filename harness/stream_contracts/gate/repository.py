"""A git repository, read: which commit is meant, and its contract files, taken from the objects without a checkout."""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.errors import BaselineError, UsageError
from stream_contracts.schema import SUFFIXES

TIMEOUT_S = 60.0
_LINKS_MAX = 8
_CONTRACT = "contract.yaml"  # contract.load says the same; it is not imported where a kept verdict is enough
_LINK = "120000"
_MODULE = "160000"
_HOOKS = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"})
"""What git tells its hooks, relative to where it runs them; the repository is found by the path that is asked about."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A working tree; ``top`` is its root."""

    top: Path

    @classmethod
    def around(cls, path: Path) -> Repository:
        """The repository that a path lies in; raises ``BaselineError``."""
        folder = path if path.is_dir() else path.parent
        told = _git(folder, "rev-parse", "--show-toplevel", doing=f"{path} is to be compared with git")
        return cls(Path(os.fsdecode(told.rstrip(b"\n"))))

    def commit(self, ref: str, *, merge_base: bool = True) -> str:
        """The full id of the commit that a ref names, or of where HEAD left it; raises ``BaselineError``."""
        if not ref or ref.startswith("-"):
            raise UsageError(f"git:{ref}: write a branch, a tag or a commit, such as git:main or git:origin/main")
        doing = f"git:{ref}: no such commit here (in CI fetch it first, with its history)"
        found = self._id("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", doing=doing)
        if not merge_base:
            return found
        doing = f"git:{ref}: HEAD and {ref} have no common commit here; a shallow clone lacks it: fetch the history"
        return self._id("merge-base", "HEAD", found, doing=doing)

    def _id(self, *words: str, doing: str) -> str:
        return _git(self.top, *words, doing=doing).decode("ascii").strip()

    def extract(self, commit: str, paths: list[Path], into: Path) -> None:
        """Write the contracts at or below ``paths``, as they were in that commit, to a folder.

        Schemas, contract files and migrations have their content; of all other files only the names are kept, as empty files.
        A submodule is read from its own repository, in the commit that this one names.
        """
        entries = self._entries(commit, [self._inside(path) for path in paths])
        for name in [name for name, (mode, _) in entries.items() if mode == _MODULE]:
            self._module(name, entries.pop(name)[1], paths, into)
        homes = {posixpath.dirname(name) for name in entries if posixpath.basename(name) == _CONTRACT}
        names = [
            name for name in entries if any(home == "" or name.startswith(f"{home}/") for home in _up(name, homes))
        ]
        wanted: dict[str, str] = {}
        for name in names:
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if posixpath.basename(name) == _CONTRACT or name.lower().endswith((*SUFFIXES, ".sql")):
                wanted[name] = name
            else:
                target.touch()
        links = {name: entries[name][1] for name in entries if entries[name][0] == _LINK}
        aims = {name: text.decode("utf-8", "replace") for name, text in self._blobs(links).items()}
        blobs = {name: entries[aim][1] for name in wanted if (aim := _followed(name, aims)) in entries}
        for name, content in self._blobs(blobs).items():
            (into / name).write_bytes(content)

    def _module(self, name: str, commit: str, paths: list[Path], into: Path) -> None:
        """Extract a submodule; one that is not checked out has no contracts here that could be compared."""
        top = self.top.resolve() / name
        if not (top / ".git").exists():
            return
        within = [path for path in paths if path.resolve().is_relative_to(top)]
        (into / name).mkdir(parents=True, exist_ok=True)
        try:
            Repository(top).extract(commit, within or [top], into / name)
        except BaselineError as error:
            hint = "`git submodule update --init` and a fetch in it get its commits"
            raise BaselineError(
                f"the submodule {name} was at {commit[:12]}, which cannot be read: {error}; {hint}"
            ) from None

    def _inside(self, path: Path) -> str:
        try:
            inside = path.resolve().relative_to(self.top.resolve()).as_posix()
        except ValueError:
            raise UsageError(f"{path} is not in the git repository {self.top}") from None
        return "" if inside == "." else inside

    def _entries(self, commit: str, below: list[str]) -> dict[str, tuple[str, str]]:
        """Every file and submodule of the commit that lies at or below, or around: path → (mode, object id)."""
        told = _git(self.top, "ls-tree", "-r", "-z", "--full-tree", commit, doing=f"the files of {commit[:12]}")
        found = {}
        for line in filter(None, told.split(b"\0")):
            head, _, name = line.partition(b"\t")
            mode, kind, blob = head.decode("ascii").split()
            # A crafted tree could name a file outside of the folder that it is written to.
            if kind in ("blob", "commit") and b".." not in name.split(b"/") and not name.startswith(b"/"):
                found[os.fsdecode(name)] = (mode, blob)
        return {
            name: entry
            for name, entry in found.items()
            if any(
                part in ("", name)
                or name.startswith(f"{part}/")
                or (entry[0] == _MODULE and part.startswith(f"{name}/"))
                for part in below
            )
        }

    def _blobs(self, wanted: dict[str, str]) -> dict[str, bytes]:
        """The contents of objects, all in one call of git."""
        if not wanted:
            return {}
        asked = "".join(f"{blob}\n" for blob in wanted.values()).encode("ascii")
        told = _git(self.top, "cat-file", "--batch", doing="the former schemas", said=asked)
        return dict(zip(wanted, _batch(told), strict=True))


def _up(name: str, homes: set[str]) -> Iterator[str]:
    """The contract folders that a file lies in."""
    folder = posixpath.dirname(name)
    while True:
        if folder in homes:
            yield folder
        if not folder:
            return
        folder = posixpath.dirname(folder)


def _followed(name: str, aims: dict[str, str]) -> str:
    """Where a symbolic link ends, inside the repository."""
    for _ in range(_LINKS_MAX):
        if name not in aims:
            return name
        name = posixpath.normpath(posixpath.join(posixpath.dirname(name), aims[name]))
    return ""


def _batch(told: bytes) -> Iterator[bytes]:
    """Take apart what ``cat-file --batch`` says: a line with id, kind and size, the content, a newline."""
    at = 0
    while at < len(told):
        end = told.index(b"\n", at)
        words = told[at:end].split()
        if len(words) != 3:
            raise BaselineError(f"git lacks an object that a tree names: {told[at:end].decode('utf-8', 'replace')}")
        size = int(words[2])
        yield told[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _git(folder: Path, *words: str, doing: str, said: bytes = b"") -> bytes:
    """Run git without letting it write or ask; raises ``BaselineError`` that says what was wanted."""
    kept = {name: value for name, value in os.environ.items() if name not in _HOOKS}
    environment = {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, input=said, capture_output=True, timeout=TIMEOUT_S, env=environment, check=False)
    except FileNotFoundError:
        raise BaselineError(f"{doing}, but the program git is not there; install it, or use --against DIR") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BaselineError(f"{doing}, but git did not answer: {error}") from None
    if done.returncode != 0:
        why = done.stderr.decode("utf-8", "replace").strip()
        raise BaselineError(f"{doing}{f': {why}' if why else ''}")
    return done.stdout
