"""Has a run come to rest? Asked of brokers and database, by several signals.

A silence alone is never enough while something that was fed is not accounted for. But a pipeline may keep its offsets
elsewhere than in Kafka, in its database for example; then committed offsets say nothing. So there are two ways to
account for the input: every fed event is behind a committed offset; or the effects that are expected are all there, and it
stays quiet for a while that outlasts a heartbeat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from stream_contracts.trial.cluster import READ_COMMITTED, Cluster, Partition
from stream_contracts.wire.lane import Lane
from stream_contracts.wire.moment import IDLE

QUIET_S = 1.0
"""How long it must be quiet where the expected effects are there, and no committed offset says that this was all."""
QUIET_BEHIND_S = 0.5
"""How long where all input is behind a committed offset, and an expected effect is not there, or nothing is expected yet.

Who commits first and works afterwards is silent while it works.
"""
QUIET_UNKNOWN_S = 5.0
"""How long where nobody joined a group and nothing is expected yet: longer than a heartbeat (3 s)."""
QUIET_GROUP_S = 15.0
"""How long in that case where a group was joined: its members may be about to commit what they work on."""
QUIET_MISSING_S = 10.0
"""How long where nobody joined a group and an expected effect does not come."""
ASK_S = 0.2
"""How often the outputs are read while something still happens."""


class Rest:
    """The signs of rest of one run, remembered from look to look.

    ``lanes`` are those of the instances that count; the sequence may change from look to look. ``sinks`` tells how many
    writes a database has committed and whether a transaction with writes is open in it, where the pipeline has one;
    ``complete`` whether every expected effect is there, None where nothing is expected.
    """

    def __init__(
        self,
        cluster: Cluster,
        lanes: Sequence[Lane],
        outputs: Sequence[Partition],
        clock: Callable[[], float],
        *,
        sinks: Callable[[], tuple[int, bool]] = lambda: (0, False),
        complete: Callable[[], bool | None] = lambda: None,
    ) -> None:
        self._cluster, self._lanes, self._outputs, self._clock = cluster, lanes, outputs, clock
        self._sinks, self._complete = sinks, complete
        self._seen: tuple[int, ...] = ()
        self._seen_at = 0.0
        self._whole: tuple[tuple[object, ...], bool | None] = ((), None)

    def unfinished(self, fed: Mapping[Partition, int]) -> str | None:
        """What still keeps the run from being at rest, as a sentence; None when nothing does."""
        writes, writing = self._sinks()
        self._look(writes, writing=writing)
        behind = _behind(self._cluster, self._lanes, fed)
        if behind is not None and self._quiet_s < QUIET_S:
            return behind
        still = self._open(writing=writing)
        if still is not None:
            self._seen_at = self._clock()
            return behind or still
        if behind is None:
            return (
                None if self._quiet_s >= QUIET_BEHIND_S or self._all_there(self._seen) else "an effect may still come"
            )
        return None if self._accounted() else behind

    def accounted(self, fed: Mapping[Partition, int]) -> bool:
        """Whether every fed event is behind a committed offset, or every expected effect is there."""
        if _behind(self._cluster, self._lanes, fed) is None:
            return True
        return bool(self._all_there(("now", self._sinks()[0], self._moments(), self._clock() // ASK_S)))

    @property
    def _quiet_s(self) -> float:
        return self._clock() - self._seen_at

    def _look(self, writes: int, *, writing: bool) -> None:
        seen = (writes, self._moments(), *(lane.connections for lane in self._lanes))
        busy = writing or any(lane.in_flight > 0 for lane in self._lanes)
        if seen != self._seen or busy or 0 in seen[2:]:  # who has no connection is not there yet, or not there again
            self._seen, self._seen_at = seen, self._clock()

    def _accounted(self) -> bool:
        """Whether this silence is the end: the effects are there, or nothing but silence can tell."""
        whole = self._all_there(("silent", *self._seen))
        if whole:
            return True
        if any(moment.api in COMMITS for lane in self._lanes for moment in tuple(lane.moments)):
            # Without faults, who commits less than it has done, or less often, is as silent as this at its end.
            return whole is None and self._quiet_s >= QUIET_GROUP_S
        if not any(lane.groups for lane in self._lanes):
            return self._quiet_s >= (QUIET_UNKNOWN_S if whole is None else QUIET_MISSING_S)
        # A member that hangs is silent too: what it owes is not lost as long as nobody gave it up.
        return whole is None and self._quiet_s >= QUIET_GROUP_S

    def _moments(self) -> int:
        return sum(moment.api not in IDLE for lane in self._lanes for moment in tuple(lane.moments))

    def _all_there(self, state: tuple[object, ...]) -> bool | None:
        """Whether every expected effect is there. Asking reads every output: once for each state."""
        if self._whole[0] != state:
            self._whole = (state, self._complete())
        return self._whole[1]

    def _open(self, *, writing: bool) -> str | None:
        if writing:
            return "a transaction is open in the database that has written to the tables"
        told = _open_transaction(self._cluster, self._outputs)
        waiting = [lane.instance for lane in self._lanes if lane.in_flight > 0]
        return told or (f"{', '.join(waiting)} waits for the answer to a request" if waiting else None)


COMMITS = ("OffsetCommit", "TxnOffsetCommit")


def _behind(cluster: Cluster, lanes: Iterable[Lane], fed: Mapping[Partition, int]) -> str | None:
    """Which fed partitions have no offset behind their last event committed, by a group that the wire has seen."""
    groups = sorted(set().union(*(lane.groups for lane in lanes)))
    if not groups:
        return "no instance has joined a group or committed an offset yet"
    behind = dict(fed)
    for group in groups:
        offsets = cluster.committed(group, fed)
        if offsets is None:
            return f"an offset of group {group} is pending in a transaction"
        behind = {partition: end for partition, end in behind.items() if offsets.get(partition, -1) < end}
    if not behind:
        return None
    (topic, number), end = min(behind.items())
    return f"{len(behind)} of {len(fed)} input partitions are not consumed to their end ({topic}-{number}@{end})"


def _open_transaction(cluster: Cluster, outputs: Sequence[Partition]) -> str | None:
    """Rest on a topic: no transaction is open on it (last stable offset = high watermark)."""
    stable, ends = cluster.ends(outputs, READ_COMMITTED), cluster.ends(outputs)
    for topic, number in outputs:
        if ends[topic, number] is None or stable[topic, number] is None:
            return f"{topic}-{number} does not say where it ends"
        if stable[topic, number] != ends[topic, number]:
            return f"a transaction is open on {topic}-{number}: readers are blind behind offset {stable[topic, number]}"
    return None
