"""Advice at its edges: the last setting that is advised against, and the first that is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_contracts.gate.lint import lint
from stream_contracts.gate.review import loaded

HEAD = "contract: a\nowner: me\nregistry: {compatibility: BACKWARD_TRANSITIVE}\ntopics:\n"
TOPIC = "  %s:\n    partitions: %d\n    replication: %d\n    config: {%s}\n    value: {schema: v.avsc}\n"
GOOD = TOPIC % ("t", 6, 3, "min.insync.replicas: 2")
KEY = "    key: {schema: v.avsc, framing: %s}\n"
COMPACTED = TOPIC % ("u", 6, 3, "min.insync.replicas: 2, cleanup.policy: compact")
JOIN = """pipelines:
  p: {command: [x], reads: [t, u], joins: [{stream: t, table: u}], writes: [{table: x, key: [k]}],
      promises: {delivery: exactly-once}}
"""
NARROW = COMPACTED.replace("partitions: 6", "partitions: 3").replace(", cleanup.policy: compact", "")


def pipeline(reads: str, instances: int, promises: str = "delivery: at-least-once") -> str:
    told = f"command: [x], reads: [{reads}], writes: [{{topic: t}}], instances: {instances}, promises: {{{promises}}}"
    return f"pipelines:\n  p: {{{told}}}\n"


REPLAY = "delivery: at-least-once, replay: true"
KEYS = "join-keys-differ: the keys of t are %s, those of the table u %s"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TOPIC % ("t", 6, 3, ""), ["topic-min-insync-unfit: t: min.insync.replicas is 1 with 3 replicas"]),
        (TOPIC % ("t", 6, 3, "min.insync.replicas: 1"), ["topic-min-insync-unfit: t: min.insync.replicas is 1 with 3 replicas"]),
        (TOPIC % ("t", 6, 1, ""), ["topic-replication-low: t has a replication factor of 1"]),
        (TOPIC % ("t", 6, 4, "min.insync.replicas: 3"), []),
        (
            TOPIC % ("t", 6, 2, "min.insync.replicas: 2"),
            [
                "topic-replication-low: t has a replication factor of 2",
                "topic-min-insync-unfit: t: min.insync.replicas is 2 with 2 replicas",
            ],
        ),
        (TOPIC % ("t", 6, 3, "min.insync.replicas: 2, cleanup.policy: compact, retention.ms: 1000"), []),
        (TOPIC % ("t", 6, 3, "min.insync.replicas: 2, delete.retention.ms: 1000"), []),
        (GOOD + NARROW + pipeline("t, u", 6), []),
        (GOOD + NARROW + pipeline("u", 3), []),
        (
            GOOD + NARROW + pipeline("u", 4),
            ["instances-idle: p has 4 instances, and no topic that it reads has more than 3 partitions"],
        ),
        (
            TOPIC % ("t", 6, 3, "min.insync.replicas: 2, retention.ms: -1, cleanup.policy: compact") + pipeline("t", 1, REPLAY),
            ["replay-without-history: p promises replay, and of t cleanup.policy is compact"],
        ),
        (
            GOOD + pipeline("t", 1, REPLAY),
            ["replay-without-history: p promises replay, and of t retention.ms is 604800000 (7 days)"],
        ),
        (GOOD + COMPACTED + JOIN, []),
        (GOOD + KEY % "none" + COMPACTED + JOIN, [KEYS % ("v.avsc (framing: none)", "plain text")]),
        (GOOD + COMPACTED + KEY % "confluent" + JOIN, [KEYS % ("plain text", "v.avsc (framing: confluent)")]),
    ],
)  # fmt: skip
def test_advice_begins_and_ends_where_it_says(tmp_path: Path, text: str, told: list[str]) -> None:
    (tmp_path / "contract.yaml").write_text(HEAD + text)
    (tmp_path / "v.avsc").write_text('"int"')
    assert [f"{each.rule}: {each.what}" for each in lint(loaded([tmp_path])).findings] == told
