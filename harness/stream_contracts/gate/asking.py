"""The registry's own word beside ours: what it would say if the schema were registered now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stream_contracts.findings import Finding, Judgement, Place, Reason, Verdict
from stream_contracts.gate.remote import Remote
from stream_contracts.gate.rules import finding
from stream_contracts.gate.subjects import Held, same
from stream_contracts.schema.format import Source


def draft(remote: Remote, held: Held, source: Source) -> tuple[dict[str, Any], str]:
    """The body that registers a schema, and what stands in the way of asking with it.

    References are given in the newest version that the registry has; where it does not have the text that the working
    tree refers to, they have to be registered first.
    """
    texts = {each.name: each.text for each in source.references}
    references, missing = [], []
    for name, subject in held.schema.references.items():
        latest = remote.version(subject, "latest")
        if latest is None or not same(latest.text, texts.get(name) or ""):
            missing.append(subject)
        else:
            references.append({"name": name, "subject": subject, "version": latest.number})
    body = {"schema": source.text, "schemaType": held.form, "references": references}
    return body, ", ".join(missing)


def asked(remote: Remote, held: Held, source: Source, judgement: Judgement) -> Judgement:
    """Add the registry's answer; its no is a finding, and no answer means that nothing can be said."""
    body, missing = draft(remote, held, source)
    if missing:
        return _noted(judgement, f"the registry was not asked: it does not hold {missing} as the working tree has it")
    said, words = remote.compatible(held.subject, body)
    if said is None:
        note = f"the registry was asked for its verdict and gave none: {words}"
        if judgement.verdict is Verdict.FAIL:
            return _noted(judgement, note)
        return Judgement.unknown(Reason.UNSUPPORTED, note, judgement.findings)
    if said:
        told = "the registry was asked and says compatible"
        return _noted(judgement, told) if judgement.verdict is not Verdict.PASS else judgement
    if judgement.verdict is Verdict.FAIL:
        return _noted(judgement, "the registry was asked and says incompatible, too")
    return Judgement.of([*judgement.findings, _refused(held, words)], judgement.note)


def _refused(held: Held, words: str) -> Finding:
    what = f"the registry says that {held.subject} is not compatible{f': {words}' if words else ', without a reason'}"
    return finding("registry-refuses", what, Place(str(held.path), 1), held.subject)


def _noted(judgement: Judgement, note: str) -> Judgement:
    return replace(judgement, note="\n".join(filter(None, (judgement.note, note))))
