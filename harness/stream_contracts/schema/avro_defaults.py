"""Is a field's default a value of its type? Registries accept it either way; readers do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from stream_contracts.schema.avro_model import ABSENT, Array, Enum, Fixed, Map, Node, Record, Union

INT: Final = (-(2**31), 2**31 - 1)
LONG: Final = (-(2**63), 2**63 - 1)


def fits(node: Node, value: Any) -> bool:
    """Whether a JSON value is a default of this type (specification, "default"; a union takes any of its branches)."""
    if isinstance(node, Union):
        return any(fits(branch, value) for branch in node.branches)
    if isinstance(node, Record):
        return isinstance(value, dict) and all(
            fits(field.node, value[field.name]) if field.name in value else field.default is not ABSENT
            for field in node.fields
        )
    if isinstance(node, Array):
        return isinstance(value, list) and all(fits(node.items, item) for item in value)
    if isinstance(node, Map):
        return isinstance(value, dict) and all(fits(node.values, item) for item in value.values())
    if isinstance(node, Enum):
        return isinstance(value, str) and value in node.symbols
    if isinstance(node, Fixed):
        return _is_byte_text(value) and len(value) == node.size
    return _PRIMITIVE[node.type](value)


def default_complaint(node: Node, value: Any) -> str:
    """Say what is wrong with a default, or nothing."""
    if not fits(node, value):
        return f"the default {value!r} is not a value of type {node.type}"
    if isinstance(node, Union) and node.branches and not fits(node.branches[0], value):
        first = node.branches[0].type
        return f"the default {value!r} is not a value of the union's first branch, {first}: older readers fail"
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any, bounds: tuple[int, int]) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and bounds[0] <= value <= bounds[1]


def _is_byte_text(value: Any) -> bool:
    return isinstance(value, str) and all(ord(letter) < 256 for letter in value)


_PRIMITIVE: Final[dict[str, Callable[[Any], bool]]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "int": lambda value: _whole(value, INT),
    "long": lambda value: _whole(value, LONG),
    "float": _is_number,
    "double": _is_number,
    "string": lambda value: isinstance(value, str),
    "bytes": _is_byte_text,
}
