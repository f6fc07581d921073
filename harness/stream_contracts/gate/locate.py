"""From a pointer into a schema to its line: JSON pointers in .avsc and .json, Protobuf paths in .proto."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")
_MESSAGE = r"\b(?:message|enum|oneof|service|group)\s+{}\b"


def line_of(text: str, form: str, pointer: str, former: str = "") -> int:
    """The line in ``text`` of the node that ``pointer`` names, or of its nearest parent that is there.

    ``former`` is the text that the pointer was made for, where that is another one: the node is then looked for by the
    names on the way to it, since positions in a list differ between versions.
    """
    if form == "PROTOBUF":
        return _proto_line(text, pointer)
    try:
        lines = dict(_Lines(text).walk())
        steps = tuple(_steps(pointer))
        if former and former != text:
            steps = tuple(_translated(steps, json.loads(former), json.loads(text)))
        else:
            steps = tuple(_named(steps, json.loads(text)))
    except (ValueError, IndexError, RecursionError):
        return 1
    while steps and steps not in lines:
        steps = steps[:-1]
    return lines.get(steps, 1)


def _steps(pointer: str) -> Iterator[str]:
    for step in pointer.lstrip("#").split("/"):
        if step:
            yield step.replace("~1", "/").replace("~0", "~")


def _child(node: Any, step: str) -> tuple[str, Any] | None:
    """The child that a step names: a key, a position, or in a list the item of that name."""
    if isinstance(node, dict) and step in node:
        return step, node[step]
    if isinstance(node, list):
        if step.isdecimal() and int(step) < len(node):
            return step, node[int(step)]
        for position, item in enumerate(node):
            if isinstance(item, dict) and item.get("name") == step:
                return str(position), item
    return None


def _named(steps: tuple[str, ...], node: Any) -> Iterator[str]:
    """The same way in keys and positions only."""
    for step in steps:
        found = _child(node, step)
        if found is None:
            return
        yield found[0]
        node = found[1]


def _translated(steps: tuple[str, ...], former: Any, now: Any) -> Iterator[str]:
    """The way in another version: an item that has a name is found by it again."""
    for step in steps:
        found = _child(former, step)
        if found is None:
            return
        name = found[1].get("name") if isinstance(former, list) and isinstance(found[1], dict) else found[0]
        again = _child(now, str(name)) if name is not None else None
        if again is None:
            return
        yield again[0]
        former, now = found[1], again[1]


class _Lines:
    """A walk over JSON text that notes the line of each node: of its key where it has one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.breaks = [match.start() for match in re.finditer("\n", text)]

    def walk(self) -> list[tuple[tuple[str, ...], int]]:
        """Every node as (steps, line)."""
        self.found: list[tuple[tuple[str, ...], int]] = []
        start = self._skip(0)
        self._note((), start)
        self._value(start, ())
        return self.found

    def _note(self, steps: tuple[str, ...], at: int) -> None:
        from bisect import bisect_left

        self.found.append((steps, bisect_left(self.breaks, at) + 1))

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _value(self, at: int, steps: tuple[str, ...]) -> int:
        first = self.text[at]
        if first == "{":
            return self._members(at + 1, steps)
        if first == "[":
            return self._items(at + 1, steps)
        if first == '"':
            return int(scanstring(self.text, at + 1)[1])
        match = _SCALAR.match(self.text, at)
        return match.end() if match else at + 1

    def _members(self, at: int, steps: tuple[str, ...]) -> int:
        at = self._skip(at)
        while self.text[at] != "}":
            key, end = scanstring(self.text, at + 1)
            self._note((*steps, key), at)
            at = self._skip(self._skip(end) + 1)
            at = self._next(self._value(at, (*steps, key)))
        return at + 1

    def _items(self, at: int, steps: tuple[str, ...]) -> int:
        at, position = self._skip(at), 0
        while self.text[at] != "]":
            self._note((*steps, str(position)), at)
            at = self._next(self._value(at, (*steps, str(position))))
            position += 1
        return at + 1

    def _next(self, at: int) -> int:
        at = self._skip(at)
        return self._skip(at + 1) if self.text[at] == "," else at


def _proto_line(text: str, path: str) -> int:
    """Follow the path's names as far as they are written; a number at its end is a field's."""
    code = re.sub(r"//[^\n]*|/\*.*?\*/", lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL)
    at = 0
    for step in re.split(r"[/.]", path.lstrip("#/.")):
        if not step:
            continue
        patterns = (
            (rf"[\w>]\s+\w+\s*=\s*{step}\s*[;\[]",)
            if step.isdecimal()
            else (_MESSAGE.format(re.escape(step)), rf"\b{re.escape(step)}\s*=\s*-?\w+")
        )
        found = next((match for pattern in patterns if (match := re.compile(pattern).search(code, at))), None)
        if found is not None:
            at = found.start()
    return code.count("\n", 0, at) + 1
