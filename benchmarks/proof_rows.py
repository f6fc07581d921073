"""What `make proof` found, as data: what was tried, what came of it, what is worse than it should be, and the table of it."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import confluent_kafka

from stream_contracts import __version__
from stream_contracts.contract.load import load
from stream_contracts.stack.blueprint import KAFKA_VERSION, POSTGRES_IMAGE

ROOT = Path(__file__).parents[1]
BUGS = ROOT / "examples/bugs"
DOCUMENT = ROOT / "docs/proof.md"
ROW = re.compile(r"^\| \[([a-z-]+)\]\(\1\) \| (.+?) \| (.+?) \| ([a-z, -]+) \|$", re.MULTILINE)
FOUND = re.compile(r"^\| \[([a-z-]+)\]\(\.\./examples/bugs/\1\) \| [^|]+ \| (?!\*\*)", re.MULTILINE)
LATEST_S = 120.0
"""A wrong pipeline has to be found within this time."""
LEAST_REPLAYS = 2
"""Of three replays so many have to fail."""


@dataclass(frozen=True, slots=True)
class Bug:
    """A row of examples/bugs/README.md."""

    name: str
    mistake: str
    links: str
    anomalies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one sweep, over a wrong pipeline or a right one, or of some plans (``seed`` 0) over a right one.

    ``verdict`` is ``pass``, ``fail``, ``unknown``, or ``broken`` where the attempt itself did not end well; ``told`` says
    what there is to say of it. ``trials`` counts runs until it was found, of a right pipeline those with a fault.
    ``source`` is the state of the harness and the pipeline that it holds for (`source`).
    """

    name: str
    source: str
    verdict: str
    told: str = ""
    seed: int = 1
    rules: Sequence[str] = ()
    struck_at: str = ""
    trials: int = 0
    seconds: float = 0.0
    size: str = ""
    replayed: str = ""
    exercised: int = 0
    moments: int = 0
    others_exercised: int = 0
    others: int = 0
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    day: str = field(default_factory=lambda: f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}")


@cache
def runs_here(folder: Path) -> bool:
    """Whether the extra is installed that a contract's pipelines run on; only those of Flink need one."""
    flink = any(pipeline.flink for pipeline in load(folder).pipelines.values())
    return not flink or bool(find_spec("pyflink"))


def bugs() -> list[Bug]:
    """Every wrong pipeline that can be run here, in the order of the table."""
    rows = ROW.findall((BUGS / "README.md").read_text(encoding="utf-8"))
    return [
        Bug(name, what, links, frozenset(found.split(", ")))
        for name, what, links, found in rows
        if runs_here(BUGS / name)
    ]


def source(folder: Path) -> str:
    """A digest of the harness and of a pipeline's folder: what was found holds as long as neither changes."""
    return hashlib.sha256(_content(ROOT / "harness") + _content(folder)).hexdigest()[:16]


@cache
def _content(folder: Path) -> bytes:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and not any("egg-info" in part for part in path.parts):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.digest()


class Kept:
    """Results on disk, a line each, so that whoever is interrupted goes on where it was."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, tried: Tried) -> None:
        """Keep a result."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(tried)) + "\n")

    def clear(self) -> None:
        """Forget all of them."""
        self._path.unlink(missing_ok=True)

    def of(self, folders: Iterable[tuple[str, Path]]) -> dict[tuple[str, int], Tried]:
        """The last result of each name and seed that still holds; ``folders`` are names with their folders.

        An attempt that broke is no result: it is made again.
        """
        now = {name: source(folder) for name, folder in folders}
        lines = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
        every = [Tried(**json.loads(line)) for line in lines]
        held = (each for each in every if now.get(each.name) == each.source and each.verdict != "broken")
        return {(each.name, each.seed): each for each in held}


def found_before(document: str) -> set[str]:
    """The wrong pipelines that a document says are found."""
    return set(FOUND.findall(document))


def complaints(bug: Bug, tried: Tried, before: set[str]) -> list[str]:
    """What is worse than it should be, where a wrong pipeline was tried."""
    if tried.verdict != "fail":
        worse = ", and it was before: a regression" if bug.name in before else ""
        return [f"{bug.name} was not found{worse}: {tried.verdict} ({tried.told})"]
    told = []
    if not bug.anomalies & set(tried.rules):
        told.append(f"{bug.name} was found by {', '.join(tried.rules)}, not by {', '.join(sorted(bug.anomalies))}")
    if tried.seconds > LATEST_S:
        told.append(f"{bug.name} was found after {tried.seconds:.0f} s")
    if tried.replayed and int(tried.replayed[0]) < LEAST_REPLAYS:
        told.append(f"{bug.name} failed again in {tried.replayed} replays")
    return told


