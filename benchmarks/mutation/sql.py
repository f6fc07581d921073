"""Wrong versions of a query: one comparison, join, number, word or text of it is another one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Mutant(NamedTuple):
    """What was changed (in which line, from what to what), and the whole text with the change."""

    change: str
    text: str


SWAPS: dict[str, tuple[str, ...]] = {
    "<": ("<=",),
    "<=": ("<",),
    ">": (">=",),
    ">=": (">",),
    "=": ("!=",),
    "!=": ("=",),
    "+": ("-",),
    "-": ("+",),
    "and": ("or",),
    "or": ("and",),
    "not": ("",),
    "distinct": ("",),
    "is distinct from": ("is not distinct from", "!="),
    "is not distinct from": ("is distinct from", "="),
    "is not null": ("is null",),
    "is null": ("is not null",),
    "left join": ("join",),
    "join": ("left join",),
    "anti join": ("semi join",),
    "semi join": ("anti join",),
    "full join": ("left join",),
    "union all": ("union",),
    "min": ("max",),
    "max": ("min",),
    "arg_min": ("arg_max",),
    "arg_max": ("arg_min",),
    "bool_or": ("bool_and",),
    "bool_and": ("bool_or",),
    "desc": ("asc",),
    "nulls last": ("nulls first",),
}
"""What stands in a query -> what a mistake may have put in its place."""

_WORDS = "|".join(
    rf"\b{re.escape(word).replace(chr(92) + ' ', chr(92) + 's+')}\b"
    for word in sorted(SWAPS, key=len, reverse=True)
    if word[0].isalpha()
)
_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*)|(?P<name>\"[^\"]*\")|(?P<text>'[^']*')|(?P<kept>->>|::\w+|\|\||//|asof\s+join\b|exists\s*\(\s*select\s+1\b|^select\s+1\b)"
    rf"|(?P<word>{_WORDS})|(?P<number>(?<![\w.])\d+(?:\.\d+)?(?![\w.]))|(?P<sign><=|>=|!=|<|>|=|\+|(?<=\s)-(?=\s))",
    re.IGNORECASE | re.MULTILINE,
)


def mutants(query: str) -> Iterator[Mutant]:
    """Every text that differs from the query in one token; comments and quoted names are left alone."""
    for found in _TOKEN.finditer(query):
        for other in _others(found):
            line = query.count("\n", 0, found.start()) + 1
            change = f"line {line}: {' '.join(found[0].split())} → {other or 'nothing'}"
            yield Mutant(change, query[: found.start()] + other + query[found.end() :])


def _others(found: re.Match[str]) -> tuple[str, ...]:
    if found.lastgroup in ("word", "sign"):
        return SWAPS[" ".join(found[0].lower().split())]
    if found.lastgroup == "number":
        number = float(found[0]) if "." in found[0] else int(found[0])
        return f"{number + 1}", f"({number - 1})"
    if found.lastgroup == "text":
        return ("'another'",)
    return ()
