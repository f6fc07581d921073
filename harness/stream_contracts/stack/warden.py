"""Nothing outlives us: a process of its own that kills what a run started, and removes its folder, once we are gone.

This file runs in two ways. The harness imports it to start a warden and to find tagged processes. The warden itself is
this same file run by path with ``python -I -S``, so it imports nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

RUN_TAG = "STREAM_CONTRACTS_RUN"
"""Environment variable that every process started for a run carries: the run's id."""

SWEEP_S = 20.0
"""How long the warden tries to kill what is left; only a process stuck in the kernel could need that long."""

KEEP = b"keep\n"
IPC_RMID = 0


def tagged(variable: str, value: str, within: Path | None = None) -> list[int]:
    """Return the processes whose environment holds that variable with that value (Linux: ``/proc/PID/environ``).

    Some programs write over their environment to show a title (PostgreSQL's children do): one whose environment is blank
    is known by working ``within`` that folder.
    """
    wanted = f"{variable}={value}".encode()
    found = []
    for entry in os.listdir("/proc"):  # noqa: PTH208 – hot loop, and names are all it needs
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        # A process may end, or belong to somebody else, while we look at it.
        with contextlib.suppress(OSError), open(f"/proc/{entry}/environ", "rb") as file:  # noqa: PTH123 – hot loop
            words = file.read().split(b"\0")
            if wanted in words or (within is not None and not any(words) and _works_in(entry, within)):
                found.append(int(entry))
    return found


def _works_in(pid: str, folder: Path) -> bool:
    return (os.readlink(f"/proc/{pid}/cwd") + "/").startswith(f"{folder}/")  # noqa: PTH115 – hot loop


def sweep(variable: str, value: str, timeout_s: float, within: Path | None = None) -> list[int]:
    """Kill every process with that tag until two looks in a row find none; return what is left after ``timeout_s``.

    One look is not enough: a process may have been about to start another one.
    """
    deadline = time.monotonic() + timeout_s
    clean = 0
    while True:
        left = tagged(variable, value, within)
        clean = 0 if left else clean + 1
        if clean == 2 or time.monotonic() > deadline:
            return left
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def release_shared_memory(folder: Path) -> None:
    """Give back the System V segment that a killed PostgreSQL leaves behind; its lock file tells which one it is."""
    for lock in folder.glob("*/data/postmaster.pid"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            segment = int(lock.read_text(encoding="utf-8").splitlines()[6].split()[1])
            ctypes.CDLL(None).shmctl(segment, IPC_RMID, None)


class Warden:
    """The harness's end of the pipe: as long as it is open, the warden only waits.

    It is started before the run's folder is made: a harness that is killed in between leaves nothing either. StackError
    where the folder cannot be made.
    """

    def __init__(self, run_id: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, run_id, str(folder), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            self.dismiss()
            # Imported here: the warden itself, which is this file run by path, knows nothing but the standard library.
            from stream_contracts.errors import StackError

            raise StackError(f"the run's folder {folder} cannot be made: {error.strerror}") from error

    @property
    def pid(self) -> int:
        """The warden's process id."""
        return self._process.pid

    def keep(self) -> None:
        """Ask it to leave the run's folder where it is."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(KEEP)
            self._process.stdin.flush()

    def dismiss(self, timeout_s: float = SWEEP_S + 10) -> None:
        """Let it do its work now, and wait until it is done."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def watch(stdin: int, gone: Callable[[], bool]) -> bool:
    """Wait for the end of ``stdin`` or until ``gone``; return whether we were told to keep the folder.

    The second question matters where the harness forked: its child holds the pipe open after it died.
    """
    said = b""
    while True:
        ready, _, _ = select.select([stdin], [], [], 0.5)
        if ready:
            chunk = os.read(stdin, 4096)
            said += chunk
            if not chunk:
                return KEEP in said
        elif gone():
            return KEEP in said


def main(run_id: str, folder: str, parent: str) -> None:
    """Wait for the harness to be gone, then clean up after it.

    ``parent`` is told, not asked for: the harness may be gone before we come to ask.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    keep = watch(0, lambda: os.getppid() != int(parent))
    sweep(RUN_TAG, run_id, SWEEP_S, Path(folder))
    release_shared_memory(Path(folder))
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
