"""What the tests of the stack share: a running broker, and a Maven mirror on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stream_contracts.stack import open_stack
from stream_contracts.stack.artefacts import Jar, JarCache, read_lock
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.home import cache_home
from stream_contracts.stack.model import Stack
from tests.stack.docker_lane import engine

__all__ = ["engine"]  # one fixture for all modules: there is one engine


def segments() -> set[str]:
    """The System V shared memory segments of this machine, by id."""
    rows = Path("/proc/sysvipc/shm").read_text(encoding="utf-8").splitlines()[1:]
    return {row.split()[1] for row in rows}


def segment(run_dir: Path) -> str:
    """The segment that the PostgreSQL of this run holds, as its lock file tells; other runs have others."""
    [lock] = run_dir.glob("**/postgres/data/postmaster.pid")
    found = lock.read_text(encoding="utf-8").splitlines()[6].split()[1]
    assert found in segments()
    return found


@pytest.fixture(scope="package")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One broker for the tests that leave it as they found it: what ``auto`` stands for where there are no containers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
        with open_stack("auto", Blueprint(), run_dir=tmp_path_factory.mktemp("run"), progress=print) as stack:
            yield stack


class Mirror(ThreadingHTTPServer):
    """Serves jars in Maven's layout and notes what was asked for; ``spoilt`` are the paths it lies about."""

    def __init__(self, jars: tuple[Jar, ...], source: JarCache) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.contents = {_maven_path(jar): source.path(jar) for jar in jars}
        self.asked: list[str] = []
        self.spoilt: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        if self.path not in self.server.contents:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.server.asked.append(self.path)
        body = self.server.contents[self.path].read_bytes()
        if self.path in self.server.spoilt:
            body = body[:-1] + bytes([body[-1] ^ 1])
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _maven_path(jar: Jar) -> str:
    group, artifact, version = jar.coordinates.split(":")
    return f"/{group.replace('.', '/')}/{artifact}/{version}/{artifact}-{version}.jar"


@pytest.fixture(scope="session")
def small_jars() -> tuple[Jar, ...]:
    """The four smallest jars of the lock file, in the user's cache."""
    jars = tuple(sorted(read_lock(), key=lambda jar: jar.size)[:4])
    JarCache(cache_home() / "jars").ensure(jars, print)
    return jars


@pytest.fixture
def mirror(small_jars: tuple[Jar, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror of the small jars, and an empty cache beside it."""
    server = Mirror(small_jars, JarCache(cache_home() / "jars"))
    monkeypatch.setenv("STREAM_CONTRACTS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("STREAM_CONTRACTS_MAVEN_URL", server.url)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
