"""The kill matrix: every wrong pipeline of examples/bugs has to be found, and no right one may be accused.

``python -m benchmarks.proof`` tries all of them, and then the contracts of `contracts/` as controls, with the settings
that anybody has by default; it writes docs/proof.md. With names (``acks-one contracts/orders``) or ``--sample`` it only
prints. It fails where a wrong pipeline is not found, is found late or by another anomaly than its row in
examples/bugs/README.md names, does not fail again, or where a right one does not pass.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import confluent_kafka

from stream_contracts import __version__
from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.findings import Severity, Verdict
from stream_contracts.stack.blueprint import KAFKA_VERSION, POSTGRES_IMAGE
from stream_contracts.trial.proof import Proof
from stream_contracts.trial.session import Session, Settings
from stream_contracts.workload.plan import Plan

ROOT = Path(__file__).parents[1]
BUGS = ROOT / "examples/bugs"
ROW = re.compile(r"^\| \[([a-z-]+)\]\(\1\) \| (.+?) \| (.+?) \| ([a-z, -]+) \|$", re.MULTILINE)
SAMPLE = (
    "offsets-after-transaction", "commit-before-write", "buffer-filled-again", "group-metadata-before-joining",
    "dirty-reads", "retries-without-idempotence", "contracts/orders", "contracts/totals",
)  # fmt: skip
"""About ten minutes: a bug for each way of being found, and two controls."""
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


def bugs() -> list[Bug]:
    """Every wrong pipeline, in the order of the table."""
    rows = ROW.findall((BUGS / "README.md").read_text(encoding="utf-8"))
    return [Bug(name, what, links, frozenset(found.split(", "))) for name, what, links, found in rows]


def complaints(bug: Bug, proof: Proof) -> list[str]:
    """What is worse than it should be, where a wrong pipeline was tried."""
    found = rules(proof)
    if proof.judgement.verdict is not Verdict.FAIL:
        return [f"{bug.name} was not found: {proof.judgement.verdict.value} ({proof.told})"]
    told = []
    if not bug.anomalies & set(found):
        told.append(f"{bug.name} was found by {', '.join(found)}, not by {', '.join(sorted(bug.anomalies))}")
    if proof.found_after_s > LATEST_S:
        told.append(f"{bug.name} was found after {proof.found_after_s:.0f} s")
    if proof.replayed and int(proof.replayed[0]) < LEAST_REPLAYS:
        told.append(f"{bug.name} failed again in {proof.replayed} replays")
    return told


def rules(proof: Proof) -> list[str]:
    """The anomalies that broke the promise."""
    return sorted({each.rule for each in proof.judgement.findings if each.severity is Severity.ERROR})


def events(contract: Contract, pipeline: str, plan: Plan) -> str:
    """How many faults and events a plan has, as ``1 fault, 2 of 12 events``."""
    captured = pipeline not in contract.pipelines
    whole = contract.cdc[pipeline].workload.units if captured else contract.pipelines[pipeline].workload.events
    count = len(plan.strikes)
    faults = f"{count} fault{'s' * (count != 1)}" if count else "no fault"
    return f"{faults}, {len(plan.events) or whole} of {whole} events"


def row(bug: Bug, proof: Proof, size: str) -> str:
    """A line of the matrix."""
    name = f"[{bug.name}](../examples/bugs/{bug.name})"
    if proof.judgement.verdict is not Verdict.FAIL:
        return f"| {name} | {bug.links} | **not found**: {proof.judgement.verdict.value} | | | | | |"
    return (
        f"| {name} | {bug.links} | {', '.join(rules(proof))} | {proof.struck_at} | {proof.found_after} "
        f"| {proof.found_after_s:.1f} | {size} | {proof.replayed or 'no fault to replay'} |"
    )


class Matrix:
    """What was found so far, and what is wrong with it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.rows: list[str] = []
        self.controls: list[str] = []
        self.wrong: list[str] = []
        self.seconds: list[float] = []

    def bug(self, bug: Bug) -> None:
        """Try a wrong pipeline."""
        contract = load(BUGS / bug.name)
        pipeline, proof = self._proved(contract)
        size = ""
        if proof.judgement.verdict is Verdict.FAIL:
            self.seconds.append(proof.found_after_s)
            if proof.folder is not None:
                plan = Plan.from_json((proof.folder / "plan.json").read_text(encoding="utf-8"))
                size = events(contract, pipeline, plan)
        self.rows.append(row(bug, proof, size))
        self.wrong += complaints(bug, proof)
        print(self.rows[-1], flush=True)

    def control(self, folder: str) -> None:
        """Try a right pipeline."""
        _, proof = self._proved(load(ROOT / folder))
        verdict = proof.judgement.verdict
        self.controls.append(
            f"| [{folder}](../{folder}) | {verdict.value} | {proof.exercised} of {proof.moments} | "
            f"{proof.others_exercised} of {proof.others} | {proof.trials} | {proof.seconds:.0f} |"
        )
        if verdict is not Verdict.PASS:
            self.wrong.append(f"{folder} is right, and was told: {proof.explained()}")
        print(self.controls[-1], flush=True)

    def _proved(self, contract: Contract) -> tuple[str, Proof]:
        """The one pipeline of a contract, or its one captured table, tried."""
        (name,) = (*contract.pipelines, *contract.tried_captures)
        prove = self._session.prove if name in contract.pipelines else self._session.prove_capture
        return name, prove(contract, name, lambda _: None)

    def written(self) -> str:
        """The document."""
        found = f"{len(self.seconds)} of {len(self.rows)} found"
        left = [bug.name for bug in bugs() if not any(line.startswith(f"| [{bug.name}](") for line in self.rows)]
        missing = f" Not tried in this run: {', '.join(left)}." if left else ""
        times = f", half of them within {median(self.seconds):.1f} s, the last after {max(self.seconds):.1f} s"
        return "\n".join(
            [
                "# The proof", "",
                "Written by `make proof`. Each pipeline of [examples/bugs](../examples/bugs) makes a mistake that was seen in",
                "public; the harness does not know them, and is run with its default settings. Below are the right pipelines",
                "of [contracts](../contracts), which have to pass under every fault of a sweep.", "",
                *machine(), "",
                f"{found}{times if self.seconds else ''}.{missing}", "",
                "| bug | where it happened | found by | fault and moment | trials | seconds | shrunk to | replays |",
                "|---|---|---|---|---|---|---|---|", *self.rows, "",
                "*trials*, *seconds*: until it was found, runs without faults included; it was made smaller afterwards.",
                "", "## Controls", "",
                "| contract | verdict | kills exercised | other faults exercised | trials | seconds |",
                "|---|---|---|---|---|---|", *self.controls, "",
            ]
        )  # fmt: skip


