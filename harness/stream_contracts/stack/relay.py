"""Relays before the listeners by which nodes of a cluster reach each other, so that one can be parted from its peers.

A node that is parted stays connected, and nothing passes: what was sent is held and goes on when it is joined again, as
packets do that are sent again. A connection that is made meanwhile is taken and not answered. The dialler is known by its
socket, as the kernel tells whose it is: an address alone would not say who comes.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

ANSWER_S = 10.0


class Relays:
    """All relays of a cluster, in one thread. ``pids`` tells which process each node is at this moment, by its name.

    What comes from no node, a client say, always passes, and so does what a node says to itself. Close it in the end.
    """

    def __init__(self, pids: Callable[[], Mapping[str, int]]) -> None:
        self._pids = pids
        self._parted: set[str] = set()
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relays between brokers", daemon=True)
        self._thread.start()

    def open(self, target: str, host: str, port: int, behind: int) -> None:
        """Listen on ``host:port`` for those who want ``target``, which listens on ``behind``. OSError where that is taken."""
        listening = socket.create_server((host, port))
        self._run(self._loop.create_server(lambda: _End(_Link(self, target, (host, behind)), None), sock=listening))

    def part(self, name: str) -> None:
        """Let nothing pass between that node and any other; return when it is so."""
        self._set(lambda: self._parted.add(name))

    def join(self, name: str) -> None:
        """Undo it: what was held goes on."""
        self._set(lambda: self._parted.discard(name))

    def close(self) -> None:
        """Hang up everything; a second call does nothing."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_S)
        if self._thread.is_alive():
            return  # on a machine that is too busy for it; it ends at its next turn, and its sockets with the process
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        for link in tuple(self._links):
            link.hang_up()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    @property
    def any_parted(self) -> bool:
        """Whether any node is parted from the others."""
        return bool(self._parted)

    def is_held(self, dialler: str, target: str) -> bool:
        """Whether these two are parted."""
        return bool(dialler) and dialler != target and not self._parted.isdisjoint((dialler, target))

    def who(self, port: int) -> str:
        """Return the node whose socket has that port on this side; empty where it is none of them."""
        nodes = {pid: name for name, pid in self._pids().items()}
        return next((nodes[pid] for pid in holders(port, nodes)), "")

    def _set(self, change: Callable[[], None]) -> None:
        async def all_of_them() -> None:
            change()
            for link in tuple(self._links):
                link.settle()

        self._run(all_of_them())

    def _run(self, work: Coroutine[Any, Any, Any]) -> None:
        asked: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        asked.result(ANSWER_S)


class _Link:
    """One connection through a relay: two ends, and whether it is held."""

    def __init__(self, relays: Relays, target: str, behind: tuple[str, int]) -> None:
        self._relays, self._target, self._behind = relays, target, behind
        self._dialler: str | None = None
        self._port = 0
        self._ends: list[_End] = []
        self._dialling: asyncio.Task[None] | None = None
        self._over = False

    @property
    def held(self) -> bool:
        # Whose it is costs a look at all sockets of the machine: only where it matters. Brokers that wait for each other dial
        # again and again, and on a busy machine the looks alone would keep them from ever meeting.
        if not self._relays.any_parted:
            return False
        if self._dialler is None:
            self._dialler = self._relays.who(self._port)
        return self._relays.is_held(self._dialler, self._target)

    def begin(self, end: _End, port: int) -> None:
        """Somebody has come from that port."""
        self._ends.append(end)
        self._port = port
        self._relays._links.add(self)
        self.settle()

    def settle(self) -> None:
        """Read from both ends or from none, as it is held or not; dial the target where that was not done yet."""
        if len(self._ends) == 1 and self._dialling is None and not self.held:
            self._dialling = asyncio.get_running_loop().create_task(self._dial(self._ends[0]))
        for end in self._ends:
            end.settle(self.held or len(self._ends) == 1)

    def hang_up(self) -> None:
        """Close both ends, after what was already taken has been written."""
        self._over = True
        self._relays._links.discard(self)
        for end in self._ends:
            end.transport.close()

    async def _dial(self, near: _End) -> None:
        far = _End(self, near)
        try:
            await asyncio.get_running_loop().create_connection(lambda: far, *self._behind)
        except OSError:
            self.hang_up()  # nobody is there: to the dialler it looks like a node that has just died
            return
        near.other = far
        self._ends.append(far)
        if self._over:
            self.hang_up()
        else:
            self.settle()


class _End(asyncio.Protocol):
    """One end of a link: what comes in goes out at the other, as fast as that one takes it."""

    transport: asyncio.Transport

    def __init__(self, link: _Link, other: _End | None) -> None:
        self._link, self.other = link, other
        self._dialled = other is not None
        self._full = self._held = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.pause_reading()
        with suppress(OSError):
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._dialled:
            self._link.begin(self, transport.get_extra_info("peername")[1])

    def settle(self, held: bool) -> None:
        self._held = held
        wanted = not held and self.other is not None and not self.other._full
        if wanted and not self.transport.is_closing():
            self.transport.resume_reading()
        elif not self.transport.is_closing():
            self.transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        assert self.other is not None, "nothing is read before there is another end"
        self.other.transport.write(data)

    def pause_writing(self) -> None:
        self._full = True
        self._pass_on()

    def resume_writing(self) -> None:
        self._full = False
        self._pass_on()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._link.hang_up()

    def _pass_on(self) -> None:
        if self.other is not None:
            self.other.settle(self.other._held)


def holders(port: int, pids: Mapping[int, str]) -> Iterator[int]:
    """Yield those of the processes that hold a TCP socket of this machine with that local port."""
    inodes = {f"socket:[{inode}]" for inode in _inodes(port)}
    for pid in pids if inodes else ():
        with suppress(OSError):  # it has ended
            for handle in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    if str(handle.readlink()) in inodes:
                        yield pid
                        break


def _inodes(port: int) -> Iterator[str]:
    """The sockets with that local port that are connected; a JVM's are of IPv6, whatever they speak."""
    for table in ("tcp", "tcp6"):
        with suppress(OSError), Path(f"/proc/net/{table}").open(encoding="ascii") as rows:
            for row in rows:
                words = row.split()
                if words[1].endswith(f":{port:04X}") and words[9] != "0":
                    yield words[9]
