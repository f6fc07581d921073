"""What became weaker between two states of the contracts, schemas aside: the table of rules and their checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from stream_contracts.findings import Finding, Rule, Severity
from stream_contracts.gate import gone, weaker
from stream_contracts.gate.states import Change, Hit

Check = Callable[[Change], Iterator[Hit]]

CHANGES: Final[tuple[tuple[Rule, Check], ...]] = (
    (Rule("topic-deleted",
          "Producers fail, and readers wait for records that never come.",
          "Let nobody read it first (look at its consumer groups), then delete it; waive the finding meanwhile.",
          "topics: {orders: …, refunds: …}   →   topics: {orders: …}"), gone.topic_deleted),
    (Rule("topic-renamed",
          "A topic cannot be renamed: the new one begins empty, and offsets do not go along.",
          "Write to both topics, move the readers, then retire the old one.",
          "topics: {orders: …}   →   topics: {orders.v2: …}, with the same schemas"), gone.topic_renamed),
    (Rule("subject-deleted",
          "Records of that schema are still in the topic, and readers ask the registry for it.",
          "Keep the schema as long as records are kept.",
          "orders: {key: {schema: id.avsc}, value: …}   →   orders: {value: …}"), gone.subject_deleted),
    (Rule("subject-renamed",
          "The history stays with the old subject: the new one begins without a former version, so nothing is compared.",
          "Keep the subject, or register the former versions under the new one first.",
          "value: {schema: order.avsc}   →   value: {schema: order.avsc, subject: shop.Order}"), gone.subject_renamed),
    (Rule("partitions-changed",
          "Keys go to other partitions than before, so the order per key breaks at the change; state in stores is split.",
          "Create a topic with the new number, and move producers and readers over.",
          "partitions: 6   →   partitions: 12"), weaker.partitions_changed),
    (Rule("replication-lowered",
          "Fewer broker failures lose data.",
          "Keep the replication factor; 3 survives one broker in repair and one that fails.",
          "replication: 3   →   replication: 1"), weaker.replication_lowered),
    (Rule("retention-shortened",
          "A reader that is behind, or starts anew, misses what was deleted.",
          "Ask every reader how far back it must be able to go; then shorten, with a waiver until it is done.",
          "retention.ms: 604800000   →   retention.ms: 86400000"), weaker.retention_shortened),
    (Rule("min-insync-lowered",
          "A record may be acknowledged that only one broker has; it is gone with that broker.",
          "Keep min.insync.replicas at the replication factor minus one.",
          "min.insync.replicas: 2   →   min.insync.replicas: 1"), weaker.min_insync_lowered),
    (Rule("message-size-lowered",
          "Records that were accepted are refused, and the producer stops or drops them.",
          "Lower the producers' limit first, and see that nothing larger is sent.",
          "max.message.bytes: 1048588   →   max.message.bytes: 100000"), weaker.message_size_lowered),
    (Rule("cleanup-policy-changed",
          "With compaction old values of a key disappear; without it the last value of a key may disappear by age.",
          "Create a topic with the other policy, and move producers and readers over.",
          "cleanup.policy: compact   →   cleanup.policy: delete"), weaker.cleanup_policy_changed),
    (Rule("unclean-election-enabled",
          "A broker that lags may become leader, and records that were acknowledged are gone.",
          "Leave it off; when all replicas in sync are down, decide by hand.",
          "unclean.leader.election.enable: true"), weaker.unclean_election_enabled),
    (Rule("framing-changed",
          "Readers take the first five bytes for something that they are not.",
          "Write the new framing to a new topic.",
          "framing: confluent   →   framing: none"), weaker.framing_changed),
    (Rule("header-removed",
          "Readers that look for the header find nothing.",
          "Make it optional first, move the readers, then remove it.",
          "headers: {tenant: required}   →   headers: {}"), gone.header_removed),
    (Rule("header-weakened",
          "Readers rely on the header being there on every record.",
          "Go on writing it; readers have to do without it before it becomes optional.",
          "headers: {tenant: required}   →   headers: {tenant: optional}"), weaker.header_weakened),
    (Rule("pipeline-deleted",
          "Its outputs stop, and nobody checks its promise any more.",
          "Tell those who read its outputs; waive the finding with the day on which it is switched off.",
          "pipelines: {enrich: …, totals: …}   →   pipelines: {enrich: …}"), gone.pipeline_deleted),
    (Rule("promise-weakened",
          "Those who read the output were promised more, and may rely on it.",
          "Agree with the readers first, and make them idempotent where records may be doubled.",
          "promises: {delivery: exactly-once}   →   promises: {delivery: at-least-once}"), weaker.promise_weakened),
    (Rule("comparison-narrowed",
          "A field that is not compared can be wrong without anybody seeing it.",
          "Ignore only what differs between two correct runs, such as a processing time.",
          "compare: {ignore: []}   →   compare: {ignore: [$.total]}", Severity.WARNING), weaker.comparison_narrowed),
    (Rule("compatibility-lowered",
          "The check that would have stopped a break is switched off by the change that it should judge.",
          "Keep the level and waive the one finding that is meant.",
          "registry: {compatibility: FULL_TRANSITIVE}   →   registry: {compatibility: NONE}"), weaker.compatibility_lowered),
    (Rule("former-version-changed",
          "Kept versions are what was really written; with another text the comparison proves nothing.",
          "Restore the file; a new version gets a new number.",
          "former/order.v1.avsc was edited"), gone.former_version_changed),
)  # fmt: skip
"""Rule and check, in the order in which they are reported."""


def changes(change: Change) -> tuple[Finding, ...]:
    """Everything that became weaker in one contract."""
    return tuple(rule.at(hit.place, hit.subject, hit.what, hit.at) for rule, check in CHANGES for hit in check(change))
