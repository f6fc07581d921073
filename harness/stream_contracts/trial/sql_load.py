"""The SQL of a trial, run in a thread of its own: what happens to the table goes on while the connector is struck."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from time import monotonic

from stream_contracts.cdc.load import Unit
from stream_contracts.cdc.postgres import RefusedError, Session
from stream_contracts.errors import StackError
from stream_contracts.trial.source import Source

PATIENCE_S = 20.0
"""How long the server may be away."""


class SqlLoad:
    """Run units one after the other, each once. One that is interrupted is not repeated: the slot tells what became of it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._sessions: list[Session] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.done = 0
        """Units that were carried out."""
        self.refused: list[str] = []
        """What PostgreSQL said of those that it did not carry out."""
        self.failure: Exception | None = None

    def begin(self, units: Sequence[Unit], pause_s: float, hurry: Callable[[], bool] = lambda: False) -> None:
        """Run these units in a thread, a pause after each; without pauses once ``hurry`` holds."""
        self._thread = threading.Thread(target=self._work, args=(units, pause_s, hurry), daemon=True, name="sql-load")
        self._thread.start()

    def run(self, units: Sequence[Unit]) -> None:
        """Run these units here and now."""
        for unit in units:
            self._unit(unit)

    @property
    def busy(self) -> bool:
        """Whether the thread still works."""
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """End the thread, after the unit in hand, and the sessions."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(PATIENCE_S)
        self._forget()

    def _work(self, units: Sequence[Unit], pause_s: float, hurry: Callable[[], bool]) -> None:
        try:
            for unit in units:
                if self._stopping.is_set():
                    return
                self._unit(unit)
                if not hurry():
                    self._stopping.wait(pause_s)
        except Exception as error:  # told by whoever waits for the thread
            self.failure = error

    def _unit(self, unit: Unit) -> None:
        try:
            for session, statement in unit.steps:
                self._session(session).run(statement)
            self.done += 1
        except RefusedError as error:
            if not error.state.startswith("57"):  # the server is going down
                self.refused.append(f"{unit.kind}: {error.told}")
            self._forget()
        except StackError:
            self._forget()

    def _session(self, number: int) -> Session:
        deadline = monotonic() + PATIENCE_S
        while len(self._sessions) <= number:
            try:
                self._sessions.append(self._source.session())
            except StackError:
                if monotonic() > deadline or self._stopping.wait(0.05):
                    raise
        return self._sessions[number]

    def _forget(self) -> None:
        """Close the sessions: what was open in them is rolled back."""
        while self._sessions:
            with contextlib.suppress(StackError):
                self._sessions.pop().close()
