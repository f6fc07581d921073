"""Topics as they are configured: what a contract lets happen to what it keeps, whatever its pipelines do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from stream_contracts.contract.model import Contract
from stream_contracts.findings import Rule, Severity
from stream_contracts.gate.settings import duration, number, retention, setting
from stream_contracts.gate.states import Hit

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def one_partition(contract: Contract) -> Iterator[Hit]:
    """Nothing can be read in parallel."""
    for name, topic in contract.topics.items():
        if topic.partitions == 1:
            yield Hit(name, contract.place("topics", name, "partitions"), f"{name} has one partition")


def few_replicas(contract: Contract) -> Iterator[Hit]:
    """A broker in repair and another one that fails lose data."""
    for name, topic in contract.topics.items():
        if topic.replication < 3:
            place = contract.place("topics", name, "replication")
            yield Hit(name, place, f"{name} has a replication factor of {topic.replication}")


def min_insync_unfit(contract: Contract) -> Iterator[Hit]:
    """One copy counts as written, or no broker may be down."""
    for name, topic in contract.topics.items():
        wanted = number(setting(topic, "min.insync.replicas")) or 1
        if topic.replication > 1 and not 2 <= wanted < topic.replication:
            place = contract.place("topics", name, "config", "min.insync.replicas")
            yield Hit(name, place, f"{name}: min.insync.replicas is {wanted:g} with {topic.replication} replicas")


def retention_short(contract: Contract) -> Iterator[Hit]:
    """Records go before a reader that was away can be back."""
    for name, topic in contract.topics.items():
        kept = setting(topic, "retention.ms")
        if "delete" in setting(topic, "cleanup.policy") and retention(kept) < DAY_MS:
            place = contract.place("topics", name, "config", "retention.ms")
            yield Hit(name, place, f"{name}: retention.ms is {duration('retention.ms', kept)}")


def tombstones_short(contract: Contract) -> Iterator[Hit]:
    """A tombstone goes before every reader has seen it."""
    for name, topic in contract.topics.items():
        kept = setting(topic, "delete.retention.ms")
        if "compact" in setting(topic, "cleanup.policy") and retention(kept) < HOUR_MS:
            place = contract.place("topics", name, "config", "delete.retention.ms")
            yield Hit(name, place, f"{name}: delete.retention.ms is {duration('delete.retention.ms', kept)}")


def unclean_election(contract: Contract) -> Iterator[Hit]:
    """A replica that lacks acknowledged records may become leader."""
    for name, topic in contract.topics.items():
        if setting(topic, "unclean.leader.election.enable") == "true":
            place = contract.place("topics", name, "config", "unclean.leader.election.enable")
            yield Hit(name, place, f"{name}: unclean.leader.election.enable is true")


def idle_instances(contract: Contract) -> Iterator[Hit]:
    """There are more instances than partitions that could be dealt out."""
    for name, pipeline in contract.pipelines.items():
        most = max(contract.topics[topic].partitions for topic in pipeline.reads)
        if pipeline.instances > most:
            what = (
                f"{name} has {pipeline.instances} instances, and no topic that it reads has more than {most} partitions"
            )
            yield Hit(name, contract.place("pipelines", name, "instances"), what)


def replay_without_history(contract: Contract) -> Iterator[Hit]:
    """What would have to be read again is not there any more."""
    for name, pipeline in contract.pipelines.items():
        for topic in pipeline.reads if pipeline.promises.replay else ():
            found = contract.topics[topic]
            policy, kept = setting(found, "cleanup.policy"), setting(found, "retention.ms")
            limits = [f"retention.ms is {duration('retention.ms', kept)}"] * (retention(kept) < float("inf"))
            limits += [f"cleanup.policy is {policy}"] * ("compact" in policy)
            if limits:
                place = contract.place("pipelines", name, "promises", "replay")
                yield Hit(name, place, f"{name} promises replay, and of {topic} {' and '.join(limits)}", topic)


ADVICE: Final[tuple[tuple[Rule, Callable[[Contract], Iterator[Hit]]], ...]] = (
    (Rule("topic-one-partition",
          "One reader at a time does all the work, and the number cannot grow without breaking the order per key.",
          "Give it as many partitions as readers may ever work side by side.",
          "orders: {partitions: 1}", Severity.WARNING), one_partition),
    (Rule("topic-replication-low",
          "With fewer than three copies, one broker in repair and one that fails lose data or stop writes.",
          "replication: 3, with min.insync.replicas: 2.",
          "orders: {replication: 1}", Severity.WARNING), few_replicas),
    (Rule("topic-min-insync-unfit",
          "With 1, a record may be acknowledged that only one broker has; with all of them, no broker may be down.",
          "Set it to the replication factor minus one, and let producers write with acks=all.",
          "orders: {replication: 3}   – and nothing about min.insync.replicas", Severity.WARNING), min_insync_unfit),
    (Rule("topic-retention-short",
          "A reader that is away for longer, over a night or a broken deployment, comes back to a hole.",
          "Keep records for as long as your longest outage, and for the time that it takes to be woken: days, not hours.",
          "orders: {config: {retention.ms: 3600000}}", Severity.WARNING), retention_short),
    (Rule("topic-tombstones-short",
          "A reader that rebuilds its state while a tombstone is cleaned away keeps what was deleted.",
          "delete.retention.ms: 86400000, or as long as the slowest reader takes from the beginning to the end.",
          "orders: {config: {cleanup.policy: compact, delete.retention.ms: 60000}}", Severity.WARNING), tombstones_short),
    (Rule("topic-unclean-election",
          "When no replica in sync is left, one that lacks acknowledged records becomes leader, and they are gone.",
          "unclean.leader.election.enable: false: it is better to wait for the broker that has them.",
          "orders: {config: {unclean.leader.election.enable: true}}", Severity.WARNING), unclean_election),
    (Rule("instances-idle",
          "A partition is read by one member of a group, so the rest stand by and take no load off the others.",
          "Give the topic more partitions, or run fewer instances.",
          "orders: {partitions: 2}   – and the pipeline has instances: 3", Severity.WARNING), idle_instances),
    (Rule("replay-without-history",
          "From offset 0 only what is still there can be read: a state that is rebuilt from it is another one.",
          "retention.ms: -1 and cleanup.policy: delete for a log of events, or begin a rebuild at a snapshot.",
          "promises: {replay: true}   – and the input is compacted, or deleted after a week",
          Severity.WARNING), replay_without_history),
)  # fmt: skip
"""Advice on topics and how it is come by; each row has its case and its near miss in tests/gate/test_lint.py."""