def machine() -> Iterator[str]:
    """When, with what, and on what machine."""
    library, client = confluent_kafka.libversion()[0], confluent_kafka.version()
    yield (
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, stream-contracts {__version__}, Kafka {KAFKA_VERSION}, "
        f"confluent-kafka {client} (librdkafka {library}), {POSTGRES_IMAGE.replace(':', ' ')}, "
        f"Python {platform.python_version()}"
    )
    yield f"({platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f})."


def main(arguments: Sequence[str] = ()) -> int:
    """Run the matrix, all of it or some; 1 where something is worse than it should be."""
    names = list(SAMPLE) if "--sample" in arguments else list(arguments)
    known = {bug.name: bug for bug in bugs()}
    controls = sorted(str(path.parent.relative_to(ROOT)) for path in (ROOT / "contracts").glob("*/contract.yaml"))
    unknown = [name for name in names if name not in {*known, *controls}]
    if unknown:
        sys.stderr.write(f"neither a bug nor a control: {', '.join(unknown)}\n")
        return 2
    with Session(Settings(), lambda _: None) as session:
        matrix = Matrix(session)
        for name in names or [*known, *controls]:
            matrix.bug(known[name]) if name in known else matrix.control(name)
            if not names:
                (ROOT / "docs/proof.md").write_text(matrix.written(), encoding="utf-8")
    for wrong in matrix.wrong:
        sys.stderr.write(f"{wrong}\n")
    return 1 if matrix.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
