"""What changed, whether it may or not: the changelog beside the verdict."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stream_contracts.contract.model import Contract
from stream_contracts.errors import SchemaError
from stream_contracts.gate.baseline import Baseline
from stream_contracts.gate.compare import safe_order
from stream_contracts.gate.subjects import Held, Tree, held, same
from stream_contracts.schema import format_named
from stream_contracts.schema.compat import check
from stream_contracts.schema.format import Reads, Source


def told(now: Tree, baseline: Baseline) -> Iterator[str]:
    """Every subject that is new, changed or gone, with what follows for its readers; then topics and pipelines."""
    yield f"against {baseline.told}"
    for each in now.held:
        yield from _subject(now, baseline, each)
    if baseline.tree is not None:
        for before in held_all(baseline.tree):
            if before.subject not in now.by_subject:
                yield f"\n- {before.contract.name}/{before.subject}: gone"
        yield from _settings(now, baseline.tree)


def held_all(state: Tree) -> Iterator[Held]:
    """Every schema of a state."""
    for contract in state.contracts:
        yield from held(contract)


def _subject(now: Tree, baseline: Baseline, each: Held) -> Iterator[str]:
    versions, name = baseline.versions(each), f"{each.contract.name}/{each.subject}"
    if versions.trouble:
        yield f"\n? {name}: {versions.trouble}"
        return
    if not versions.known:
        yield f"\n+ {name}: new"
        return
    last, source = versions.known[-1], now.source(each)
    if (
        last.form == each.form
        and same(last.source.text, source.text)
        and _references(last.source) == _references(source)
    ):
        return
    yield f"\n~ {name}"
    if last.form != each.form:
        yield f"  {last.form} before, {each.form} now"
        return
    try:
        answer = check(format_named(each.form), [last.source], source, "FULL", budget=0)
    except SchemaError as error:
        yield f"  cannot be compared: {error}"
        return
    for comparison in answer.comparisons:
        words = {True: "compatible", False: "incompatible", None: "no verdict"}[comparison.registry]
        reads = comparison.decoding.reads.value if comparison.decoding else "not asked"
        why = f" ({comparison.decoding.note})" if reads == Reads.UNKNOWN.value and comparison.decoding else ""
        yield f"  {comparison.direction}: registry {words}, decoder {reads}{why}"
        for difference in comparison.differences:
            mark = "allowed" if difference.compatible else "REFUSED"
            yield f"    {mark} {difference.kind} at {difference.path}: {difference.message}"
    yield f"  safe deploy order: {safe_order(answer).value}"
    lines = difflib.unified_diff(
        _lines(last.source.text, each.path), _lines(source.text, each.path), last.called, str(each.path), lineterm=""
    )
    yield from (f"    {line}" for line in lines)


def _references(source: Source) -> dict[str, Any]:
    return {
        each.name: json.loads(each.text) if each.text and each.text[:1] in '{["' else each.text
        for each in source.references
    }


def _lines(text: str, path: Path) -> list[str]:
    """Lines to be compared; JSON in one spelling, since registries keep it without line ends."""
    if path.suffix == ".proto":
        return text.splitlines()
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False).splitlines()
    except ValueError:
        return text.splitlines()


def _settings(now: Tree, former: Tree) -> Iterator[str]:
    after = {contract.name: contract for contract in now.contracts}
    before = {contract.name: contract for contract in former.contracts}
    for name in sorted(before.keys() | after.keys()):
        was, is_ = _flat(before.get(name)), _flat(after.get(name))
        lines = [
            f"  {key}: {was.get(key, 'not there')} -> {is_.get(key, 'not there')}"
            for key in sorted(was.keys() | is_.keys())
            if was.get(key) != is_.get(key)
        ]
        if lines:
            yield f"\n~ {name}, apart from schemas"
            yield from lines


def _flat(contract: Contract | None) -> dict[str, Any]:
    """A contract as dotted keys."""
    found: dict[str, Any] = {}

    def walk(value: Any, at: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{at}.{key}" if at else str(key))
        else:
            found[at] = value

    if contract is not None:
        walk(contract.model_dump(mode="json", by_alias=True, exclude_none=True), "")
    return found
