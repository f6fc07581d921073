"""Parsing canonical form and fingerprints (Avro specification, "Parsing Canonical Form" and "Schema Fingerprints")."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Final

from stream_contracts.errors import UsageError
from stream_contracts.schema.avro_model import Array, AvroSchema, Enum, Fixed, Map, Node, Record, Union

_EMPTY: Final = 0xC15D213AA4D7A795


def canonical(schema: AvroSchema) -> str:
    """The schema without what decoding does not need: full names, no spaces, each named type written out once."""
    return _form(schema.root, set())


def fingerprint(schema: AvroSchema, algorithm: str = "CRC-64-AVRO") -> bytes:
    """The fingerprint of the canonical form, in Java's byte order: ``CRC-64-AVRO``, ``MD5`` or ``SHA-256``.

    Raises ``UsageError`` for another algorithm.
    """
    if algorithm not in ALGORITHMS:
        raise UsageError(f"unknown fingerprint algorithm {algorithm!r}; known: {', '.join(ALGORITHMS)}")
    return ALGORITHMS[algorithm](canonical(schema).encode())


def _form(node: Node, written: set[str]) -> str:
    if isinstance(node, Union):
        return f"[{','.join(_form(branch, written) for branch in node.branches)}]"
    if isinstance(node, Array):
        return f'{{"type":"array","items":{_form(node.items, written)}}}'
    if isinstance(node, Map):
        return f'{{"type":"map","values":{_form(node.values, written)}}}'
    if not isinstance(node, Record | Enum | Fixed):
        return f'"{node.type}"'
    if node.fullname in written:
        return f'"{node.fullname}"'
    written.add(node.fullname)
    return f'{{"name":"{node.fullname}","type":"{node.type}",{_body(node, written)}}}'


def _body(node: Record | Enum | Fixed, written: set[str]) -> str:
    if isinstance(node, Record):
        fields = (f'{{"name":"{field.name}","type":{_form(field.node, written)}}}' for field in node.fields)
        return f'"fields":[{",".join(fields)}]'
    if isinstance(node, Enum):
        symbols = ",".join(f'"{symbol}"' for symbol in node.symbols)
        return f'"symbols":[{symbols}]'
    return f'"size":{node.size}'


def _crc(text: bytes) -> bytes:
    """Rabin's fingerprint; Java's byte order is little-endian."""
    table = _table()
    value = _EMPTY
    for byte in text:
        value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
    return value.to_bytes(8, "little")


@cache
def _table() -> tuple[int, ...]:
    rows = []
    for row in range(256):
        value = row
        for _ in range(8):
            value = (value >> 1) ^ (_EMPTY & -(value & 1))
        rows.append(value)
    return tuple(rows)


ALGORITHMS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "CRC-64-AVRO": _crc,
    "MD5": lambda text: hashlib.md5(text, usedforsecurity=False).digest(),
    "SHA-256": lambda text: hashlib.sha256(text).digest(),
}
