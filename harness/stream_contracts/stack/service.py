"""One child process: started in a group of its own, tagged, logged, killed, paused, stopped, started again."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from stream_contracts.errors import StackError
from stream_contracts.stack.warden import RUN_TAG, sweep, tagged

SERVICE_TAG = "STREAM_CONTRACTS_SERVICE"
"""Environment variable that every process of a service carries: ``run id/name``."""


class Watched(Protocol):
    """A service that can be waited for: what a message says of it, and a descriptor that tells its end."""

    @property
    def name(self) -> str:
        """``broker-1`` …"""

    @property
    def command(self) -> Sequence[str]:
        """How a person would start it."""

    @property
    def cwd(self) -> Path:
        """The folder with what it wrote here."""

    @property
    def alive(self) -> bool:
        """Whether it runs; a paused one does."""

    @property
    def exit_status(self) -> int | None:
        """How it ended: an exit status, or minus the signal; None while it runs or before the first start."""

    def ending(self) -> int | None:
        """Return a descriptor, the caller's to close, that is readable once it has ended; None where it does not run."""

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines of its log, all starts together."""


class Startable(Watched, Protocol):
    """A service that a backend starts and ends: a child process, a container."""

    @property
    def nature(self) -> str:
        """What it is, completing "it is …"."""

    def start(self) -> None:
        """Start it (again)."""

    def kill(self) -> None:
        """Kill it, and return when it is dead."""


W = TypeVar("W", bound=Watched)


class Service:
    """One command as a child process: killable, pausable, restartable. It knows nothing of what it runs.

    ``env`` is the whole environment of the child, without our tags, which are added. ``log_path`` takes what it writes
    to stdout and stderr. ``run_id`` is the run whose warden kills it when we are gone. ``stop_signal`` asks it to end.
    ``private`` is a folder below which only its own processes work: those that write over their environment, our tags
    included, are known by it. Nothing runs before ``start``. Not thread-safe, but ``kill`` may be called from any thread.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        log_path: Path,
        run_id: str,
        stop_signal: signal.Signals = signal.SIGTERM,
        private: Path | None = None,
    ) -> None:
        self.name, self.command, self.cwd, self.env = name, tuple(command), cwd, dict(env)
        self.log_path, self.run_id = log_path, run_id
        self._stop_signal, self._private = stop_signal, private
        self.nature = "a child process on this machine's loopback"
        self.incarnation = 0
        """How often it was started."""
        self.started_at_s = 0.0
        """When it was last started, on the monotonic clock."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def tag(self) -> str:
        """What its processes carry in ``STREAM_CONTRACTS_SERVICE``."""
        return f"{self.run_id}/{self.name}"

    @property
    def pid(self) -> int | None:
        """The process id of its last start, which is its group's id too."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """Whether the process that was started still runs (a paused one does)."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        """How it ended: an exit status, or minus the signal; None while it runs or before the first start."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it (again). StackError where the command cannot be run, or it runs already."""
        if self.alive:
            raise StackError(f"{self.name} is running already (process {self.pid})")
        env = {**self.env, RUN_TAG: self.run_id, SERVICE_TAG: self.tag}
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self.started_at_s = time.monotonic()
        try:
            with self.log_path.open("ab") as log:
                self._process = subprocess.Popen(
                    self.command,
                    cwd=self.cwd,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            what = f"{error.strerror}: {error.filename}" if error.filename else f"{error}"
            raise StackError(f"{self.name} cannot be started: {what}\ncommand: {' '.join(self.command)}") from error
        self.incarnation += 1

    def wait(self, timeout_s: float) -> int | None:
        """Wait until it ends and return its exit status, or None when ``timeout_s`` is over first."""
        first_to_end((self,), timeout_s)
        return self.exit_status

    def kill(self) -> None:
        """Kill it and whatever it started, also what left its group, and return when all are dead."""
        self._signal(signal.SIGKILL)
        self._bury()

    def stop(self, timeout_s: float) -> int:
        """Ask it to end, kill it after ``timeout_s``; return its exit status, or minus the signal."""
        # A program that looks after its children tells them itself; the same signal may mean another thing to them.
        self._signal(self._stop_signal, strays=self._private is None)
        self._signal(signal.SIGCONT)  # a frozen process would not hear the request
        self.wait(timeout_s)
        self._signal(signal.SIGKILL)
        self._bury()
        status = self.exit_status
        return 0 if status is None else status

    def pause(self) -> None:
        """Freeze it and whatever it started (SIGSTOP); return when it is frozen. StackError where it does not run."""
        if not self.alive:
            raise StackError(f"{self.name} cannot be paused: it does not run (exit status {self.exit_status})")
        self._signal(signal.SIGSTOP)
        deadline = time.monotonic() + 5
        while moving := self._moving():
            if time.monotonic() > deadline or not self.alive:
                raise StackError(f"{self.name} did not freeze: processes {moving} go on")
            time.sleep(0.001)
            self._signal(signal.SIGSTOP)  # also for what was born while we signalled the others

    def resume(self) -> None:
        """Thaw it; nothing happens where it is not frozen."""
        self._signal(signal.SIGCONT)

    def ending(self) -> int | None:
        """Return a descriptor, the caller's to close, that is readable once it has ended; None where it does not run."""
        if not self.alive or self.pid is None:
            return None
        try:
            return os.pidfd_open(self.pid)
        except ProcessLookupError:
            return None

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines of its log, all starts together."""
        return tail(self.log_path, lines)

    def _signal(self, number: signal.Signals, *, strays: bool = True) -> None:
        """Signal the group first, for it is exact and takes microseconds, then what left the group (``strays``)."""
        if self._process is None:
            return
        # An unreaped leader keeps the group's id ours; once it was reaped and the group is empty, there is nobody.
        if self._process.poll() is None or number is signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
        for pid in tagged(SERVICE_TAG, self.tag, self._private) if strays else ():
            # Whoever is still in the group had the signal already; a second SIGTERM would cut its farewell short.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpgid(pid) != self._process.pid:
                    os.kill(pid, number)

    def _bury(self) -> None:
        if self._process is None:
            return
        left = sweep(SERVICE_TAG, self.tag, 10, self._private)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            left = [*left, self._process.pid]
        if left:
            raise StackError(f"{self.name}: processes {left} survived SIGKILL; they are stuck in the kernel")

    def _moving(self) -> list[int]:
        """Its processes that are not frozen; the dead do not count."""
        pids = {self.pid or 0, *tagged(SERVICE_TAG, self.tag, self._private)}
        return [pid for pid in sorted(pids) if state_of(pid) not in ("T", "t", "Z", "X", "")]


def state_of(pid: int) -> str:
    """The letter of the process's state as proc(5) has it; empty where it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2][:1]
    return ""


def tail(path: Path, lines: int) -> str:
    """Return the last lines of a text file, empty where there is none, without reading all of it."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 400 * lines))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def first_to_end(services: Sequence[W], timeout_s: float) -> W | None:
    """Wait until one of the services is not running, and return it; None when ``timeout_s`` is over first.

    This is the wait to poll with: it takes ``timeout_s`` while all is well, and no time once one has died.
    """
    poll = select.poll()
    handles = []
    try:
        for service in services:
            handle = service.ending()
            if handle is None:
                return service
            handles.append(handle)
            poll.register(handle, select.POLLIN)
        poll.poll(timeout_s * 1000)
    finally:
        for handle in handles:
            os.close(handle)
    return next((service for service in services if not service.alive), None)
