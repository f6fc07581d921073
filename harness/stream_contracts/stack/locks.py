"""One at a time across processes: a lock file in a folder, waited for with a bound, gone with its holder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stream_contracts.errors import StackError


@contextmanager
def locked(folder: Path, doing: str, progress: Callable[[str], None], *, timeout_s: float = 900) -> Iterator[None]:
    """Hold the folder's lock file for the block; the kernel lets go of it when the holder dies, whatever the way.

    StackError where the folder cannot be written, or another process holds the lock for longer than ``timeout_s``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StackError(
            f"{doing}: {folder} cannot be written ({error.strerror}); make it writable, or name another folder in "
            f"$STREAM_CONTRACTS_CACHE"
        ) from error
    try:
        _acquire(handle, folder, doing, progress, time.monotonic() + timeout_s)
        yield
    finally:
        os.close(handle)


def _acquire(handle: int, folder: Path, doing: str, progress: Callable[[str], None], deadline: float) -> None:
    told = False
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StackError(
                    f"{doing}: another process has held {folder / '.lock'} for too long; end it, or run again"
                ) from None
        if not told:
            progress(f"another run is {doing}; waiting for it")
            told = True
        # A blocking flock has no time-out of its own, and an alarm would belong to the main thread only.
        time.sleep(0.05)
