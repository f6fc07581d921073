"""Connectors over Connect's REST API: made, waited for until their tasks run, and removed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from stream_contracts.errors import StackError, UsageError
from stream_contracts.stack.rest import ask, shown

POLL_S = 0.02
REBALANCING = 409
"""Connect's answer while its workers agree on who does what: ask again."""
AGAIN = "can be safely retried"
"""What it says, with a 500, where another worker was the leader in the meantime."""


def create_connector(connect_url: str, name: str, config: Mapping[str, str], *, timeout_s: float = 30) -> None:
    """Make the connector, or give it this configuration, and return when it and all of its tasks are RUNNING.

    UsageError with Connect's complaint where the configuration is refused. StackError, with the trace, where a task
    fails, and with the last status where ``timeout_s`` is over first.
    """
    deadline = time.monotonic() + timeout_s
    put_connector(connect_url, name, config, timeout_s=timeout_s)
    await_running(connect_url, name, timeout_s=max(0.0, deadline - time.monotonic()))


def put_connector(connect_url: str, name: str, config: Mapping[str, str], *, timeout_s: float = 30) -> None:
    """Make the connector, or give it this configuration, and return when Connect has taken it. Errors as `create_connector`."""
    _settled("PUT", f"{connect_url}/connectors/{name}/config", dict(config), time.monotonic() + timeout_s)


def await_running(connect_url: str, name: str, *, timeout_s: float = 30) -> None:
    """Return when the connector and all of its tasks, one at least, are RUNNING. StackError as `create_connector`."""
    deadline = time.monotonic() + timeout_s
    while True:
        status, body = ask("GET", f"{connect_url}/connectors/{name}/status")
        states = _states(body) if status == 200 else {}
        for part, (state, trace) in states.items():
            if state == "FAILED":
                raise StackError(f"{part} of connector {name} failed:\n{trace.strip()}")
        if len(states) > 1 and all(state == "RUNNING" for state, _ in states.values()):
            return
        if time.monotonic() > deadline:
            told = ", ".join(f"{part} is {state}" for part, (state, _) in states.items()) or f"{status} {body}"
            raise StackError(f"waited {timeout_s:g} s until connector {name} runs; the last answer was: {told}")
        time.sleep(POLL_S)  # Connect tells nobody; its status topic is written a few milliseconds after the fact


def delete_connector(connect_url: str, name: str, *, timeout_s: float = 30) -> None:
    """Remove the connector; nothing happens where there is none of that name."""
    _settled("DELETE", f"{connect_url}/connectors/{name}", None, time.monotonic() + timeout_s)


def _settled(method: str, url: str, body: object, deadline: float) -> None:
    while True:
        status, answer = ask(method, url, body)
        if status < 300 or (method == "DELETE" and status == 404):
            return
        if status == 400:
            raise UsageError(f"Connect refuses the connector at {shown(url)}: {_message(answer)}")
        later = status == REBALANCING or (status == 500 and AGAIN in _message(answer))
        if not later or time.monotonic() > deadline:
            raise StackError(f"{method} {shown(url)} was answered with {status}: {_message(answer)}")
        time.sleep(POLL_S)


def _states(status: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return part -> (state, trace): the connector itself, and each of its tasks."""
    own = status["connector"]
    tasks = {f"task {task['id']}": (task["state"], task.get("trace", "")) for task in status["tasks"]}
    return {"the connector part": (own["state"], own.get("trace", "")), **tasks}


def _message(answer: Any) -> str:
    return str(answer.get("message", answer) if isinstance(answer, dict) else answer)
