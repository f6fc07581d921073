"""protoc reads from memory where it can, and from a folder where it cannot: both say the same, also when they refuse."""

from __future__ import annotations

import pytest

from stream_contracts.errors import SchemaError
from stream_contracts.schema import protobuf_protoc
from stream_contracts.schema.format import Source

GOOD = 'syntax = "proto3"; package a; import "google/protobuf/timestamp.proto"; message M { google.protobuf.Timestamp t = 1; }'
REFUSED = (
    "message M { int32 a = 1;",
    'syntax = "proto3"; message M { int32 a = 1; int32 b = 1; }',
    'import "other.proto"; message M {}',
)


def _both(monkeypatch: pytest.MonkeyPatch, text: str) -> tuple[object, object]:
    """What comes of a text, with memory and without."""
    told = []
    for there in (True, False):
        monkeypatch.setattr(protobuf_protoc, "_memory_is_there", lambda there=there: there)
        try:
            files = protobuf_protoc._descriptors(Source(text, called="order.proto"))
            told.append([file.SerializeToString(deterministic=True) for file in files])
        except SchemaError as error:
            told.append([str(error).encode()])
    return told[0], told[1]


@pytest.mark.skipif(not protobuf_protoc._memory_is_there(), reason="this system has no files in memory")
@pytest.mark.parametrize("text", [GOOD, *REFUSED])
def test_memory_and_folder_agree(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The same descriptors, or the same complaint with the schema's own name and place."""
    in_memory, in_folder = _both(monkeypatch, text)
    assert in_memory == in_folder
