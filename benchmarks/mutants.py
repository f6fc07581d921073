"""How good the corpus is: queries of the judge and rules of Avro, made wrong in one place: which of these it does not tell."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from benchmarks.figures import figure
from benchmarks.mutation import avro, judging


def main(names: tuple[str, ...] = ()) -> None:
    """Print a line for each query and rule (or each of these queries), its survivors below it, and the sums."""
    _told("queries", judging.tried(names) if names else judging.tried())
    if not names:
        _told("rules of Avro", avro.tried())


def _told(what: str, tried: Iterable[judging.Tried | avro.Tried]) -> None:
    began, times, survived = time.process_time(), 0, 0
    for found in tried:
        times += found.times
        survived += len(found.survivors)
        print(f"{found.name}: {found.times - len(found.survivors)} of {found.times} told", flush=True)
        for mutant in found.survivors:
            print(f"    {mutant.change}", flush=True)
    print(f"{what}: {time.process_time() - began:.0f} s of CPU")
    figure(f"wrong {what} that the corpus tells", times - survived, "of them", (f"all {times}", times))


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
