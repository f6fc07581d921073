"""Strings that a regular expression finds, made by walking its syntax tree: few, varied, always the same ones."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from stream_contracts.schema.jsonschema_regex import PatternUnsupported, found_in, python_pattern

_CLASSES = {
    "CATEGORY_DIGIT": "0719",
    "CATEGORY_NOT_DIGIT": "aZ _",
    "CATEGORY_SPACE": " \t",
    "CATEGORY_NOT_SPACE": "a0_",
    "CATEGORY_WORD": "aZ_9",
    "CATEGORY_NOT_WORD": " -.",
}
_ANY = "a0Z_ -é"
_LONGEST_RUN = 300
_SURROUNDED = 2


@lru_cache(maxsize=2048)
def samples(pattern: str, count: int = 24) -> tuple[str, ...]:
    """Up to ``count`` strings in which the pattern is found; none where we cannot tell."""
    try:
        tree = _tree(pattern)
        made = dict.fromkeys(_write(tree, turn) for turn in range(count))
        # Most patterns are found inside of longer strings as well.
        around = (around for text in list(made)[:_SURROUNDED] for around in (f"{text}b", f"z{text}", f"{text}0"))
        return tuple(text for text in dict.fromkeys((*made, *around)) if found_in(pattern, text))[:count]
    except (PatternUnsupported, RecursionError):
        return ()


def _tree(pattern: str) -> Any:
    """The syntax tree that Python's own engine compiles from."""
    compiled = python_pattern(pattern)
    return re._parser.parse(compiled.pattern)  # type: ignore[attr-defined]


def _write(items: Any, turn: int) -> str:
    return "".join(_one(str(kind), value, turn + index) for index, (kind, value) in enumerate(items))


def _one(kind: str, value: Any, turn: int) -> str:
    match kind:
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return next(one for one in _ANY[turn % len(_ANY) :] + _ANY if ord(one) != value)
        case "ANY":
            return _ANY[turn % len(_ANY)]
        case "IN":
            return _member(value, turn)
        case "BRANCH":
            branches = value[1]
            return _write(branches[turn % len(branches)], turn // len(branches))
        case "SUBPATTERN":
            return _write(value[-1], turn)
        case "ATOMIC_GROUP":
            return _write(value, turn)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = value
            return _repeated(least, most, inner, turn)
        case "ASSERT":
            return _write(value[1], turn)
    return ""


def _repeated(least: int, most: int, inner: Any, turn: int) -> str:
    """Shortest, one more, some, and longest in turn."""
    top = min(int(most), int(least) + 40, _LONGEST_RUN)
    count = (int(least), min(int(least) + 1, top), top, min(int(least) + 3, top))[turn % 4]
    return "".join(_write(inner, turn // 4 + repeat) for repeat in range(count))


def _member(choices: list[tuple[Any, Any]], turn: int) -> str:
    kinds = [(str(kind), value) for kind, value in choices]
    if kinds[0][0] == "NEGATE":
        pattern = [(kind, value) for kind, value in kinds[1:]]
        outside = [one for one in _ANY + "5x.:/" if not any(_is_in(one, kind, value) for kind, value in pattern)]
        return outside[turn % len(outside)] if outside else ""
    letters = ""
    for kind, value in kinds:
        if kind == "LITERAL":
            letters += chr(value)
        elif kind == "RANGE":
            low, high = value
            letters += chr(low) + chr(high) + chr((low + high) // 2)
        elif kind == "CATEGORY":
            letters += _CLASSES.get(str(value), "a")
    return letters[turn % len(letters)] if letters else ""


def _is_in(one: str, kind: str, value: Any) -> bool:
    if kind == "LITERAL":
        return bool(ord(one) == value)
    if kind == "RANGE":
        low, high = value
        return bool(low <= ord(one) <= high)
    return kind == "CATEGORY" and _in_category(one, str(value))


def _in_category(one: str, name: str) -> bool:
    tests = {"DIGIT": one.isdigit(), "SPACE": one.isspace(), "WORD": one.isalnum() or one == "_"}
    for test, holds in tests.items():
        if name == f"CATEGORY_{test}":
            return holds
        if name == f"CATEGORY_NOT_{test}":
            return not holds
    return False
