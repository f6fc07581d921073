"""SQL files as statements with their lines: enough of PostgreSQL's lexis to know where one ends, and what it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.contract.reading import text as text_of
from stream_contracts.findings import Place

_TOKEN = re.compile(
    r"""(?P<space>\s+) | (?P<comment>--[^\n]*) | (?P<block>/\*)
    | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*') | (?P<text>'(?:[^']|'')*') | (?P<name>"(?:[^"]|"")*")
    | (?P<dollar>\$(?:[A-Za-z_]\w*)?\$) | (?P<end>;) | (?P<word>[A-Za-z_\u0080-\uffff][\w$]*)
    | (?P<open>['"].*) | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its words as the lexer sees them, names and keywords in lower case unless they are quoted."""

    file: str
    line: int
    words: tuple[str, ...]
    text: str

    @property
    def place(self) -> Place:
        """Where it begins."""
        return Place(self.file, self.line)

    def says(self, *words: str) -> bool:
        """Whether these words stand in it, one behind the other, others between them or not."""
        rest = iter(self.words)
        return all(word in rest for word in words)


@dataclass(frozen=True, slots=True)
class Script:
    """The statements of several files, in the order in which they run."""

    statements: tuple[Statement, ...] = ()

    def about(self, name: str) -> list[Statement]:
        """The statements that name it."""
        return [each for each in self.statements if name in each.words]

    def first(self, word: str) -> Statement | None:
        """The first statement with that word."""
        return next(iter(self.about(word)), None)

    def before(self, one: Statement, other: Statement) -> bool:
        """Whether one of them comes before the other."""
        return self.statements.index(one) < self.statements.index(other)


def script(files: Sequence[Path]) -> Script:
    """The statements of SQL files, which the loader of contracts has seen to be text."""
    return Script(tuple(each for file in files for each in statements(text_of(file), str(file))))


def statements(text: str, file: str = "") -> Iterator[Statement]:
    """Take a text apart. What does not end (a quote, a comment) goes on to the end of the text."""
    at, start, words, depth = 0, -1, list[str](), 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found is not None, "the last alternative takes any character"
        kind, end = found.lastgroup, found.end()
        if kind == "block":
            end = _block_end(text, at)
        elif kind == "dollar":
            close = text.find(found[0], end)
            end = len(text) if close < 0 else close + len(found[0])
        elif kind == "end" and depth == 0:
            if words:
                yield _statement(text, start, at, words, file)
            start, words = -1, []
        if kind not in ("space", "comment", "block", "end"):
            start = at if start < 0 else start
            words.append(_word(kind, found[0]))
            depth = _depth(words, depth)
        at = end
    if words:
        yield _statement(text, start, len(text), words, file)


def _statement(text: str, start: int, end: int, words: list[str], file: str) -> Statement:
    return Statement(file, text.count("\n", 0, start) + 1, tuple(words), text[start:end].strip())


def _word(kind: str | None, told: str) -> str:
    match kind:
        case "word":
            return told.lower()
        case "name":
            return told[1:-1].replace('""', '"')
        case "text":
            return told[1:-1].replace("''", "'")
    return told


def _depth(words: list[str], depth: int) -> int:
    """How deep we are in bodies of functions that are written as SQL, BEGIN ATOMIC … END: their semicolons end nothing."""
    if words[-2:] == ["begin", "atomic"] or (depth and words[-1] == "case"):
        return depth + 1
    return depth - 1 if depth and words[-1] == "end" else depth


def _block_end(text: str, at: int) -> int:
    """Behind a comment, which may hold others."""
    depth = 0
    for found in re.finditer(r"/\*|\*/", text[at:]):
        depth += 1 if found[0] == "/*" else -1
        if depth == 0:
            return at + found.end()
    return len(text)
