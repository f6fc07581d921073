"""The text of an Avro schema: how much of it is read, how deep, and how it becomes JSON."""

from __future__ import annotations

import json
import sys
from typing import Any, Final, NoReturn

from stream_contracts.errors import SchemaError
from stream_contracts.schema.json_places import (
    line_and_column,
    place_of_depth,
    place_of_long_number,
    place_of_word,
)

LARGEST_TEXT: Final = 16 * 2**20
"""Characters. Kafka's default record limit, which bounds what a registry can store, is a sixteenth of it."""
MOST_TYPES: Final = 40_000
"""Types in one schema, each field's counted: beyond, a verdict would take a minute. Real schemas stay below a thousand."""
DEEPEST: Final = 100
"""Levels of types inside types. Real schemas stay below twenty."""


def document(text: str, called: str) -> Any:
    """Turn text into JSON, strictly: NaN and Infinity are no JSON."""
    if len(text) > LARGEST_TEXT:
        why = f"the text has {len(text):,} characters, more than the {LARGEST_TEXT:,} that are read"
        place = line_and_column(text, LARGEST_TEXT)
        raise SchemaError(called, f"{why}; a registry could not store it", place=place)

    def constant(name: str) -> NoReturn:
        raise SchemaError(called, f"not JSON: {name} is not a JSON value", place=place_of_word(text, name))

    try:
        return json.loads(text, parse_constant=constant)
    except RecursionError:
        place = place_of_depth(text, 2 * DEEPEST)  # a type inside a type is an object, mostly inside a list
        raise SchemaError(
            called, f"nested deeper than JSON is read; the limit is {DEEPEST} types inside types", place=place
        ) from None
    except json.JSONDecodeError as error:
        why = f"not JSON: {error.msg}"
        raise SchemaError(called, why, place=f"line {error.lineno} column {error.colno}") from None
    except ValueError as error:
        most = sys.get_int_max_str_digits()
        place = place_of_long_number(text, most)
        raise SchemaError(called, f"a number has more than the {most} digits that are read", place=place) from error
