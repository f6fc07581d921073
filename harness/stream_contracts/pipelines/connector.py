"""A pipeline that is a connector: a worker of Kafka Connect that carries it, and the connector's settings."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TypeVar

from stream_contracts.errors import HarnessError
from stream_contracts.stack.capabilities import Killable, Pausable, Restartable
from stream_contracts.stack.connectors import delete_connector, put_connector
from stream_contracts.stack.model import Stack
from stream_contracts.stack.rest import ask

C = TypeVar("C")

WORKER = "connect"
MAKE_S = 40.0
"""How long Connect may take until it takes a connector: it balances its workers first."""


class Connector:
    """One connector on a worker that others use too, one after the other. It is started, killed and paused as a process.

    To kill it is to kill the worker; where the worker does not run, `start` starts it, and it finds the connector again by
    itself. `remove` ends the connector and leaves the worker.
    """

    def __init__(self, stack: Stack, name: str, config: Mapping[str, str]) -> None:
        self.name, self.config = name, dict(config)
        self.incarnation = 0
        self._stack, self._made = stack, False
        self._frozen = False

    @property
    def alive(self) -> bool:
        """Whether its worker runs."""
        return self._stack.service(WORKER).alive

    @property
    def exit_status(self) -> int | None:
        """How its worker ended."""
        status: int | None = getattr(self._stack.service(WORKER), "exit_status", None)
        return status

    def start(self) -> None:
        """Start the worker where it does not run; make the connector where there is none. StackError, UsageError.

        It need not run yet when this returns.
        """
        self.incarnation += 1
        if not self.alive:
            self._as(Restartable).start()
            self._stack.await_ready()
        if not self._made:
            put_connector(self._stack.connect_url, self.name, self.config, timeout_s=MAKE_S)
            self._made = True

    def kill(self) -> None:
        """SIGKILL for the worker."""
        self._as(Killable).kill()
        self._frozen = False

    def stop(self, timeout_s: float) -> int:
        """Ask the worker to end: it stops its tasks first."""
        self._as(Restartable).stop(timeout_s)
        return self.exit_status or 0

    def pause(self) -> None:
        """Freeze the worker."""
        self._as(Pausable).pause()
        self._frozen = True

    def resume(self) -> None:
        """Thaw it."""
        if self._frozen:
            self._as(Pausable).resume()
            self._frozen = False

    def status(self) -> dict[str, tuple[str, str]]:
        """Part of the connector -> (state, trace); empty while nobody answers."""
        try:
            status, body = ask("GET", f"{self._stack.connect_url}/connectors/{self.name}/status", timeout_s=2)
        except HarnessError:
            return {}
        if status != 200:
            return {}
        own = body["connector"]
        return {
            "connector": (own["state"], own.get("trace", "")),
            **{f"task {task['id']}": (task["state"], task.get("trace", "")) for task in body["tasks"]},
        }

    def offsets(self) -> list[Mapping[str, object]]:
        """What its worker has kept of how far it came, one for each partition of the source; none while nobody answers."""
        try:
            status, body = ask("GET", f"{self._stack.connect_url}/connectors/{self.name}/offsets", timeout_s=2)
        except HarnessError:
            return []
        return [each["offset"] for each in body["offsets"]] if status == 200 else []

    def again(self) -> None:
        """Start its failed parts again, as an operator would."""
        with contextlib.suppress(HarnessError):
            url = f"{self._stack.connect_url}/connectors/{self.name}/restart?includeTasks=true&onlyFailed=true"
            ask("POST", url, timeout_s=5)

    def remove(self) -> None:
        """End the connector; the worker is started where it was left dead, for those that come after."""
        if self._frozen:
            self.resume()
        if not self.alive:
            self._as(Restartable).start()
            self._stack.await_ready()
        if self._made:
            delete_connector(self._stack.connect_url, self.name)
            self._made = False

    def _as(self, capability: type[C]) -> C:
        return self._stack.service(WORKER, can=capability)
