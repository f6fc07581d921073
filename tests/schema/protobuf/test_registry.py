"""The registry's comparison beyond single kinds: documented examples, names, maps, references, cycles, bounds."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from stream_contracts.errors import SchemaError
from stream_contracts.schema.format import Edition, Reference, Source, compatible
from stream_contracts.schema.protobuf_protoc import compiled
from tests.schema.protobuf.corpus import differences, found, source

NEXT, RELEASED, OLD = Edition.CONFLUENT_NEXT, Edition.CONFLUENT_8_3, Edition.CONFLUENT_7_4
HEAD = 'syntax = "proto3"; '


def pay(body: str) -> str:
    return f"{HEAD}message Pay {{ {body} }}"


@pytest.mark.parametrize(
    ("old", "new", "edition", "expected", "verdict"),
    [
        (
            "string a=1; string b=2;",
            "oneof via { string a=1; string b=2; }",
            NEXT,
            ["MULTIPLE_FIELDS_MOVED_TO_ONEOF #/Pay/via", "ONEOF_ADDED #/Pay/via"],
            False,
        ),
        (
            "oneof via {int32 a=1; int32 b=2;}",
            "oneof how {string a=1; int32 b=2;}",
            NEXT,
            ["FIELD_SCALAR_KIND_CHANGED #/Pay/how/1", "ONEOF_ADDED #/Pay/how", "ONEOF_REMOVED #/Pay/via"],
            False,
        ),
        (
            "oneof via {int32 a=1; int32 b=2;}",
            "oneof how {string a=1; int32 b=2;}",
            RELEASED,
            ["ONEOF_ADDED #/Pay/how", "ONEOF_REMOVED #/Pay/via"],
            True,
        ),
        (
            "oneof via {int32 a=1; int32 b=2;}",
            "int32 a=1;",
            NEXT,
            ["ONEOF_FIELD_MOVED_TO_TOP_LEVEL #/Pay/1", "ONEOF_FIELD_REMOVED #/Pay/via/2", "ONEOF_REMOVED #/Pay/via"],
            False,
        ),
        (
            "oneof via {int32 a=1; int32 b=2;}",
            "int32 a=1;",
            RELEASED,
            ["FIELD_ADDED #/Pay/1", "ONEOF_REMOVED #/Pay/via"],
            True,
        ),
        ("oneof via {int32 a=1;}", "", NEXT, ["ONEOF_REMOVED #/Pay/via"], True),
        ("int32 n=1;", "repeated int64 n=1;", NEXT, [], True),
    ],
)
def test_the_documented_examples(old: str, new: str, edition: Edition, expected: list[str], verdict: bool) -> None:
    assert found(pay(old), pay(new), edition) == expected
    assert compatible(differences(pay(old), pay(new), edition)) is verdict


def test_two_oneofs_that_merge() -> None:
    old, new = pay("oneof a {int32 x=1;} oneof b {int32 y=2;}"), pay("oneof a {int32 x=1; int32 y=2;}")
    assert found(old, new) == ["FIELD_MOVED_TO_EXISTING_ONEOF #/Pay/a", "ONEOF_REMOVED #/Pay/b"]
    assert found(old, new, RELEASED) == ["ONEOF_FIELD_ADDED #/Pay/a/2", "ONEOF_REMOVED #/Pay/b"]


def test_two_fields_that_join_two_members_are_several() -> None:
    old = pay("oneof a {int32 x=1;} int32 y=2; int32 z=3;")
    new = pay("oneof a {int32 x=1; int32 y=2; int32 z=3;}")
    assert found(old, new) == ["MULTIPLE_FIELDS_MOVED_TO_ONEOF #/Pay/a"]
    assert found(old, new, OLD) == [
        "MULTIPLE_FIELDS_MOVED_TO_ONEOF #/Pay/a",
        "ONEOF_FIELD_ADDED #/Pay/a/2",
        "ONEOF_FIELD_ADDED #/Pay/a/3",
    ]


def test_a_package_change_is_refused_since_the_patches_of_7_4() -> None:
    old, new = f"{HEAD}message Pay {{}}", f"{HEAD}package shop; message Pay {{}}"
    assert compatible(differences(old, new, OLD))
    assert not compatible(differences(old, new, RELEASED))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # A member of a oneof wins over a field outside of it, and a later one over an earlier one.
        ("string a=1; oneof o {int32 b=1;}", "oneof o {int32 b=1;}", []),
        ("string a=1; int32 b=1;", "int32 b=1;", []),
        # The innermost scope wins: Pay.Item hides the outer Item.
        ("Item a=1; message Item {}", ".Pay.Item a=1; message Item {}", []),
        # Enums that replace each other are one group, and stay unseen.
        ("A a=1; enum A {X=0;} enum B {Y=0;}", "B a=1; enum A {X=0;} enum B {Y=0;}", []),
        # Labels inside of a map do not exist; both halves are compared at the field's own place.
        (
            "map<string, A> a=1; message A {} message B {}",
            "map<int32, B> a=1; message A {} message B {}",
            ["FIELD_NAMED_TYPE_CHANGED #/Pay/1", "FIELD_SCALAR_KIND_CHANGED #/Pay/1"],
        ),
        # Recursion: a message inside of itself is looked at once.
        (
            "Pay next=1; int32 n=2;",
            "Pay next=1; string n=2;",
            ["FIELD_SCALAR_KIND_CHANGED #/Pay/2"],
        ),
        # Well-known types are known without an import, and are compared by name.
        ("google.protobuf.Timestamp a=1;", ".google.protobuf.Timestamp a=1;", []),
        ("google.protobuf.Timestamp a=1;", "google.protobuf.Duration a=1;", ["FIELD_NAMED_TYPE_CHANGED #/Pay/1"]),
        ("google.type.DayOfWeek a=1;", "int32 a=1;", []),
        # Decimal here and Decimal there: the package is no part of the name, and one has more fields.
        (
            "confluent.type.Decimal a=1;",
            "google.type.Decimal a=1;",
            ["FIELD_REMOVED #/Decimal/2", "FIELD_REMOVED #/Decimal/3"],
        ),
    ],
)
def test_names_and_types_are_resolved_as_the_registry_does(old: str, new: str, expected: list[str]) -> None:
    names = [line for line in found(pay(old), pay(new)) if not line.startswith("FIELD_NAME_CHANGED")]
    assert names == expected


def test_scopes_are_searched_outward_through_the_package() -> None:
    old = f"{HEAD}package a.b; message Pay {{ message In {{ Item x = 1; }} message Item {{}} }} message Item {{}}"
    for spelling in ("Pay.Item", "b.Pay.Item", "a.b.Pay.Item", ".a.b.Pay.Item"):
        assert found(old, old.replace("{ Item x", f"{{ {spelling} x")) == []
    assert found(old, old.replace("{ Item x", "{ .a.b.Item x")) == ["FIELD_NAMED_TYPE_CHANGED #/Pay/In/1"]
    assert found(old, old.replace("{ Item x", "{ .Item x")) == ["FIELD_NAMED_TYPE_CHANGED #/Pay/In/1"]


def item(body: str, package: str = "shared") -> str:
    return f"{HEAD}package {package}; message Item {{ {body} }}"


def with_item(text: str, version: int, **more: Any) -> Source:
    main = f'{HEAD}import "item.proto"; message Pay {{ shared.Item a = 1; shared.Item b = 2; }}'
    return Source(more.get("main", main), (Reference("item.proto", "item", version, text), *more.get("others", ())))


class TestReferences:
    def test_the_same_version_is_not_looked_into(self) -> None:
        assert found(with_item(item("int32 x = 1;"), 1), with_item(item("string x = 1;"), 1)) == []

    def test_another_version_is_compared_at_every_field_that_has_it(self) -> None:
        assert found(with_item(item("int32 x = 1;"), 1), with_item(item("string x = 1;"), 2)) == [
            "FIELD_NAMED_TYPE_CHANGED #/Pay/1",
            "FIELD_NAMED_TYPE_CHANGED #/Pay/2",
            "FIELD_SCALAR_KIND_CHANGED #/Item/1",
            "FIELD_SCALAR_KIND_CHANGED #/Item/1",
        ]

    def test_allowed_differences_of_another_version_change_no_type(self) -> None:
        old, new = with_item(item("int32 x = 1;"), 1), with_item(item("int32 x = 1; int32 y = 2;"), 2)
        assert found(old, new) == ["FIELD_ADDED #/Item/2", "FIELD_ADDED #/Item/2"]

    def test_the_package_of_a_referenced_type_is_no_part_of_its_name(self) -> None:
        main = f'{HEAD}import "item.proto"; message Pay {{ other.Item a = 1; shared.Item b = 2; }}'
        old, new = with_item(item("int32 x = 1;"), 1), with_item(item("int32 x = 1;", "other"), 2, main=main)
        # shared.Item is not there any more: texts are compared, and they are equal.
        assert found(old, new) == []

    def test_a_local_type_against_a_referenced_one(self) -> None:
        main = f"{HEAD}message Pay {{ Item a = 1; Item b = 2; }} message Item {{ string x = 1; }}"
        assert found(with_item(item("int32 x = 1;"), 1), main) == [
            "FIELD_NAMED_TYPE_CHANGED #/Pay/1",
            "FIELD_NAMED_TYPE_CHANGED #/Pay/2",
            "FIELD_SCALAR_KIND_CHANGED #/Item/1",
            "FIELD_SCALAR_KIND_CHANGED #/Item/1",
            "MESSAGE_ADDED #/Item",
        ]

    def test_a_transitive_reference_is_always_compared(self) -> None:
        def chain(body: str) -> Source:
            deep = Reference("deep.proto", "deep", 1, f"{HEAD}package shared; message Deep {{ {body} }}")
            text = f'{HEAD}package shared; import "deep.proto"; message Item {{ Deep d = 1; }}'
            return Source(
                f'{HEAD}import "item.proto"; message Pay {{ shared.Deep a = 1; }}',
                (deep, Reference("item.proto", "item", 1, text)),
            )

        assert found(chain("int32 x = 1;"), chain("string x = 1;")) == [
            "FIELD_NAMED_TYPE_CHANGED #/Pay/1",
            "FIELD_SCALAR_KIND_CHANGED #/Deep/1",
        ]

    def test_an_enum_of_a_referenced_file_may_change_unseen(self) -> None:
        def main(constants: str, version: int) -> Source:
            text = f"{HEAD}package shared; enum Way {{ {constants} }}"
            return Source(
                f'{HEAD}import "way.proto"; message Pay {{ shared.Way a = 1; }}',
                (Reference("way.proto", "way", version, text),),
            )

        assert found(main("A = 0; B = 1;", 1), main("B = 0;", 2)) == []

    def test_types_that_refer_to_each_other_come_to_an_end(self) -> None:
        def ring(body: str, version: int) -> Source:
            text = f"{HEAD}message A {{ B b = 1; B c = 2; {body} }} message B {{ A a = 1; A d = 2; }}"
            main = f'{HEAD}import "ring.proto"; message Pay {{ A a = 1; }}'
            return Source(main, (Reference("ring.proto", "r", version, text),))

        assert found(ring("", 1), ring("", 2)) == []
        assert "FIELD_ADDED #/A/3" in found(ring("", 1), ring("int32 n = 3;", 2))

    def test_a_net_of_types_is_compared_once_per_pair_or_given_up_in_words(self) -> None:
        def net(version: int, last: str) -> Source:
            types = [f"message T{at} {{ T{at + 1} a = 1; T{at + 1} b = 2; }}" for at in range(25)]
            text = HEAD + " ".join(types) + f" message T25 {{ {last} }}"
            main = f'{HEAD}import "net.proto"; message Pay {{ T0 a = 1; }}'
            return Source(main, (Reference("net.proto", "n", version, text),))

        assert found(net(1, "int32 x = 1;"), net(2, "int32 x = 1;")) == []
        with pytest.raises(SchemaError, match="cannot be compared"):
            differences(net(1, "int32 x = 1;"), net(2, "string x = 1;"))

    def test_a_dependency_takes_the_place_of_a_built_in_file(self) -> None:
        fake = Reference("google/type/date.proto", "fake", 1, f"{HEAD}package google.type; message Other {{}}")
        old = Source(pay("google.type.Date a = 1;"), (fake,))
        assert found(old, Source(pay(".google.type.Date a = 1;"), (fake,))) == ["FIELD_NAMED_TYPE_CHANGED #/Pay/1"]


def test_a_descriptor_in_base64_is_the_same_schema() -> None:
    text = (
        'syntax = "proto3"; package shop; import "google/protobuf/timestamp.proto"; message Pay { '
        "message Item { int32 x = 1; } enum Way { CARD = 0; } optional int32 a = 1; string b = 2; repeated Way c = 3; "
        "map<string, Item> d = 4; oneof via { int32 e = 5; Item f = 6; } google.protobuf.Timestamp g = 7; }"
    )
    proto = FileDescriptorProto()
    compiled(source(text)).file.CopyToProto(proto)
    sent = base64.b64encode(proto.SerializeToString()).decode()
    for edition in Edition:
        assert found(text, sent, edition) == []
        assert found(sent, text, edition) == []


def test_labels_of_a_proto2_descriptor_are_explicit_and_groups_are_left_out() -> None:
    text = 'syntax = "proto2"; message Pay { optional int32 a = 1; optional group G = 2 { required int32 b = 1; } }'
    proto = FileDescriptorProto()
    compiled(source(text)).file.CopyToProto(proto)
    sent = base64.b64encode(proto.SerializeToString()).decode()
    assert found(text, sent) == []
    assert found(sent, text.replace("optional int32", "repeated int32")) == ["FIELD_NUMERIC_LABEL_CHANGED #/Pay/1"]