def row(bug: Bug, tried: Tried) -> str:
    """A line of the matrix."""
    name = f"[{bug.name}](../examples/bugs/{bug.name})"
    if tried.verdict != "fail":
        return f"| {name} | {bug.links} | **not found**: {tried.verdict} | | | | | |"
    return (
        f"| {name} | {bug.links} | {', '.join(tried.rules)} | {tried.struck_at} | {tried.trials} "
        f"| {tried.seconds:.1f} | {tried.size} | {tried.replayed or 'no fault to replay'} |"
    )


def control(name: str, tried: Sequence[Tried]) -> str:
    """A line of the right pipelines: what all sweeps of one came to."""
    sweeps = [each for each in tried if each.seed]
    counted = [sum(getattr(each, what) for each in sweeps) for what in _COUNTS]
    alarms = sum(each.verdict == "fail" for each in tried)
    unclear = sum(each.verdict not in ("pass", "fail") for each in tried)
    trials, seconds = sum(each.trials for each in tried), sum(each.seconds for each in tried)
    folder = name.partition(":")[0]
    return (
        f"| [{name}](../{folder}) | {len(sweeps)} | {counted[0]} of {counted[1]} | {counted[2]} of {counted[3]} | {trials} | "
        f"{alarms} | {unclear} | {seconds:.0f} |"
    )


_COUNTS = ("exercised", "moments", "others_exercised", "others")


def written(tried: Sequence[Tried], controls: Sequence[Tried]) -> str:
    """The document."""
    known = {bug.name: bug for bug in bugs()}
    done = {each.name: each for each in tried}
    found = [done[name].seconds for name in known if name in done and done[name].verdict == "fail"]
    left = [name for name in known if name not in done]
    missing = f" Not tried yet: {', '.join(left)}." if left else ""
    times = f", half of them within {median(found):.1f} s, the last after {max(found):.1f} s" if found else ""
    names = list(dict.fromkeys(each.name for each in controls))
    trials, alarms = sum(each.trials for each in controls), sum(each.verdict == "fail" for each in controls)
    return "\n".join(
        [
            "# The proof", "",
            "Written by `make proof`. Each pipeline of [examples/bugs](../examples/bugs) makes a mistake that was seen in",
            "public; the harness does not know them, and is run with its default settings. Below are the right pipelines",
            "of [contracts](../contracts), which have to pass under every fault.", "",
            *machine([*tried, *controls]), "",
            f"{len(found)} of {len(known)} found{times}.{missing}", "",
            "| bug | where it happened | found by | fault and moment | trials | seconds | shrunk to | replays |",
            "|---|---|---|---|---|---|---|---|",
            *(row(known[name], done[name]) for name in known if name in done), "",
            "*trials*, *seconds*: until it was found, runs without faults included; it was made smaller afterwards.",
            "", "## Controls", "",
            f"{trials} trials with faults, {alarms} alarms. `make proof CONTROLS=1000` goes on until there are so many.", "",
            "| right pipeline | sweeps | kills exercised | other faults exercised | trials with faults | alarms "
            "| nothing could be said | seconds |",
            "|---|---|---|---|---|---|---|---|",
            *(control(name, [each for each in controls if each.name == name]) for name in names), "",
        ]
    )  # fmt: skip


def machine(tried: Sequence[Tried]) -> Iterator[str]:
    """When, with what, and on what machine."""
    library, client = confluent_kafka.libversion()[0], confluent_kafka.version()
    days = sorted({each.day for each in tried}) or [""]
    loads = sorted(each.load for each in tried) or [0.0]
    yield (
        f"{' to '.join(dict.fromkeys([days[0], days[-1]]))}, stream-contracts {__version__}, Kafka {KAFKA_VERSION}, "
        f"confluent-kafka {client} (librdkafka {library}), {POSTGRES_IMAGE.replace(':', ' ')}, "
        f"Python {platform.python_version()}"
    )
    yield (
        f"({platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {loads[0]:.1f} to {loads[-1]:.1f}: "
        "above the number of cores, seconds are longer than they would be)."
    )
