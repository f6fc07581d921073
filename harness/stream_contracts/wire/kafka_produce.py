"""What a Produce says beside its records, without copying them.

The layout is that of Kafka's protocol guide, ProduceRequest versions 3 to 13.
"""

from __future__ import annotations

from typing import Any

from stream_contracts.errors import HarnessError
from stream_contracts.wire.kafka import PRODUCE, Frame, Header, decode_request, known_versions
from stream_contracts.wire.kafka_walk import BeyondError, Walk


def without_records(header: Header, frame: Frame) -> Any:
    """The request as the codec reads it, but with no topics; `HarnessError` where it is no Produce."""
    known = known_versions(PRODUCE)
    if known is None or not known[0] <= header.version <= known[1]:
        raise HarnessError(f"our codec does not know version {header.version} of Produce")
    flexible = header.version >= 9
    walk = Walk(frame, len(frame), start=8, flexible=flexible)
    try:
        walk.leap(max(walk.number(2), 0))  # the client's name, whose length is no varint in any version
        walk.end()
        walk.leap(walk.length(2))  # transactional id
        walk.leap(6)  # acks, timeout
        start = walk.at
        for _ in range(walk.count()):
            walk.leap(16 if header.version >= 13 else walk.length(2))
            for _ in range(walk.count()):
                walk.leap(4)
                walk.leap(walk.length(4))
                walk.end()
            walk.end()
        walk.end()
        walk.whole()
    except (ValueError, BeyondError) as error:
        raise HarnessError(
            f"ProduceRequest version {header.version} ({len(frame)} bytes) could not be decoded: {error!r}"
        ) from error
    return decode_request(header, bytes(frame[:start]) + (b"\1\0" if flexible else bytes(4)))
