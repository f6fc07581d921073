"""A stack that outlives what started it: who keeps it, where that is written down, and how it ends.

A process of its own, the keeper, opens the stack and holds it until it is told to end, its owner is gone, or its time is
over. The stack's warden watches the keeper: however the keeper ends, nothing stays behind.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import uuid4

from stream_contracts.errors import StackError, StreamContractsError, UsageError
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.home import cache_home
from stream_contracts.stack.locks import locked
from stream_contracts.stack.model import Stack
from stream_contracts.stack.warden import tagged

TAG = "STREAM_CONTRACTS_KEEPER"
"""Environment variable of the keeper: a process id alone may have come to mean another process."""

PERSONS = "state"
"""The name of the stack that a person keeps up from a shell."""

UP_S = 600.0
DOWN_S = 60.0
DAY_S = 86_400.0
REUSED_S = 8 * 3600.0
LOOK_S = 0.5

ADDRESSES: Mapping[str, tuple[str, str]] = {
    "brokers": ("KAFKA_BOOTSTRAP_SERVERS", "bootstrap"),
    "registry": ("SCHEMA_REGISTRY_URL", "schema_registry_url"),
    "postgres": ("DATABASE_URL", "postgres_dsn"),
    "connect": ("CONNECT_URL", "connect_url"),
}
"""Need -> environment variable that a shell gets for it, and the property of the stack with its value."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is written down of a kept stack. ``until`` is in seconds since the epoch; ``alive`` is by service."""

    token: str
    pid: int
    description: str = ""
    addresses: Mapping[str, str] = field(default_factory=dict)
    alive: Mapping[str, bool] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    until: float = 0
    error: str = ""

    @property
    def here(self) -> bool:
        """Whether its keeper still runs."""
        return self.pid in tagged(TAG, self.token)


def folder() -> Path:
    """Where the state and the keeper's log are: in the user's cache."""
    return cache_home() / "up"


def place(name: str) -> Path:
    """Where the stack of that name is written down; its keeper's log is beside it."""
    return folder() / f"{name}.json"


