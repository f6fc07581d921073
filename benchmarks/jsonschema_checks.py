"""JSON Schema checks: how long the registry rules take by width, by branches, in recursion, and a decoder proof."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import count
from typing import Any, Final

from benchmarks.figures import figure
from stream_contracts.schema.format import Edition, Policy, Source
from stream_contracts.schema.jsonschema import decoding, differences, parse

TARGETS_MS: Final = {50: 1.0, 200: 5.0, 1000: 100.0}
BUDGET: Final = 1_000
MORE: Final = count(1)
"""Spaces behind a text, so that no cache answers."""


def wide(width: int, *, newer: bool) -> str:
    """A closed object of mixed properties; the newer one is a little wider everywhere."""
    more = 1 if newer else 0
    choices: tuple[dict[str, Any], ...] = (
        {"type": "string", "maxLength": 10 + more},
        {"type": "number" if newer else "integer", "minimum": 0},
        {"type": ["null", "string"]},
        {"type": "array", "items": {"type": "string"}, "maxItems": 5 + more},
        {"type": "object", "properties": {"inner": {"enum": ["a", "b", "c"][: 2 + more]}}},
    )
    properties = {f"property_{at}": choices[at % len(choices)] for at in range(width)}
    return json.dumps({"type": "object", "properties": properties, "additionalProperties": False})


def branches(count: int) -> str:
    """A oneOf of objects that differ in their titles."""
    properties = {f"k{at}": {"type": "string"} for at in range(10)}
    union = [{"type": "object", "title": f"t{at}", "properties": properties} for at in range(count)]
    return json.dumps({"oneOf": union})


def recursive(kind: str) -> str:
    """Twelve types, each of which is a union of objects that hold any of the twelve."""
    boxed = [{"type": "object", "properties": {"x": {"$ref": f"#/definitions/T{at}"}}} for at in range(12)]
    definitions = {f"T{at}": {"oneOf": [{"type": kind}, *boxed]} for at in range(12)}
    return json.dumps({"definitions": definitions, "oneOf": [{"$ref": "#/definitions/T0"}, {"type": "null"}]})


def best_ms(work: Callable[[], object], rounds: int = 10) -> float:
    """Milliseconds of one call, the best of some."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best * 1000


def check(old: str, new: str, edition: Edition = Edition.CONFLUENT_NEXT) -> Callable[[], object]:
    """One registry check of parsed schemas."""
    original, update = parse(Source(old)), parse(Source(new))
    return lambda: differences(original, update, Policy.STRICT, edition)


def main() -> None:
    """Print the figures, those with a target beside it."""
    for width, target in TARGETS_MS.items():
        took = best_ms(check(wide(width, newer=False), wide(width, newer=True)))
        once = best_ms(lambda width=width: parse(Source(wide(width, newer=False) + " " * next(MORE))), 3)
        figure(f"JSON Schema rules, {width} properties", took, "ms", ("parsing one of the two", once), target)
    start = time.perf_counter()
    parse(Source(wide(1000, newer=False) + " "))
    print(f"json: parse, 1000 properties, once per content: {(time.perf_counter() - start) * 1000:.1f} ms")
    print(f"json: oneOf of 32 object branches: {best_ms(check(branches(32), branches(32))):.1f} ms")
    for edition in Edition:
        took = best_ms(check(recursive("string"), recursive("integer"), edition), rounds=1)
        print(f"json: 12 mutually recursive oneOf types, {edition.value}: {took:.0f} ms")
    pair = parse(Source(wide(50, newer=False))), parse(Source(wide(50, newer=True)))
    print(f"json: decoder, 50 properties, proved: {best_ms(lambda: decoding(*pair, BUDGET), 3):.0f} ms")
    print(f"json: decoder, 50 properties, witness: {best_ms(lambda: decoding(*pair[::-1], BUDGET), 3):.0f} ms")


if __name__ == "__main__":
    main()
