"""The bytes around a message: how a record says which registered schema wrote it.

Three wire formats of Confluent's serializers. Avro and JSON Schema: a zero byte, the 4-byte id, the data. Protobuf: the
same, and between id and data the path to the message type. Since confluent-kafka 2.10 the schema's GUID may stand in a
record header instead (``__value_schema_id``, ``__key_schema_id``: one byte 1, 16 bytes, in Protobuf the path); then the
data stands bare.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stream_contracts.errors import StreamContractsError, UsageError

ID_MAGIC: Final = 0
GUID_MAGIC: Final = 1
VALUE_HEADER: Final = "__value_schema_id"
KEY_HEADER: Final = "__key_schema_id"
_LARGEST_ID: Final = 2**31 - 1
_LARGEST_INDEX: Final = 2**31 - 1
_MOST_INDEXES: Final = 1000


class FramingError(StreamContractsError):
    """Bytes that do not carry a schema as expected; the message says what stands there instead."""


@dataclass(frozen=True, slots=True)
class Framed:
    """A message taken apart: the schema by id or by GUID, the path to the Protobuf message type, and the data.

    ``indexes`` is None where the format has none; ``(0,)`` is the first message of the file.
    """

    data: bytes
    schema_id: int | None = None
    guid: uuid.UUID | None = None
    indexes: tuple[int, ...] | None = None


def frame(framed: Framed) -> tuple[bytes, dict[str, bytes]]:
    """Put a message together: its bytes, and the headers under ``VALUE_HEADER`` if the schema goes by GUID.

    Raises ``UsageError`` unless exactly one of id and GUID is there, and fits its field.
    """
    path = b"" if framed.indexes is None else encode_indexes(framed.indexes)
    if (framed.schema_id is None) == (framed.guid is None):
        raise UsageError("a framed message carries its schema by id or by GUID: give exactly one")
    if framed.guid is not None:
        return framed.data, {VALUE_HEADER: encode_guid(framed.guid) + path}
    assert framed.schema_id is not None
    if not 0 <= framed.schema_id <= _LARGEST_ID:
        raise UsageError(f"a schema id is between 0 and {_LARGEST_ID}, not {framed.schema_id}")
    return bytes([ID_MAGIC]) + framed.schema_id.to_bytes(4, "big") + path + framed.data, {}


def unframe(
    payload: bytes, headers: Mapping[str, bytes] | None = None, *, protobuf: bool = False, key: bool = False
) -> Framed:
    """Take a message apart; a GUID header goes before a magic byte, as it does in Confluent's deserializers.

    ``protobuf`` says that a path to the message type follows the schema, ``key`` which of the headers counts. Raises
    ``FramingError`` for bytes that are too short, carry no schema, or another magic byte.
    """
    header = (headers or {}).get(KEY_HEADER if key else VALUE_HEADER)
    carrier = payload if header is None else header
    schema_id, guid, at = _prefix(carrier)
    indexes = None
    if protobuf:
        indexes, at = decode_indexes(carrier, at)
    if header is None:
        return Framed(payload[at:], schema_id, guid, indexes)
    if at != len(header):
        raise FramingError(f"the schema header has {len(header)} bytes, {at} were expected")
    return Framed(payload, schema_id, guid, indexes)


def _prefix(payload: bytes) -> tuple[int | None, uuid.UUID | None, int]:
    """Read magic byte and schema; return both ways to name it, and where they end."""
    if not payload:
        raise FramingError("the message is empty: no magic byte, so no schema is named")
    if payload[0] == ID_MAGIC:
        if len(payload) < 5:
            raise FramingError(f"the message ends after {len(payload)} bytes, inside the 4-byte schema id")
        return int.from_bytes(payload[1:5], "big"), None, 5
    if payload[0] == GUID_MAGIC:
        if len(payload) < 17:
            raise FramingError(f"the schema GUID ends after {len(payload)} bytes; with its magic byte it has 17")
        return None, uuid.UUID(bytes=payload[1:17]), 17
    raise FramingError(
        f"the first byte is {payload[0]:#04x}; {ID_MAGIC:#04x} announces a schema id and {GUID_MAGIC:#04x} a GUID. "
        "The message was not written by a registry-aware serializer"
    )


def encode_guid(guid: uuid.UUID) -> bytes:
    """The value of a schema header: magic byte and 16 bytes."""
    return bytes([GUID_MAGIC]) + guid.bytes


def encode_indexes(indexes: Sequence[int]) -> bytes:
    """The path to a Protobuf message type: count, then each position, as zigzag varints; ``(0,)`` is one zero byte."""
    if not indexes or any(not 0 <= index <= _LARGEST_INDEX for index in indexes):
        raise UsageError(f"message indexes are one or more positions from 0, not {list(indexes)}")
    if list(indexes) == [0]:
        return b"\x00"
    return b"".join(_varint(number << 1) for number in (len(indexes), *indexes))


def decode_indexes(payload: bytes, at: int = 0) -> tuple[tuple[int, ...], int]:
    """Read the path to a Protobuf message type; return it and where it ends."""
    count, at = _zigzag(payload, at)
    if count == 0:
        return (0,), at
    if not 0 < count <= _MOST_INDEXES:
        raise FramingError(f"{count} message indexes are announced; that is no path to a message type")
    found = []
    for _ in range(count):
        index, at = _zigzag(payload, at)
        if index < 0:
            raise FramingError(f"the message index {index} is negative")
        found.append(index)
    return tuple(found), at


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _zigzag(payload: bytes, at: int) -> tuple[int, int]:
    """Read a zigzag varint of at most 32 bits."""
    number = 0
    for place in range(5):
        if at + place >= len(payload):
            raise FramingError(f"the message ends after {len(payload)} bytes, inside the message indexes")
        byte = payload[at + place]
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), at + place + 1
    raise FramingError("a message index is longer than 32 bits")
