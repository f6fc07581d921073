"""Reading .proto text: what the registry's parser takes, what it refuses, and how a refusal says where and why."""

from __future__ import annotations

import os
import re
from importlib import resources
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_contracts.errors import SchemaError
from stream_contracts.schema.format import Edition, Policy, Reads, Reference, Source
from stream_contracts.schema.protobuf import FORMAT, check
from stream_contracts.schema.protobuf_descriptor import built_in_files, file_of
from stream_contracts.schema.protobuf_names import Types
from stream_contracts.schema.protobuf_protoc import compiled
from stream_contracts.schema.protobuf_registry import MOST_COMPARISONS, Side, Walk
from stream_contracts.schema.protobuf_text import TextError, read_text
from stream_contracts.schema.protobuf_tree import Message
from tests.schema.protobuf.corpus import decoding, found, source

HEAD = 'syntax = "proto3"; '


def labels(text: str) -> list[str]:
    (message,) = read_text(text).messages
    return [f"{field.label}|{field.type}|{field.name}|{field.number}" for field in message.fields]


def test_labels_and_types_are_kept_as_written() -> None:
    text = HEAD + "message A { int32 a = 1; optional .x.Y b = 0x2; repeated a.B c = 003; map < string , x.Y > d = 4; }"
    assert labels(text) == ["|int32|a|1", "optional|.x.Y|b|2", "repeated|a.B|c|3", "|map<string, x.Y>|d|4"]


@pytest.mark.parametrize(
    "text",
    [
        "message A { /* a */ int32 /* b */ a /* c */ = 1; // d\n /* e */ }",
        "message A { int32 a = 1 [(x.y).z = { a: 1, b { c: \"d\" 'e' } [f.g]: [1, 2]; h: -inf }, deprecated = true]; }",
        "message A { int32 a = 1; reserved 2, 5 to 9, 100 to max; reserved \"b\", 'c'; extensions 1000 to max; }",
        "message A { int32 a = 1;; } ; service S { rpc R (stream A) returns (A) { option x = 1; } option y = 2; }",
        "import public 'x.proto'; import weak \"y.proto\"; message A { int32 a = 1; } extend A { int32 b = 2; }",
        "message A { int32 a = 1; /* trailing */\n }",
        'option java_package = "a" "b"; option (c).d.e = "\\x41\\101\\n"; message A { int32 a = 1; }',
    ],
)
def test_the_field_is_found_among_everything_else(text: str) -> None:
    assert labels(HEAD + text) == ["|int32|a|1"]


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("", "", "empty"),
        ("// nothing", "", "empty"),
        ("hello", "s.proto:1:1", "unexpected 'hello'"),
        ('{"type": "record"}', "s.proto:1:1", "expected a word"),
        (HEAD + "\nmessage A {\n  int32 a = 1\n}", "s.proto:4:1", "expected ';' but found '}'"),
        (HEAD + "message A {", "s.proto:1:31", "unexpected end"),
        (HEAD + "message A { /* }", "s.proto:1:32", "comment that never ends"),
        (HEAD + 'import "x', "s.proto:1:27", "string that never ends"),
        (HEAD + "message A { int32 a\0 = 1; }", "s.proto:1:39", "'\\x00'"),
        (HEAD + "message A { int32 \ud800 = 1; }", "s.proto:1:38", "not UTF-8"),
        (HEAD + "message A { int32 \xff = 1; }", "s.proto:1:38", "expected a word"),
        (HEAD + "message A {} message A {}", "s.proto:1:33", "defined twice"),
        (HEAD + "message A { required int32 a = 1; }", "s.proto:1:32", "does not exist in proto3"),
        ("message A { int32 a = 1; }", "s.proto:1:13", "starts with required, optional or repeated"),
        (HEAD + "message A { optional map<int32, int32> a = 1; }", "s.proto:1:32", "no label"),
        (HEAD + "message A { int32 a = 99999999999; }", "s.proto:1:42", "32 bits"),
        (HEAD + "message A { int32 1a = 1; }", "s.proto:1:38", "start with a digit"),
        ('syntax = "proto4"; message A {}', "s.proto:1:1", "unknown syntax 'proto4'"),
        ('package a; syntax = "proto3";', "s.proto:1:12", "first statement"),
        ('edition = "2222"; message A {}', "s.proto:1:1", "refuses editions"),
        (HEAD + "option a = " + "[" * 500, "s.proto", "nested more than 100 deep"),
        (HEAD + "message A { map<" + "int32, map<" * 500, "s.proto", "nested more than 50 deep"),
        (HEAD + "message A {" * 3000, "s.proto", "nested more than 2000 deep"),
    ],
)
def test_a_refusal_names_schema_place_and_cause(text: str, place: str, why: str) -> None:
    with pytest.raises(SchemaError) as caught:
        FORMAT.parse(Source(text, called="s.proto"))
    assert caught.value.complaints[0][0].startswith(place)
    assert why in str(caught.value)
    assert caught.value.schema == "s.proto"


