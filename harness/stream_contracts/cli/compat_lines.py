"""The line protocol of ``stream-contracts compat --jsonl``: one JSON question a line, one JSON answer a line."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from stream_contracts.errors import StreamContractsError, UsageError
from stream_contracts.schema import FORMATS, format_named
from stream_contracts.schema.compat import BUDGET, Answer, check
from stream_contracts.schema.format import Difference, Edition, Policy, Reads, Reference, Source, Witness

MODES = ("BACKWARD", "FORWARD", "FULL")


def answers(lines: Iterable[str], *, verdict: str, budget: int = BUDGET) -> Iterator[str]:
    """Answer each non-blank line; a bad line is answered with ``compatible: null`` and an ``error``, never skipped."""
    for line in lines:
        if line.strip():
            yield json.dumps(answer(line, verdict=verdict, budget=budget), ensure_ascii=True)


def answer(line: str, *, verdict: str, budget: int = BUDGET) -> dict[str, Any]:
    """Answer one line."""
    asked: Any = None
    try:
        asked = json.loads(line)
        return _judged(asked, verdict=verdict, budget=budget)
    except StreamContractsError as error:
        return _failed(asked, str(error))
    except RecursionError:
        return _failed(asked, "nested too deep to be read")
    except ValueError as error:
        return _failed(asked, f"the line is not JSON: {error}")
    except Exception as error:  # the protocol promises an answer to every line, whatever is wrong with us
        return _failed(asked, f"internal error, please report it: {type(error).__name__}: {error}")


def _failed(asked: Any, error: str) -> dict[str, Any]:
    known = asked.get("id") if isinstance(asked, dict) else None
    empty: dict[str, Any] = {"compatible": None, "decoder": "unknown", "differences": [], "witness": None}
    return {"id": known, **empty, "error": error}


def _judged(asked: Any, *, verdict: str, budget: int) -> dict[str, Any]:
    if not isinstance(asked, dict):
        raise UsageError("a question is a JSON object")
    mode = _one_of(asked, "mode", MODES, "BACKWARD")
    policy = Policy(_one_of(asked, "policy", [each.value for each in Policy], Policy.STRICT.value))
    edition = Edition(_one_of(asked, "edition", [each.value for each in Edition], Edition.CONFLUENT_8_3.value))
    form = format_named(_one_of(asked, "format", list(FORMATS), None))
    old, new = _source(asked, "old"), _source(asked, "new")
    found = check(form, [old], new, mode, policy=policy, edition=edition, budget=budget)
    return {"id": asked.get("id"), **summary(found, verdict=verdict)}


def _one_of(asked: dict[str, Any], key: str, known: Iterable[str], otherwise: str | None) -> str:
    """Read a key that takes one of a few words."""
    value = asked.get(key) or otherwise
    if value not in list(known):
        raise UsageError(f"{key} is {value!r}; known: {', '.join(known)}")
    return str(value)


def _source(asked: dict[str, Any], key: str) -> Source:
    text = asked.get(key)
    if not isinstance(text, str):
        raise UsageError(f"{key} is the text of a schema, not {type(text).__name__}")
    listed = asked.get(f"{key}_refs") or []
    if not isinstance(listed, list):
        raise UsageError(f"{key}_refs is a list of references")
    return Source(text, tuple(_reference(each, key) for each in listed), called=f"{key} schema")


def _reference(written: Any, key: str) -> Reference:
    if not isinstance(written, dict) or not isinstance(written.get("name"), str):
        raise UsageError(f'{key}_refs: a reference is an object with a "name"')
    text, version = written.get("schema"), written.get("version")
    if text is not None and not isinstance(text, str):
        raise UsageError(f"{key}_refs: the schema of {written['name']} is its text, or null")
    return Reference(
        written["name"], str(written.get("subject") or ""), version if isinstance(version, int) else 0, text
    )


def summary(found: Answer, *, verdict: str) -> dict[str, Any]:
    """An answer as JSON: both verdicts, each difference that counts, and the worst comparison's witness."""
    worst = next(
        (each.decoding for each in found.comparisons if each.decoding and each.decoding.reads is found.decoder), None
    )
    compatible = found.registry if verdict == "registry" else survives(found.decoder)
    failures = [each.failure for each in found.comparisons if each.failure]
    return {
        "compatible": compatible,
        "decoder": found.decoder.value,
        "differences": [_difference(each) for one in found.comparisons for each in one.differences],
        "witness": _witness(worst.witness) if worst and worst.witness else None,
        "proved": worst.proved if worst else True,
        "clashes": [
            {"rule": clash.rule, "pointer": clash.pointer, "message": clash.message, "reads": clash.reads.value}
            for one in found.comparisons
            if one.decoding
            for clash in one.decoding.clashes
        ],
        "note": worst.note if worst else "",
        "edition": found.edition.value,
        "error": "; ".join(failures) or None,
    }


def survives(reads: Reads) -> bool | None:
    """The decoder verdict as yes, no, or None for unknown."""
    return None if reads is Reads.UNKNOWN else reads is Reads.READS


def _difference(difference: Difference) -> dict[str, Any]:
    written = {"kind": difference.kind, "path": difference.path, "message": difference.message}
    return {**written, "compatible": difference.compatible}


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "value": witness.value,
        "data": base64.b64encode(witness.data).decode(),
        "outcome": witness.outcome,
        "error": witness.error or None,
    }
