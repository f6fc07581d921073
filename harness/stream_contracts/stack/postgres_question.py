"""Is PostgreSQL ready? Asked in its own protocol, version 3, with a start-up message and nothing more."""

from __future__ import annotations

import socket
import struct

from stream_contracts.stack.readiness import Question

PROTOCOL = 196608
"""Version 3.0: the major one in the upper 16 bits."""
TERMINATE = b"X\0\0\0\4"
ASK_S = 2.0


def talks(host: str, port: int, user: str) -> Question:
    """PostgreSQL takes sessions: it answers a start-up message with anything but an error.

    A server that starts up, shuts down or recovers answers with an error before it asks for a password, so a question
    for the password is an answer too.
    """

    def ask() -> str:
        try:
            with socket.create_connection((host, port), ASK_S) as connection:
                return _answer(connection, user)
        except OSError as error:
            return f"{host}:{port}: {error}"

    return Question("PostgreSQL takes sessions", ask)


def _answer(connection: socket.socket, user: str) -> str:
    connection.settimeout(ASK_S)
    body = struct.pack("!i", PROTOCOL) + f"user\0{user}\0database\0{user}\0\0".encode()
    connection.sendall(struct.pack("!i", len(body) + 4) + body)
    with connection.makefile("rb") as answers:
        kind = answers.read(1)
        if kind == b"R":
            connection.sendall(TERMINATE)
            return ""
        if kind != b"E":
            return f"it answered {kind!r}, which is not PostgreSQL's" if kind else "it hung up"
        head = answers.read(4)
        length = struct.unpack("!i", head)[0] - 4 if len(head) == 4 else 0
        return error_text(answers.read(min(max(length, 0), 65_536)))


def error_text(body: bytes) -> str:
    """Return severity and message of an ErrorResponse (fields: one letter, text, zero byte)."""
    fields = {field[:1]: field[1:].decode("utf-8", "replace") for field in body.split(b"\0") if field}
    return f"{fields.get(b'V', 'ERROR')}: {fields.get(b'M', 'no message')}"