@pytest.mark.parametrize(
    ("text", "references", "why"),
    [
        ("message A { int32 a = 1; int32 b = 1; }", {}, "s.proto:1:55: s.proto: protoc refuses it: Field number 1"),
        ('import "x.proto"; message A {}', {"x.proto": None}, "give x.proto as a reference"),
        ("message A {}", {"../x.proto": "message X {}"}, "no name for a reference"),
        ("message A {" * 40 + "}" * 40, {}, "maximum recursion limit"),
        ("enum E { A = 1; }", {}, "must be zero"),
        ("message A { " + "int32 a = 1; " * 1000 + "}", {}, "number 1 is given 1000 times"),
        ("message A {} //" + "x" * 4_500_000, {}, "4.5 MB"),
    ],
)
def test_what_only_the_registry_takes_is_unknown_to_the_decoder(
    text: str, references: dict[str, str | None], why: str, capfd: pytest.CaptureFixture[str]
) -> None:
    given_ = tuple(Reference(name, name, 1, body and HEAD + body) for name, body in references.items())
    parsed = FORMAT.parse(Source(HEAD + text, given_, "s.proto"))
    assert FORMAT.differences(parsed, parsed, Policy.STRICT, Edition.CONFLUENT_NEXT) == []
    verdict = FORMAT.decoding(parsed, parsed, 10)
    assert verdict.reads is Reads.UNKNOWN
    assert why in verdict.note
    with pytest.raises(SchemaError, match=re.escape(why)):
        check(parsed)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "references", "place", "why"),
    [
        ('import "x.proto"; message A { X x = 1; }', {}, "s.proto:1:20", "the import 'x.proto' is missing"),
        ('\nimport public "x.proto"; message A { map<int32, X> x = 1; }', {}, "s.proto:2:1", "the type X is not found"),
        ('import "x.proto"; message A { oneof o { p.X x = 1; } }', {"x.proto": None}, "s.proto:1:20", "give x.proto"),
        (
            'import "a.proto"; message M {}',
            {"a.proto": 'import "b.proto";', "b.proto": 'import "a.proto";'},
            "s.proto:1:20",
            "circular imports: a.proto → b.proto → a.proto",
        ),
    ],
)
def test_a_missing_or_circular_import_is_refused(
    text: str, references: dict[str, str | None], place: str, why: str
) -> None:
    """It names the schema, the import's position and the cause; no registry could have taken it."""
    given_ = tuple(Reference(name, name, 1, body and HEAD + body) for name, body in references.items())
    with pytest.raises(SchemaError, match=re.escape(why)) as caught:
        FORMAT.parse(Source(HEAD + text, given_, "s.proto"))
    assert caught.value.complaints[0][0] == place


def test_imports_that_meet_again_are_no_circle() -> None:
    """Two ways to one file, and a file that is known without being given."""
    given_ = tuple(
        Reference(name, name, 1, HEAD + body)
        for name, body in {
            "a.proto": 'import "c.proto"; message A { C c = 1; }',
            "b.proto": 'import "c.proto"; import "google/protobuf/any.proto"; message B {}',
            "c.proto": "message C {}",
        }.items()
    )
    text = (
        'import "a.proto"; import "b.proto"; import "google/protobuf/timestamp.proto"; message M { A a = 1; B b = 2; }'
    )
    assert FORMAT.parse(Source(HEAD + text, given_, "s.proto")).side is not None


