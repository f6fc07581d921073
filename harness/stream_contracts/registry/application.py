"""The HTTP face of the registry as an ASGI application: bounded bodies, basic auth, verbs, JSON."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stream_contracts.registry import openapi
from stream_contracts.registry.answers import Answer, refused
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.routes import request
from stream_contracts.registry.service import Service
from stream_contracts.schema.format import Edition

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MEDIA_TYPE = b"application/vnd.schemaregistry.v1+json"
OPENAPI_PATH = "/openapi.json"
METADATA_PATH = "/v1/metadata/"
RELEASES = {
    Edition.CONFLUENT_7_4: "7.4.0",
    Edition.CONFLUENT_8_3: "8.3.0",
    Edition.CONFLUENT_NEXT: "8.4.0-SNAPSHOT",
}
"""Edition → the release that clients are told; those that ask decide by it what they may use."""
_DRAINED = 4
"""A body up to so many times too large is read to its end and thrown away: the client sends first, then reads."""
_CHALLENGE = {"www-authenticate": 'Basic realm="schema registry", charset="UTF-8"'}
_CLOSE = {"connection": "close"}
_spell = json.JSONEncoder(separators=(",", ":")).encode


class _ClientGone(Exception):  # noqa: N818 - nobody is left to be told
    """The client hung up before its request was complete."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one client may take: bytes of a body, seconds to send a head, a body, and to read an answer.

    ``connections`` are all clients together; ``idle_s`` is how long a silent connection is kept.
    """

    body_bytes: int = 8 * 1024 * 1024
    head_bytes: int = 64 * 1024
    head_s: float = 10.0
    body_s: float = 30.0
    answer_s: float = 60.0
    idle_s: int = 60
    connections: int = 4096


@dataclass(frozen=True, slots=True)
class Application:
    """The registry for an ASGI server. ``users`` maps name to password; empty lets everyone in."""

    service: Service
    bounds: Bounds = field(default_factory=Bounds)
    users: Mapping[str, str] = field(default_factory=dict)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one HTTP request; nothing that a client sends ends in a traceback."""
        if scope["type"] != "http":
            return
        try:
            given = await self._answer(scope, receive)
        except Refusal as refusal:
            given = refused(refusal)
        except _ClientGone:
            return
        await _send(given, send)

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        if self.users:
            self._authenticate(scope)
        method, path = scope["method"], scope["raw_path"].decode("ascii")
        body = b"" if method in ("GET", "HEAD") else await self._body(scope, receive)
        about = self._about(method, path)
        if about is not None:
            return Answer(about)
        asked = request(method, path, scope["query_string"].decode("latin-1"), body)
        if self.service.is_quick(asked):
            return self.service.read(asked)
        return await asyncio.wrap_future(self.service.submit(asked))

    def _about(self, method: str, path: str) -> Mapping[str, Any] | None:
        """What the registry says of itself, whatever it holds: that it is there, its document, its name and its release."""
        if path == "/" and method in ("GET", "POST"):
            return {}
        if method != "GET" or path not in (OPENAPI_PATH, f"{METADATA_PATH}id", f"{METADATA_PATH}version"):
            return None
        if path == OPENAPI_PATH:
            return openapi.document()
        if path.endswith("version"):
            return {"version": RELEASES[self.service.judge.edition], "commitId": ""}
        return {"scope": {"path": [], "clusters": {"schema-registry-cluster": "schema-registry"}}, "id": ""}

    def _authenticate(self, scope: Mapping[str, Any]) -> None:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, encoded = given.partition(b" ")
        try:
            name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            raise Refusal(401, headers=_CHALLENGE) from None
        expected = self.users.get(name)
        right = hmac.compare_digest((expected or "").encode(), password.encode())
        if scheme.lower() != b"basic" or not colon or expected is None or not right:
            raise Refusal(401, headers=_CHALLENGE)

    async def _body(self, scope: Mapping[str, Any], receive: Receive) -> bytes:
        """The whole body, within the bounds of size and time."""
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > _DRAINED * self.bounds.body_bytes:
                raise self._too_large()
            if name == b"content-encoding" and value.lower() != b"identity":
                raise Refusal(415, why="A compressed body cannot be read here")
        chunks, size = [], 0
        try:
            async with asyncio.timeout(self.bounds.body_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _ClientGone
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size <= self.bounds.body_bytes:
                        chunks.append(chunk)
                    if not message.get("more_body") and size <= self.bounds.body_bytes:
                        return b"".join(chunks)
                    if not message.get("more_body") or size > _DRAINED * self.bounds.body_bytes:
                        raise self._too_large()
        except TimeoutError:
            raise Refusal(408, headers=_CLOSE, why=f"The body did not come within {self.bounds.body_s:g} s") from None

    def _too_large(self) -> Refusal:
        return Refusal(413, headers=_CLOSE, why=f"A body may have {self.bounds.body_bytes} bytes")


async def _send(given: Answer, send: Send) -> None:
    if given.status == 204:
        body = b""
    elif given.plain:
        body = given.body.encode()
    else:
        body = _spell(given.body).encode()
    headers = [(b"content-type", MEDIA_TYPE), (b"content-length", b"%d" % len(body))]
    headers += [(name.encode(), value.encode()) for name, value in given.headers.items()]
    await send({"type": "http.response.start", "status": given.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
