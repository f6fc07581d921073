"""How good the tests of what judges are: queries, views, rules and decisions, each made wrong in one place: what is not told?"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from benchmarks.figures import figure
from benchmarks.mutation import judging, room
from benchmarks.mutation.rooms import ROOMS


def main(names: Sequence[str] = ()) -> int:
    """Print a line for each query, or for each of these queries and modules of these rooms, survivors below it, and the sums."""
    asked = [name for name in names if name not in ROOMS]
    if asked or not names:
        _queries(tuple(asked))
    return max([_room(name) for name in ROOMS if name in names], default=0)


def _queries(names: tuple[str, ...]) -> None:
    began, times, survived = time.process_time(), 0, 0
    for found in judging.tried(names) if names else judging.tried():
        times += found.times
        survived += len(found.survivors)
        _listed(found.name, found.times, [each.change for each in found.survivors])
    print(f"queries: {time.process_time() - began:.0f} s of CPU")
    figure("wrong queries that the corpus tells", times - survived, "of them", (f"all {times}", times))


def _room(name: str) -> int:
    found: list[room.Tried] = []

    def tell(tried: room.Tried) -> None:
        found.append(tried)
        _listed(tried.name, tried.times, [*tried.survivors, *(f"unreached {each}" for each in tried.unreached)])

    ended = room.tried(name, ROOMS[name], tell)
    times, told = sum(each.times for each in found), sum(each.told for each in found)
    print(f"{name}: {sum(each.by_time for each in found)} of the told ones did not end in time")
    figure(f"wrong versions of {name} that its tests tell", told, "of them", (f"all {times}", times or 1))
    return ended


def _listed(name: str, times: int, survivors: Sequence[str]) -> None:
    print(f"{name}: {times - len(survivors)} of {times} told", flush=True)
    for change in survivors:
        print(f"    {change}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
