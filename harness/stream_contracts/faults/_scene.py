"""What a fault can touch: the process that stands at the moment, its link, its namesakes, and what runs behind it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from stream_contracts.wire.hold import Fate

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Struck:
    """What a fault says once it is applied: whether it took effect, and until when it lasts.

    It is healed as soon as ``until`` holds, and after ``limit_s`` at the latest: a wait for somebody that the fault
    itself blocks would never end. The defaults heal at once.
    """

    effect: bool
    until: Callable[[], bool] = lambda: True
    limit_s: float = 0.0


class Process(Protocol):
    """One instance of the pipeline under test."""

    @property
    def alive(self) -> bool:
        """Whether it runs; a frozen one does."""

    def kill(self) -> None:
        """Kill it, and return when it is dead."""

    def stop(self) -> None:
        """Ask it to end, as a platform does, and see that it does."""

    def pause(self) -> None:
        """Freeze it; its connections stay."""

    def resume(self) -> None:
        """Thaw it."""

    def retire(self) -> None:
        """From now on it is not started again when it ends: somebody else has its place."""

    def evict(self) -> None:
        """Let its groups take it for dead, as they would once its session has timed out."""

    def replace(self) -> None:
        """Start it anew where it died; its groups are told that the former one is gone."""


class Scene(Protocol):
    """What one strike of a plan finds. Everything that it starts ends with the trial."""

    @property
    def victim(self) -> Process:
        """The instance whose moment it is."""

    @property
    def what(self) -> str:
        """What the plan says beyond the name of the fault; empty for the usual."""

    @property
    def api(self) -> str:
        """The API of the moment."""

    def settle(self, fate: Fate) -> bool:
        """Say what becomes of the frame that stands in the wire; nothing happens where none does.

        False where the client does not know the error of an answer: the frame passes on.
        """

    def detach(self) -> None:
        """Cut the connection on which the frame stands, and keep the frame: it can be settled later."""

    def stand_in(self) -> Process:
        """Start another process with the victim's own names, as a platform that thinks it dead would."""

    def newcomer(self) -> Process:
        """Start one more instance, with names of its own."""

    def cut(self) -> None:
        """Reset every connection of the victim; new ones are let in."""

    def blackhole(self, *, on: bool) -> None:
        """Let nothing pass between the victim and its servers (``what``: one of them), or everything again."""

    def refuse(self, *, on: bool) -> None:
        """Reset the connections of the victim and refuse new ones, or let them in again."""

    def slow(self, latency_s: float, bytes_per_s: float) -> None:
        """Slow the victim's connections down; zeros are back to normal."""

    def registry_answers(self, status: int) -> Callable[[], None]:
        """From now on the registry answers the victim with this status; what is returned takes it back."""

    def registry_mistakes(self) -> Callable[[], None] | None:
        """From now on the registry takes the newest of the contract's schema ids for the oldest; None with one id only."""

    def accounted(self) -> bool:
        """Whether all input is behind a committed offset."""

    def fence(self) -> bool:
        """Take the transactional id of the victim, if it has shown one; whether it did."""

    def broker(self) -> str:
        """The service of the broker that ``what`` tells, looked up now.

        By default it is the one at which the frame stands; else ``leader`` (of what is written), ``group-coordinator``,
        ``transaction-coordinator``, ``controller``, or a service's own name.
        """

    def others(self, broker: str) -> list[str]:
        """The services of all other brokers."""

    def service(self, name: str, *, can: type[C]) -> C:
        """A service of the stack as something that can do that; UnsupportedError where it cannot."""

    def alive(self, service: str) -> bool:
        """Whether a service of the stack runs."""

    def whole(self) -> None:
        """Wait until the stack is as good as new. StackError where that does not come."""

    def drop_slot(self, *, again: bool) -> bool:
        """Drop the replication slot that the victim reads, and make it anew with ``again``; False where it reads none."""

    def take_offsets(self, *, yes: bool) -> bool:
        """Whether the topic of the victim's own offsets takes anything from now on; False where it has none."""

    def wait(self, seconds: float) -> None:
        """Let time pass, for what cannot be asked."""

    def passed(self, seconds: float) -> Callable[[], bool]:
        """A condition that holds once this time has passed since now."""


class Fault(Protocol):
    """An immutable value with one verb. Whatever happens, it is healed on the way out of the block.

    ``beyond`` is empty, or says outside of whose promises the fault lies (``client``, ``broker``): then it is off
    unless it is asked for. ``shared`` says that others on the same stack would feel it.
    """

    @property
    def beyond(self) -> str:
        """Outside of whose promises it lies."""

    @property
    def shared(self) -> bool:
        """Whether it strikes what other trials use as well."""

    def applied(self, scene: Scene) -> AbstractContextManager[Struck]:
        """Apply it on the way in, heal it on the way out."""
