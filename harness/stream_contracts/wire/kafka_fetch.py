"""What an answer to a Fetch brought, without decoding it: read past the records, which are nearly all of it.

The layout is that of Kafka's protocol guide, FetchResponse versions 4 to 18. The codec reads the same (a test compares
them in every version), but copies every record on the way.
"""

from __future__ import annotations

from dataclasses import dataclass

from stream_contracts.errors import HarnessError
from stream_contracts.wire.kafka import FETCH, Frame, Header, known_versions


@dataclass(frozen=True, slots=True)
class Found:
    """Whether records came, the first error code (0 for none), and whether a broker's address may stand in it."""

    brought: bool
    error: int
    addresses: bool


class _BeyondError(Exception):
    """What is asked for has not come yet."""


def look(header: Header, frame: Frame, size: int) -> Found | None:
    """Read an answer of ``size`` bytes of which ``frame`` is the beginning, or all.

    None where the beginning does not tell; `HarnessError` where it is no answer to a Fetch.
    """
    known = known_versions(FETCH)
    if known is None or not known[0] <= header.version <= known[1]:
        raise HarnessError(f"our codec does not know version {header.version} of Fetch")
    walk = _Walk(frame, size, header.version)
    try:
        return walk.found()
    except _BeyondError:
        return None
    except ValueError as error:
        raise HarnessError(
            f"FetchResponse version {header.version} ({size} bytes) could not be decoded: {error!r}"
        ) from error


class _Walk:
    """A place in an answer; each step reads something, or leaps over it."""

    def __init__(self, frame: Frame, size: int, version: int) -> None:
        self._frame, self._size, self._version = frame, size, version
        self._flexible = version >= 12
        self._at = 4  # the correlation id is before it
        self._brought, self._error = False, 0

    def found(self) -> Found:
        """Read it to its end, or to where nothing more can come but the end."""
        if self._flexible:
            self._tags()
        self._leap(4)  # throttle time
        if self._version >= 7:
            self._fails()
            self._leap(4)  # session
        topics = self._count()
        for topic in range(topics):
            self._leap(16 if self._version >= 13 else self._length(2))
            partitions = self._count()
            for partition in range(partitions):
                self._partition()
                if (topic, partition) == (topics - 1, partitions - 1) and self._nothing_more():
                    return Found(self._brought, self._error, addresses=False)
                self._end()
            self._end()
        addresses = self._tags() if self._flexible else False
        if self._at != self._size:
            raise ValueError(f"{self._size - self._at} bytes are left over")
        return Found(self._brought, self._error, addresses)

    def _partition(self) -> None:
        self._leap(4)  # which
        self._fails()
        self._leap(16 if self._version < 5 else 24)  # high watermark, last stable offset, start of the log
        for _ in range(self._count()):  # aborted transactions
            self._leap(16)
            self._end()
        if self._version >= 11:
            self._leap(4)  # preferred replica
        size = self._length(4)
        self._brought = self._brought or size > 0
        self._leap(size)

    def _nothing_more(self) -> bool:
        """Whether what has not come yet has room for three empty sets of tags only, and so for no address."""
        return self._at >= len(self._frame) and self._size - self._at == (3 if self._flexible else 0)

    def _end(self) -> None:
        if self._flexible:
            self._tags()

    def _leap(self, size: int) -> None:
        self._at += size
        if size < 0 or self._at > self._size:
            raise ValueError(f"something of {size} bytes ends behind the frame")

    def _number(self, size: int) -> int:
        start = self._at
        self._leap(size)
        if self._at > len(self._frame):
            raise _BeyondError
        return int.from_bytes(self._frame[start : self._at], "big", signed=True)

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._number(1) & 0xFF) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > 28:
                raise ValueError("a varint of more than five bytes")
        return value | byte << shift

    def _length(self, size: int) -> int:
        """Of a string (2) or of bytes (4); nothing is as long as null."""
        return max(self._varint() - 1 if self._flexible else self._number(size), 0)

    def _count(self) -> int:
        return self._length(4)

    def _fails(self) -> None:
        code = self._number(2)
        self._error = self._error or code

    def _tags(self) -> bool:
        """Leap over tagged fields; whether there are any."""
        count = self._varint()
        for _ in range(count):
            self._varint()
            self._leap(self._varint())
        return count > 0
