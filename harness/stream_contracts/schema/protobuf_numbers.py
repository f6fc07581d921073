"""How numbers travel: wire types, the range of each type, and what a number written as one type reads as in another."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

VARINT, FIXED64, LENGTH, GROUP, FIXED32 = "varint", "64-bit", "length-delimited", "group", "32-bit"

_F = FieldDescriptor
WIRE_TYPES = {
    **dict.fromkeys((_F.TYPE_INT32, _F.TYPE_INT64, _F.TYPE_UINT32, _F.TYPE_UINT64, _F.TYPE_BOOL, _F.TYPE_ENUM), VARINT),
    **dict.fromkeys((_F.TYPE_SINT32, _F.TYPE_SINT64), VARINT),
    **dict.fromkeys((_F.TYPE_FIXED32, _F.TYPE_SFIXED32, _F.TYPE_FLOAT), FIXED32),
    **dict.fromkeys((_F.TYPE_FIXED64, _F.TYPE_SFIXED64, _F.TYPE_DOUBLE), FIXED64),
    **dict.fromkeys((_F.TYPE_STRING, _F.TYPE_BYTES, _F.TYPE_MESSAGE), LENGTH),
    _F.TYPE_GROUP: GROUP,
}
NAMES = {value: name[5:].lower() for name, value in vars(_F).items() if name.startswith("TYPE_")}
ZIGZAG = (_F.TYPE_SINT32, _F.TYPE_SINT64)

_RANGES = {
    _F.TYPE_INT32: (-(2**31), 2**31 - 1),
    _F.TYPE_SINT32: (-(2**31), 2**31 - 1),
    _F.TYPE_SFIXED32: (-(2**31), 2**31 - 1),
    _F.TYPE_ENUM: (-(2**31), 2**31 - 1),
    _F.TYPE_INT64: (-(2**63), 2**63 - 1),
    _F.TYPE_SINT64: (-(2**63), 2**63 - 1),
    _F.TYPE_SFIXED64: (-(2**63), 2**63 - 1),
    _F.TYPE_UINT32: (0, 2**32 - 1),
    _F.TYPE_FIXED32: (0, 2**32 - 1),
    _F.TYPE_UINT64: (0, 2**64 - 1),
    _F.TYPE_FIXED64: (0, 2**64 - 1),
    _F.TYPE_BOOL: (0, 1),
}
_EDGES = (
    1,
    0,
    -1,
    2,
    5,
    127,
    256,
    2**31 - 1,
    -(2**31),
    2**31,
    2**32 - 1,
    2**32,
    2**32 + 5,
    2**63 - 1,
    -(2**63),
    2**64 - 1,
)
_FLOATS = (1.5, 0.0, -1.0, 3.0e38, float("inf"))
_DOUBLES = (1.5, 0.0, -1.0, 1e300, 0.1, float("-inf"))
_BITS: dict[int, str] = {
    _F.TYPE_FIXED32: "<I",
    _F.TYPE_SFIXED32: "<i",
    _F.TYPE_FLOAT: "<f",
    _F.TYPE_FIXED64: "<Q",
    _F.TYPE_SFIXED64: "<q",
    _F.TYPE_DOUBLE: "<d",
}


def wire_type(field: FieldDescriptor) -> str:
    """The wire type of one value of the field; what a packed list looks like is for the caller to know."""
    return WIRE_TYPES[field.type]


def packs(field: FieldDescriptor) -> bool:
    """Whether the writer puts all values of the field into one length-delimited piece."""
    return field.is_repeated and bool(field.is_packed)


def may_be_packed(field: FieldDescriptor) -> bool:
    """Whether a reader of the field takes packed and unpacked values alike."""
    return field.is_repeated and WIRE_TYPES[field.type] in (VARINT, FIXED32, FIXED64)


def edges(field: FieldDescriptor) -> Sequence[int | float]:
    """The numbers of a type at which conversions show, an everyday one first.

    An open enum may hold any number of 32 bits, and real writers do send numbers that only a newer schema names.
    """
    if field.type == _F.TYPE_FLOAT:
        return _FLOATS
    if field.type == _F.TYPE_DOUBLE:
        return _DOUBLES
    if field.type == _F.TYPE_ENUM:
        assert field.enum_type is not None, field.full_name
        return _enum_edges(field.enum_type)
    low, high = _RANGES[field.type]
    return [number for number in _EDGES if low <= number <= high]


def _enum_edges(enum: EnumDescriptor) -> list[int]:
    named = list(dict.fromkeys(value.number for value in enum.values))
    if enum.is_closed:
        return named
    spare = next(number for number in range(1, len(named) + 2) if number not in named)
    return list(dict.fromkeys([*named, spare, -1, 2**31 - 1, -(2**31)]))


def reread(number: float, writer: FieldDescriptor, reader: FieldDescriptor) -> int | float:
    """What ``reader`` sees when ``writer`` wrote ``number``, both being numbers of one wire type."""
    if wire_type(writer) == VARINT:
        return _from_varint(_to_varint(int(number), writer.type), reader.type)
    if writer.type == reader.type:
        return number
    read: int | float = struct.unpack(_BITS[reader.type], struct.pack(_BITS[writer.type], number))[0]
    return read


def _to_varint(number: int, type_: int) -> int:
    if type_ in ZIGZAG:
        return (number << 1) ^ (number >> 63) if number >= 0 else ((-number) << 1) - 1
    return number % 2**64


def _signed(raw: int, bits: int) -> int:
    raw %= 2**bits
    return raw - 2**bits if raw >= 2 ** (bits - 1) else raw


def _unzigzag(raw: int) -> int:
    return (raw >> 1) ^ -(raw & 1)


_FROM_VARINT: dict[int, Callable[[int], int]] = {
    _F.TYPE_INT32: lambda raw: _signed(raw, 32),
    _F.TYPE_ENUM: lambda raw: _signed(raw, 32),
    _F.TYPE_INT64: lambda raw: _signed(raw, 64),
    _F.TYPE_UINT32: lambda raw: raw % 2**32,
    _F.TYPE_UINT64: lambda raw: raw,
    _F.TYPE_BOOL: lambda raw: int(raw != 0),
    _F.TYPE_SINT32: lambda raw: _unzigzag(raw % 2**32),
    _F.TYPE_SINT64: _unzigzag,
}


def _from_varint(raw: int, type_: int) -> int:
    return _FROM_VARINT[type_](raw)
