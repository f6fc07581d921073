"""Findings that do not count although they stand: waived, known before, or older than what is looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from stream_contracts.contract.model import Contract, Waiver
from stream_contracts.errors import UsageError
from stream_contracts.findings import Finding, Judged, Judgement, Review, Verdict
from stream_contracts.gate.rules import finding

_OWN = frozenset({"waiver-expired", "waiver-unused", "schema-unreadable", "reference-unresolved"})
"""What no waiver, no baseline file and no age excuses."""


def waived(contract: Contract, judged: Sequence[Judged], today: date, tried: Callable[[Waiver], bool]) -> list[Judged]:
    """Excuse what the contract waives; expired and unused waivers become findings of the contract itself.

    ``tried`` says whether what a waiver is for was looked at in this run: a waiver of a topic's settings is not
    called unused where only kept schema versions were compared.
    """
    used: set[int] = set()
    told = [_excused(each, lambda found: _by_waiver(contract, found, today, used)) for each in judged]
    own = [
        found
        for position, waiver in enumerate(contract.waivers)
        for found in _about(contract, position, waiver, today, used=position in used or not tried(waiver))
    ]
    if own:
        told.append(Judged(f"{contract.name}/waivers", "contract", Judgement.of(own), place=contract.place("waivers")))
    return told


def _by_waiver(contract: Contract, found: Finding, today: date, used: set[int]) -> str:
    """Why a finding is waived; an expired waiver is used, and excuses nothing."""
    for position, waiver in enumerate(contract.waivers):
        if waiver.rule == found.rule and _fits(contract, waiver, found):
            used.add(position)
            if today <= date.fromisoformat(waiver.expires):
                return f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
    return ""


def _fits(contract: Contract, waiver: Waiver, found: Finding) -> bool:
    if waiver.subject is not None and waiver.subject != found.subject:
        return False
    if waiver.path is None:
        return True
    return found.place is not None and Path(found.place.path) == contract.folder / waiver.path


def _about(contract: Contract, position: int, waiver: Waiver, today: date, *, used: bool) -> Iterable[Finding]:
    place = contract.place("waivers", position)
    target = waiver.subject or waiver.path or ""
    told = f"the waiver of {waiver.rule} for {target} ({waiver.owner}: {waiver.reason})"
    if today > date.fromisoformat(waiver.expires):
        yield finding("waiver-expired", f"{told} expired after {waiver.expires}", place, target, waiver.rule)
    elif not used:
        yield finding(
            "waiver-unused", f"{told} waives nothing{_misspelt(contract, waiver)}", place, target, waiver.rule
        )


def _misspelt(contract: Contract, waiver: Waiver) -> str:
    """What of an unused waiver names nothing at all, with what there is."""
    from stream_contracts.gate.catalogue import entries  # every format's rules, for the one report that needs them

    if waiver.rule not in {one for ids in entries().values() for one in ids}:
        return ": no rule has that name, `stream-contracts explain` lists them"
    if waiver.subject is not None:
        known = [*(subject for subject, *_ in contract.subjects()), *contract.topics, *contract.pipelines]
        if waiver.subject not in known:
            return f": the contract has no {waiver.subject!r}; known: {', '.join(dict.fromkeys(known))}"
    if waiver.path is not None and not (contract.folder / waiver.path).exists():
        return f": there is no file {contract.folder / waiver.path}"
    return ""


def _excused(each: Judged, why: Callable[[Finding], str]) -> Judged:
    """Judge again without what is excused; an unknown stays one."""
    old = each.judgement
    found = [replace(one, excused=one.excused or (why(one) if one.rule not in _OWN else "")) for one in old.findings]
    if tuple(found) == tuple(old.findings):
        return each
    judgement = Judgement.of(found, old.note)
    if old.verdict is Verdict.UNKNOWN and old.reason is not None:
        judgement = Judgement.unknown(old.reason, old.note, found)
    return replace(each, judgement=judgement)


def excused(judged: Iterable[Judged], why: Callable[[Judged, Finding], str]) -> tuple[Judged, ...]:
    """Excuse findings for another reason than a waiver; ``why`` answers nothing where there is none."""
    return tuple(_excused(each, lambda found, each=each: why(each, found)) for each in judged)  # type: ignore[misc]


def read_known(path: Path) -> frozenset[str]:
    """The fingerprints in a baseline file; raises ``UsageError`` for a file that is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return frozenset(str(each["fingerprint"]) for each in data["findings"])
    except FileNotFoundError:
        raise UsageError(f"--baseline {path}: there is no such file; --update-baseline writes it") from None
    except OSError as error:
        raise UsageError(f"--baseline {path}: cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        what = f"it is not JSON from line {error.lineno}, column {error.colno}"
        raise UsageError(f"--baseline {path}: {what}; --update-baseline writes one") from None
    except (ValueError, KeyError, TypeError):
        what = 'it has no list "findings" in which each has a "fingerprint"'
        raise UsageError(f"--baseline {path}: {what}; --update-baseline writes one") from None


def write_known(path: Path, review: Review) -> int:
    """Write every finding that counts now to a baseline file; how many there are."""
    found = [each for each in review.findings if each.counts and each.rule not in _OWN]
    rows = [{"fingerprint": f.fingerprint, "rule": f.rule, "subject": f.subject, "what": f.what} for f in found]
    rows.sort(key=lambda row: (row["subject"], row["rule"], row["fingerprint"]))
    about = "Findings that stood when this file was written; they are shown and do not fail. Only shrink it."
    text = json.dumps({"about": about, "findings": rows}, ensure_ascii=False, indent=2)
    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--baseline {path}: cannot be written: {error.strerror}") from None
    return len(rows)
