"""What an anomaly would say of a violation: its sentence with a row that stands for many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stream_contracts.anomalies.anomaly import Anomaly

_ROW: Final[Mapping[str, Any]] = {
    "event_id": 17,
    "key": "k3",
    "source": "orders-0@42",
    "topic": "orders-enriched",
    "place": "orders-enriched-1@40",
    "later_place": "orders-enriched-1@38",
    "newer_place": "orders-enriched-1@38",
    "later_event": 19,
    "first": "orders-enriched-1@38",
    "again": "orders-enriched-1@40",
    "letter": "orders-dead-0@2",
    "partition": "orders-0",
    "position": "0/1A2B3C8",
    "op": "update",
    "times": 2,
    "wanted": 1,
    "ahead_s": 0.4,
    "late_s": 61.0,
    "most": 100,
    "within": 30,
    "behind_s": 44.2,
    "lag": 512,
    "name": "enrich-0",
    "instance": "enrich-0",
    "client": "rdkafka",
    "first_at": 2.1,
    "at": 9.8,
    "event": " (the next event is 17)",
    "lives": 1,
    "struck": 0,
    "tail": "",
    "healed": ", and was put right later",
    "whose": "the transaction of enrich-7f3a (producer id 1003, epoch 0)",
    "where": " on orders-enriched-1",
    "schema_id": 7,
    "producer_id": 1003,
    "epoch": 0,
    "newest": 1,
    "transactional_id": "enrich-0",
}
_HOW: Final[Mapping[str, Mapping[str, Any]]] = {
    "hanging-transaction": {"how": "it was open for 12.4 s when the run was over"},
    "no-recovery": {"how": "after kill enrich-0, it did not come to rest: 3 of 20 events have no effect"},
    "replay-divergence": {"how": "with another value: orders-enriched-1@61"},
    "stale-upsert": {"how": "an older value was written over a newer one"},
    "torn-transaction": {"how": "of its 2 effects, 1 (in orders-enriched) can be seen and 1 (in audit) cannot"},
    "zombie-write-accepted": {"what": "orders-enriched-1@40 (key k3) was written by a former epoch"},
    "replay-storm": {"what": "orders-0: the committed offset of enrich went back from 42 to 0"},
    "rebalance-storm": {"times": 9, "most": 3, "lives": 2, "struck": 1},
    "poison-loop": {"times": 5},
    "cdc-gap": {"instead": ""},
    "cdc-divergence": {"how": "the table holds another row than the last event says"},
    "cdc-snapshot-overlap": {"how": "a row of the snapshot stands behind a newer change of it"},
    "cdc-torn-transaction": {"txid": 812, "how": "1 of its 2 changes is there"},
    "late-effect-twice": {"aside": "visits-too-late-0@3"},
    "window-miscounted": {
        "sent": 5, "counted": 5, "aside": 1, "off": "1 too many", "late": "; late were the events 17 (450.0 s)",
    },
    "acks-not-all": {"seen": "1"},
    "eager-assignor": {"seen": "range"},
    "few-replicas": {"seen": 1},
    "idempotence-off": {"seen": -1},
    "min-insync-replicas": {"seen": 1, "replication": 3, "how": "a write needs one replica only"},
    "no-schema-id": {"seen": "7b226964"},
    "one-partition-topic": {"seen": 1},
    "reads-uncommitted": {"seen": 0},
    "rebalances-ignored": {"offset": 40, "other": "enrich-1", "seen": 42},
    "unbounded-state": {"seen": "compact", "times": 400, "keys": 4},
    "tight-poll-loop": {"seen": 0, "times": 4000},
}  # fmt: skip
"""What differs by anomaly: its own words for how, and numbers that would not be a violation of it."""


def sentence(told_of: Anomaly) -> str:
    """The sentence of a finding of this anomaly, as a report would show it."""
    return told_of.says.format_map({**_ROW, **_HOW.get(told_of.id, {})})
