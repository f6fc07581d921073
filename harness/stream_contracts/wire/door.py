"""A door: our address for one server of one lane, and everybody who came in by it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from stream_contracts.errors import HarnessError
from stream_contracts.wire.kafka import Address
from stream_contracts.wire.link import Link
from stream_contracts.wire.stream import Stream


class Door:
    """Listens on a port of its own, which stays its own while it refuses to let anybody in."""

    def __init__(self, service: str, server: Address, enter: Callable[[Door, Stream], None]) -> None:
        self.service, self.server = service, server
        self.link = Link()
        self.refusing = False
        """Whether nobody is to be let in; `set` makes it so."""
        self._enter = enter
        # The guard never listens. It keeps the port while the door is closed: to connect to it is to be refused.
        self._guard = _bound(server, ("127.0.0.1", 0))
        host, port = self._guard.getsockname()[:2]
        self.address: Address = (host, port)
        self._listener: socket.socket | None = None
        self._opened: asyncio.Server | None = None
        self._listen()

    def matches(self, only: Address | str | None) -> bool:
        """Whether a condition for ``only`` (a server's address, a service, or None for all) is one for this door."""
        return only is None or only in (self.service, self.server)

    def _listen(self) -> socket.socket:
        listener = self._listener = _bound(self.server, self.address)
        try:
            listener.listen(128)
        except OSError as error:
            listener.close()
            raise HarnessError("no door for the server at {}:{}: {}".format(*self.server, error)) from error
        listener.settimeout(0)
        return listener

    async def set(self) -> None:
        """Let in who comes, or refuse, as ``refusing`` says."""
        if self.refusing:
            self.close()
            return
        listener = self._listener or self._listen()
        if self._opened is None:
            loop = asyncio.get_running_loop()
            self._opened = await loop.create_server(
                lambda: Stream(lambda stream: self._enter(self, stream)), sock=listener
            )

    def close(self) -> None:
        """Refuse who comes from now on; the port stays ours."""
        if self._opened is not None:
            self._opened.close()
        if self._listener is not None:
            self._listener.close()
        self._opened = self._listener = None

    def remove(self) -> None:
        """Close, for good."""
        self.close()
        self._guard.close()


def _bound(server: Address, address: Address) -> socket.socket:
    """A socket at this address, which it may share with the door's own; `HarnessError` where none is to be had."""
    made = socket.socket()
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
    except OSError as error:
        made.close()
        raise HarnessError("no door for the server at {}:{}: {}".format(*server, error)) from error
    return made
