"""The text of an Avro schema: how much of it is read, how deep, and how it becomes JSON."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from stream_contracts.errors import SchemaError

LARGEST_TEXT: Final = 4 * 2**20
"""Characters. Kafka's default record limit, which bounds what a registry can store, is a quarter of it."""
DEEPEST: Final = 100
"""Levels of types inside types. Real schemas stay below twenty."""


def document(text: str, called: str) -> Any:
    """Turn text into JSON, strictly: NaN and Infinity are no JSON."""
    if len(text) > LARGEST_TEXT:
        why = f"the text has {len(text):,} characters, more than the {LARGEST_TEXT:,} that are read"
        raise SchemaError(called, f"{why}; a registry could not store it")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise SchemaError(
            called, f"nested deeper than JSON is read; the limit is {DEEPEST} types inside types"
        ) from None
    except json.JSONDecodeError as error:
        why = f"not JSON: {error.msg}"
        raise SchemaError(called, why, place=f"line {error.lineno} column {error.colno}") from None
    except ValueError as error:
        raise SchemaError(called, f"not JSON: {error}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
