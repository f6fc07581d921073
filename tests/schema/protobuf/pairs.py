"""Generates pairs of Protobuf schemas that share most of their fields, as two versions of one file do."""

from __future__ import annotations

from hypothesis import strategies as st

SCALARS = (
    *("int32", "int64", "uint32", "uint64", "sint32", "sint64", "bool"),
    *("fixed32", "sfixed32", "fixed64", "sfixed64", "float", "double", "string", "bytes"),
)
KEYS = ("int32", "int64", "string", "bool", "uint64", "sint32", "fixed32")
NAMED = ("Way", "Item", "Other")
NAMES = ("f{0}", "f{0}", "f{0}", "F_{0}", "full_f{0}", "a", "b{0}")
ENUMS = (
    "enum Way { NONE = 0; CARD = 1; CASH = 2; }",
    "enum Way { NONE = 0; CASH = 1; CARD = 2; }",
    "enum Way { WAY_NONE = 0; CARD = 1; }",
    "enum Way { option allow_alias = true; NONE = 0; CARD = 1; COINS = 2; CASH = 2; MINUS = -1; }",
)
ITEMS = (
    "message Item { %soptional int32 x = 1; %soptional string y = 2; }",
    "message Item { %soptional int64 x = 1; }",
    "message Item { %soptional bytes key = 1; %soptional bytes value = 2; }",
    "message Item { %srepeated int32 x = 1; %soptional Item next = 3; }",
)
OTHERS = ("message Other { %soptional string key = 1; %soptional int32 value = 2; }", "message Other {}")


@st.composite
def _field(draw: st.DrawFn, number: int, proto3: bool) -> str:
    name = draw(st.sampled_from(NAMES)).format(number)
    kind = draw(st.sampled_from(("single", "single", "repeated", "map", "packed", "group" if not proto3 else "single")))
    type_ = draw(st.sampled_from(SCALARS + NAMED))
    if kind == "map":
        return f"map<{draw(st.sampled_from(KEYS))}, {type_}> {name} = {number};"
    if kind == "group":
        return f"optional group G{number} = {number} {{ optional int32 x = 1; }}"
    if kind in ("repeated", "packed"):
        numeric = type_ not in ("string", "bytes", "Item", "Other")
        option = f" [packed = {str(kind == 'packed').lower()}]" if numeric else ""
        return f"repeated {type_} {name} = {number}{option};"
    labels = ("", "", "optional ") if proto3 else ("optional ", "optional ", "required ")
    label = draw(st.sampled_from(labels))
    default = " [default = 7]" if not proto3 and type_ in ("int32", "int64") and draw(st.booleans()) else ""
    return f"{label}{type_} {name} = {number}{default};"


@st.composite
def _member(draw: st.DrawFn, number: int) -> str:
    return f"{draw(st.sampled_from(SCALARS + NAMED))} {draw(st.sampled_from(NAMES)).format(number)} = {number};"


@st.composite
def _file(draw: st.DrawFn, like: dict[int, str] | None = None, syntax: str = "") -> tuple[str, dict[int, str], str]:
    syntax = syntax or draw(st.sampled_from(("proto3", "proto2", "proto3")))
    proto3 = syntax == "proto3"
    fields: dict[int, str] = {}
    oneof: list[str] = []
    for number in range(1, draw(st.sampled_from((2, 3, 5)))):
        kept = like is not None and number in like and draw(st.integers(0, 3)) > 0
        if kept and like is not None:
            fields[number] = like[number]
        elif draw(st.integers(0, 4)) == 0:
            oneof.append(draw(_member(number)))
        elif draw(st.integers(0, 3)):
            fields[number] = draw(_field(number, proto3))
    inner = draw(st.sampled_from(ITEMS)), draw(st.sampled_from(OTHERS))
    items = " ".join(text.replace("%s", "") for text in inner)
    body = " ".join(fields.values()) + (f" oneof via {{ {' '.join(oneof)} }}" if oneof else "")
    text = f'syntax = "{syntax}"; message Pay {{ {body} {draw(st.sampled_from(ENUMS))} {items} }}'
    return text, fields, syntax


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Two texts; about one in three changes its syntax as well. protoc may refuse some of them."""
    old, fields, syntax = draw(_file())
    same = draw(st.integers(0, 3)) > 0
    new, _, _ = draw(_file(fields if same else None, syntax if same else ""))
    return old, new
