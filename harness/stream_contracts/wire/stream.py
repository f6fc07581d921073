"""One TCP connection of the tap: read in exact pieces, written whole; what piles up on either side is bounded.

The streams of asyncio copy what they read three times and wake a task for every length; this is what carries the load.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import cast

BUFFER_BYTES = 1024 * 1024
"""What may pile up unwritten; whoever writes more waits."""
READ_BYTES = 128 * 1024
"""What is read ahead at most; a larger piece is received straight into its own place."""
RELAY_BYTES = 512 * 1024
"""In what pieces there is room for what is handed on."""
Data = bytes | bytearray | memoryview


class Stream(asyncio.BufferedProtocol):
    """Both directions of a connection. All on the loop; one reader and any number of writers at a time."""

    def __init__(self, made: Callable[[Stream], None] | None = None, read_bytes: int = READ_BYTES) -> None:
        self.ended = asyncio.Event()
        """Set when the other side has ended; what it sent before can still be read."""
        self.lost = asyncio.Event()
        """Set when the connection is gone in both directions."""
        self._made = made
        self._transport: asyncio.Transport | None = None
        self._size = read_bytes
        self._buffer = bytearray(read_bytes)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0
        self._large: memoryview | None = None
        self._filled = 0
        self._into: Callable[[memoryview], bool] | None = None
        self._wanted = 0
        self._came: asyncio.Future[None] | None = None
        self._past: asyncio.Future[bool] | None = None
        self._reading = True
        self._room: asyncio.Event = asyncio.Event()
        self._room.set()

    # ---- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=BUFFER_BYTES)
        end = transport.get_extra_info("socket")
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._made is not None:
            self._made(self)

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Where what comes next is to be put."""
        if self._large is not None:
            if self._into is not None and len(self._large) - self._filled < READ_BYTES // 4:
                self._large, self._filled = (
                    memoryview(bytearray(RELAY_BYTES)),
                    0,
                )  # what was handed on must stay as it is
            return self._large[self._filled : self._filled + self._wanted]
        if self._start and self._end == self._size:
            self._to_front()
        return self._view[self._end :]

    def buffer_updated(self, nbytes: int) -> None:
        """So much has come."""
        if self._large is not None:
            came = self._large[self._filled : self._filled + nbytes]
            self._filled += nbytes
            self._wanted -= nbytes
            goes_on = self._into is None or self._into(came)
            if not self._wanted or not goes_on:
                self._stop_reading()
                self._wake()
            return
        self._end += nbytes
        if self._end - self._start == self._size:
            self._stop_reading()
        self._wake()

    def eof_received(self) -> bool:
        """The other side sends no more; it may still listen."""
        self.ended.set()
        self._wake()
        return True

    def connection_lost(self, _exc: Exception | None) -> None:
        """The connection is gone."""
        self.ended.set()
        self.lost.set()
        self._room.set()
        self._wake()
        if self._past is not None and not self._past.done():
            self._past.set_exception(ConnectionResetError("the connection is gone"))

    def pause_writing(self) -> None:
        """Too much is unsent."""
        self._room.clear()

    def resume_writing(self) -> None:
        """There is room again."""
        self._room.set()

    # ---- reading

    async def peek(self, size: int) -> memoryview | None:
        """The next ``size`` bytes (up to what is read ahead), which stay; None where the stream ends before."""
        while self._end - self._start < size:
            if self.ended.is_set():
                return None
            if self._start + size > self._size:
                self._to_front()
            await self._more()
        return self._view[self._start : self._start + size]

    async def exactly(self, size: int) -> Data | None:
        """The next ``size`` bytes; None where the stream ends before."""
        if size <= self._size:
            seen = await self.peek(size)
            if seen is None:
                return None
            found = bytes(seen)
            self.take(size)
            return found
        return await self._exactly_large(size)

    async def some(self) -> bytes:
        """Whatever has come, and at least one byte; nothing at the end of the stream."""
        if await self.peek(1) is None:
            return b""
        found = bytes(self._view[self._start : self._end])
        self.take(len(found))
        return found

    @property
    def ahead(self) -> memoryview:
        """What has been read ahead."""
        return self._view[self._start : self._end]

    async def _exactly_large(self, size: int) -> Data | None:
        large = bytearray(size)
        self._filled = self._end - self._start
        large[: self._filled] = self._view[self._start : self._end]
        self._start = self._end = 0
        self._large, self._wanted = memoryview(large), size - self._filled
        try:
            while self._wanted:
                if self.ended.is_set():
                    return None
                await self._more()
        finally:
            self._large = None
        return large

    async def relay(self, size: int, into: Callable[[memoryview], bool]) -> int:
        """Hand on what comes, ``size`` bytes at most, until ``into`` says False or the stream ends; how many those were.

        Without a task in between: for what is long. Nothing may be ahead. What was handed on is never changed.
        """
        self._large, self._filled, self._wanted, self._into = memoryview(bytearray(RELAY_BYTES)), 0, size, into
        try:
            if not self.ended.is_set():
                await self._more()
        finally:
            self._large = self._into = None
        return size - self._wanted

    # ---- past us

    async def sent(self) -> bool:
        """Whether the kernel has everything that was written, or takes it at once."""
        if self._transport is not None and self._transport.get_write_buffer_size():
            await asyncio.sleep(0)  # what is written leaves at the end of the loop's turn
        return self._transport is not None and not self._transport.get_write_buffer_size()

    def lent(self, *, to_read: bool) -> int:
        """A descriptor of the socket, to be closed by one who reads or writes past us; to read, we do not meanwhile.

        OSError where the connection is gone.
        """
        if self._transport is None or self.lost.is_set():
            raise ConnectionResetError("the connection is gone")
        if to_read:
            self._stop_reading()
        return os.dup(self._transport.get_extra_info("socket").fileno())

    async def unless_lost(self, done: asyncio.Future[bool]) -> bool:
        """Wait for it. OSError where the connection is gone before."""
        self._past = done
        try:
            return await done
        finally:
            self._past = None

    # ---- what is ahead, and waking

    def take(self, size: int) -> None:
        """So many bytes of what is ahead are done with."""
        self._start += size
        if self._start == self._end:
            self._start = self._end = 0

    def _to_front(self) -> None:
        kept = self._end - self._start
        self._buffer[:kept] = self._buffer[self._start : self._end]
        self._start, self._end = 0, kept

    async def _more(self) -> None:
        """Wait until something came, or the end."""
        if not self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()
        self._came = asyncio.get_running_loop().create_future()
        try:
            await self._came
        finally:
            self._came = None

    def _stop_reading(self) -> None:
        if self._reading and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()

    def _wake(self) -> None:
        if self._came is not None and not self._came.done():
            self._came.set_result(None)

    # ---- writing

    async def write(self, data: Data) -> None:
        """Send it, and wait while too much is unsent; ``data`` must not be changed any more. OSError where none hears."""
        if self.lost.is_set() or self._transport is None:
            raise ConnectionResetError("the connection is gone")
        self._transport.write(data)
        if not self._room.is_set():
            await self._room.wait()

    def put(self, data: Data) -> bool:
        """Send it, like `write`; False where whoever sends more must wait (`room`), or nobody hears."""
        if self.lost.is_set() or self._transport is None:
            return False
        self._transport.write(data)
        return self._room.is_set()

    async def room(self) -> None:
        """Wait while too much is unsent. OSError where nobody hears."""
        await self._room.wait()
        if self.lost.is_set():
            raise ConnectionResetError("the connection is gone")

    async def close(self) -> None:
        """End the connection, once everything that was written has left."""
        if self._transport is not None:
            self._transport.close()
            await self.lost.wait()

    def abort(self) -> None:
        """End the connection now; what was not sent yet is lost."""
        if self._transport is not None:
            self._transport.abort()
