"""What a piece of SQL does, as far as its text tells: its statements, their verbs, the table that each changes.

Only the words are read (PostgreSQL documentation, "Lexical Structure"); whether it means anything is for the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

CHANGING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "TRUNCATE", "CALL"})
"""The verbs that change data. What a procedure does cannot be told from its call, so a call counts."""
ENDING = frozenset({"COMMIT", "ROLLBACK"})

_SYNONYMS = {
    "START": "BEGIN",
    "END": "COMMIT",
    "ABORT": "ROLLBACK",
}
_BEFORE_TABLE = frozenset({"INTO", "FROM", "ONLY", "TABLE"})
_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*)
      | (?P<comment>/\*)
      | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
      | (?P<string>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) | '(?:[^']|'')*(?:'|\Z))
      | (?P<quoted>"(?:[^"]|"")*(?:"|\Z))
      | (?P<word>[^\W\d][\w$]*)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. ``verb`` is what it changes by, ``tag`` the word with which the server will say that it is done."""

    verb: str
    tag: str
    table: str | None
    text: str
    chained: bool = False
    """Whether the next transaction begins with the end of this one (``COMMIT AND CHAIN``)."""
    name: str | None = None
    """The statement that SQL's own PREPARE makes and EXECUTE calls."""

    @property
    def tells(self) -> bool:
        """Whether it changes data, or ends a transaction."""
        return self.verb in CHANGING or self.verb in ENDING


def statements(sql: str) -> list[Statement]:
    """The statements of a piece of SQL, in their order; what holds no word is none."""
    found: list[Statement] = []
    words: list[tuple[str, int]] = []
    start = depth = 0
    for kind, token, at in _tokens(sql):
        if kind == "other" and token == ";" and depth == 0:
            found += _statement(words, sql[start:at])
            words, start = [], at + 1
        elif token in "()":
            depth += 1 if token == "(" else -1
            words.append((token, depth))
        elif kind in ("word", "quoted") or token == ".":
            words.append((token, depth))
    return found + _statement(words, sql[start:])


def _tokens(sql: str) -> Iterator[tuple[str, str, int]]:
    at = 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        assert match is not None  # its last branch takes any character
        kind, end = str(match.lastgroup), match.end()
        if kind == "comment":
            end = _comment_end(sql, end)
        elif kind == "dollar":
            close = sql.find(match.group(), end)
            end = len(sql) if close < 0 else close + len(match.group())
        if kind not in ("space", "comment", "dollar", "string"):
            yield kind, match.group(), at
        at = end


def _comment_end(sql: str, at: int) -> int:
    """Comments nest."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(sql, at):
        depth += 1 if edge.group() == "/*" else -1
        if not depth:
            return edge.end()
    return len(sql)


def _statement(tokens: list[tuple[str, int]], text: str) -> list[Statement]:
    words = [(token.upper(), depth) for token, depth in tokens]
    if not words:
        return []
    upper = [word for word, _ in words]
    first = _SYNONYMS.get(upper[0], upper[0])
    chained = first in ENDING and "CHAIN" in upper and "NO" not in upper
    verb = tag = first
    if first == "WITH":
        verb, tag = _with(words)
    elif (first == "ROLLBACK" and "TO" in upper) or (first == "COPY" and ("FROM", 0) not in words):
        verb = f"{first} TO"
    elif first == "PREPARE" and upper[1:2] == ["TRANSACTION"]:
        verb = "PREPARE TRANSACTION"
    name = tokens[1][0] if verb in ("PREPARE", "EXECUTE", "DEALLOCATE") and len(tokens) > 1 else None
    table = _table([token for token, _ in tokens], verb) if verb in CHANGING else None
    return [Statement(verb, tag, table, text.strip(), chained, name)]


def _with(words: list[tuple[str, int]]) -> tuple[str, str]:
    """Verb and tag of ``WITH … verb``; where the rest only reads, a part before it may still change something."""
    main = next((word for word, depth in words if not depth and word in CHANGING | {"SELECT", "VALUES", "TABLE"}), "")
    inner = next(
        (word for (word, _), (before, _) in zip(words[1:], words, strict=False) if before == "(" and word in CHANGING),
        None,
    )
    return (main if main in CHANGING else inner or "SELECT"), (main if main in CHANGING else "SELECT")


def _table(tokens: list[str], verb: str) -> str | None:
    """The name after the verb, and after the words that may stand between."""
    at = next(index for index, token in enumerate(tokens) if token.upper() == verb) + 1
    while at < len(tokens) and tokens[at].upper() in _BEFORE_TABLE:
        at += 1
    name = tokens[at : at + 1]
    while tokens[at + 1 : at + 2] == ["."]:
        name += tokens[at + 1 : at + 3]
        at += 2
    return "".join(name) or None
