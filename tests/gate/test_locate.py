"""From a pointer to a line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_contracts.gate.locate import line_of

AVRO = """{
  "type": "record", "name": "R",
  "fields": [
    {"name": "a", "type": "int"},
    {"name": "b/c",
     "type": {"type": "enum", "name": "E",
       "symbols": ["\\u00e9\\"]}", "X"]}}
  ]
}"""
PROTO = """syntax = "proto3";
// message Pay { is only said here
package shop;
message Pay {
  int32 amount = 1; /* string note = 2; */
  message Part {
    string note = 2;
  }
  oneof how { string card = 3; }
}
enum State { NEW = 0; }
"""


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 1), ("/", 1), ("/name", 2), ("/fields/0", 4), ("/fields/0/type", 4), ("/fields/1", 5), ("/fields/1/type", 6),
        ("/fields/1/type/symbols/1", 7), ("/fields/b~1c/type/symbols", 7), ("/fields/a", 4), ("/fields/9", 3), ("/nothing", 1),
        ("#/fields/1", 5),
    ],
)  # fmt: skip
def test_json(pointer: str, line: int) -> None:
    assert line_of(AVRO, "AVRO", pointer) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("#/Pay", 4),
        ("#/Pay/1", 5),
        ("#/Pay/Part/2", 7),
        ("#/.shop.Pay/3", 9),
        ("#/Pay/how", 9),
        ("#/State/NEW", 11),
        ("#/", 1),
    ],
)
def test_proto(path: str, line: int) -> None:
    assert line_of(PROTO, "PROTOBUF", path) == line


def test_a_pointer_into_another_version_goes_by_names() -> None:
    former = '{"fields": [{"name": "b"}, {"name": "a"}]}'
    now = '{"fields": [\n{"name": "a"},\n{"name": "b"}]}'
    assert line_of(now, "AVRO", "/fields/0", former) == 3
    assert line_of(now, "AVRO", "/fields/1/type", former) == 2


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"a": }', "[1, 2", "\ufeff{}"])
def test_what_is_no_json_has_its_first_line(text: str) -> None:
    assert line_of(text, "JSON", "/a/b") == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 1, 3]))
def test_every_node_of_every_document_has_a_line(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)

    def pointers(node: object, at: str) -> list[str]:
        children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        steps = [(f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}", child) for key, child in children]
        return [at, *(each for step, child in steps for each in pointers(child, step))]

    lines = [
        line_of(text, "JSON", pointer) for pointer in pointers(value, "") if "//" not in pointer and pointer[-1:] != "/"
    ]
    assert lines == sorted(lines)
    assert max(lines, default=1) <= text.count("\n") + 1
