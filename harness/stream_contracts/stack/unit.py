"""Services of a stack that become ready together, laid out and not yet started."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.readiness import Question, await_answer
from stream_contracts.stack.service import Startable

HOST = "127.0.0.1"


def nothing() -> None:
    """Do it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """``need`` is what it answers to in ``Blueprint.needs()``, ``address`` what clients are told, ``inside`` what other
    services of the stack are told, where that is another address.

    It is ready when ``ready`` has no more to ask for. ``after`` names the needs that must be ready before it is
    started. ``remedy`` is what a person should do when it does not come up within ``timeout_s``. ``closing`` lets go of
    what it holds beside its services.
    """

    need: str
    services: tuple[Startable, ...]
    address: str
    ready: Question
    remedy: str
    timeout_s: float = 60
    after: tuple[str, ...] = ()
    inside: str = ""
    closing: Callable[[], None] = nothing

    def start(self) -> None:
        """Start its services side by side."""
        for service in self.services:
            service.start()

    def await_ready(self, timeout_s: float | None = None) -> None:
        """Wait until it answers. StackError, with the log tail, where it does not."""
        bound = self.timeout_s if timeout_s is None else timeout_s
        await_answer(self.ready, self.services, timeout_s=bound, where=self.address, remedy=self.remedy)


@dataclass(frozen=True, slots=True)
class Site:
    """Where units are laid out: the run, its folder, and ports that are reserved for it, each taken once.

    ``laid_out`` are the units that came before, by their need.
    """

    blueprint: Blueprint
    run_id: str
    run_dir: Path
    ports: Iterator[int]
    laid_out: Mapping[str, Unit]

    def address(self, need: str) -> str:
        """Return the address by which other services reach what was laid out before."""
        return self.laid_out[need].inside or self.laid_out[need].address

    def folder(self, name: str) -> Path:
        """Make the folder of one service, with a folder for its temporary files in it."""
        folder = self.run_dir / name
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        return folder
