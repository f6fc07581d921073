"""Equal outputs have equal digests, and nothing else has: fields left out, framing, and what cannot be decoded."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import fastavro
import pytest
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given
from hypothesis import strategies as st

from stream_contracts.contract.load import load
from stream_contracts.schema.format import Source
from stream_contracts.schema.framing import Framed, frame
from stream_contracts.schema.protobuf_protoc import compiled
from stream_contracts.trial.normal import Digest, counter, decoder, digester, windower

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


PROTO = 'syntax = "proto3"; message Out { int64 id = 1; int64 at = 2; }'


def made(folder: Path, topic: str, ignore: str, shared: str = "") -> Digest:
    (folder / "out.avsc").write_text(json.dumps(SCHEMA), "utf-8")
    (folder / "out.proto").write_text(PROTO, "utf-8")
    (folder / "out.json").write_text('{"type": "object"}', "utf-8")
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
{shared}
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


OUT = GetMessageClass(compiled(Source(PROTO)).messages["Out"])


@pytest.mark.parametrize("framing", ["none", "confluent"])
@pytest.mark.parametrize("form", ["proto", "json"])
def test_a_field_of_any_format_may_differ(form: str, framing: str, tmp_path: Path) -> None:
    digest = made(tmp_path, f"{{value: {{schema: out.{form}, framing: {framing}}}}}", "[$.at]")

    def value(**fields: int) -> bytes:
        told = {"id": 1, "at": 5, **fields}
        data = OUT(**told).SerializeToString() if form == "proto" else json.dumps(told).encode()
        indexes = (0,) if form == "proto" else None
        return frame(Framed(data, 7, indexes=indexes))[0] if framing == "confluent" else data

    assert digest(b"k", value(at=6)) == digest(b"k", value())
    assert digest(b"k", value(id=2)) != digest(b"k", value())
    assert digest(b"j", value()) != digest(b"k", value())


def test_a_field_that_the_message_type_does_not_have_still_counts(tmp_path: Path) -> None:
    digest = made(tmp_path, "{value: {schema: out.proto}}", "[$.at]")
    known, unknown = OUT(id=1).SerializeToString(), b"\x28\x01"
    assert digest(None, known + unknown) == digest(None, known + unknown) != digest(None, known)


def test_a_schema_is_read_with_what_it_refers_to(tmp_path: Path) -> None:
    topic = "{value: {schema: whole.avsc, references: {Out: out-alone}}}"
    (tmp_path / "whole.avsc").write_text(
        json.dumps({"type": "record", "name": "Whole", "fields": [{"name": "out", "type": "Out"}]}), "utf-8"
    )
    digest = made(tmp_path, topic, "[$.out.at]", shared="shared: {out-alone: {schema: out.avsc}}")
    assert digest(None, avro(at=9)) == digest(None, avro())
    assert digest(None, avro(id=9)) != digest(None, avro())


@pytest.mark.parametrize(
    ("compare", "told"),
    [
        ("{as: windows, window: [$.start, $.more.end]}", ['["10:00", 5]', '["10:05", 5]', None, None, None]),
        ("{as: windows}", [None] * 5),
        ("{as: final-by-key}", [None] * 5),
    ],
)
def test_windows_are_told_apart_by_their_fields(tmp_path: Path, compare: str, told: list[str | None]) -> None:
    (tmp_path / "contract.yaml").write_text(
        f"""\
contract: normal
owner: tests
topics: {{in: {{}}, out: {{}}}}
pipelines:
  copy:
    command: [cat]
    reads: [in]
    writes: [{{topic: out}}]
    promises: {{delivery: exactly-once}}
    compare: {compare}
""",
        "utf-8",
    )
    contract = load(tmp_path / "contract.yaml")
    window = windower(contract, contract.pipelines["copy"], "out")
    values = (
        b'{"start": "10:00", "more": {"end": 5}}', b'{"start": "10:05", "more": {"end": 5}, "sum": 1}',
        b'{"start": "10:00"}', b"no JSON", None,
    )  # fmt: skip
    assert [window(value) for value in values] == told


def test_what_a_former_version_wrote_is_read_as_the_present_one_reads_it(tmp_path: Path) -> None:
    """By its alias and its default; without the ids of the registry it would be taken for the present version."""
    made(tmp_path, "{value: {schema: out.avsc, framing: confluent}}", "[]")
    former: Any = {"type": "record", "name": "Out", "fields": [{"name": "cents", "type": "int"}]}
    present: Any = {**former, "fields": [{"name": "amount", "type": "long", "aliases": ["cents"]},
                                         {"name": "reason", "type": "string", "default": "none"}]}  # fmt: skip
    (tmp_path / "former").mkdir()
    (tmp_path / "former/out.v1.avsc").write_text(json.dumps(former), "utf-8")
    (tmp_path / "out.avsc").write_text(json.dumps(present), "utf-8")
    contract = load(tmp_path / "contract.yaml")
    ids = {("out-value", (tmp_path / "former/out.v1.avsc").read_text()): 7, ("out-value", json.dumps(present)): 9}
    read = decoder(contract, "out", ids)
    for number, schema, tree in ((7, former, {"cents": 5}), (9, present, {"amount": 5, "reason": "none"})):
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, schema, tree)
        assert read(frame(Framed(buffer.getvalue(), number))[0]) == {"amount": 5, "reason": "none"}


def test_what_a_window_counts_is_read_where_the_contract_names_the_field(tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text(
        """\
contract: normal
owner: tests
topics: {in: {}, out: {}, late: {}}
pipelines:
  copy:
    command: [cat]
    reads: [in]
    writes: [{topic: out}]
    promises: {delivery: exactly-once, late: {allowed: 5m, then: side-output, to: late, counts: $.of.visits}}
  other:
    command: [cat]
    reads: [in]
    writes: [{topic: out}]
    promises: {delivery: exactly-once}
""",
        "utf-8",
    )
    contract = load(tmp_path / "contract.yaml")
    values = (
        b'{"of": {"visits": 3}}',
        b'{"of": {"visits": "3"}}',
        b'{"of": {"visits": true}}',
        b'{"visits": 3}',
        b"-",
        None,
    )
    counted = counter(contract, contract.pipelines["copy"], "out")
    assert [counted(value) for value in values] == [3, None, None, None, None, None]
    nothing = counter(contract, contract.pipelines["other"], "out")
    assert [nothing(value) for value in values] == [None] * 6
