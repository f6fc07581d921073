"""How long a Protobuf check takes: the registry's rules after parsing, parsing itself, and the decoder's verdict."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from benchmarks.figures import figure
from stream_contracts.schema.format import Edition, Policy, Source
from stream_contracts.schema.protobuf import FORMAT

TARGETS_MS = {50: 1.0, 1000: 100.0}
TYPES = ("int32", "string", "double", "bytes", "bool", "Item", "repeated int64", "map<string, int32>", "Way", "uint64")


def schema(fields: int, extra: str = "") -> Source:
    """A message with so many fields of ten kinds; ``extra`` makes a second version of it."""
    body = "".join(f"  {TYPES[at % len(TYPES)]} field_{at} = {at};\n" for at in range(1, fields + 1))
    types = "  enum Way { NONE = 0; }\n  message Item { int32 x = 1; }\n"
    text = f'syntax = "proto3";\nmessage Pay {{\n{body}{extra}{types}}}\n'
    return Source(text, called=f"{fields} fields")


def median_ms(work: Callable[[], object], times: int) -> float:
    """The median time of one call, in milliseconds."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


def main() -> None:
    """Print one line for each size."""
    print(f"{'fields':>7}{'rules ms':>10}{'parse ms':>10}{'decoder ms':>12}")
    for fields in (10, 50, 100, 1000):
        old, new = schema(fields), schema(fields, f"  string added = {fields + 1};\n")
        before, after = FORMAT.parse(old), FORMAT.parse(new)

        def rules(before: object = before, after: object = after) -> object:
            return FORMAT.differences(before, after, Policy.STRICT, Edition.CONFLUENT_NEXT)

        def reading(fields: int = fields) -> object:
            # A text of its own at each call, so that no cache answers.
            return FORMAT.parse(schema(fields, f"  // {time.perf_counter_ns()}\n"))

        def decoder(before: object = before, after: object = after) -> object:
            return FORMAT.decoding(before, after, 100)

        figures = median_ms(rules, 50), median_ms(reading, 10), median_ms(decoder, 5)
        yardstick = ("parsing one of the two (protoc)", figures[1])
        figure(f"Protobuf rules, {fields} fields", figures[0], "ms", yardstick, TARGETS_MS.get(fields))
        print(f"{fields:>7}{figures[0]:>10.3f}{figures[1]:>10.2f}{figures[2]:>12.2f}")


if __name__ == "__main__":
    main()
