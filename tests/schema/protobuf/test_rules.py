"""The decoder's rules to the letter: two schemas, and every hit of every rule on each pair of fields and of messages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import Descriptor

from stream_contracts.schema.protobuf_meaning import shape
from stream_contracts.schema.protobuf_protoc import compiled
from stream_contracts.schema.protobuf_rules import FIELD_RULES, MESSAGE_RULES
from tests.schema.protobuf.corpus import FOLDER, load, source

CASES = load(FOLDER / "hits.yaml")


def hits(writer: Descriptor, reader: Descriptor) -> Iterator[str]:
    """What every rule says of the messages, of their fields with one number, and of the entries of their maps."""
    for message_rule in MESSAGE_RULES:
        for number, what, reads in message_rule.check(writer, reader):
            yield f"{message_rule.id} {number} {reads}: {what}"
    theirs = shape(reader).by_number
    for number, field in shape(writer).by_number.items():
        if number in theirs:
            for rule in FIELD_RULES:
                for _, what, reads in rule.check(field, theirs[number]):
                    yield f"{rule.id} {number} {reads}: {what}"
            inner = field.message_type, theirs[number].message_type
            if None not in inner and inner[0].GetOptions().map_entry:
                yield from (f"  of entries: {each}" for each in hits(*inner))


@pytest.mark.parametrize("case", CASES, ids=[each["name"] for each in CASES])
def test_every_hit_of_every_rule_is_told_and_no_other(case: dict[str, str]) -> None:
    writer, reader = (compiled(source(case[side])).messages["M"] for side in ("writer", "reader"))
    assert list(hits(writer, reader)) == case["hits"]
