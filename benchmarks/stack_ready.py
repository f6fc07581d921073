"""How long until a broker answers: process start to a complete Metadata answer, on a warm cache."""

from __future__ import annotations

from statistics import median

from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint

RUNS = 5


def main() -> None:
    """Print median, least and most, for one broker and for three."""
    for brokers in (1, 3):
        timings = []
        for _ in range(RUNS):
            with open_stack("local", Blueprint(brokers=brokers), progress=lambda _: None) as stack:
                timings.append(dict(stack.timings))
        for name in timings[0]:
            seconds = [timing[name] for timing in timings]
            print(
                f"{brokers} broker(s) {name:10} median {median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
            )
