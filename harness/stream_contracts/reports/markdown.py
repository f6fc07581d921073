"""The review as Markdown, for a comment on a pull request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from stream_contracts.findings import Finding, Review, Severity, Verdict
from stream_contracts.reports.json import finite
from stream_contracts.reports.text import summary, told, verdict

_MARKS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.UNKNOWN: "❔"}
_LONGEST_WITNESS = 2000
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~@])")
LENGTH_MAX = 60_000
"""GitHub refuses a comment of more than 65,536 characters."""


def render(review: Review) -> str:
    """A verdict, a table of findings, and the details folded; cut, with a word about it, where it grows too long."""
    head = [f"### {_MARKS[review.verdict]} {verdict(review)}", "", _plain(summary(review)), ""]
    head += [line for note in review.notes for line in (_plain(note), "")]
    head += _table(review)
    text, left = "\n".join(head), len(review.findings)
    for found in review.findings:
        block = "\n".join(_details(found))
        if len(text) + len(block) > LENGTH_MAX:
            text += f"\n\n… and the details of {left} more findings: run `stream-contracts check`.\n"
            break
        text, left = f"{text}\n{block}", left - 1
    return text[: LENGTH_MAX + 200].rstrip("\n") + "\n"


def _table(review: Review) -> Iterator[str]:
    rows = [_row(found) for found in review.findings]
    rows += [
        f"| ❔ | could not tell | {_plain(each.name)} | {_plain(each.judgement.note)} | |" for each in review.unknown
    ]
    rows += [f"| ℹ️ | note | {_plain(each.name)} | {_plain(each.judgement.note)} | |" for each in review.noted]
    if not rows:
        return
    yield "| | rule | about | what | where |"
    yield "|---|---|---|---|---|"
    yield from rows[:100]
    if len(rows) > 100:
        yield f"| | | | … and {len(rows) - 100} more | |"


def _row(found: Finding) -> str:
    place = f"`{str(found.place).replace('|', chr(92) + '|').replace('`', '')}`" if found.place else ""
    return f"| {_mark(found)} | {_plain(found.rule)} | {_plain(found.subject)} | {_plain(found.what)} | {place} |"


def _mark(found: Finding) -> str:
    if found.excused:
        return "⏸"
    return "❌" if found.severity is Severity.ERROR else "⚠️"


def _details(found: Finding) -> Iterator[str]:
    yield ""
    yield f"<details><summary>{_mark(found)} {_html(found.rule)}: {_html(found.subject)}</summary>"
    yield ""
    yield _plain(found.what)
    yield ""
    yield from (f"- **{question}**: {_plain(answer)}" for question, answer in told(found))
    if found.witness:
        shown = json.dumps(finite(found.witness), ensure_ascii=False, indent=2, default=str)[:_LONGEST_WITNESS]
        yield from ("", "A message that shows it:", "", "~~~json", shown.replace("~~~", "~ ~ ~"), "~~~")
    yield ""
    yield "</details>"


def _plain(text: str) -> str:
    """Text that stays text: nobody is mentioned, no markup, no line ends in a table."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("\\@", "@\u200b")


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
