"""What can be done to a service, asked for by name: a fault gets the capability it needs, or the reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar, runtime_checkable

from stream_contracts.errors import UnsupportedError, UsageError

C = TypeVar("C")
P = TypeVar("P")


@runtime_checkable
class Killable(Protocol):
    """Can be killed without warning (SIGKILL, the whole group)."""

    def kill(self) -> None:
        """Kill it, and return when it is dead."""


@runtime_checkable
class Pausable(Protocol):
    """Can be frozen with its sockets open, and thawed."""

    def pause(self) -> None:
        """Freeze it, and return when it is frozen."""

    def resume(self) -> None:
        """Thaw it."""


@runtime_checkable
class Restartable(Protocol):
    """Can be asked to end, and started again."""

    def stop(self, timeout_s: float) -> int:
        """Ask it to end (SIGTERM), kill it after ``timeout_s``, and return its exit status."""

    def start(self) -> None:
        """Start it (again): same command, folder, environment and address; the log is continued."""


@runtime_checkable
class Isolatable(Protocol):
    """Can be cut from its peers while its clients still reach it."""

    def isolate(self) -> None:
        """Cut it off, and return when no peer reaches it."""

    def rejoin(self) -> None:
        """Undo it; nothing happens where it is not cut off."""


CAPABILITIES: Mapping[type, str] = {
    Killable: "be killed",
    Pausable: "be paused",
    Restartable: "be stopped and started again",
    Isolatable: "be cut from its peers",
}
"""Capability -> what a service that lacks it cannot do, as messages say it."""


class Part(Protocol):
    """One service of a running stack, whatever runs it."""

    @property
    def name(self) -> str:
        """``broker-1`` …, ``registry``, ``postgres``, ``connect``."""

    @property
    def nature(self) -> str:
        """What it is, completing "it is …": a child process, a container, a thread of the harness, somebody else's."""

    @property
    def alive(self) -> bool:
        """Whether it runs; a paused one does."""

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines of its log, all starts together; empty where the log is not ours to read."""


def named(parts: Mapping[str, P], name: str) -> P:
    """Return the part of that name. UsageError, listing the known ones, where there is none."""
    try:
        return parts[name]
    except KeyError:
        known = ", ".join(sorted(parts)) or "no service at all"
        raise UsageError(f"the stack has no service {name!r}; it has {known}") from None


def capable(part: Part, can: type[C], backend: str) -> C:
    """Return the part as something that can do that. UnsupportedError, with the reason, where it cannot."""
    if isinstance(part, can):
        return part
    what = CAPABILITIES.get(can, f"do what {can.__name__} asks")
    able = [told for kind, told in CAPABILITIES.items() if isinstance(part, kind)]
    raise UnsupportedError(
        f"{part.name} cannot {what}: under the {backend} backend it is {part.nature}, which can "
        f"{', '.join(able) or 'only be talked to'}"
    )
