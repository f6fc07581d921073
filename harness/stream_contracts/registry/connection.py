"""One connection of the HTTP server: uvicorn's, bounded in time and size, and with each answer in one write.

uvicorn bounds only the silence between two requests. A client that opens a connection and says nothing, sends its head
(or the rest of a body that nobody waits for) one byte at a time, or never reads, would keep its place for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from stream_contracts.registry.application import Bounds


class _OneWrite:
    """A transport that keeps back the head of an answer until its body comes: one system call instead of two."""

    __slots__ = ("head", "transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.head: bytes | None = None

    def write(self, data: bytes) -> None:
        """Keep the first write, which is the head; then pass on. Nobody is told what a lost connection would have got."""
        if self.transport.is_closing():
            return
        if data.startswith(b"HTTP/1.1 100"):
            self.transport.write(data)
        elif self.head is None:
            self.head = data
        else:
            self.transport.write(self.head + data)
            self.head = b""

    def flush(self) -> None:
        """Send a head that no body followed."""
        if self.head and not self.transport.is_closing():
            self.transport.write(self.head)
            self.head = b""

    def is_closing(self) -> bool:
        """As the transport says."""
        return self.transport.is_closing()

    def close(self) -> None:
        """Close once everything is sent."""
        self.flush()
        self.transport.close()


class BoundedProtocol(HttpToolsProtocol):
    """Hangs up on a client whose request head does not arrive in time or in size, or that does not read its answers."""

    bounds = Bounds()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._late: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is awaited from now on."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._head_came()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes while no request is being answered."""
        if self._late is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._late is None and self._is_idle() and not self.transport.is_closing():
            self._await_head()
        if self._head_bytes > self.bounds.head_bytes and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """The head is here; the application bounds the body."""
        self._head_came()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """The client does not read: give it a while."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.bounds.answer_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        joined = _OneWrite(self.transport)
        answered = cycle.on_response

        def flushed() -> None:
            joined.flush()
            answered()

        cycle.transport, cycle.on_response = joined, flushed  # type: ignore[assignment]
        super()._start_asgi_task(cycle, app)

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._late = self.loop.call_later(self.bounds.head_s, self.timeout_keep_alive_handler)

    def _head_came(self) -> None:
        self._head_bytes = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None


def bounded(bounds: Bounds) -> type[BoundedProtocol]:
    """The protocol with other bounds than the default ones."""
    return type("BoundedProtocol", (BoundedProtocol,), {"bounds": bounds})
