"""What the services of a stack wrote during a time: the slice of each log that belongs to a failing test or trial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from stream_contracts.stack.model import Stack

MOST_LINES = 60
"""Of each service's log in a report; what it wrote before them is in the file."""


class Marks:
    """How far every log of some stacks was written; one that begins later is new from its first line."""

    def __init__(self, stacks: Iterable[Stack]) -> None:
        self._stacks = tuple(stacks)
        paths = [path for stack in self._stacks for _, path in logs(stack)]
        self._begun = {path: path.stat().st_size for path in paths if path.exists()}

    @classmethod
    def from_the_start(cls, stack: Stack) -> Marks:
        """For a stack that has come up meanwhile: all that it wrote."""
        marks = cls([stack])
        marks._begun = {}
        return marks

    def slices(self, most: int = MOST_LINES) -> Iterator[tuple[str, str]]:
        """Service -> what it has written since, of those that have written something."""
        for stack in self._stacks:
            for name, path in logs(stack):
                if text := since(path, self._begun.get(path, 0), most):
                    yield name, text


def logs(stack: Stack) -> Iterator[tuple[str, Path]]:
    """Service -> its log, of those that have one."""
    for name, part in stack.services.items():
        path = getattr(part, "log_path", None)
        if path is not None:
            yield name, path


def since(path: Path, offset: int, most: int = MOST_LINES) -> str:
    """Return the last lines that were written to the file after ``offset``; of a longer text, where the rest is."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    left_out = len(lines) - most
    before = [f"({left_out} earlier lines are in {path})"] if left_out > 0 else []
    return "\n".join([*before, *lines[-most:]])
