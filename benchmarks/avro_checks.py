"""Avro checks: how long our registry verdict takes, beside Avro's own Java checker in the same run."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import figure
from stream_contracts.schema import format_named
from stream_contracts.schema.avro_parse import parse
from stream_contracts.schema.avro_registry import differences
from stream_contracts.schema.compat import check
from stream_contracts.schema.format import Edition, Policy, Source

sys.path.insert(0, str(Path(__file__).parents[1]))

CHECKS: Final = 20_000
PAIRS: Final = 200
TARGET_S: Final = 2.0
RATIO: Final = 3.0
WIDTHS: Final = (20, 200, 1000)
WIDE_S: Final = 0.1
TYPES: Final[tuple[Any, ...]] = (
    "long",
    "string",
    ["null", "string"],
    "double",
    {"type": "array", "items": "string"},
    {"type": "map", "values": "long"},
    "int",
    {"type": "long", "logicalType": "timestamp-millis"},
)


def record(width: int, salt: int, *, newer: bool) -> str:
    """A record of mixed fields; the newer one has an optional field more and widens its ints."""
    fields: list[dict[str, Any]] = []
    for at in range(width):
        kind = TYPES[(at + salt) % len(TYPES)]
        fields.append({"name": f"field_{at}", "type": "long" if newer and kind == "int" else kind})
    if newer:
        fields.append({"name": f"added_{salt}", "type": ["null", "string"], "default": None})
    return json.dumps({"type": "record", "name": f"Order{salt}", "namespace": "shop", "fields": fields})


def ours(width: int, salt: int) -> float:
    """Seconds of one check on schemas that were parsed before, the best of 20."""
    old, new = (parse(Source(record(width, salt, newer=newer))) for newer in (False, True))
    best = float("inf")
    for _ in range(20):
        start = time.perf_counter()
        differences(old, new, Policy.STRICT, Edition.CONFLUENT_8_3)
        best = min(best, time.perf_counter() - start)
    return best


def many() -> float:
    """Seconds for 20,000 checks of 20-field records by the engine, parsing included (once per content)."""
    form = format_named("AVRO")
    pairs = [(Source(record(20, salt, newer=False)), Source(record(20, salt, newer=True))) for salt in range(PAIRS)]
    start = time.perf_counter()
    for at in range(CHECKS):
        old, new = pairs[at % PAIRS]
        if not check(form, [old], new, "BACKWARD", decode=False).registry:
            raise AssertionError("the benchmark's schemas are compatible")
    return time.perf_counter() - start


def main() -> None:
    """Print the figures, each with its target."""
    from tests.schema.avro.oracle import Oracle

    took = many()
    verdict = "ok" if took <= TARGET_S else "MISSED"
    sys.stdout.write(
        f"avro: {CHECKS:,} checks of 20-field records: {took:.2f} s (target ≤ {TARGET_S} s): {verdict}" + "\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        java = Oracle(Path(folder))
        try:
            for width in WIDTHS:
                row(java, width)
        finally:
            java.close()


def row(java: Any, width: int) -> None:
    """Print one width: ours, Java's, and the ratio."""
    mine = ours(width, 0)
    schemas = {"writer": record(width, 0, newer=False), "reader": record(width, 0, newer=True)}
    theirs = java.ask(**schemas, repeat=5000 if width < 1000 else 1000)["nanoseconds"] / 1e9
    say(f"avro: one check, {width:4} fields: ours {mine * 1e6:8.1f} µs, Java {theirs * 1e6:8.1f} µs")
    yardstick = ("Avro's own Java checker", theirs * 1e6)
    figure(f"Avro rules, one check of {width} fields", mine * 1e6, "µs", yardstick, RATIO, of_ratio=True)


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
