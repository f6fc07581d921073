"""The store in time: one state, one worker that answers in order, and what was acknowledged is kept.

Quick reads are answered from the latest state by whoever asks. Everything that parses schemas or writes goes through
one worker thread, so writes are serial, and a slow comparison never delays a read. With a keeper the effects of all
requests that waited are kept in one transaction, and only then are they acknowledged.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Protocol

from stream_contracts.registry import requests as ask
from stream_contracts.registry.answers import Answer, Terms, refused
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.judge import Judge
from stream_contracts.registry.state import Effect, State, fold
from stream_contracts.registry.store import READS, answer

log = logging.getLogger(__name__)

Waiting = tuple[ask.Request, "Future[Answer]"]
_BATCH_S = 0.02
"""How long a transaction collects requests that already wait."""


class Keeper(Protocol):
    """Where effects are kept. ``save`` returns only when they will survive the end of the process."""

    def load(self) -> Iterable[Effect]:
        """Everything kept so far."""

    def save(self, effects: Sequence[Effect]) -> None:
        """Keep all of these, or none and raise."""

    def close(self) -> None:
        """Let go of the file."""


class Service:
    """A running registry without HTTP; close it when done."""

    def __init__(self, judge: Judge, keeper: Keeper | None = None) -> None:
        self.judge = judge
        self.keeper = keeper
        self.state = fold(State(), keeper.load()) if keeper else State()
        self._waiting: SimpleQueue[Waiting | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="registry-worker", daemon=True)
        self._worker.start()

    def is_quick(self, request: ask.Request) -> bool:
        """Can it be answered on the spot? Another form of a text has to be made by the judge."""
        return type(request) in READS and not getattr(request, "format", "")

    def read(self, request: ask.Request) -> Answer:
        """Answer a quick request from the latest acknowledged state."""
        return self._answered(self.state, request)

    def submit(self, request: ask.Request) -> Future[Answer]:
        """Queue a request for the worker."""
        future: Future[Answer] = Future()
        with self._closing:
            if self._closed:
                future.set_result(_refused(503, "The registry is stopping"))
            else:
                self._waiting.put((request, future))
        return future

    def call(self, request: ask.Request, timeout_s: float = 60.0) -> Answer:
        """Ask and wait for the answer, for callers in the same process."""
        return self.read(request) if self.is_quick(request) else self.submit(request).result(timeout_s)

    def close(self, timeout_s: float = 10.0) -> None:
        """Answer what waits, stop the worker, let go of the file."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
        self._worker.join(timeout_s)
        if self.keeper:
            self.keeper.close()

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch, more = self._batch(first)
            self._serve(batch)
            if not more:
                return

    def _batch(self, first: Waiting) -> tuple[list[Waiting], bool]:
        """What waits already; alone without a keeper, as then there is no transaction to share."""
        batch = [first]
        deadline = time.monotonic() + _BATCH_S
        while self.keeper and time.monotonic() < deadline and len(batch) < 256:
            try:
                following = self._waiting.get_nowait()
            except Empty:
                break
            if following is None:
                return batch, False
            batch.append(following)
        return batch, True

    def _serve(self, batch: list[Waiting]) -> None:
        state = self.state
        effects: list[Effect] = []
        answers: list[Answer] = []
        for request, _ in batch:
            given = self._answered(state, request)
            state = fold(state, given.effects)
            effects += given.effects
            answers.append(given)
        if effects and self.keeper:
            try:
                self.keeper.save(effects)
            except Exception as error:
                log.exception("nothing of %d requests could be kept", len(batch))
                lost = _refused(50001, f"The registry could not keep the change: {error}")
                answers, state = [lost] * len(batch), self.state
        self.state = state
        for (_, future), given in zip(batch, answers, strict=True):
            if future.set_running_or_notify_cancel():
                future.set_result(given)

    def _answered(self, state: State, request: ask.Request) -> Answer:
        terms = Terms(self.judge, int(time.time() * 1000))
        try:
            return answer(state, request, terms)
        except RecursionError:
            return _refused(42201, "it is nested too deeply")
        except Exception as error:
            log.exception("could not answer %s", type(request).__name__)
            return _refused(500, f"The registry failed: {type(error).__name__}")


def _refused(code: int, why: str) -> Answer:
    return refused(Refusal(code, why=why))
