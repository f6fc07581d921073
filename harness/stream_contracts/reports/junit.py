"""The review as JUnit XML: a suite for each contract, a case for each thing that was judged.

The elements and attributes are those of the schema that Jenkins publishes (junit-10.xsd of its xunit plugin).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from stream_contracts.findings import Judged, Review, Verdict
from stream_contracts.reports.terminal import findings

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(review: Review) -> str:
    """A failure is what may not ship, an error what could not be told; the rest is in the case's output."""
    root = ET.Element("testsuites", {"name": "stream-contracts", "time": "0", **_counts(review.judged)})
    for contract, judged in groupby(review.judged, lambda each: each.name.partition("/")[0]):
        _suite(root, contract, tuple(judged))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(judged: Sequence[Judged]) -> dict[str, str]:
    verdicts = [each.judgement.verdict for each in judged]
    counts = {
        "tests": len(verdicts),
        "failures": verdicts.count(Verdict.FAIL),
        "errors": verdicts.count(Verdict.UNKNOWN),
    }
    return {name: str(count) for name, count in counts.items()}


def _suite(root: ET.Element, contract: str, judged: Sequence[Judged]) -> None:
    said = {"name": _text(contract), "time": "0", **_counts(judged), "skipped": "0"}
    place = next((each.place for each in judged if each.place is not None), None)
    suite = ET.SubElement(root, "testsuite", said | ({"file": _text(place.path)} if place else {}))
    for each in judged:
        _case(suite, each)


def _case(suite: ET.Element, each: Judged) -> None:
    contract, _, name = each.name.partition("/")
    said = {"classname": _text(contract), "name": _text(name or "topics and promises"), "time": "0"}
    case = ET.SubElement(suite, "testcase", said)
    judgement = each.judgement
    body = _text("\n".join(filter(None, (each.told, judgement.note, *findings(judgement)))))
    if judgement.verdict is Verdict.PASS:
        if judgement.findings or judgement.note or each.told:
            ET.SubElement(case, "system-out").text = body
        return
    first = next((found.what for found in judgement.findings if found.counts), judgement.note)
    kind = "failure" if judgement.verdict is Verdict.FAIL else "error"
    rule = next((found.rule for found in judgement.findings if found.counts), str(judgement.reason))
    ET.SubElement(case, kind, {"message": _text(first.splitlines()[0] if first else kind), "type": rule}).text = body


def _text(text: str) -> str:
    """What XML cannot hold is shown as its code."""
    return _NOT_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
