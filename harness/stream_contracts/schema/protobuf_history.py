"""Numbers of a Protobuf schema that versions before the latest one had given to other fields."""

from __future__ import annotations

from collections.abc import Iterator

from stream_contracts.schema.protobuf_meaning import same_field, shape
from stream_contracts.schema.protobuf_protoc import Compiled


def reused(older: Compiled, latest: Compiled, new: Compiled) -> Iterator[str]:
    """Fields that are new since ``latest`` and have a number that meant another field in ``older``, in words."""
    for name, message in new.messages.items():
        if name not in older.messages:
            continue
        before = shape(older.messages[name]).by_number
        between = shape(latest.messages[name]).by_number if name in latest.messages else {}
        for number, field in shape(message).by_number.items():
            if number in before and number not in between and not same_field(before[number], field):
                yield f"{name}.{field.name} uses number {number}, which was {before[number].name}"
