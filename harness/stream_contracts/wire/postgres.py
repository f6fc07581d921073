"""The PostgreSQL protocol, version 3, as the tap needs it: messages, and what a client has prepared. No sockets here.

A message is a letter, a length that counts itself, and a body; only the first ones of a client have no letter
(PostgreSQL documentation, "Message Formats").
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stream_contracts.errors import HarnessError
from stream_contracts.wire.sql import Statement, statements
from stream_contracts.wire.stream import Data, Stream

MAX_MESSAGE = 1 << 30
"""No value of PostgreSQL is larger."""
MAX_STARTUP = 10_000
"""What the server itself takes for a first message."""
SSL, GSS, CANCEL = 80_877_103, 80_877_104, 80_877_102
ASKS = b"BCDEFHPQSXcdfp"
"""The letters of a client."""
ANSWERS = b"RKSZTDCIEN123ntsGHWdcAVv"
"""The letters of a server."""


async def startup(stream: Stream) -> tuple[int, Data] | None:
    """A first message and its code; None at the end of the stream."""
    head = await stream.peek(4)
    if head is None:
        return None
    size = int.from_bytes(head, "big", signed=True)
    if not 8 <= size <= MAX_STARTUP:
        raise HarnessError(f"a first message that claims {size} bytes is not PostgreSQL's (the limit is {MAX_STARTUP})")
    whole = await stream.exactly(size)
    return None if whole is None else (int.from_bytes(whole[4:8], "big"), whole)


async def message(stream: Stream, letters: bytes) -> Data | None:
    """The next message, whole; None at the end of the stream, also in the middle of one."""
    head = await stream.peek(5)
    if head is None:
        return None
    size = int.from_bytes(head[1:], "big", signed=True)
    if head[0] not in letters:
        raise HarnessError(f"a message {bytes(head[:1])!r} of {size} bytes is not one of PostgreSQL's protocol 3")
    if not 4 <= size <= MAX_MESSAGE:
        raise HarnessError(f"a message {bytes(head[:1])!r} cannot be of {size} bytes (the limit is {MAX_MESSAGE})")
    return await stream.exactly(1 + size)


def made(letter: bytes, body: bytes) -> bytes:
    """A message."""
    return letter + (len(body) + 4).to_bytes(4, "big") + body


def query(sql: str) -> bytes:
    """A simple query."""
    return made(b"Q", sql.encode() + b"\0")


def extended(sql: str) -> bytes:
    """The unnamed statement parsed, bound without parameters and executed; no Sync."""
    return made(b"P", b"\0" + sql.encode() + b"\0\0\0") + made(b"B", b"\0\0" + bytes(6)) + made(b"E", b"\0" + bytes(4))


def strings(body: Data, count: int) -> list[str]:
    """So many strings from the beginning of a body."""
    parts = bytes(body).split(b"\0", count)
    if len(parts) <= count:
        raise HarnessError(f"a PostgreSQL message of {len(body)} bytes ends within a string")
    return [part.decode("utf-8", "replace") for part in parts[:count]]


def fields(body: Data) -> dict[str, str]:
    """What an ErrorResponse says: its one-letter fields; ``C`` is the SQLSTATE."""
    return {part[:1]: part[1:] for part in bytes(body).decode("utf-8", "replace").split("\0") if part}


def settings(body: Data) -> dict[str, str]:
    """The names and values of a StartupMessage."""
    parts = bytes(body).decode("utf-8", "replace").split("\0")
    return dict(zip(parts[::2], parts[1::2], strict=False))


@dataclass(slots=True)
class Prepared:
    """What a session has prepared: the text of a statement is told once, then names stand for it."""

    by_name: dict[str, list[Statement]] = field(default_factory=dict)
    by_portal: dict[str, list[Statement]] = field(default_factory=dict)
    by_sql_name: dict[str, list[Statement]] = field(default_factory=dict)

    def asked(self, whole: Data) -> list[Statement]:
        """The statements that a message of the client runs; what it prepares is kept."""
        letter, body = bytes(whole[:1]), whole[5:]
        if letter == b"Q":
            return self._run(strings(body, 1)[0])
        if letter == b"P":
            name, sql = strings(body, 2)
            self.by_name[name] = self._run(sql)
        elif letter == b"B":
            portal, name = strings(body, 2)
            self.by_portal[portal] = self.by_name.get(name, [])
        elif letter == b"E":
            return self.by_portal.get(strings(body, 1)[0], [])
        elif letter == b"C":
            self._close(body)
        return []

    def _close(self, body: Data) -> None:
        (name,) = strings(body[1:], 1)
        (self.by_name if body[:1] == b"S" else self.by_portal).pop(name, None)

    def _run(self, sql: str) -> list[Statement]:
        found: list[Statement] = []
        for statement in statements(sql):
            if statement.verb == "PREPARE" and statement.name:
                inner = statement.text.split(None, 2)[-1]
                self.by_sql_name[statement.name.lower()] = statements(inner[inner.upper().find("AS ") + 3 :])
            elif statement.verb == "EXECUTE" and statement.name:
                found += self.by_sql_name.get(statement.name.lower(), [statement])
                continue
            found.append(statement)
        return found
