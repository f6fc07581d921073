"""The look at two texts that spares protoc a file: it speaks where protoc and the rules would say "reads", only there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stream_contracts.errors import SchemaError
from stream_contracts.schema.format import Decoding, Reads, Source
from stream_contracts.schema.protobuf import parse
from stream_contracts.schema.protobuf_decoder import decode_verdict
from stream_contracts.schema.protobuf_grown import grown
from stream_contracts.schema.protobuf_protoc import compiled

SUITE = Path(__file__).parents[2] / "corpus" / "specification" / "protobuf.jsonl"
ODD = (
    'syntax = "proto3";\nimport "google/protobuf/timestamp.proto";\npackage a.b;\n'
    "// said of it\nmessage M {\n  reserved 7;\n  reserved 'gone';\n  oneof way {\n    string a = 1;\n    int32 b = 2;\n  }\n"
    "  optional\n  string c = 3;\n  string d = 4;\n  string e = 5 [\n    deprecated = true\n  ];\n  /* not\n  string f = 6;\n"
    "  */\n  string old = 8; // kept\n  google.protobuf.Timestamp at = 9;\n  N n = 10;\n  map<string, N> m = 11;\n"
    "  message N {\n    bool on = 1;\n    repeated string of = 2;\n  }\n  enum E {\n    NONE = 0;\n    ONE = 1;\n  }\n}\n",
    'syntax = "proto2";\nmessage M {\n  required string a = 1;\n  optional string b = 2 [default = "x"];\n'
    "  optional string c = 3;\n"
    "  extensions 100 to 200;\n  optional group G = 4 {\n    optional string d = 1;\n  }\n}\nextend M {\n"
    "  optional string e = 100;\n  optional string f = 101;\n}\n",
    'syntax = "proto2";\nmessage M {\n  optional string b = 2 [default = "x"];\n  optional string c = 3;\n'
    "  repeated int32 d = 5;\n}\n",
)


def _texts() -> list[str]:
    """Every schema of the suite, a statement to a line, and what it does not have."""
    rows = [json.loads(line) for line in SUITE.read_text("utf-8").splitlines()]
    texts = {text for row in rows for text in (row["original"], row["update"]) if isinstance(text, str)}
    return [*(re.sub(r"(?<=[;{}])[ \t]*(?=\S)", "\n", text) for text in sorted(texts)), *ODD]


def _spoken(long: str, short: str) -> bool:
    try:
        sides = [parse(Source(text)) for text in (long, short)]
        compiled(sides[0].source)
    except SchemaError:
        return False
    trees = [(each.source.text, each.side.file) for each in sides if each.side is not None]
    return len(trees) == 2 and grown(*trees)


def test_where_it_speaks_protoc_and_the_rules_say_the_same() -> None:
    spoken = 0
    for text in _texts():
        lines = text.split("\n")
        cuts = [{at} for at in range(len(lines))]
        if text in ODD:
            cuts += [{at, at + 1} for at in range(len(lines) - 1)]
        for gone in cuts:
            short = "\n".join(line for at, line in enumerate(lines) if at not in gone)
            if _spoken(text, short):
                spoken += 1
                one, other = compiled(Source(text)), compiled(Source(short))
                assert decode_verdict(one, other, 0) == Decoding(Reads.READS), (text, short)
                assert decode_verdict(other, one, 0) == Decoding(Reads.READS), (text, short)
    assert spoken > 25, "it hardly ever spoke, so nothing was shown"


@pytest.mark.parametrize(
    ("long", "line", "speaks"),
    [
        (ODD[0], "  string d = 4;", True),
        (ODD[0], "    repeated string of = 2;", True),
        (ODD[0], "    int32 b = 2;", True),
        (ODD[0], "  optional", False),
        (ODD[0], "  string c = 3;", False),
        (ODD[0], "  N n = 10;", False),
        (ODD[0], "  reserved 7;", False),
        (ODD[1], "  optional string c = 3;", False),
        (ODD[2], "  optional string c = 3;", True),
        (ODD[2], '  optional string b = 2 [default = "x"];', False),
    ],
)
def test_a_plain_field_is_all_that_may_go(long: str, line: str, speaks: bool) -> None:
    assert _spoken(long, long.replace(f"{line}\n", "", 1)) is speaks


def test_an_empty_oneof_is_left_to_protoc() -> None:
    long = 'syntax = "proto3";\nmessage M {\n  oneof way {\n    string a = 1;\n  }\n}\n'
    assert not _spoken(long, long.replace("    string a = 1;\n", ""))
