"""The kill matrix: every wrong pipeline of examples/bugs has to be found, and no right one may be accused.

``python -m benchmarks.proof`` tries all of them, and then the contracts of `contracts/` as controls, with the settings
that anybody has by default; after each it writes docs/proof.md. What was tried is kept in ``.stream-contracts``: whoever is
interrupted, or has no time left (``--within SECONDS``, by default half an hour), goes on by the same command, as long as
neither harness nor pipeline change; ``--fresh`` begins anew. ``--controls N`` tries right pipelines only, seed after
seed, until N trials with faults were made in all, or with names of these. With names (``acks-one contracts/orders``) or
``--sample`` it only prints, without ``--controls``.

It fails where a wrong pipeline is not found, is found late or by another anomaly than its row in examples/bugs/README.md
names, does not fail again, or where a right one does not pass; what the committed document calls found and is not found now
is told as a regression.
"""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic

from benchmarks.proof_rows import (
    BUGS,
    DOCUMENT,
    ROOT,
    Kept,
    Tried,
    bugs,
    complaints,
    control,
    found_before,
    row,
    runs_here,
    source,
    written,
)
from benchmarks.proof_trial import KEPT, THREE, subjects
from stream_contracts.contract.load import load

SAMPLE = (
    "offsets-after-transaction", "commit-before-write", "buffer-filled-again", "group-metadata-before-joining",
    "dirty-reads", "retries-without-idempotence", "contracts/orders", "contracts/totals",
)  # fmt: skip
"""About ten minutes: a bug for each way of being found, and two controls."""
WITHIN_S = 1800.0
WRONG_S, RIGHT_S = 600.0, 900.0
"""How long one wrong, one right pipeline may take; a sweep of an idle machine takes a tenth of it."""
BUDGET_S = 120.0
"""The budget of a sweep of ``--controls``: long enough for every fault of the table, and for pairs."""


class Matrix:
    """What was tried so far, kept on disk as it comes."""

    def __init__(self, *, fresh: bool, until: float) -> None:
        self.kept, self._until = Kept(KEPT.parent / "proof.jsonl"), until
        if fresh:
            self.kept.clear()
        committed = subprocess.run(["git", "show", "HEAD:docs/proof.md"], cwd=ROOT, capture_output=True, text=True)
        self.before = found_before(committed.stdout if not committed.returncode else DOCUMENT.read_text("utf-8"))
        self.folders = {bug.name: BUGS / bug.name for bug in bugs()} | {name: folder_of(name) for name in controls()}
        self.tried = self.kept.of(self.folders.items())
        self.left: list[str] = []

    def attempt(self, name: str, seed: int = 1, budget_s: float = 0.0) -> Tried | None:
        """What comes of a pipeline; what is kept, where it was tried before; None where no time is left."""
        if (name, seed) in self.tried:
            return self.tried[name, seed]
        if monotonic() > self._until:
            self.left.append(name)
            return None
        result = tried(name, seed, budget_s, self.folders[name])
        self.tried[name, seed] = result
        self.kept.add(result)
        return result

    @property
    def wrong(self) -> list[Tried]:
        """What came of the wrong pipelines."""
        return [each for (name, _), each in self.tried.items() if name not in controls()]

    @property
    def right(self) -> list[Tried]:
        """What came of the right ones, in the order of their names."""
        return [each for name in controls() for (of, _), each in sorted(self.tried.items()) if of == name]

    def write(self) -> None:
        """Write the document."""
        DOCUMENT.write_text(written(self.wrong, self.right), encoding="utf-8")


def controls() -> list[str]:
    """The right pipelines that can be run here, and one of them on three brokers."""
    paths = (path.parent for path in (ROOT / "contracts").glob("*/contract.yaml"))
    folders = sorted(str(path.relative_to(ROOT)) for path in paths if runs_here(path))
    return [*folders, f"contracts/orders{THREE}"]


def folder_of(name: str) -> Path:
    """Where the contract of a control is."""
    return ROOT / name.removesuffix(THREE)


