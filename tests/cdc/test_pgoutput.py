"""Messages of pgoutput as bytes, read as changes: as the documentation of PostgreSQL lays them out."""

from __future__ import annotations

import struct

import pytest

from stream_contracts.cdc.pgoutput import RowChange, changes, lsn, position
from stream_contracts.errors import HarnessError

COLUMNS = ("id", "name", "big")


def relation(oid: int = 7) -> bytes:
    columns = b"".join(b"\x01" + name.encode() + b"\0" + bytes(8) for name in COLUMNS)
    return b"R" + oid.to_bytes(4, "big") + b"public\0users\0d" + len(COLUMNS).to_bytes(2, "big") + columns


def begin(committed: int, txid: int) -> bytes:
    return b"B" + struct.pack(">qqi", committed, 0, txid)


def row(*values: str | bool | None) -> bytes:
    told = b""
    for value in values:
        if value is None:
            told += b"n"
        elif isinstance(value, bool):
            told += b"u"
        else:
            told += b"t" + len(value.encode()).to_bytes(4, "big") + value.encode()
    return len(values).to_bytes(2, "big") + told


def change(letter: bytes, rest: bytes) -> bytes:
    return letter + (7).to_bytes(4, "big") + rest


def read(*messages: bytes) -> list[RowChange]:
    return list(changes((f"0/{number:X}", 5, message) for number, message in enumerate(messages, 0x10)))


def test_a_transaction_is_read_with_positions_commit_and_rows() -> None:
    made, moved, gone = read(
        begin(0x99, 5),
        relation(),
        change(b"I", b"N" + row("1", "Łódź", None)),
        change(b"U", b"K" + row("1", None, None) + b"N" + row("2", "b", False)),
        change(b"D", b"O" + row("2", "b", None)),
        b"C",
    )
    assert made == RowChange(
        ("public", "users"), "create", 0x12, 5, 0x99, 946_684_800.0, {"id": "1", "name": "Łódź", "big": None}, {}
    )
    assert (moved.op, moved.old, moved.new) == ("update", {"id": "1"}, {"id": "2", "name": "b"})
    assert (gone.op, gone.old, gone.new) == ("delete", {"id": "2", "name": "b", "big": None}, {})


def test_what_names_no_row_is_passed_over_and_a_truncate_is_told() -> None:
    truncate = b"T" + (1).to_bytes(4, "big") + b"\0" + (7).to_bytes(4, "big")
    found = read(b"O" + bytes(8) + b"x\0", begin(1, 5), relation(), b"Y" + bytes(4), b"M", truncate)
    assert [(each.op, each.table) for each in found] == [("truncate", ("public", "users"))]


@pytest.mark.parametrize("broken", [b"X", change(b"I", b"N" + row("1")[:-1])])
def test_what_is_no_message_is_an_error_of_ours(broken: bytes) -> None:
    with pytest.raises(HarnessError, match=r"message"):
        read(begin(1, 5), relation(), broken)


def test_positions_are_those_that_debezium_tells() -> None:
    assert position("16/B374D848") == 0x16B374D848
    assert lsn(0x16B374D848) == "16/B374D848"
