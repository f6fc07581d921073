"""The registry on the network: in a thread for tests, in the foreground for the shell."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import uvicorn

from stream_contracts.errors import StackError, UsageError
from stream_contracts.registry.application import Application, Bounds
from stream_contracts.registry.connection import bounded
from stream_contracts.registry.formats import judge
from stream_contracts.registry.service import Service
from stream_contracts.registry.sqlite import SqliteKeeper
from stream_contracts.schema.format import Edition

_TICK_S = 0.1
_LAST_ANSWERS_S = 2.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How a registry is run. Port 0 takes a free one; ``data`` is a SQLite file, None keeps all in memory."""

    host: str = "127.0.0.1"
    port: int = 0
    edition: Edition = Edition.CONFLUENT_8_3
    data: Path | None = None
    users: Mapping[str, str] = field(default_factory=dict)
    tls_cert: Path | None = None
    tls_key: Path | None = None
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, slots=True)
class Running:
    """A registry that answers at ``url``; ``service`` is the same registry without HTTP."""

    url: str
    service: Service


class _Server(uvicorn.Server):
    """uvicorn that says when it answers and hears at once that it should stop, so that nobody asks again and again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self.ready.set()

    async def main_loop(self) -> None:
        """Tick as uvicorn does (its date header, signals), but wake up for ``stop``."""
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), _TICK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more, answer what is being answered within a bound, and hang up."""
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks = set(self.server_state.tasks)
        if tasks and not self.force_exit:
            _, tasks = await asyncio.wait(tasks, timeout=_LAST_ANSWERS_S)
        for task in tasks:
            task.cancel()

    def stop(self) -> None:
        """Stop from another thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._told.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop politely at the first signal, at once at the second; uvicorn would raise the signal again afterwards."""
        del sig, frame
        self.force_exit = self.should_exit
        self.should_exit = True


def read_users(path: Path) -> dict[str, str]:
    """Read ``name:password`` lines; empty lines and those that begin with ``#`` are skipped."""
    users = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the file of users cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, password = line.strip().partition(":")
        if not colon or not name or not password:
            raise UsageError(f"{path}:{number}: write name:password")
        users[name] = password
    if not users:
        raise UsageError(f"{path}: there is no name:password line, so nobody could come in")
    return users


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        raise StackError(
            f"The registry cannot listen on {settings.host}:{settings.port}: {error}. "
            "Choose another --port, or 0 for a free one."
        ) from error
    return listener


def _server(settings: Settings, service: Service) -> _Server:
    application = Application(service, settings.bounds, settings.users)
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http=bounded(settings.bounds),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=settings.bounds.idle_s,
        limit_concurrency=settings.bounds.connections,
        timeout_graceful_shutdown=2,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"The TLS certificate {settings.tls_cert} or its key cannot be used: {error}") from error
    return _Server(config)


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Running, _Server, socket.socket]]:
    keeper = SqliteKeeper(settings.data) if settings.data else None
    service = Service(judge(settings.edition), keeper)
    try:
        server = _server(settings, service)
        listener = _listening(settings)
        try:
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            scheme = "https" if settings.tls_cert else "http"
            yield Running(f"{scheme}://{host}:{listener.getsockname()[1]}", service), server, listener
        finally:
            listener.close()
    finally:
        service.close()


@contextmanager
def running_registry(settings: Settings | None = None, *, start_s: float = 10.0) -> Iterator[Running]:
    """Run a registry in this process, on a thread of its own, until the block ends.

    It answers as soon as the block begins. Raises ``StackError`` where it does not come up within ``start_s``.
    """
    settings = settings or Settings()
    with _opened(settings) as (running, server, listener):
        thread = threading.Thread(target=server.run, args=([listener],), name="registry-server", daemon=True)
        thread.start()
        try:
            if not server.ready.wait(start_s):
                raise StackError(f"The registry did not come up at {running.url} within {start_s:g} s.")
            yield running
        finally:
            server.stop()
            thread.join(10.0)


def serve(settings: Settings, announce: Callable[[Running], None]) -> None:
    """Run the registry in the foreground until SIGINT or SIGTERM; ``announce`` is called once it is bound."""
    with _opened(settings) as (running, server, listener):
        announce(running)
        server.run([listener])
