"""Ready is the answer to a named question, asked by protocol, on the monotonic clock, with a bound."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.errors import HarnessError, StackError
from stream_contracts.stack.service import Watched, first_to_end

POLL_S = 0.015
FULL = 1_000_000
"""Bytes: with less than this free, a disk is full for all that we run."""


@dataclass(frozen=True, slots=True)
class Question:
    """``name`` completes "waiting until …"; ``ask`` returns what is still missing, or an empty text when nothing is."""

    name: str
    ask: Callable[[], str]


def await_answer(question: Question, services: Sequence[Watched], *, timeout_s: float, where: str, remedy: str) -> None:
    """Ask until nothing is missing; give up at once when one of the services has died, and after ``timeout_s``.

    StackError with the question, the last answer, the place, the command, the log tail and ``remedy``.
    """
    begin = time.monotonic()
    while True:
        missing = question.ask()
        if not missing:
            return
        dead = first_to_end(services, POLL_S)
        if dead is not None:
            raise StackError(
                failure(dead, f"ended with status {dead.exit_status} before {question.name}", where, remedy)
            )
        if time.monotonic() - begin > timeout_s:
            told = f"waited {timeout_s:.3g} s until {question.name}; the last answer was: {missing}"
            raise StackError("\n\n".join(failure(service, told, where, remedy) for service in services))


def failure(service: Watched, what: str, where: str, remedy: str) -> str:
    """Return the message of a service that did not come up."""
    return (
        f"{service.name} {what}\nat: {where}\ncommand: {shortened(service.command)}\nfolder: {service.cwd}\n"
        f"end of its log:\n{service.log_tail() or '(the log is empty)'}\n{_full_disk(service.cwd)}what to do: {remedy}"
    )


def _full_disk(folder: Path) -> str:
    """Say that the disk is full, where it is: the log, being on it, may not have been able to."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    return f"No space left on device: {free} bytes are free below {folder}\n" if free < FULL else ""


def shortened(command: Sequence[str]) -> str:
    """Return the command without the middle of very long words, as a class path is one."""
    return " ".join(word if len(word) <= 120 else f"{word[:60]}…{word[-40:]}" for word in command)


def cluster_complete(brokers: Sequence[tuple[int, str, int]], controllers: int = 0) -> Question:
    """Every broker answers Metadata, knows a controller, and sees all the others; separate controllers agree."""
    count = len(brokers)

    def ask() -> str:
        for node, host, port in brokers:
            missing = _seen_from(host, port, count)
            if missing:
                return f"broker {node} at {host}:{port}: {missing}"
        return _leaderless(*brokers[0][1:], controllers) if controllers else ""

    what = "the broker answers" if count == 1 else f"all {count} brokers answer"
    led = ", and the controllers agree" if controllers else ""
    return Question(f"{what} Metadata with a controller and {count} brokers{led}", ask)


def _seen_from(host: str, port: int, count: int) -> str:
    # Imported here, as below: kio takes 0.3 s to import, and until this is asked a broker is starting on another core.
    from kio.schema.metadata.v12.request import MetadataRequest

    from stream_contracts.stack.client import Connection

    try:
        with Connection(host, port, timeout_s=2) as connection:
            answer = connection.ask(
                MetadataRequest(topics=(), allow_auto_topic_creation=False, include_topic_authorized_operations=False)
            )
    except HarnessError as error:
        return str(error)
    if answer.controller_id < 0:
        return "it knows no controller"
    if len(answer.brokers) < count:
        return f"it sees {len(answer.brokers)} of {count} brokers"
    return ""


def _leaderless(host: str, port: int, count: int) -> str:
    from stream_contracts.stack.client import Connection
    from stream_contracts.stack.quorum import incomplete

    try:
        with Connection(host, port, timeout_s=2) as connection:
            return incomplete(connection, voters=count)
    except HarnessError as error:
        return f"the controllers, asked through a broker: {error}"