def test_an_edition_has_a_decoder_verdict_and_no_registry_verdict() -> None:
    old, new = (f'edition = "2023"; message A {{ {kind} a = 1; }}' for kind in ("int64", "int32"))
    assert decoding(old, new).reads is Reads.CHANGES
    with pytest.raises(SchemaError, match="refuses editions"):
        found(old, new)


def test_only_protoc_takes_text_after_a_trailing_comment() -> None:
    text = HEAD + "message A { int32 a = 1; /* x */ int32 b = 2; }"
    assert decoding(text, text).reads is Reads.READS
    with pytest.raises(SchemaError, match=r"1:52: .*nothing may follow a trailing"):
        found(text, text)


def test_a_reference_that_cannot_be_read_is_named() -> None:
    with pytest.raises(SchemaError) as caught:
        FORMAT.parse(Source(HEAD + 'import "x.proto";', (Reference("x.proto", "x", 1, "bogus"),), "s.proto"))
    assert caught.value.schema == "x.proto"


def test_a_thousand_levels_are_compared() -> None:
    def nested(inside: str) -> str:
        return HEAD + "message A { " * 1000 + inside + "}" * 1000

    assert found(nested("int32 a = 1;"), nested("string a = 1;")) == [
        f"FIELD_SCALAR_KIND_CHANGED #/{'A/' * 1000}1",
    ]


def test_messages_by_the_thousand_are_no_net() -> None:
    text = HEAD + "".join(f"message M{at} {{}}\n" for at in range(MOST_COMPARISONS + 1))
    assert found(text, text) == []


def test_standard_error_is_whole_again_after_a_complaint(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SchemaError):
        compiled(source(HEAD + "message A { B b = 1; }"))
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


def _texts() -> list[Path]:
    folders = (resources.files("grpc_tools") / "_proto", resources.files("google.type"), resources.files("google.api"))
    return sorted(path for folder in folders for path in Path(str(folder)).rglob("*.proto"))


@pytest.mark.parametrize("path", _texts(), ids=lambda path: path.name)
def test_text_and_descriptor_of_a_published_file_are_the_same_tree(path: Path) -> None:
    """Our reading of the text against protoc's, over Google's own files: the comparison of the two finds nothing."""
    text = path.read_text(encoding="utf-8")
    if "edition =" in text:
        return
    proto = FileDescriptorProto()
    try:
        compiled(source(text)).file.CopyToProto(proto)
    except SchemaError:  # it imports files that are not at hand
        return
    by_text, by_protoc = read_text(text), file_of(proto)
    dependencies = {name: (file, None) for name, file in built_in_files().items() if name in by_text.imports}
    sides = [Side(tree, Types(tree, dependencies)) for tree in (by_text, by_protoc)]
    assert [one.kind for one in Walk(*sides, Edition.CONFLUENT_NEXT).run() if one.kind != "MESSAGE_MOVED"] == []
    assert _count(by_text.messages) == _count(by_protoc.messages) - _entries(by_protoc.messages)


def _count(messages: tuple[Message, ...]) -> int:
    return sum(1 + _count(message.messages) for message in messages)


def _entries(messages: tuple[Message, ...]) -> int:
    return sum(message.map_entry + _entries(message.messages) for message in messages)


WORDS = "message A int32 a 1 -1 optional map< oneof enum option reserved to group service rpc extend 99999999999"
TOKENS = st.sampled_from([*WORDS.split(), *"{}=;[]()", '"', "\x00", "/*", "//"])


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(TOKENS, max_size=30))
def test_any_text_is_read_or_refused_in_words(tokens: list[str]) -> None:
    try:
        read_text(HEAD + " ".join(tokens))
    except TextError as error:
        refused = error
    else:
        return
    assert refused.why
    assert (refused.line, refused.column) >= (1, 1)