def tried(name: str, seed: int, budget_s: float, folder: Path) -> Tried:
    """Try a pipeline in a process of its own; one that breaks, or does not end in time, is ``broken``."""
    state, began = source(folder), monotonic()
    command = [sys.executable, "-m", "benchmarks.proof_trial", name, str(seed), str(budget_s)]
    bound = (RIGHT_S + budget_s) * len(subjects(load(folder))) if folder.parent != BUGS else WRONG_S
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            out, errors = child.communicate(timeout=bound)
            return Tried(**json.loads(out.splitlines()[-1]))
        except subprocess.TimeoutExpired:
            told = f"it did not end within {bound:.0f} s"
        except (ValueError, IndexError, TypeError):
            told = f"it ended with {child.returncode}: {errors[-500:]}"
        finally:
            if child.poll() is None:
                child.terminate()
                child.communicate()
    return Tried(name, state, "broken", told, seed, seconds=monotonic() - began)


def bug_rows(matrix: Matrix, names: Sequence[str], *, write: bool) -> Iterator[str]:
    """Try wrong pipelines; yields what is wrong with the harness."""
    for bug in bugs():
        if bug.name in names:
            result = matrix.attempt(bug.name)
            if result is not None:
                print(row(bug, result), flush=True)
                yield from complaints(bug, result, matrix.before)
            if write:
                matrix.write()


def control_rows(matrix: Matrix, names: Sequence[str], *, write: bool) -> Iterator[str]:
    """Try right pipelines, a sweep of each; yields what they were accused of."""
    for name in names:
        for seed in (1, 0):
            result = matrix.attempt(name, seed)
            if result is not None:
                yield from accused(result)
        if write:
            matrix.write()
        print(control(name, [each for each in matrix.right if each.name == name]), flush=True)


def soak(matrix: Matrix, wanted: int, names: Sequence[str]) -> Iterator[str]:
    """Try these right pipelines, the one with the fewest trials first, until so many trials were made of them."""
    began = monotonic()
    while not matrix.left:
        counts = {name: sum(each.trials for each in matrix.right if each.name == name) for name in names}
        if sum(counts.values()) >= wanted:
            return
        name = min(counts, key=lambda name: counts[name])
        # Not 1: that is the sweep with the default budget.
        seed = next(seed for seed in itertools.chain((0,), itertools.count(2)) if (name, seed) not in matrix.tried)
        result = matrix.attempt(name, seed, BUDGET_S)
        if result is not None:
            done = sum(counts.values()) + result.trials
            print(
                f"{monotonic() - began:5.0f} s  {done} of {wanted} trials  {name}, seed {seed}: {result.verdict}",
                flush=True,
            )
            matrix.write()
            yield from accused(result)


def accused(result: Tried) -> Iterator[str]:
    """What a right pipeline was told."""
    if result.verdict != "pass":
        yield f"{result.name} (seed {result.seed}) is right, and was told {result.verdict}: {result.told}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the matrix, all of it or some; 1 where something is worse than it should be, or was not tried."""
    asked = _parsed(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that who is on trial ends too
    known = [bug.name for bug in bugs()]
    names = list(SAMPLE) if asked.sample else asked.names
    unknown = [name for name in names if name not in {*known, *controls()}]
    if unknown:
        sys.stderr.write(f"neither a bug nor a control: {', '.join(unknown)}\n")
        return 2
    matrix = Matrix(fresh=asked.fresh, until=monotonic() + asked.within)
    if asked.controls:
        wrong = list(soak(matrix, asked.controls, names or controls()))
    else:
        chosen, write = names or [*known, *controls()], not names
        wrong = [*bug_rows(matrix, chosen, write=write)]
        wrong += control_rows(matrix, [name for name in controls() if name in chosen], write=write)
    if matrix.left:
        wrong.append(f"no time was left for {', '.join(dict.fromkeys(matrix.left))}: the same command goes on")
    for each in wrong:
        sys.stderr.write(f"{each}\n")
    return 1 if wrong else 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proof", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="wrong or right pipelines; all of them by default")
    parser.add_argument("--sample", action="store_true", help="a part of it, ten minutes")
    parser.add_argument("--fresh", action="store_true", help="forget what was tried before")
    parser.add_argument(
        "--within", type=float, default=WITHIN_S, metavar="SECONDS", help="begin nothing after this time"
    )
    parser.add_argument(
        "--controls", type=int, default=0, metavar="N", help="right pipelines, until N trials were made"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
