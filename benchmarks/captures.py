"""Captured tables: from an INSERT to its judged event, and how long a trial takes."""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from stream_contracts.cdc.load import last
from stream_contracts.contract.load import load
from stream_contracts.trial.capture_case import CaptureCase
from stream_contracts.trial.session import Session, Settings
from stream_contracts.workload.plan import Plan

SOURCE = Path("contracts/users_cdc")
EVENTS = 60
TARGET_MS = 50.0
TRIALS = 5


def main() -> None:
    """Print the median time from a change to its record, read and decoded, and that of a trial without faults."""
    contract = load(SOURCE)
    (capture,) = contract.tried_captures
    with TemporaryDirectory() as keep, Session(Settings(keep_in=Path(keep)), lambda _: None) as session:
        with session.capture_arena(contract, capture) as arena:
            plan = Plan(contract.name, capture, 1)
            arena.folder.mkdir(parents=True)
            with CaptureCase(arena, arena.folder, 0, plan) as case:
                case.instance_of_it.start()
                times = [_timed(case) for _ in range(EVENTS)][EVENTS // 4 :]
        began = time.perf_counter()
        for _ in range(TRIALS):
            session.replay(contract, plan, lambda _: None)
        each = (time.perf_counter() - began) / TRIALS
    load_now = os.getloadavg()[0]
    print(
        f"INSERT to judged event: median {1000 * median(times):.0f} ms, best {1000 * min(times):.0f} ms of {len(times)} "
        f"(target {TARGET_MS:g} ms); a trial without faults {each:.1f} s (load {load_now:.1f})"
    )


def _timed(case: CaptureCase) -> float:
    while not case.source.streams():
        time.sleep(0.05)
    began = time.perf_counter()
    case.load.run([last(case.source.table, 1)])
    position = case.source.changes()[-1].position
    while not case.passed(position):
        if time.perf_counter() - began > 30:
            raise TimeoutError("the change was not told within 30 s")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
