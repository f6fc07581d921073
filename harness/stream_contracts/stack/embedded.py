"""Our own registry as a part of a stack: a thread of the harness, in no process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

NAME = "registry"


@dataclass(frozen=True, slots=True)
class Registry:
    """The registry at ``url``; it lives as long as the harness, and nothing can be done to it alone."""

    url: str
    name: str = NAME
    nature: str = "a thread of the harness itself"
    alive: bool = True

    def log_tail(self, lines: int = 30) -> str:
        """It logs nothing of its own."""
        del lines
        return ""


@contextmanager
def running() -> Iterator[Registry]:
    """Run the registry until the block ends; it answers when the block begins."""
    # Imported here: who needs no registry need not load three schema engines and a web server.
    from stream_contracts.registry.server import running_registry

    with running_registry() as registry:
        yield Registry(registry.url)
