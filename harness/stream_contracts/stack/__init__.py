"""What runs: brokers and their neighbours, by a backend from the table below."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stream_contracts.errors import UsageError

if TYPE_CHECKING:
    from stream_contracts.stack.blueprint import Blueprint
    from stream_contracts.stack.model import Stack

BACKENDS: Mapping[str, str] = {
    "local": "stream_contracts.stack.local:open_stack",
    "docker": "stream_contracts.stack.docker:open_stack",
    "external": "stream_contracts.stack.external:open_stack",
}
"""Backend -> ``module:function`` of its opener, imported when that backend is asked for."""

AUTO = "auto"
"""Stands for the backend that :func:`chosen` names."""


def chosen(backend: str) -> tuple[str, str]:
    """Return the backend that the name stands for, and why. UsageError, listing the known ones, for an unknown name."""
    if backend == AUTO:
        # Imported here: whoever names a backend need not know how an engine is looked for.
        from stream_contracts.stack.docker_engine import absent

        why_not = absent()
        return ("local", f"auto: {why_not}") if why_not else ("docker", "auto: a container engine answers")
    if backend not in BACKENDS:
        raise UsageError(f"unknown stack backend {backend!r}; known are {', '.join(sorted((AUTO, *BACKENDS)))}")
    return backend, "asked for"


def open_stack(
    backend: str,
    blueprint: Blueprint,
    *,
    run_dir: Path | None = None,
    progress: Callable[[str], None] | None = None,
    keep: bool = False,
    reuse: bool = False,
) -> AbstractContextManager[Stack]:
    """Return a context manager that starts the blueprint and, in the end, leaves no process and no file behind.

    ``backend`` is ``auto`` or a key of BACKENDS. The stack makes a folder of its own in ``run_dir`` (by default the
    system's temporary folder) and removes it in the end, unless ``keep``; ``progress`` is told what is being waited for
    (by default stderr). When the block is entered, the brokers answer and their coordinators are loaded. With ``reuse``
    the stack that an earlier run with the same backend and blueprint left is taken, and left for the next one: on that,
    every capability is unsupported, and ``run_dir`` and ``keep`` mean nothing. UsageError for an unknown backend;
    StackError, on entering, where something is missing or does not come up.
    """
    name, why = chosen(backend)
    if reuse and name != "external":
        # Imported here: an ordinary start needs nothing of it.
        from stream_contracts.stack.attached import reused

        return reused(name, blueprint, progress or to_stderr)
    module, _, attribute = BACKENDS[name].partition(":")
    opener: Any = getattr(import_module(module), attribute)
    opened: AbstractContextManager[Stack] = opener(
        blueprint, run_dir=run_dir, progress=progress or to_stderr, keep=keep, why=why
    )
    return opened


def to_stderr(line: str) -> None:
    """Tell a person at the terminal."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
