"""The wire formats, held against confluent-kafka's own serializers."""

from __future__ import annotations

import uuid

import pytest
from confluent_kafka.schema_registry import prefix_schema_id_serializer
from confluent_kafka.schema_registry.serde import SchemaId
from confluent_kafka.serialization import MessageField, SerializationContext
from hypothesis import given
from hypothesis import strategies as st

from stream_contracts.errors import UsageError
from stream_contracts.schema.framing import (
    KEY_HEADER,
    VALUE_HEADER,
    Framed,
    FramingError,
    decode_indexes,
    encode_guid,
    encode_indexes,
    frame,
    unframe,
)

GUID = uuid.UUID("89791762-2336-4186-9674-299b90a802e2")
INDEXES = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=6).map(tuple)


@given(st.binary(), st.integers(0, 2**31 - 1), st.none() | INDEXES)
def test_a_message_with_an_id_comes_back(data: bytes, schema_id: int, indexes: tuple[int, ...] | None) -> None:
    """With and without the path to a Protobuf message type."""
    framed = Framed(data, schema_id, indexes=indexes)
    payload, headers = frame(framed)
    assert headers == {}
    assert payload[:5] == b"\x00" + schema_id.to_bytes(4, "big")
    assert unframe(payload, protobuf=indexes is not None) == framed


@given(st.binary(), st.uuids(), st.none() | INDEXES)
def test_a_message_with_a_guid_comes_back(data: bytes, guid: uuid.UUID, indexes: tuple[int, ...] | None) -> None:
    """The schema stands in a header, the payload is bare."""
    framed = Framed(data, guid=guid, indexes=indexes)
    payload, headers = frame(framed)
    assert payload == data
    assert headers[VALUE_HEADER][:17] == b"\x01" + guid.bytes
    assert unframe(payload, headers, protobuf=indexes is not None) == framed


def test_it_is_confluent_s_format() -> None:
    """Byte for byte what its own serializers write: id, message indexes, GUID with and without them."""
    context = SerializationContext("orders", MessageField.VALUE)
    assert prefix_schema_id_serializer(b"data", context, SchemaId("AVRO", 77)) == frame(Framed(b"data", 77))[0]
    theirs = SchemaId("PROTOBUF", 77, None, [1, 0, 2])
    assert prefix_schema_id_serializer(b"data", context, theirs) == frame(Framed(b"data", 77, indexes=(1, 0, 2)))[0]
    assert SchemaId("AVRO", None, str(GUID)).guid_to_bytes() == encode_guid(GUID)
    theirs = SchemaId("PROTOBUF", None, str(GUID), [1, 0, 2])
    assert theirs.guid_to_bytes() == frame(Framed(b"data", guid=GUID, indexes=(1, 0, 2)))[1][VALUE_HEADER]


def test_the_first_message_type_is_one_zero_byte() -> None:
    """The short form, which is also understood when written long."""
    assert encode_indexes((0,)) == b"\x00"
    assert decode_indexes(b"\x02\x00rest") == ((0,), 2)


def test_the_header_goes_before_the_payload() -> None:
    """Key and value have a header each; without the one asked for, the payload has to say."""
    headers = {VALUE_HEADER: encode_guid(GUID), KEY_HEADER: b"\x00\x00\x00\x00\x07"}
    assert unframe(b"\x00\x00\x00\x00\x05x", headers).guid == GUID
    assert unframe(b"key", headers, key=True) == Framed(b"key", 7)
    assert unframe(b"\x00\x00\x00\x00\x05x", {}) == Framed(b"x", 5)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "empty"),
        (b"\x00\x00\x00", "inside the 4-byte schema id"),
        (b"\x01" + b"g" * 9, "GUID ends after 10 bytes"),
        (b'{"id": 1}', "0x7b"),
        (b"\x00\x00\x00\x00\x01\x04\x02", "inside the message indexes"),
        (b"\x00\x00\x00\x00\x01\x01", "-1 message indexes"),
        (b"\x00\x00\x00\x00\x01\x02\x01", "is negative"),
        (b"\x00\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff", "longer than 32 bits"),
    ],
)
def test_what_is_no_framed_message(payload: bytes, said: str) -> None:
    """Says what stands there instead."""
    with pytest.raises(FramingError, match=said):
        unframe(payload, protobuf=True)


def test_a_header_of_the_wrong_size() -> None:
    """A GUID header has 17 bytes."""
    with pytest.raises(FramingError, match="18 bytes, 17 were expected"):
        unframe(b"x", {VALUE_HEADER: encode_guid(GUID) + b"!"})


@pytest.mark.parametrize(
    "framed", [Framed(b""), Framed(b"", 1, GUID), Framed(b"", -1), Framed(b"", 2**31), Framed(b"", 1, None, (-1,))]
)
def test_what_cannot_be_framed(framed: Framed) -> None:
    """Neither id nor GUID, both, or out of range."""
    with pytest.raises(UsageError):
        frame(framed)
