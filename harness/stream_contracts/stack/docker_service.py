"""One service in a container: started, killed, paused, stopped, cut from its peers, read, all through the engine."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from stream_contracts.errors import StackError
from stream_contracts.stack.service import tail

KILLED = 137
"""How the engine tells SIGKILL; the local backend tells it as -9, and so do we."""


class Seat(NamedTuple):
    """A container's place on a network: the network, and the name by which others find it there."""

    network: Any
    alias: str


class ContainerService:
    """One container that was created and is started, killed, started again: same ports, same disk.

    ``container`` is the Docker SDK's object. ``seats`` are its networks by what they are for: ``edge``, where ports are
    published, and ``peers``, if it has any. What it writes goes to ``log_path``, in ``cwd``, as it comes.
    ``stop_signal`` asks it to end. Nothing runs before ``start``. Not thread-safe, but ``kill`` may be called from any
    thread. StackError where the engine refuses.
    """

    def __init__(
        self,
        name: str,
        container: Any,
        *,
        image: str,
        cwd: Path,
        seats: Mapping[str, Seat],
        stop_signal: str = "SIGTERM",
    ) -> None:
        self.name, self.cwd, self.log_path = name, cwd, cwd / f"{name}.log"
        self.nature = f"a container of {image}"
        self.incarnation = 0
        """How often it was started."""
        self.started_at_s = 0.0
        """When it was last started, on the monotonic clock."""
        self._container, self._stop_signal = container, stop_signal
        self._seats = dict(seats)
        self._away: list[str] = []
        self._life: _Life | None = None

    @property
    def command(self) -> Sequence[str]:
        """How a person would start it (again)."""
        return ("docker", "start", "--attach", str(self._container.name))

    @property
    def container_id(self) -> str:
        """The engine's id of the container."""
        return str(self._container.id)

    @property
    def alive(self) -> bool:
        """Whether it runs; a paused one does."""
        return self._life is not None and self._life.exit_status is None

    @property
    def exit_status(self) -> int | None:
        """How it ended: an exit status, or minus the signal; None while it runs or before the first start."""
        return self._life.exit_status if self._life else None

    def start(self) -> None:
        """Start it (again): same disk, ports and environment; the log is continued."""
        if self.alive:
            raise StackError(f"{self.name} is running already (container {self._container.short_id})")
        if self._life is not None:
            self._life.over.wait(10)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self.started_at_s = time.monotonic()
        life = _Life(self._container, self.log_path)
        try:
            self._ask("be started", self._container.start)
        except StackError:
            life.close()
            raise
        life.follow(f"log of {self.name}")
        self._life = life
        self.incarnation += 1

    def ending(self) -> int | None:
        """Return a descriptor, the caller's to close, that is readable once it has ended; None where it does not run."""
        return None if self._life is None or not self.alive else self._life.descriptor()

    def wait(self, timeout_s: float) -> int | None:
        """Wait until it ends and return its exit status, or None when ``timeout_s`` is over first."""
        handle = self.ending()
        if handle is not None:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            poll.poll(timeout_s * 1000)
            os.close(handle)
        return self.exit_status

    def kill(self) -> None:
        """Kill it (SIGKILL, also when it is paused), and return when it is dead."""
        if self.alive:
            self._signal("SIGKILL")
            self._bury(20)

    def stop(self, timeout_s: float) -> int:
        """Ask it to end, kill it after ``timeout_s``, and return its exit status, or minus the signal."""
        if self.alive:
            self.resume()  # a frozen process would not hear the request
            self._signal(self._stop_signal)
            if self.wait(timeout_s) is None:
                self._signal("SIGKILL")
            self._bury(20)
        status = self.exit_status
        return 0 if status is None else status

    def pause(self) -> None:
        """Freeze everything in it, and return when it is frozen; its sockets stay open."""
        if not self.alive:
            raise StackError(f"{self.name} cannot be paused: it does not run (exit status {self.exit_status})")
        if self._state() != "paused":
            self._ask("be paused", self._container.pause)

    def resume(self) -> None:
        """Thaw it; nothing happens where it is not frozen."""
        if self.alive and self._state() == "paused":
            self._ask("be resumed", self._container.unpause)

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines of its log, all starts together."""
        return tail(self.log_path, lines)

    def leave(self, side: str) -> None:
        """Take it off that network; nothing happens where it is off already."""
        seat = self._seats[side]
        if side not in self._away:
            self._ask(f"be taken off its {side} network", lambda: seat.network.disconnect(self._container, force=True))
            self._away.append(side)

    def come_back(self, side: str) -> None:
        """Put it on that network again; nothing happens where it is on it."""
        seat = self._seats[side]
        if side in self._away:
            put = seat.network.connect
            self._ask(f"be put on its {side} network", lambda: put(self._container, aliases=[seat.alias]))
            self._away.remove(side)

    def _signal(self, name: str) -> None:
        import docker.errors

        try:
            self._container.kill(signal=name)
        except docker.errors.APIError as error:
            # 404 and 409: it is dead already, and the follower has not noticed yet.
            if error.status_code not in (404, 409):
                raise StackError(f"{self.name} cannot be sent {name}: {error.explanation or error}") from error

    def _bury(self, timeout_s: float) -> None:
        if self._life is not None and not self._life.over.wait(timeout_s):
            raise StackError(f"{self.name} (container {self._container.short_id}) survived SIGKILL for {timeout_s:g} s")

    def _state(self) -> str:
        self._ask("be looked at", self._container.reload)
        return str(self._container.status)

    def _ask(self, what: str, call: Any) -> None:
        import docker.errors
        import requests

        try:
            call()
        except docker.errors.APIError as error:
            raise StackError(f"{self.name} cannot {what}: {error.explanation or error}") from error
        except requests.RequestException as error:
            raise StackError(f"{self.name} cannot {what}: the engine does not answer: {error}") from error


class PeeredService(ContainerService):
    """A container that talks to its peers on a network of their own, so that they can be parted."""

    def isolate(self) -> None:
        """Cut it from its peers, while its clients still reach it."""
        self.leave("peers")

    def rejoin(self) -> None:
        """Undo it; nothing happens where it is not cut off."""
        self.come_back("peers")


class _Life:
    """From one start to the next end: copies what the container writes, and learns how it ended."""

    def __init__(self, container: Any, log_path: Path) -> None:
        self.exit_status: int | None = None
        self.over = threading.Event()
        self._closing = threading.Lock()
        self._container = container
        self._log = log_path.open("ab")
        self._reader, self._writer = os.pipe()
        # Attached before the start, so that no line is missed and none of an earlier life comes again.
        self._stream = container.attach(stream=True, stdout=True, stderr=True, logs=False)

    def follow(self, name: str) -> None:
        """Begin to copy, in a thread that ends with the container."""
        threading.Thread(target=self._copy, name=name, daemon=True).start()

    def descriptor(self) -> int | None:
        """Return a descriptor that is readable once it is over; None where it is."""
        with self._closing:
            return None if self.over.is_set() else os.dup(self._reader)

    def close(self) -> None:
        """Let go of everything, when it is over or did not begin."""
        self._log.close()
        # Otherwise the socket to the engine stays open until the collector comes by. An end that the engine brought about
        # makes the SDK's own `close` fail half-way: the answer that holds the socket is closed for it.
        for held in (self._stream, getattr(self._stream, "_response", self._stream)):
            with contextlib.suppress(Exception):
                held.close()
        for handle in (self._reader, self._writer):
            os.close(handle)

    def _copy(self) -> None:
        # An engine that goes away ends the stream as well, in whatever way its transport knows.
        with contextlib.suppress(Exception):
            for chunk in self._stream:
                self._log.write(chunk)
                self._log.flush()
        self.exit_status = self._learnt()
        with self._closing:
            self.over.set()
            self.close()

    def _learnt(self) -> int:
        try:
            status = int(self._container.wait(timeout=30)["StatusCode"])
        except Exception as error:
            self._log.write(f"\n(the engine does not say how it ended: {error})\n".encode())
            return -1
        return -9 if status == KILLED else status
