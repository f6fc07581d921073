"""One connection of the HTTP server: uvicorn's, with bounds on how long and how large a request's head may be.

uvicorn bounds only the silence between two requests. A client that opens a connection and says nothing, or sends its
head (or the rest of a body that nobody waits for) one byte at a time, would keep its place for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stream_contracts.registry.application import Bounds


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose next request head does not arrive in time or in size."""

    bounds = Bounds()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._late: asyncio.TimerHandle | None = None
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is awaited from now on."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes while no request is being answered."""
        if self._late is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_idle() and self._late is None and not self.transport.is_closing():
            self._await_head()
        if self._head_bytes > self.bounds.head_bytes and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """The head is here; the application bounds the body."""
        self._head_came()
        super().on_headers_complete()

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
