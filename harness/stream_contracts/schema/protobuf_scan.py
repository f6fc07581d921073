"""Words, strings and punctuation of a .proto text, with the position of whatever is wrong."""

from __future__ import annotations

import re

# One run of blanks and comments. The alternatives start with different characters, so it never backtracks far.
_BLANK = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z0-9_.\-]+")
_DECIMAL = re.compile(r"-?[0-9]+")
_HEXADECIMAL = re.compile(r"0[xX]-?[0-9a-fA-F]+")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_PLAIN_FIELD = re.compile(
    r"(?:(optional|repeated|required)[ \t\r\n]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t\r\n]+([A-Za-z_][A-Za-z0-9_]*)"
    r"[ \t\r\n]*=[ \t\r\n]*([0-9]{1,9})[ \t\r\n]*;(?![ \t]*/\*)"
)
_TRAILING = re.compile(r"[ \t]*/\*")
_REST_OF_LINE = re.compile(r"[ \t]*(?:\n|\Z)")
_ESCAPE = re.compile(r"\\(?:[xX]([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}

_LONGEST = 160

#: How deep types, maps and option values may nest: far beyond what any decoder takes (protoc stops at 31 messages).
DEEPEST = 2_000


class TextError(Exception):
    """The text is not what the registry's parser takes: why, and where (line and column from 1)."""

    def __init__(self, why: str, line: int, column: int) -> None:
        self.why, self.line, self.column = why, line, column
        super().__init__(f"{line}:{column}: {why}")


class Scanner:
    """Reads one token after the other. Every method skips blanks and comments first."""

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def wrong(self, why: str, at: int | None = None) -> TextError:
        """An error at the character ``at``, or at the next one to be read."""
        where = min(self.at if at is None else at, len(self.text))
        why = why if len(why) <= _LONGEST else f"{why[:_LONGEST]}…"
        line_start = self.text.rfind("\n", 0, where) + 1
        return TextError(why, self.text.count("\n", 0, where) + 1, where - line_start + 1)

    def skip(self) -> None:
        """Go to the next token."""
        match = _BLANK.match(self.text, self.at)
        assert match is not None  # the expression matches the empty string
        self.at = match.end()
        if self.text.startswith("/", self.at):
            raise self.wrong("a comment that never ends" if self.text.startswith("/*", self.at) else "unexpected '/'")

    def exhausted(self) -> bool:
        """Whether nothing but blanks and comments is left."""
        self.skip()
        return self.at >= len(self.text)

    def peek(self) -> str:
        """The next character, which is left where it is."""
        self.skip()
        if self.at >= len(self.text):
            raise self.wrong("unexpected end of the file")
        return self.text[self.at]

    def take(self, character: str) -> bool:
        """Whether the next character is this one; if so, it is consumed."""
        if self.peek() != character:
            return False
        self.at += 1
        return True

    def require(self, character: str) -> None:
        """Consume this character; anything else is an error."""
        found = self.peek()
        if found != character:
            raise self.wrong(f"expected {character!r} but found {found!r}")
        self.at += 1

    def word(self) -> str:
        """A name, keyword or number; dots and hyphens belong to it."""
        self.skip()
        match = _WORD.match(self.text, self.at)
        if match is None:
            found = repr(self.text[self.at]) if self.at < len(self.text) else "the end of the file"
            raise self.wrong(f"expected a word but found {found}")
        self.at = match.end()
        return match.group()

    def name(self) -> str:
        """A word, which may stand in parentheses or brackets."""
        closing = {"(": ")", "[": "]"}.get(self.peek())
        if closing is None:
            return self.word()
        self.at += 1
        word = self.word()
        self.require(closing)
        return word

    def declared_name(self) -> str:
        """The name of a field: it does not start with a digit."""
        start = self.peek()
        name = self.name()
        if start.isdigit():
            raise self.wrong(f"{name!r}: a name cannot start with a digit", self.at - len(name))
        return name

    def number(self) -> int:
        """A whole number of 32 bits, decimal (leading zeros mean nothing) or hexadecimal."""
        word = self.word()
        if _HEXADECIMAL.fullmatch(word):
            value = int(word[2:], 16)
        elif _DECIMAL.fullmatch(word) and len(word) < 40:
            value = int(word)
        else:
            raise self.wrong(f"expected a whole number but found {word!r}", self.at - len(word))
        if not -(2**31) <= value < 2**31:
            raise self.wrong(f"{word} does not fit in 32 bits", self.at - len(word))
        return value

    def quoted(self) -> str:
        """A string in quotes; adjacent ones are joined."""
        if self.peek() not in "\"'":
            raise self.wrong(f"expected a string in quotes but found {self.peek()!r}")
        parts = []
        while self.peek() in "\"'":
            match = _QUOTED.match(self.text, self.at)
            if match is None:
                raise self.wrong("a string that never ends")
            self.at = match.end()
            parts.append(match.group(1) if match.group(1) is not None else match.group(2))
        return _ESCAPE.sub(_unescaped, "".join(parts))

    def plain_field(self, keywords: frozenset[str]) -> tuple[str | None, str, str, int] | None:
        """Label, type, name and number of a field that has no options and no comments in it, in one match.

        None, and nothing is consumed, where the next statement is none or its type is one of ``keywords``.
        """
        self.skip()
        match = _PLAIN_FIELD.match(self.text, self.at)
        if match is None:
            return None
        label, type_, name, number = match.groups()
        if type_ in keywords:
            return None
        self.at = match.end()
        return label, type_, name, int(number)

    def end_of_statement(self) -> None:
        """A semicolon; a ``/* */`` comment on its line must be the last thing there, as Wire wants it."""
        self.require(";")
        trailing = _TRAILING.match(self.text, self.at)
        if trailing is None:
            return
        end = self.text.find("*/", trailing.end())
        if end < 0:
            raise self.wrong("a comment that never ends", trailing.end() - 2)
        if _REST_OF_LINE.match(self.text, end + 2) is None:
            raise self.wrong("nothing may follow a trailing /* */ comment on its line", end + 2)


def _unescaped(match: re.Match[str]) -> str:
    hexadecimal, octal, character = match.groups()
    if hexadecimal is not None:
        return chr(int(hexadecimal, 16))
    if octal is not None:
        return chr(int(octal, 8))
    return _ESCAPED.get(character, character)
