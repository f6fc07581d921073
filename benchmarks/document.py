"""The document of the benchmarks: what was measured, on what, beside what, how to repeat it, and where we lose."""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Figure, shown

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Bench:
    """A benchmark: its module, how long it may take, and what it measures."""

    module: str
    bound_s: float
    measures: str


BENCHMARKS = {
    "off": Bench("plugin_off", 300, "an empty pytest run with the plugin installed, and without it, in turn"),
    "stack": Bench(
        "stack_all", 300, "from the call until a stack can be used, caches warm; beside a JVM that ends at once"
    ),
    "sweep": Bench(
        "sweep", 300, "trials with a kill at 16 moments of contracts/orders or fewer, on one broker and on three"
    ),
    "shrink": Bench("shrinking", 300, "a failing plan of 40 events and 3 faults is made small"),
    "tap": Bench("tap", 400, "100,000 records of 1,000 bytes by librdkafka, through the tap and past it, in turn"),
    "judge": Bench("judge", 300, "ten million records, ten of them lost, from Parquet; beside one anti-join of them"),
    "mutants": Bench("mutants", 900, "the judge's queries, each made wrong in one place, against their corpus"),
    "cdc": Bench(
        "change",
        300,
        "from the commit of an INSERT until its event is judged by a second slot; beside when a consumer has it",
    ),
    "registry": Bench(
        "registry_load", 180, "32 connections of a second process; beside a server with a constant answer"
    ),
    "gate": Bench(
        "gate", 400, "1,000 subjects of 20 former versions, transitive; beside reading and parsing them once"
    ),
    "avro": Bench("avro_checks", 180, "Avro's registry rules, beside Avro's own Java checker"),
    "json": Bench("jsonschema_checks", 180, "JSON Schema's registry rules; beside parsing a text"),
    "protobuf": Bench("protobuf_checks", 180, "Protobuf's registry rules; beside parsing a text with protoc"),
    "migrations": Bench("migrations", 180, "the migration gate for 50 tables; beside the same where nothing changed"),
    "demo": Bench("demo", 1200, "`make demo` in a fresh clone with an empty cache, and once more"),
}
"""Name -> benchmark, in the order in which they are run."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a benchmark; ``failed`` says why where it did."""

    name: str
    output: str
    figures: Sequence[Figure]
    failed: str
    load: float
    seconds: float
    day: str = field(default_factory=lambda: f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}")


def read_figures(path: Path) -> list[Figure]:
    """The figures that a benchmark handed over."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [Figure(**json.loads(line)) for line in lines]


def written(done: Sequence[Done]) -> str:
    """The document."""
    figures = [figure for each in done for figure in each.figures]
    lost = [f"- {figure}" for figure in figures if not figure.met]
    lost += [f"- `{each.name}` failed: {each.failed}" for each in done if each.failed]
    return "\n".join(
        [
            "# Benchmarks", "",
            "Written by `make bench`. Each figure stands beside a yardstick of the same run, for a second on one machine is none",
            "on another; *times* is the figure divided by the yardstick.", "",
            *machine(done), "",
            "| what | measured | target | yardstick | times | |", "|---|---|---|---|---|---|",
            *(line(figure) for figure in figures), "",
            "## Where we lose", "", *(lost or ["Nowhere in this run."]), "",
            "## What was measured, and how to repeat it", "",
            "| command | what | bound | took | load at its start |", "|---|---|---|---|---|",
            *map(repeated, done), "",
            "## What they printed", "",
            *(part for each in done for part in (f"### {each.name}", "", "```text", each.output.strip()[-4000:], "```", "")),
        ]
    )  # fmt: skip


def repeated(done: Done) -> str:
    """What was measured, and how to repeat it, as a row."""
    bench = BENCHMARKS[done.name]
    took = done.failed or f"{done.seconds:.0f} s"
    return f"| `python -m benchmarks {done.name}` | {bench.measures} | {bench.bound_s:g} s | {took} | {done.load:.1f} |"


def line(figure: Figure) -> str:
    """A row of the table."""
    verdict = "" if figure.target is None else "ok" if figure.met else "**missed**"
    return (
        f"| {figure.what} | {shown(figure.value)} {figure.unit} | {figure.wanted} | {figure.yardstick} | "
        f"{shown(figure.ratio)} | {verdict} |"
    )


def machine(done: Sequence[Done]) -> Iterator[str]:
    """On what."""
    loads = sorted(each.load for each in done) or [0.0]
    yield (
        f"{done[-1].day if done else ''}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, load {loads[0]:.1f} to {loads[-1]:.1f}"
    )
    yield "(above the number of cores, seconds are longer than they would be, and ratios are what counts)."
