"""Has a run come to rest? Asked of the brokers, by several signals; never guessed from a silence alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stream_contracts.trial.cluster import READ_COMMITTED, Cluster, Partition
from stream_contracts.wire.lane import Lane


def unfinished(
    cluster: Cluster, lanes: Iterable[Lane], fed: Mapping[Partition, int], outputs: Sequence[Partition]
) -> str | None:
    """What still keeps the run from being at rest, as a sentence; None when nothing does.

    At rest: every fed partition has an offset behind its last event committed by a group that the wire has seen; no
    transaction is open on an output (last stable offset = high watermark); no request that matters is in flight.
    """
    lanes = tuple(lanes)
    left = unread(cluster, lanes, fed)
    if left is not None:
        return left
    stable, ends = cluster.ends(outputs, READ_COMMITTED), cluster.ends(outputs)
    for topic, number in outputs:
        if ends[topic, number] is None or stable[topic, number] is None:
            return f"{topic}-{number} does not say where it ends"
        if stable[topic, number] != ends[topic, number]:
            return f"a transaction is open on {topic}-{number}: readers are blind behind offset {stable[topic, number]}"
    waiting = [lane.instance for lane in lanes if lane.in_flight > 0]
    return f"{', '.join(waiting)} waits for the answer to a request" if waiting else None


def unread(cluster: Cluster, lanes: Iterable[Lane], fed: Mapping[Partition, int]) -> str | None:
    """What of the input is not behind a committed offset of a group that the wire has seen; None when all is."""
    groups = sorted(set().union(*(lane.groups for lane in lanes)))
    if not groups:
        return "no instance has joined a group or committed an offset yet"
    behind = dict(fed)
    for group in groups:
        offsets = cluster.committed(group, fed)
        if offsets is None:
            return f"an offset of group {group} is pending in a transaction"
        behind = {partition: end for partition, end in behind.items() if offsets.get(partition, -1) < end}
    if behind:
        (topic, number), end = min(behind.items())
        return f"{len(behind)} of {len(fed)} input partitions are not consumed to their end ({topic}-{number}@{end})"
    return None
