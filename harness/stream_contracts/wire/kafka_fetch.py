"""What an answer to a Fetch brought, without decoding it: read past the records, which are nearly all of it.

The layout is that of Kafka's protocol guide, FetchResponse versions 4 to 18. The codec reads the same (a test compares
them in every version), but copies every record on the way.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from stream_contracts.errors import HarnessError
from stream_contracts.wire.kafka import FETCH, Frame, Header, known_versions
from stream_contracts.wire.kafka_walk import BeyondError, Walk

_BEFORE_CLIENT = 8
"""Bytes of a request's header before its client id: API, version, correlation id."""
_SHORT = struct.Struct(">h")
_TERMS = struct.Struct(">iiib")
"""max_wait_ms, min_bytes, max_bytes, isolation_level."""


@dataclass(frozen=True, slots=True)
class Found:
    """Whether records came, the first error code (0 for none), and whether a broker's address may stand in it."""

    brought: bool
    error: int
    addresses: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """On which terms a Fetch asked: how long the broker may wait for data, and 0 for reading what is not committed."""

    max_wait_ms: int
    isolation_level: int


def asked(header: Header, frame: Frame) -> Asked | None:
    """Read the terms of a Fetch, which stand at its beginning; None where the frame has no room for them.

    FetchRequest versions 4 to 18: until 14 the id of a replica comes first.
    """
    (client,) = _SHORT.unpack_from(frame, _BEFORE_CLIENT)
    at = _BEFORE_CLIENT + 2 + max(client, 0) + (header.version >= 12) + 4 * (header.version < 15)
    if at + _TERMS.size > len(frame):
        return None
    max_wait_ms, _, _, isolation_level = _TERMS.unpack_from(frame, at)
    return Asked(max_wait_ms, isolation_level)


def look(header: Header, frame: Frame, size: int) -> Found | None:
    """Read an answer of ``size`` bytes of which ``frame`` is the beginning, or all.

    None where the beginning does not tell; `HarnessError` where it is no answer to a Fetch.
    """
    known = known_versions(FETCH)
    if known is None or not known[0] <= header.version <= known[1]:
        raise HarnessError(f"our codec does not know version {header.version} of Fetch")
    answer = _Answer(frame, size, header.version)
    try:
        return answer.found()
    except BeyondError:
        return None
    except ValueError as error:
        raise HarnessError(
            f"FetchResponse version {header.version} ({size} bytes) could not be decoded: {error!r}"
        ) from error


class _Answer(Walk):
    """An answer to a Fetch."""

    def __init__(self, frame: Frame, size: int, version: int) -> None:
        super().__init__(frame, size, start=4, flexible=version >= 12)  # the correlation id is before it
        self._version = version
        self._brought, self._error = False, 0

    def found(self) -> Found:
        """Read it to its end, or to where nothing more can come but the end."""
        self.end()  # of the header
        self.leap(4)  # throttle time
        if self._version >= 7:
            self._fails()
            self.leap(4)  # session
        topics = self.count()
        for topic in range(topics):
            self.leap(16 if self._version >= 13 else self.length(2))
            partitions = self.count()
            for partition in range(partitions):
                self._partition()
                if (topic, partition) == (topics - 1, partitions - 1) and self._nothing_more():
                    return Found(self._brought, self._error, addresses=False)
                self.end()
            self.end()
        addresses = self.tags() if self.flexible else False
        self.whole()
        return Found(self._brought, self._error, addresses)

    def _partition(self) -> None:
        self.leap(4)  # which
        self._fails()
        self.leap(16 if self._version < 5 else 24)  # high watermark, last stable offset, start of the log
        for _ in range(self.count()):  # aborted transactions
            self.leap(16)
            self.end()
        if self._version >= 11:
            self.leap(4)  # preferred replica
        size = self.length(4)
        self._brought = self._brought or size > 0
        self.leap(size)

    def _nothing_more(self) -> bool:
        """Whether what has not come yet has room for three empty sets of tags only, and so for no address."""
        return self.at >= len(self.frame) and self.size - self.at == (3 if self.flexible else 0)

    def _fails(self) -> None:
        code = self.number(2)
        self._error = self._error or code
