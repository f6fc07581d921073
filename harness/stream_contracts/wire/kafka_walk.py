"""Reading a Kafka message without decoding it: a place in it, and steps that read something or pass over it.

For the two messages that are nearly all records (Kafka protocol guide, "Protocol Primitives"): the codec would copy each.
"""

from __future__ import annotations

from stream_contracts.wire.kafka import Frame


class BeyondError(Exception):
    """What is asked for has not come yet."""


class Walk:
    """A place in a message of ``size`` bytes of which ``frame`` is the beginning, or all.

    ``flexible`` says that lengths are varints and that entities end with tags (KIP-482). Raises `ValueError` where the
    message cannot be one, and `BeyondError` where it has not come as far.
    """

    def __init__(self, frame: Frame, size: int, start: int, *, flexible: bool) -> None:
        self.frame, self.size, self.flexible = frame, size, flexible
        self.at = start

    def end(self) -> None:
        """The end of an entity."""
        if self.flexible:
            self.tags()

    def whole(self) -> None:
        """The end of the message."""
        if self.at != self.size:
            raise ValueError(f"{self.size - self.at} bytes are left over")

    def leap(self, size: int) -> None:
        """Pass over so many bytes."""
        self.at += size
        if size < 0 or self.at > self.size:
            raise ValueError(f"something of {size} bytes ends behind the frame")

    def number(self, size: int) -> int:
        """A number of so many bytes, with its sign."""
        start = self.at
        self.leap(size)
        if self.at > len(self.frame):
            raise BeyondError
        return int.from_bytes(self.frame[start : self.at], "big", signed=True)

    def varint(self) -> int:
        """A number in base 128, lowest digits first."""
        value = shift = 0
        while (byte := self.number(1) & 0xFF) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > 28:
                raise ValueError("a varint of more than five bytes")
        return value | byte << shift

    def length(self, size: int) -> int:
        """Of a string (2) or of bytes (4); nothing is as long as null."""
        return max(self.varint() - 1 if self.flexible else self.number(size), 0)

    def count(self) -> int:
        """Of an array; none is as long as null."""
        return self.length(4)

    def tags(self) -> bool:
        """Leap over tagged fields; whether there are any."""
        count = self.varint()
        for _ in range(count):
            self.varint()
            self.leap(self.varint())
        return count > 0
