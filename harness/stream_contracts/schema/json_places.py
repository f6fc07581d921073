"""Where in a JSON text a thing stands that the JSON reader only names: too deep a place, a number, a word."""

from __future__ import annotations

import re

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
