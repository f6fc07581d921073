"""One fault of a plan on its way through a trial: armed, due, on, healed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from time import sleep
from typing import TYPE_CHECKING, TypeVar

from stream_contracts.errors import HarnessError, StackError
from stream_contracts.faults import Struck, fault_named
from stream_contracts.history.model import FaultApplied
from stream_contracts.stack.health import await_in_sync
from stream_contracts.trial.instance import Instance
from stream_contracts.trial.intake import moment_of
from stream_contracts.wire.hold import Fate, Hold
from stream_contracts.workload.plan import Strike

if TYPE_CHECKING:
    from stream_contracts.trial.capture_case import CaptureCase
    from stream_contracts.trial.case import Case

C = TypeVar("C")


class Act:
    """The scene of one strike. `step` is called again and again; it never waits itself.

    ``struck`` tells whether the fault took effect; ``busy`` that it has begun and is not healed yet.
    """

    def __init__(self, case: Case | CaptureCase, strike: Strike) -> None:
        self._fault, self._case, self._strike = fault_named(strike.fault), case, strike
        self._victim = case.instance(strike.instance)
        self._hold: Hold = self._victim.lane.arm(moment_of(strike))
        self._block = ExitStack()
        self._due: float | None = None
        self._on: Struck | None = None
        self._applied_at: float | None = None
        self._over = False

    def __str__(self) -> str:
        return str(self._strike)

    @property
    def victim(self) -> Instance:
        """The instance whose moment it is."""
        return self._victim

    @property
    def what(self) -> str:
        """What the plan says beyond the name of the fault."""
        return self._strike.what

    @property
    def struck(self) -> bool:
        """Whether the fault took effect."""
        return self._on is not None and self._on.effect

    @property
    def over(self) -> bool:
        """Whether it was applied, and is healed."""
        return self._over

    @property
    def busy(self) -> bool:
        """Whether its moment has come and it is not over yet."""
        return self._due is not None and not self._over

    @property
    def api(self) -> str:
        """The API of the moment."""
        return self._strike.api

    def settle(self, fate: Fate) -> bool:
        """Say what becomes of the frame that stands at the moment; False where an answer is not known to its client."""
        return self._hold.settle(fate)

    def cut(self) -> None:
        """Reset every connection of the victim."""
        self._victim.lane.cut(only=self._only)

    def blackhole(self, *, on: bool) -> None:
        """Let nothing pass between the victim and its servers, or everything again."""
        self._victim.lane.blackhole(on, only=self._only)

    def refuse(self, *, on: bool) -> None:
        """Reset the connections of the victim and refuse new ones, or let them in again."""
        self._victim.lane.refuse(on, only=self._only)

    def slow(self, latency_s: float, bytes_per_s: float) -> None:
        """Slow the victim's connections down; zeros are back to normal."""
        self._victim.lane.slow(latency_s, bytes_per_s, only=self._only)

    def registry_answers(self, status: int) -> Callable[[], None]:
        """From now on the registry answers the victim with this status, until it is taken back."""
        return self._victim.lane.http_answer("* *", status, '{"error_code": 50001, "message": "out of order"}').heal

    def registry_mistakes(self) -> Callable[[], None] | None:
        """From now on the registry takes the newest of the contract's schema ids for the oldest."""
        ids = sorted(set(self._case.arena.ids.values()))
        return self._victim.lane.http_wrong_id(ids[-1], ids[0]).heal if len(ids) > 1 else None

    @property
    def _only(self) -> str | None:
        return self._strike.what or None

    def detach(self) -> None:
        """Cut the connection on which the frame stands, and keep the frame."""
        self._hold.detach()

    def stand_in(self) -> Instance:
        """Start another process with the victim's own names."""
        return self._case.start_another(self._victim.identity)

    def newcomer(self) -> Instance:
        """Start one more instance, with names of its own."""
        return self._case.start_another(None)

    def accounted(self) -> bool:
        """Whether all input is behind a committed offset."""
        return self._case.accounted()

    def fence(self) -> bool:
        """Take the transactional id of the victim, if it has shown one."""
        fence = self._case.arena.cluster.fence
        fenced = [fence(transactional_id) for transactional_id in tuple(self._victim.lane.transactional_ids)]
        return bool(fenced) and all(fenced)

    def broker(self) -> str:
        """The service of the broker that ``what`` tells, looked up now; by default the one at which the frame stands."""
        brokers = self._case.arena.stack.brokers
        standing = (broker.node_id for broker in brokers if (broker.host, broker.port) == self._hold.server)
        node = None if self._strike.what else next(standing, None)
        return self._case.broker(self._strike.what or "leader") if node is None else f"broker-{node}"

    def others(self, broker: str) -> list[str]:
        """The services of all other brokers."""
        return [name for name in self._case.arena.stack.services if name.startswith("broker-") and name != broker]

    def service(self, name: str, *, can: type[C]) -> C:
        """A service of the stack as something that can do that."""
        return self._case.arena.stack_of(name).service(name, can=can)

    def alive(self, service: str) -> bool:
        """Whether a service of the stack runs."""
        return self._case.arena.stack_of(service).service(service).alive

    def whole(self) -> None:
        """Wait until the stack is as good as new; HarnessError where it does not become so: nothing can be said then."""
        arena = self._case.arena
        arena.cluster.forget()
        try:
            for stack in arena.stacks:
                stack.await_ready()
            await_in_sync(arena.stack)
        except StackError as error:
            raise HarnessError(f"after {self} the stack did not become whole again: {error}") from error
        if arena.database is not None:
            arena.database.again()

    def drop_slot(self, *, again: bool) -> bool:
        """Drop the slot that the victim reads, and make it anew with ``again``; False where it reads none."""
        return self._case.drop_slot(again=again)

    def take_offsets(self, *, yes: bool) -> bool:
        """Let the topic of the victim's offsets take nothing, or everything again; False where it has none."""
        return self._case.take_offsets(yes=yes)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        sleep(seconds)

    def passed(self, seconds: float) -> Callable[[], bool]:
        """A condition that holds once this time has passed since now."""
        until = self._case.clock() + seconds
        return lambda: self._case.clock() >= until

    def step(self) -> None:
        """Go on as far as can be without waiting."""
        if self._over:
            return
        now = self._case.clock()
        if self._due is None:
            if not self._hold.hit.is_set():
                return
            self._due = now + self._strike.delay_s
            if self._strike.delay_s:
                self.settle("release")
        if self._on is None:
            if now >= self._due:
                self._apply(now)
        elif self._on.until() or now > (self._applied_at or 0.0) + self._on.limit_s:
            self.end()

    def _apply(self, now: float) -> None:
        block: AbstractContextManager[Struck] = self._fault.applied(self)
        self._applied_at = now
        self._on = self._block.enter_context(block)

    def end(self) -> None:
        """Heal what is on, let go of a frame that still stands, and write down what it was."""
        if self._over:
            return
        self._over = True
        try:
            self._block.close()
        finally:
            self.settle("release")
            moment, clock = str(moment_of(self._strike)), self._case.clock
            at = self._applied_at if self.struck else None
            self._case.journal.add(FaultApplied(self._strike.fault, moment, at, clock(), self.struck))
