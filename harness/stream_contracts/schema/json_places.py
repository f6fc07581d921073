"""Where in a JSON text a thing stands that the JSON reader only names: too deep a place, a number, a word."""

from __future__ import annotations

import json
import re
from functools import lru_cache

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]|[^\s"\[\]{},:]+', re.DOTALL)


def line_and_column(text: str, at: int) -> str:
    """A character of a text as a person counts: lines and columns from 1."""
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"


def place_of_depth(text: str, most: int) -> str:
    """Where the text first nests deeper than ``most`` levels; its deepest place if it never does."""
    depth = greatest = deepest = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth > greatest:
                greatest, deepest = depth, token.start()
            if depth > most:
                break
        elif token[0] in "]}":
            depth -= 1
    return line_and_column(text, deepest)


def place_of_word(text: str, word: str) -> str:
    """Where a number or a bare word stands, outside of strings; empty if nowhere."""
    return next((line_and_column(text, token.start()) for token in _TOKEN.finditer(text) if token[0] == word), "")


def place_of_long_number(text: str, digits: int) -> str:
    """Where a number of more than so many characters stands; empty if nowhere."""
    long = (token for token in _TOKEN.finditer(text) if len(token[0]) > digits and token[0][0] in "-0123456789")
    return next((line_and_column(text, token.start()) for token in long), "")


@lru_cache(maxsize=2048)
def repeated_key(text: str) -> str:
    """The first key that stands twice in one object, with its place; empty if none does, or the text is not JSON."""
    repeats: list[bool] = []

    def object_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
        held = dict(pairs)
        if len(held) != len(pairs):
            repeats.append(True)
        return held

    try:
        json.loads(text, object_pairs_hook=object_of)
    except (ValueError, RecursionError):
        return ""
    return _place_of_repeated_key(text) if repeats else ""


_COLON = re.compile(r"\s*:")


def _place_of_repeated_key(text: str) -> str:
    met: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            met.append(set())
        elif token[0] in "]}":
            met.pop()
        elif token[0][0] == '"' and _COLON.match(text, token.end()):
            key = json.loads(token[0])
            if key in met[-1]:
                return f"the key {token[0]} stands twice in one object, the second time at {line_and_column(text, token.start())}"
            met[-1].add(key)
    return ""
