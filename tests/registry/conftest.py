"""A registry of its own for each test, over real HTTP, and a small way to talk to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from stream_contracts.registry.server import Running, Settings, running_registry


@dataclass
class Asked:
    """An answer: status, JSON body (or None), headers."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def refused(self) -> tuple[int, int]:
        """HTTP status and error code."""
        return self.status, self.body["error_code"]


class Http:
    """Asks over one kept connection, in the words of the REST API."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url
        self.connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)

    def ask(self, method: str, path: str, body: object = None, *, raw: bytes | None = None, **headers: str) -> Asked:
        sent = raw if raw is not None else None if body is None else json.dumps(body).encode()
        self.connection.request(method, path, sent, {"Content-Type": "application/json", **headers})
        answer = self.connection.getresponse()
        text = answer.read()
        found = dict(answer.getheaders())
        is_json = text[:1] in b'{["tfn-0123456789'
        return Asked(answer.status, json.loads(text) if text and is_json else text.decode() or None, found)

    def get(self, path: str) -> Asked:
        return self.ask("GET", path)

    def post(self, path: str, body: object = None) -> Asked:
        return self.ask("POST", path, {} if body is None else body)

    def put(self, path: str, body: object = None) -> Asked:
        return self.ask("PUT", path, {} if body is None else body)

    def delete(self, path: str) -> Asked:
        return self.ask("DELETE", path)

    def register(self, subject: str, text: str, **more: object) -> Asked:
        return self.post(f"/subjects/{subject}/versions", {"schema": text, **more})


@pytest.fixture
def running() -> Iterator[Running]:
    with running_registry() as registry:
        yield registry


@pytest.fixture
def http(running: Running) -> Iterator[Http]:
    client = Http(running.url)
    yield client
    client.connection.close()


@pytest.fixture
def old_http() -> Iterator[Http]:
    """A registry that answers as 7.4 does."""
    from stream_contracts.schema.format import Edition

    with running_registry(Settings(edition=Edition.CONFLUENT_7_4)) as registry:
        client = Http(registry.url)
        yield client
        client.connection.close()
