"""Verdicts kept between runs: the same files, options, day and tool give the same review, without judging again.

The key is made of contents, never of times, so a checkout or a clone finds the verdicts of the last run. Whatever makes
the contents hard to be sure of (a linked directory, a registry) is not kept. This module imports nothing heavy: when
nothing changed, nothing else is needed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from stream_contracts import __version__
from stream_contracts.contract.reading import content as content_of
from stream_contracts.findings import Finding, Judged, Judgement, Place, Reason, Review, Severity, Verdict

VERSION = 1
"""Of what is kept; raise it with every change of a rule or of the shape of a review."""
KEPT_MAX = 64
"""Reviews that are kept; the oldest go first."""
_SKIPPED = {"node_modules", "__pycache__", "site-packages"}
_CONTRACT = "contract.yaml"
_SCHEMAS = (".avsc", ".proto", ".json", ".sql")


def folder() -> Path:
    """Where verdicts are kept: ``STREAM_CONTRACTS_CACHE``, or the user's cache folder."""
    named = os.environ.get("STREAM_CONTRACTS_CACHE")
    if named:
        return Path(named) / "verdicts"
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "stream-contracts" / "verdicts"


def key(paths: Sequence[Path], told: Sequence[str]) -> str | None:
    """What the verdict on ``paths`` hangs on, with the options ``told``; None where it cannot be said for sure."""
    found = blake2b(digest_size=20)
    python = ".".join(map(str, sys.version_info[:3]))
    for part in (VERSION, __version__, _code(), python, *told, *map(str, paths)):
        found.update(f"{part}\0".encode())
    try:
        for root in dict.fromkeys(_root(path) for path in paths):
            for part in _contents(str(root)):
                found.update(part)
    except OSError:
        return None
    except _UnsureError:
        return None
    return found.hexdigest()


class _UnsureError(Exception):
    """A directory is linked from elsewhere, so its contents are not all seen."""


def _code() -> str:
    """The state of our own code: it changes without a new version while it is worked on."""
    told = blake2b(digest_size=8)
    for name in ("gate", "schema", "contract", "cdc"):
        with os.scandir(Path(__file__).parent.parent / name) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                state = entry.stat()
                told.update(f"{entry.name} {state.st_size} {state.st_mtime_ns}\0".encode())
    return told.hexdigest()


def _root(path: Path) -> Path:
    """The folder whose contents count: contracts may refer to those beside them."""
    whole = path.resolve()
    if whole.is_file():
        return whole.parent.parent
    return whole.parent if (whole / _CONTRACT).exists() else whole


def _contents(top: str, *, inside: bool = False) -> Iterator[bytes]:
    """The names and contents of all contracts and schemas below a folder, and the names of what lies beside them."""
    with os.scandir(top) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    inside = inside or any(entry.name == _CONTRACT for entry in listed)
    for entry in listed:
        if entry.is_dir():
            if entry.name.startswith(".") or entry.name in _SKIPPED:
                continue
            if entry.is_symlink():
                raise _UnsureError
            yield f"\0/{entry.name}\0".encode()
            yield from _contents(entry.path, inside=inside)
            yield b"\0..\0"
        elif inside:
            yield os.fsencode(entry.name)
            if entry.name == _CONTRACT or entry.name.endswith(_SCHEMAS):
                content = content_of(entry.path)
                yield f"\0{len(content)}\0".encode()
                yield content


def get(name: str) -> Review | None:
    """The review that was kept under a key, or None: also where the file is not what we wrote."""
    try:
        path = folder() / f"{name}.json"
        data = json.loads(path.read_bytes())
        if data["key"] != name:
            return None
        review = _review(data["review"])
        os.utime(path)
        return review
    except (OSError, ValueError, KeyError, TypeError):
        return None


def put(name: str, review: Review) -> None:
    """Keep a review. Several runs at once do not disturb each other; where nothing can be written, nothing is kept."""
    with suppress(OSError, TypeError, ValueError):
        home = folder()
        home.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"key": name, "review": _plain(review)})
        if _plain(_review(json.loads(text)["review"])) != _plain(review):
            return  # a witness that JSON cannot hold: better judged again than told otherwise
        with tempfile.NamedTemporaryFile("w", dir=home, prefix=".new-", delete=False, encoding="utf-8") as stream:
            stream.write(text)
        Path(stream.name).replace(home / f"{name}.json")
        _tidy(home)


def _tidy(home: Path) -> None:
    kept = sorted((path for path in home.glob("*.json")), key=lambda path: path.stat().st_mtime)
    for path in kept[:-KEPT_MAX]:
        path.unlink(missing_ok=True)


def _plain(review: Review) -> dict[str, Any]:
    return {
        "against": review.against,
        "notes": list(review.notes),
        "judged": [
            [
                each.name, each.kind, each.told, _spot(each.place), each.new, each.judgement.verdict.value,
                each.judgement.reason and each.judgement.reason.value, each.judgement.note,
                [
                    [
                        found.rule, found.what, found.why, found.remedy, _spot(found.place), found.severity.value,
                        dict(found.witness), found.subject, dict(found.facts), found.excused,
                    ]
                    for found in each.judgement.findings
                ],
            ]
            for each in review.judged
        ],
    }  # fmt: skip


def _spot(place: Place | None) -> list[Any] | None:
    return None if place is None else [place.path, place.line, place.column]


def _place(spot: list[Any] | None) -> Place | None:
    return Place(*spot) if spot else None


def _review(data: Any) -> Review:
    return Review(data["against"], tuple(_judged(row) for row in data["judged"]), tuple(data["notes"]))


def _judged(row: list[Any]) -> Judged:
    name, kind, told, spot, new, verdict, reason, note, found = row
    findings = tuple(
        Finding(rule, what, why, remedy, _place(at), Severity(weight), witness, subject, facts, excused)
        for rule, what, why, remedy, at, weight, witness, subject, facts, excused in found
    )
    judgement = Judgement(Verdict(verdict), findings, Reason(reason) if reason else None, note)
    return Judged(name, kind, judgement, told, _place(spot), new)
