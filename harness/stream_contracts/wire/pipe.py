"""A pipe of the kernel between two connections: what is long passes from socket to socket without being copied to us.

Linux only (splice(2)); elsewhere, and where no pipe is to be had, there is none, and `Stream.relay` carries the bytes.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from stream_contracts.wire.stream import Data, Stream

PIPE_BYTES = 1024 * 1024
"""What a pipe has room for: as much as an ordinary user may ask for, and what a consumer fetches of a partition at once."""


class Pipe:
    """Carries bytes of one connection in one direction, one load at a time. All on the loop; to be closed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._out, self._into = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        with suppress(OSError):  # a user with many pipes gets small ones: slower, and as right
            fcntl.fcntl(self._into, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._held = self._left = 0
        self._source = self._target = -1
        self._goes_on: Callable[[], bool] = bool
        self._over: asyncio.Future[bool] = self._loop.create_future()
        self._forget: Callable[[int], bool] | None = None
        self._awaited = -1

    def put(self, data: Data) -> int:
        """Put something in front of what is carried next; how much of it found room."""
        size = os.write(self._into, data)
        self._held += size
        return size

    async def carry(self, size: int, source: Stream, target: Stream, goes_on: Callable[[], bool]) -> int:
        """Pass on ``size`` bytes at most, while ``goes_on`` and until the source ends; how many those were.

        Nothing may be ahead in the source or unsent in the target. OSError where nobody hears.
        """
        self._left, self._goes_on = size, goes_on
        self._over = self._loop.create_future()
        try:
            self._source, self._target = source.lent(to_read=True), target.lent(to_read=False)
            self._go()
            ended = await target.unless_lost(self._over)
        finally:
            self._await(-1)
            self._give_back()
        if ended:
            source.eof_received()
        return size - self._left

    def _go(self) -> None:
        """Move what can be moved now; the loop calls it again when there is more."""
        try:
            ended = self._moved()
        except OSError as error:
            if not self._over.done():
                self._over.set_exception(error)
        else:
            if ended is not None and not self._over.done():
                self._over.set_result(ended)

    def _moved(self) -> bool | None:
        """Whether the source has ended, where there is nothing left to do; None while there is something to wait for."""
        while True:
            try:
                while self._held:
                    self._held -= os.splice(self._out, self._target, self._held)
            except BlockingIOError:
                self._await(self._target)
                return None
            if not self._left or not self._goes_on():
                return False
            try:
                came = os.splice(self._source, self._into, self._left)
            except BlockingIOError:
                self._await(self._source)
                return None
            if not came:
                return True
            self._held = came
            self._left -= came

    def _await(self, end: int) -> None:
        """Go on when this end is ready; -1 for neither."""
        if end == self._awaited:
            return
        if self._forget is not None:
            self._forget(self._awaited)
        self._awaited, self._forget = end, None
        if end < 0:
            return
        if end == self._source:
            self._loop.add_reader(end, self._go)
            self._forget = self._loop.remove_reader
        else:
            self._loop.add_writer(end, self._go)
            self._forget = self._loop.remove_writer

    def _give_back(self) -> None:
        for end in (self._source, self._target):
            if end >= 0:
                os.close(end)
        self._source = self._target = -1

    def close(self) -> None:
        """Give it back, with what is in it."""
        for end in (self._into, self._out):
            os.close(end)
        self._into = self._out = -1  # whoever would still use it is not to meet another's descriptor


def pipe() -> Pipe | None:
    """A pipe, where there are any."""
    if sys.platform != "linux":
        return None
    try:
        return Pipe()
    except OSError:
        return None
