"""The engine around the formats: levels, directions, what the registry would report, and both verdicts together."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from stream_contracts.errors import SchemaError, UsageError
from stream_contracts.schema import FORMATS, format_for, format_named
from stream_contracts.schema.compat import LEVELS, Answer, Direction, check, parsed
from stream_contracts.schema.explain import Order, deploy_order, explanation
from stream_contracts.schema.format import Reads, Reference, Source

AVRO = format_named("AVRO")


def record(*fields: str, optional: tuple[str, ...] = (), called: str = "schema", kind: str = "int") -> Source:
    """A record of ints; the optional fields have a default."""
    written: list[dict[str, Any]] = [{"name": name, "type": kind} for name in fields]
    written += [{"name": name, "type": "int", "default": 0} for name in optional]
    return Source(json.dumps({"type": "record", "name": "R", "fields": written}), called=called)


ONE = record("a", called="v1")
TWO = record("a", optional=("b",), called="v2")
THREE = record("a", "b", called="v3")


def ask(level: str, *former: Source, new: Source = THREE) -> Answer:
    return check(AVRO, former, new, level, budget=10)


def test_the_default_level_lets_an_unsound_history_pass() -> None:
    """v3 reads v2 but not v1: only a transitive level sees it."""
    assert ask("BACKWARD", ONE, TWO).registry is True
    answer = ask("BACKWARD_TRANSITIVE", ONE, TWO)
    assert answer.registry is False
    assert [(said.version, said.former.called) for said in answer.registry_says] == [(1, "v1")]
    assert answer.decoder is Reads.FAILS


def test_everything_is_compared_although_the_registry_stops() -> None:
    """The registry reports the newest failing version only; the answer holds all of them."""
    other = record("a", kind="string", called="v2")
    answer = ask("FULL_TRANSITIVE", ONE, other, TWO)
    assert [(each.version, each.direction) for each in answer.comparisons] == [
        (version, direction) for version in (3, 2, 1) for direction in (Direction.FORWARD, Direction.BACKWARD)
    ]
    assert {said.version for said in answer.registry_says} == {2}
    failing = {(each.version, each.direction) for each in answer.comparisons if not each.registry}
    assert failing == {(2, "FORWARD"), (2, "BACKWARD"), (1, "BACKWARD")}


@pytest.mark.parametrize(
    ("level", "directions"),
    [("NONE", []), ("BACKWARD", ["BACKWARD"]), ("FORWARD", ["FORWARD"]), ("FULL", ["FORWARD", "BACKWARD"])],
)
def test_levels_are_directions(level: str, directions: list[str]) -> None:
    """Forward first under FULL, as the registry does; the latest version alone without TRANSITIVE."""
    assert [each.direction for each in ask(level, ONE, TWO).comparisons] == directions
    assert ask(level, ONE, TWO).registry is True
    if level != "NONE":
        twice = ask(f"{level}_TRANSITIVE", ONE, TWO)
        assert [each.direction for each in twice.comparisons] == directions * 2


def test_no_former_version_is_compatible() -> None:
    """The first version of a subject."""
    for level in LEVELS:
        assert ask(level).registry is True


def test_none_still_reads_the_new_schema() -> None:
    """A registry at NONE refuses what it cannot parse."""
    with pytest.raises(SchemaError, match="v9"):
        ask("NONE", ONE, new=Source("{", called="v9"))


def test_unknown_names_list_the_known_ones() -> None:
    """Level, format, file suffix, explanation."""
    with pytest.raises(UsageError, match="FULL_TRANSITIVE"):
        ask("BACKWARDS", ONE)
    with pytest.raises(UsageError, match="AVRO"):
        format_named("THRIFT")
    with pytest.raises(UsageError, match=r"\.avsc"):
        format_for("orders.thrift")
    with pytest.raises(UsageError, match="TYPE_MISMATCH"):
        explanation("AVRO", "TYPE_MISSMATCH")


def test_files_find_their_format() -> None:
    """By suffix, whatever its case."""
    assert format_for("contracts/Orders.AVSC") is AVRO
    for name in FORMATS:
        assert format_named(name).name == name


def test_a_schema_is_parsed_once_per_content() -> None:
    """The name it goes by is no part of the content; its references are."""
    assert parsed(AVRO, ONE) is parsed(AVRO, Source(ONE.text, called="another"))
    assert parsed(AVRO, ONE) is not parsed(AVRO, Source(ONE.text, (Reference("x", text='"int"'),)))


def test_chains_through_names_too_deep_for_the_stack_have_no_verdict() -> None:
    """The text is flat, the types are not: two thousand records, each the field of the next."""
    links = [Reference("R0", text=json.dumps({"type": "record", "name": "R0", "fields": []}))]
    for at in range(1, 2000):
        link = {"type": "record", "name": f"R{at}", "fields": [{"name": "f", "type": f"R{at - 1}"}]}
        links.append(Reference(f"R{at}", text=json.dumps(link)))
    old = Source('{"type": "array", "items": "R1999"}', tuple(links), called="the chain")
    new = Source('{"type": "array", "items": ["R1999"]}', tuple(links), called="the chain")
    answer = check(AVRO, [old], new, "BACKWARD")
    assert (answer.registry, answer.decoder) == (None, Reads.UNKNOWN)
    assert "the chain: its types hold each other too deep" in answer.comparisons[0].failure
    assert answer.comparisons[0].decoding
    assert answer.comparisons[0].decoding.note


def test_deploy_order_follows_from_what_was_compared() -> None:
    """A direction that was not compared counts as broken."""
    assert deploy_order(ask("FULL", ONE, new=TWO)) is Order.EITHER
    assert deploy_order(ask("BACKWARD", ONE, new=TWO)) is Order.CONSUMERS_FIRST
    assert deploy_order(ask("FULL", ONE, new=THREE)) is Order.PRODUCERS_FIRST
    assert deploy_order(ask("FULL", ONE, new=record("z"))) is Order.NEITHER
    wide = record("a", kind="double")
    assert deploy_order(ask("FULL", record("a", kind="long"), new=wide)) is Order.CONSUMERS_FIRST
    assert deploy_order(ask("FULL", record("a", kind="long"), new=wide), by_decoder=True) is Order.NEITHER


def test_a_number_given_away_earlier_is_noted_whatever_the_level() -> None:
    """The latest version does not have the number any more; data of the one before may still be in the topic."""
    texts = ("string email = 2;", "", "string ssn = 2;")
    first, latest, new = (Source(f'syntax = "proto3"; message Pay {{ int32 a = 1; {text} }}') for text in texts)
    proto = format_named("PROTOBUF")
    note = "Pay.ssn uses number 2, which was email in version 1"
    answer = check(proto, [first, latest], new, "BACKWARD")
    assert (answer.registry, answer.decoder) == (True, Reads.READS)
    assert answer.comparisons[0].decoding
    assert answer.comparisons[0].decoding.note == note
    assert check(proto, [first, latest], new, "BACKWARD_TRANSITIVE").decoder is Reads.CHANGES
    kept = check(proto, [first, first], new, "BACKWARD").comparisons[0].decoding
    assert kept
    assert note not in kept.note  # the comparison itself says so


def test_avro_needs_no_other_format() -> None:
    """Users of one format do not pay for the imports of another."""
    code = (
        "import sys; from stream_contracts.schema import format_named; format_named('AVRO'); "
        "print([name for name in ('google.protobuf', 'grpc_tools', 'jsonschema') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_a_content_that_comes_again_is_compared_once_and_told_of_each_version() -> None:
    """Every version has its own comparison, with its own number and source, and the same findings."""
    again = [Source(ONE.text, called=f"v{number}") for number in (1, 2, 3)]
    told = ask("FULL_TRANSITIVE", *again).comparisons
    assert [(each.version, each.former.called) for each in told if each.direction is Direction.BACKWARD] == [
        (3, "v3"),
        (2, "v2"),
        (1, "v1"),
    ]
    assert len({each.differences for each in told if each.direction is Direction.BACKWARD}) == 1
    assert {each.registry for each in told if each.direction is Direction.BACKWARD} == {False}


@pytest.mark.parametrize(
    ("form", "text", "place"),
    [
        ("AVRO", '{"type": "record", "name": "R",\n "fields": [], "name": "S"}', "line 2, column 16"),
        (
            "JSON",
            '{"type": "object", "properties": {"a": {"maxLength": 3, "max\\u004cength": 5}}}',
            "line 1, column 57",
        ),
    ],
)
def test_a_key_that_stands_twice_is_noted_with_its_place(form: str, text: str, place: str) -> None:
    """The last one counts, as for the registry's reader; it is said once, though both schemas have it."""
    once = Source('{"type": "record", "name": "S", "fields": []}' if form == "AVRO" else "{}", called="new.json")
    found = check(format_named(form), [Source(text, called="old.json")], once, "BACKWARD", budget=10)
    assert found.comparisons[0].decoding is not None
    note = found.comparisons[0].decoding.note
    assert note.count("old.json: the key") == 1
    assert f"{place}; the last one counts" in note
    twin = check(format_named(form), [once], once, "BACKWARD", budget=10).comparisons[0].decoding
    assert twin is not None
    assert "twice" not in twin.note
