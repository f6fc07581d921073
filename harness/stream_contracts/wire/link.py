"""In what condition a link is: open or a black hole, fast or slow; and how bytes leave through it."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic

from stream_contracts.wire.stream import BUFFER_BYTES, Data, Stream

STEP_S = 0.02
"""How finely a slow link is cut, and how soon it notices that it was healed."""


class Link:
    """The way to one server, with all connections through it. The values hold for each connection and direction."""

    def __init__(self) -> None:
        self.latency_s = 0.0
        self.bytes_per_s = 0.0
        """0 for no limit."""
        self._open = asyncio.Event()
        self._open.set()

    @property
    def fine(self) -> bool:
        """Whether bytes pass as they come."""
        return self._open.is_set() and not self.latency_s and not self.bytes_per_s

    def blackhole(self, on: bool) -> None:
        """Let nothing pass, or everything again."""
        if on:
            self._open.clear()
        else:
            self._open.set()

    async def passable(self) -> None:
        """Wait until the link is no black hole."""
        await self._open.wait()


class Exit:
    """Where the bytes of one direction leave: at once over a link that is fine, else from a queue, in their order."""

    def __init__(self, link: Link, stream: Stream) -> None:
        self._link, self._stream = link, stream
        self._queue: deque[tuple[float, Data]] = deque()
        self._queued = 0
        self._moved = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    async def send(self, data: Data) -> None:
        """Pass it on; returns when it has left or is queued. What waits is bounded: `BUFFER_BYTES` and one piece more."""
        if self.direct:
            await self._stream.write(data)
            return
        self._queue.append((monotonic(), data))
        self._queued += len(data)
        if self._pump is None:
            self._pump = asyncio.get_running_loop().create_task(self._run())
        while self._queued > BUFFER_BYTES and self._pump is not None:
            self._moved.clear()
            await self._moved.wait()

    @property
    def direct(self) -> bool:
        """Whether bytes leave at once now."""
        return self._pump is None and self._link.fine

    def put(self, data: Data) -> bool:
        """Let it leave at once, where that is `direct`; whether more may follow without waiting."""
        return self._stream.put(data) and self.direct

    async def room(self) -> None:
        """Wait until more may follow. OSError where nobody hears."""
        await self._stream.room()

    async def empty(self) -> None:
        """Wait until nothing is queued any more, and the link lets an end pass too."""
        while self._pump is not None:
            self._moved.clear()
            await self._moved.wait()
        await self._link.passable()

    def stop(self) -> None:
        """Forget what is queued."""
        if self._pump is not None:
            self._pump.cancel()

    async def _run(self) -> None:
        try:
            while self._queue:
                came, data = self._queue[0]
                while (wait_s := came + self._link.latency_s - monotonic()) > 0:
                    await asyncio.sleep(min(wait_s, STEP_S))
                await self._piecemeal(data)
                self._queue.popleft()
                self._queued -= len(data)
                self._moved.set()
        except OSError:
            pass  # nobody hears: whoever reads from there sees the end
        finally:
            self._queue.clear()
            self._queued = 0
            self._pump = None
            self._moved.set()

    async def _piecemeal(self, data: Data) -> None:
        view = memoryview(data)
        while view:
            await self._link.passable()
            rate = self._link.bytes_per_s
            size = max(1, int(rate * STEP_S)) if rate else len(view)
            await self._stream.write(bytes(view[:size]) if rate else view)
            view = view[size:]
            if rate:
                await asyncio.sleep(size / rate)