def read(name: str = PERSONS) -> Kept | None:
    """Return the stack of that name that is up, or that failed to come up; None where there is none."""
    try:
        kept = Kept(**json.loads(place(name).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise StackError(f"{place(name)} cannot be read: {error}; remove it") from error
    return kept if kept.here or kept.error else None


def write(kept: Kept, name: str) -> None:
    """Write it down, in one step for whoever reads."""
    draft = folder() / f".{name}-{os.getpid()}"
    draft.write_text(json.dumps(asdict(kept)), encoding="utf-8")
    draft.replace(place(name))


def up(backend: str, blueprint: Blueprint, lasts_s: float, progress: Progress) -> Kept:
    """Start a person's stack, and return when it is ready. StackError where it does not come up.

    UsageError where one is up already.
    """
    with locked(folder(), "starting a stack", progress):
        there = read()
        if there is not None and not there.error:
            raise UsageError(f"a stack is up already: {there.description}; end it first: stream-contracts stack down")
        return _start({"backend": backend, "blueprint": asdict(blueprint), "lasts_s": lasts_s}, PERSONS, progress)


def shared(name: str, backend: str, blueprint: Blueprint, owner: int | None, progress: Progress) -> Kept:
    """Return the stack of that name, started by whoever comes first.

    It ends with the process ``owner``; without one it stays for the next run, and ends by itself after 8 hours.
    """
    with locked(folder(), "starting the stack that is shared", progress):
        there = read(name)
        if there is not None and not there.error:
            return there
        lasts_s = REUSED_S if owner is None else DAY_S
        told = {"backend": backend, "blueprint": asdict(blueprint), "lasts_s": lasts_s, "owner": owner}
        return _start(told, name, progress)


def _start(told: Mapping[str, Any], name: str, progress: Progress) -> Kept:
    place(name).unlink(missing_ok=True)
    token, log = uuid4().hex, folder() / f"{name}.log"
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-m", __name__, json.dumps({**told, "name": name, "token": token})],
            env={**os.environ, TAG: token},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        return _await(keeper, log, name, progress)
    except BaseException:  # also where a person lost patience: nobody would know of it
        _end(keeper.pid, keeper.poll)
        raise


def down(name: str = PERSONS) -> str:
    """End the stack of that name, wait until nothing of it is left, and say what was ended. UsageError where none is up."""
    kept = read(name)
    if kept is None or kept.error:
        raise UsageError("no stack is up")
    _end(kept.pid, lambda: None if kept.here else 0)
    place(name).unlink(missing_ok=True)
    if name != PERSONS:
        (folder() / f"{name}.log").unlink(missing_ok=True)
    return kept.description


def names(prefix: str) -> list[str]:
    """Return the names of the stacks that are up and begin with ``prefix``."""
    found = sorted(path.stem for path in folder().glob(f"{prefix}*.json"))
    return [name for name in found if (kept := read(name)) is not None and not kept.error]


def _await(keeper: subprocess.Popen[bytes], log: Path, name: str, progress: Progress) -> Kept:
    """Wait for the keeper's word, and pass on what it says meanwhile."""
    deadline, told = time.monotonic() + UP_S, 0
    while True:
        ended = keeper.poll() is not None
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        for line in lines[told:]:
            progress(line)
        told, kept = len(lines), read(name)
        if kept is not None and kept.error:
            place(name).unlink(missing_ok=True)
            raise StackError(kept.error)
        if kept is not None and kept.addresses:
            return kept
        if ended or time.monotonic() > deadline:
            raise StackError(
                f"the stack did not come up; the keeper said:\n{chr(10).join(lines[-20:])}\nits log: {log}"
            )
        with suppress(subprocess.TimeoutExpired):
            keeper.wait(0.05)


def _end(pid: int, ended: Callable[[], int | None]) -> None:
    """Ask the keeper to end and wait until it has, which is after its stack; kill it where it does not listen."""
    for number, bound_s in ((signal.SIGTERM, DOWN_S), (signal.SIGKILL, 10.0)):
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            try:
                if ended() is None:
                    os.kill(pid, number)
                    select.select([handle], [], [], bound_s)
            finally:
                os.close(handle)
        if ended() is not None:
            return
    raise StackError(f"the keeper, process {pid}, does not end")


def keep(
    backend: str, blueprint: Mapping[str, Any], lasts_s: float, token: str, name: str, owner: int | None = None
) -> None:
    """Be the keeper: open the stack, write down where it is, and hold it until the end is told, or comes by itself."""
    from stream_contracts.stack import open_stack, to_stderr

    ending = _Ending(owner)
    kept = Kept(token, os.getpid(), until=time.time() + lasts_s)
    try:
        with open_stack(backend, Blueprint(**blueprint), progress=to_stderr) as stack:
            ending.opened = True
            kept = replace(kept, **_described(stack))
            write(kept, name)
            deadline = time.monotonic() + lasts_s
            while (left := deadline - time.monotonic()) > 0 and not ending.told(min(left, LOOK_S)):
                alive = {each: part.alive for each, part in stack.services.items()}
                if alive != kept.alive:
                    kept = replace(kept, alive=alive)
                    write(kept, name)
        place(name).unlink(missing_ok=True)
        if owner is not None:
            (folder() / f"{name}.log").unlink(missing_ok=True)
    except StreamContractsError as error:
        write(replace(kept, error=str(error)), name)


class _Ending:
    """Hears that the keeper should end: by a signal, or by the death of its owner."""

    def __init__(self, owner: int | None) -> None:
        self.opened = False
        self._reading, self._writing = os.pipe()
        self._watched = [self._reading]
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._hear)
        if owner is not None:
            try:
                self._watched.append(os.pidfd_open(owner))
            except ProcessLookupError:
                self._hear(signal.SIGTERM, None)

    def told(self, timeout_s: float) -> bool:
        """Wait for it; tell whether it came."""
        return bool(select.select(self._watched, [], [], timeout_s)[0])

    def _hear(self, number: int, frame: FrameType | None) -> None:
        del frame
        os.write(self._writing, bytes([number]))
        if not self.opened:
            raise KeyboardInterrupt


def _described(stack: Stack) -> dict[str, Any]:
    needs = stack.blueprint.needs()
    addresses = {name: getattr(stack, attribute) for need, (name, attribute) in ADDRESSES.items() if need in needs}
    logs = {name: str(part.log_path) for name, part in stack.services.items() if hasattr(part, "log_path")}
    alive = {name: part.alive for name, part in stack.services.items()}
    return {"description": stack.describe(), "addresses": addresses, "alive": alive, "logs": logs}


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        keep(**json.loads(sys.argv[1]))
