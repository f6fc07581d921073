"""HTTP/1.1 as the tap needs it: where a message ends, which endpoint it speaks to, and answers of our own. No sockets here.

h11 reads the messages; their bytes are kept as they came, so that they can pass as they came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import urlsplit

import h11

from stream_contracts.errors import HarnessError
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.routes import found

LARGE = 4 * 1024 * 1024
"""Of a longer message no more is kept: what comes behind passes as it comes."""
MAX_HEAD = 64 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
KINDS: Mapping[str, str] = MappingProxyType(
    {"registry": "application/vnd.schemaregistry.v1+json", "connect": "application/json"}
)
"""Service -> the media type of its answers."""

CONNECT = (
    "/connectors",
    "/connectors/{name}",
    "/connectors/{name}/config",
    "/connectors/{name}/offsets",
    "/connectors/{name}/pause",
    "/connectors/{name}/restart",
    "/connectors/{name}/resume",
    "/connectors/{name}/status",
    "/connectors/{name}/stop",
    "/connectors/{name}/tasks",
    "/connectors/{name}/tasks/{task}/restart",
    "/connectors/{name}/tasks/{task}/status",
    "/connectors/{name}/topics",
    "/connectors/{name}/topics/reset",
    "/connector-plugins",
    "/connector-plugins/{plugin}/config",
    "/connector-plugins/{plugin}/config/validate",
)
"""The endpoints of Kafka Connect's REST interface (Kafka documentation, "Connect", "REST API")."""
_CONNECT = {re.compile(re.sub(r"{\w+}", "[^/]+", path)): path for path in CONNECT}


def endpoint(service: str, method: str, target: str) -> str:
    """What a request asks for, without the names in it: ``GET /schemas/ids/{id}``.

    Of an unknown path only the first step counts.
    """
    path = urlsplit(target).path
    if service == "registry":
        try:
            return f"{method} {found(method, path)[0].path}"
        except Refusal:
            return f"{method} {_first(path)}"
    known = (template for pattern, template in _CONNECT.items() if pattern.fullmatch(path.rstrip("/")))
    return f"{method} {next(known, None) or _first(path)}"


def _first(path: str) -> str:
    """The first step of a path that we do not know: what comes behind it may be a name, another one in each trial."""
    first, *rest = path.strip("/").split("/")
    return f"/{first}/…" if rest else f"/{first}"


class Message:
    """A message while it comes. ``raw`` are its bytes as far as they were not taken; ``rest`` is what came behind it."""

    def __init__(self, asked: Message | None = None) -> None:
        """The next request of a client, or the answer to this one."""
        self.raw = bytearray()
        self.rest = b""
        self.body = bytearray()
        self.head: h11.Request | h11.Response | h11.InformationalResponse | None = None
        self.whole = self.waits = self.switched = False
        """``waits``: its sender wants to be told to continue before it sends the body. ``switched``: it is the answer 101,
        and what comes behind it is no HTTP."""
        role = h11.SERVER if asked is None else h11.CLIENT
        self._parser = h11.Connection(role, max_incomplete_event_size=MAX_HEAD)
        self._drop_informational = asked is not None and asked.waits
        if asked is not None:
            assert isinstance(asked.head, h11.Request)
            self._parser.send(asked.head)  # so that it knows of HEAD and of the version

    def feed(self, data: bytes) -> bool:
        """Take what came, nothing for the end of the stream; whether the message is whole. `HarnessError` for garbage."""
        self.raw += data
        try:
            self._parser.receive_data(data)
            while not self.whole and self._event(self._parser.next_event()):
                pass
        except h11.ProtocolError as error:
            begins = bytes(self.raw[:60])
            raise HarnessError(f"{begins!r}… ({len(self.raw)} bytes) could not be read as HTTP/1.1: {error}") from error
        return self.whole

    @property
    def large(self) -> bool:
        """Whether enough of it came: it has a head, and is longer than what is kept."""
        return self.head is not None and len(self.raw) > LARGE

    def take(self) -> bytes:
        """What came of it since the last time, which is not kept any longer."""
        taken = bytes(self.raw)
        self.raw.clear()
        self.body.clear()
        return taken

    def _event(self, event: object) -> bool:
        if isinstance(event, h11.Request | h11.Response):
            self.head = event
            self.waits = self._parser.they_are_waiting_for_100_continue
        elif isinstance(event, h11.InformationalResponse):
            if event.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
                self.head, self.switched = event, True
                self._ended()
            elif self._drop_informational:  # we have told its client already
                self.raw = bytearray(self._parser.trailing_data[0])
        elif isinstance(event, h11.Data):
            self.body += event.data
        elif isinstance(event, h11.EndOfMessage):
            self._ended()
        return event is not h11.NEED_DATA and event is not h11.PAUSED and not isinstance(event, h11.ConnectionClosed)

    def _ended(self) -> None:
        self.whole = True
        self.rest = self._parser.trailing_data[0]
        del self.raw[len(self.raw) - len(self.rest) :]

    # ---- of a request

    @property
    def method(self) -> str:
        """Its method."""
        assert isinstance(self.head, h11.Request)
        return self.head.method.decode("ascii")

    @property
    def target(self) -> str:
        """Its target, as it was sent."""
        assert isinstance(self.head, h11.Request)
        return self.head.target.decode("ascii")

    def aimed_at(self, target: str) -> bytes:
        """The request with another target."""
        line, rest = bytes(self.raw).split(b"\r\n", 1)
        return line.replace(self.target.encode("ascii"), target.encode("ascii"), 1) + b"\r\n" + rest

    # ---- of an answer

    @property
    def status(self) -> int:
        """Its status."""
        assert isinstance(self.head, h11.Response | h11.InformationalResponse)
        return self.head.status_code

    def header(self, name: str) -> str:
        """The value of a header, empty where there is none."""
        assert self.head is not None
        return next((value.decode("latin-1") for key, value in self.head.headers if key == name.encode()), "")

    def saying(self, body: bytes) -> bytes:
        """The answer with another body."""
        assert isinstance(self.head, h11.Response)
        kept = [(k, v) for k, v in self.head.headers if k not in (b"content-length", b"transfer-encoding")]
        return _answer(self.status, self.head.reason, kept, body)


def refusal(service: str, method: str, status: int, body: str) -> bytes:
    """An answer of ours, as that service would give one; without a ``body``, one that says which status it is."""
    told = body or json.dumps({"error_code": status, "message": HTTPStatus(status).phrase})
    headers = [(b"Content-Type", KINDS[service].encode())]
    whole = _answer(status, HTTPStatus(status).phrase.encode(), headers, told.encode())
    return whole[: -len(told.encode())] if method == "HEAD" else whole


def _answer(status: int, reason: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes:
    """An answer written by h11."""
    writer = h11.Connection(h11.SERVER)
    writer.receive_data(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")  # what it answers
    writer.next_event()
    length = (b"Content-Length", str(len(body)).encode())
    head = writer.send(h11.Response(status_code=status, reason=reason, headers=[*headers, length]))
    return (head or b"") + body
