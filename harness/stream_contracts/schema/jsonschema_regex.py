"""Regular expressions of JSON Schema, searched in linear time so that no pattern can stall a check.

JSON Schema asks for ECMA-262. Patterns are run by RE2, which never backtracks; what RE2 lacks (lookaround, back
references) is run by Python's engine, but only if no group is repeated without bound, for that is what blows up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import re2

_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{\d+,\d*\})")
_CONTROL = re.compile(r"\\c([A-Za-z])")
_CODE_POINT = re.compile(r"\\u(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{4}))")
_QUIET = re2.Options()
_QUIET.log_errors = False
_LONGEST = 2_000
"""Characters that a backtracking engine may be given: with adjacent repetitions its time still grows as a power."""


class PatternUnsupported(ValueError):  # noqa: N818 - what the pattern is
    """A pattern that no engine at hand can run safely; the message says why."""


def found_in(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text; PatternUnsupported where we cannot tell."""
    return finder(pattern)(text)


@lru_cache(maxsize=4096)
def finder(pattern: str) -> Callable[[str], bool]:
    """The search for one pattern, compiled once."""
    try:
        searching = re2.compile(_CODE_POINT.sub(_as_re2, _plain(pattern)), _QUIET)
    except re2.error:
        return _backtracking(pattern)
    # RE2 works on UTF-8, in which half a surrogate pair has no place.
    return lambda text: searching.search(text.encode("utf-8", "replace").decode()) is not None


_NO_PATTERN = re.compile("missing \\)|unbalanced|unterminated|nothing to repeat|min repeat greater|bad escape \\(end")
"""What Python says of patterns that are none in any dialect, as far as they are told from those of other dialects."""


@lru_cache(maxsize=4096)
def complaint(pattern: str) -> str:
    """Why no engine takes the pattern, or nothing: a pattern that only the engines at hand do not know is not wrong."""
    try:
        re2.compile(_CODE_POINT.sub(_as_re2, _plain(pattern)), _QUIET)
    except re2.error:
        if "[]" in pattern or "[^]" in pattern:
            return ""  # nothing and everything, for ECMA
        try:
            python_pattern(pattern)
        except PatternUnsupported as wrong:
            cause = wrong.__context__
            said = f"{cause.msg} at character {(cause.pos or 0) + 1}" if isinstance(cause, re.error) else ""
            return said if _NO_PATTERN.match(said) else ""
    return ""


def python_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern for Python's own engine; PatternUnsupported where it is no pattern there."""
    try:
        return re.compile(re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", _plain(pattern)))
    except (re.error, OverflowError, RecursionError) as wrong:
        raise PatternUnsupported(f"the pattern {pattern!r} cannot be run: {wrong}") from None


def _plain(pattern: str) -> str:
    """``\\cC`` is ECMA's way to write a control character; no other engine here knows it."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[1].upper()) - 64:02x}", pattern)


def _as_re2(found: re.Match[str]) -> str:
    return f"\\x{{{found[1] or found[2]}}}"


def _backtracking(pattern: str) -> Callable[[str], bool]:
    compiled = python_pattern(pattern)
    if _REPEATED_GROUP.search(pattern):
        raise PatternUnsupported(f"the pattern {pattern!r} needs backtracking and repeats a group: it may never end")

    def search(text: str) -> bool:
        if len(text) > _LONGEST:
            raise PatternUnsupported(f"the pattern {pattern!r} needs backtracking, and the text is too long for that")
        return compiled.search(text) is not None

    return search
