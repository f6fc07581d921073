"""Equal outputs have equal digests, and nothing else has: fields left out, framing, and what cannot be decoded."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_contracts.contract.load import load
from stream_contracts.errors import ContractError
from stream_contracts.trial.normal import Digest, digester

SCHEMA = {
    "type": "record",
    "name": "Out",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "at", "type": "long"},
        {"name": "more", "type": ["null", {"type": "record", "name": "More", "fields": [
            {"name": "at", "type": "double"}, {"name": "what", "type": "bytes"}]}]},
    ],
}  # fmt: skip


def made(folder: Path, topic: str, ignore: str) -> Digest:
    (folder / "out.avsc").write_text(json.dumps(SCHEMA), "utf-8")
    (folder / "out.proto").write_text('syntax = "proto3"; message Out {}', "utf-8")
    (folder / "contract.yaml").write_text(
        f"""\
contract: normal
owner: tests
topics: {{in: {{}}, out: {topic}}}
pipelines:
  copy:
    command: [cat]
    reads: [in]
    writes: [{{topic: out}}]
    promises: {{delivery: exactly-once}}
    compare: {{ignore: {ignore}}}
""",
        "utf-8",
    )
    contract = load(folder / "contract.yaml")
    return digester(contract, contract.pipelines["copy"], "out")


def avro(**fields: Any) -> bytes:
    buffer = io.BytesIO()
    value = {"id": 1, "at": 2, "more": {"at": 0.5, "what": b"\xff"}, **fields}
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(SCHEMA), value)
    return buffer.getvalue()


PARTS = st.none() | st.binary(max_size=6) | st.sampled_from([b"", b"-", b"0:", b"1:-"])


@given(PARTS, PARTS, PARTS, PARTS)
def test_only_equal_records_have_equal_digests(
    tmp_path_factory: pytest.TempPathFactory,
    key: bytes | None,
    value: bytes | None,
    key2: bytes | None,
    value2: bytes | None,
) -> None:
    digest = plain(tmp_path_factory)
    assert (digest(key, value) == digest(key2, value2)) is ((key, value) == (key2, value2))


_PLAIN: list[Digest] = []


def plain(folders: pytest.TempPathFactory) -> Digest:
    if not _PLAIN:
        _PLAIN.append(made(folders.mktemp("plain"), "{}", "[]"))
    return _PLAIN[0]


@pytest.mark.parametrize("framing", ["none", "confluent"])
def test_a_field_that_may_differ_is_left_out_wherever_it_stands(tmp_path: Path, framing: str) -> None:
    digest = made(tmp_path, f"{{value: {{schema: out.avsc, framing: {framing}}}}}", "[$.at, $.more.at]")
    frames = (b"\0\0\0\0\1", b"\0\0\0\0\2") if framing == "confluent" else (b"", b"")
    one = digest(b"k", frames[0] + avro())
    assert digest(b"k", frames[1] + avro(at=99, more={"at": 9.5, "what": b"\xff"})) == one
    for other in (avro(id=2), avro(more=None), avro(more={"at": 0.5, "what": b"\xfe"})):
        assert digest(b"k", frames[0] + other) != one
    assert digest(b"other", frames[0] + avro()) != one
    assert digest(None, frames[0] + avro()) != one


@pytest.mark.parametrize(
    "topic", ["{value: {schema: out.avsc}}", "{value: {schema: out.avsc, framing: confluent}}", "{}"]
)
@pytest.mark.parametrize(
    "value", [b"", b"\x00", b"\xff" * 9, avro() + b"\0", avro()[:-1], b"{", b"\0\0\0\0\1" + avro()[:-1]]
)
def test_what_cannot_be_decoded_equals_itself_alone(tmp_path: Path, topic: str, value: bytes) -> None:
    digest = made(tmp_path, topic, "[$.at]")
    assert digest(b"k", value) == digest(b"k", value)
    others = (None, value + b"\1", b"\0" + value, avro(), b'{"at": 1}')
    assert digest(b"k", value) not in {digest(b"k", other) for other in others}


def test_a_topic_without_a_schema_is_json(tmp_path: Path) -> None:
    digest = made(tmp_path, "{}", "[$.at]")
    assert digest(None, b'{"id": 1, "at": 5}') == digest(None, b'{"at": 6, "id": 1}')
    assert digest(None, b'{"id": 1, "at": 5}') != digest(None, b'{"id": 2, "at": 5}')
    assert digest(None, b'[{"at": 5}]') != digest(None, b'[{"at": 6}]')


def test_a_tombstone_is_a_tombstone(tmp_path: Path) -> None:
    digest = made(tmp_path, "{}", "[$.at]")
    assert digest(b"k", None) == digest(b"k", None)
    assert digest(b"k", None) not in {digest(b"k", b"null"), digest(b"k", b""), digest(b"j", None)}


def test_fields_of_a_format_that_we_cannot_look_into_are_refused_with_their_place(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"contract\.yaml:\d+.*needs an Avro schema to look into out"):
        made(tmp_path, "{value: {schema: out.proto}}", "[$.at]")
