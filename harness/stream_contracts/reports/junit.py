"""The review as JUnit XML: one suite, a case for each thing that was judged."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from stream_contracts.findings import Judged, Review, Verdict
from stream_contracts.reports.terminal import findings

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(review: Review) -> str:
    """A failure is what may not ship, an error what could not be told; the rest is in the case's output."""
    failed = sum(each.judgement.verdict is Verdict.FAIL for each in review.judged)
    counts = {"tests": len(review.judged), "failures": failed, "errors": len(review.unknown), "skipped": 0}
    numbers = {name: str(count) for name, count in counts.items()}
    root = ET.Element("testsuites", {"name": "stream-contracts", "time": "0", **numbers})
    suite = ET.SubElement(root, "testsuite", {"name": "stream-contracts check", "time": "0", **numbers})
    for each in review.judged:
        _case(suite, each)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _case(suite: ET.Element, each: Judged) -> None:
    contract, _, name = each.name.partition("/")
    said = {"classname": _text(contract), "name": _text(name or "topics and promises"), "time": "0"}
    if each.place is not None:
        said["file"] = _text(each.place.path)
        said |= {"line": str(each.place.line)} if each.place.line is not None else {}
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
