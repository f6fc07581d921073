"""Files that are read by the thousand: the bytes of one, without what ``open`` builds around them."""

from __future__ import annotations

import os

_BLOCK = 1 << 18


def content(path: str | os.PathLike[str], most: int | None = None) -> bytes:
    """The bytes of a file; with ``most``, one byte more than that at the end tells that there are more. OSError as open."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        parts, left = [], most
        while part := os.read(descriptor, _BLOCK if left is None else min(_BLOCK, left + 1)):
            parts.append(part)
            left = None if left is None else left - len(part)
            if left is not None and left < 0:
                break
        return parts[0] if len(parts) == 1 else b"".join(parts)
    finally:
        os.close(descriptor)


def text(path: str | os.PathLike[str]) -> str:
    """The UTF-8 text of a file, with line ends as Python's text mode gives them; OSError and UnicodeDecodeError."""
    found = content(path).decode("utf-8")
    return found.replace("\r\n", "\n").replace("\r", "\n") if "\r" in found else found
