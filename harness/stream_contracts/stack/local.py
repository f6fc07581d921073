"""The local backend: what the blueprint needs prepared, then plain child processes, without Docker and without root."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.local_stack import running
from stream_contracts.stack.model import Stack
from stream_contracts.stack.training import prepare


@contextmanager
def open_stack(
    blueprint: Blueprint, *, run_dir: Path | None, progress: Progress, keep: bool, why: str
) -> Iterator[Stack]:
    """Prepare what is missing, start the blueprint, and yield it ready and warm. StackError where that fails."""
    prepared = prepare(progress, blueprint)
    with running(prepared, blueprint, run_dir=run_dir, progress=progress, keep=keep, why=why) as stack:
        progress(stack.describe())
        yield stack
