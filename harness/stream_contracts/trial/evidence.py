"""Evidence: what the outputs hold once a run has come to rest, and which event each record is the effect of."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TypeGuard

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.history.model import Expected, Record, Send, Write
from stream_contracts.trial.cluster import Cluster, partitions_of
from stream_contracts.trial.database import Namespace
from stream_contracts.trial.feed import EVENT_HEADER, shown
from stream_contracts.trial.log import Entry, read
from stream_contracts.trial.names import Names
from stream_contracts.trial.normal import digest_of, digester

_MOST_DIGITS = 18
"""A longer number is no event id of ours (and no BIGINT of the history), whoever wrote the header."""


def records(
    cluster: Cluster, contract: Contract, pipeline: Pipeline, names: Names, causes: Mapping[tuple[str, str], int]
) -> list[Record]:
    """Every data record of the pipeline's output topics, named by their declared names.

    ``causes`` tells the event of an output by its content, (topic, digest), as far as the fault-free run told it.
    """
    found = []
    for topic in pipeline.topics_written:
        digest = digester(contract, pipeline, topic)
        for partition in partitions_of({names.topic(topic): contract.topics[topic].partitions}):
            for entry in read(cluster, partition):
                content = digest(entry.key, entry.value)
                event = _event_of(entry)
                found.append(
                    Record(
                        topic, partition[1], entry.offset, shown(entry.key), content,
                        causes.get((topic, content)) if event is None else event,
                        entry.producer_id, entry.epoch, entry.fate, op=None if entry.value is not None else "delete",
                    )
                )  # fmt: skip
    return found


Effect = Record | Write


def writes(namespace: Namespace, pipeline: Pipeline, causes: Mapping[tuple[str, str], int]) -> list[Write]:
    """Every committed write to the pipeline's tables, in order, under their declared names."""
    found = []
    for sink, audited in namespace.writes(pipeline):
        for each in audited:
            content = digest_of(None, each.row.encode())
            found.append(
                Write(
                    sink.table, each.seq, each.key, each.op, content, each.row, causes.get((sink.table, content)),
                    each.txid, each.at - namespace.ahead_s, each.writer,
                )
            )  # fmt: skip
    return found


def whole(found: Sequence[Effect], expected: Sequence[Expected]) -> bool:
    """Whether every effect of the fault-free run is there: each record, and of a table what was left in the end."""
    there = Counter((record.topic, record.digest) for record in found if _is_seen(record))
    there.update((write.sink, write.digest) for write in _left(found))
    wanted = Counter((row.topic, row.digest) for row in expected if row.kind != "table" or (row.final and not row.op))
    return wanted <= there


def _is_seen(effect: Effect) -> TypeGuard[Record]:
    return isinstance(effect, Record) and effect.fate in ("committed", "plain")


def _left(found: Sequence[Effect]) -> list[Write]:
    """The last write of each row that is still there."""
    last = {(each.sink, each.key): each for each in found if isinstance(each, Write)}
    return [each for each in last.values() if each.op != "delete"]


def oracle(found: Sequence[Effect], sends: Sequence[Send]) -> list[Expected]:
    """What a fault-free run left, as the expectation for every faulted one."""
    return [*_of_topics([each for each in found if _is_seen(each)], sends), *_of_tables(found, sends)]


def _of_tables(found: Sequence[Effect], sends: Sequence[Send]) -> list[Expected]:
    """Every write, the last of each row marked as final."""
    rows = [each for each in found if isinstance(each, Write)]
    guesses = _by_order(_as_records(rows, {send.key for send in sends}), sends)
    last = {(row.sink, row.key): row.seq for row in rows}
    seen: Counter[tuple[str, str]] = Counter()
    positions: Counter[tuple[str, str | None]] = Counter()
    expected = []
    for row in rows:
        seen[row.sink, row.digest] += 1
        expected.append(
            Expected(
                row.sink, row.key, row.digest, seen[row.sink, row.digest], guesses.get((row.sink, 0, row.seq)),
                kind="table",
                op="delete" if row.op == "delete" else None,
                position=positions[row.sink, row.key],
                final=last[row.sink, row.key] == row.seq,
            )
        )  # fmt: skip
        positions[row.sink, row.key] += 1
    return expected


def _as_records(rows: Sequence[Write], keys: Collection[str | None]) -> list[Record]:
    """Writes as the records of a log, to be paired with events: a table is one partition, in which they are numbered.

    The key of each is that of its event, where one column holds it in every row: else that of the row.
    """
    contents = {row.seq: json.loads(row.content) for row in rows}
    carriers: dict[str, str | None] = {}
    for sink in {row.sink for row in rows}:
        held = [contents[row.seq] for row in rows if row.sink == sink]
        columns = (column for column in held[0] if all(str(each.get(column)) in keys for each in held))
        carriers[sink] = next(columns, None)
    found = []
    for row in rows:
        carrier = carriers[row.sink]
        key = row.key if carrier is None else str(contents[row.seq][carrier])
        found.append(Record(row.sink, 0, row.seq, key, "", None, -1, -1, "plain"))
    return found


def _of_topics(effects: Sequence[Record], sends: Sequence[Send]) -> list[Expected]:
    guesses = _by_order(effects, sends)
    seen: Counter[tuple[str, str]] = Counter()
    of_key: Counter[tuple[str, str | None, str | None]] = Counter()
    last = {(record.topic, record.key, record.window): place for place, record in enumerate(effects)}
    expected: list[Expected] = []
    for place, record in enumerate(effects):
        content, key = (record.topic, record.digest), (record.topic, record.key, record.window)
        seen[content] += 1
        event = (
            guesses.get((record.topic, record.partition, record.offset)) if record.event_id is None else record.event_id
        )
        expected.append(
            Expected(
                record.topic, record.key, record.digest, seen[content], event, window=record.window, op=record.op,
                position=of_key[key], final=record.key is None or last[key] == place,
            )
        )  # fmt: skip
        of_key[key] += 1
    return expected


def _by_order(effects: Sequence[Record], sends: Sequence[Send]) -> dict[tuple[str, int, int], int]:
    """Pair the n-th output of a key with its n-th event, where there are as many of the one as of the other.

    Only where all events of the key came from one topic: between two, the pipeline may read in any order.
    """
    events: dict[str | None, list[int]] = defaultdict(list)
    sources: dict[str | None, set[str]] = defaultdict(set)
    for send in sends:
        if send.outcome == "ok":
            events[send.key].append(send.event_id)
            sources[send.key].add(send.topic)
    outputs: dict[tuple[str, str | None], list[Record]] = defaultdict(list)
    for record in sorted(effects, key=lambda record: (record.topic, record.partition, record.offset)):
        outputs[record.topic, record.key].append(record)
    return {
        (record.topic, record.partition, record.offset): event
        for (_, key), written in outputs.items()
        if len(written) == len(events[key]) and len(sources[key]) == 1
        for record, event in zip(written, events[key], strict=True)
    }


def _event_of(entry: Entry) -> int | None:
    for name, value in entry.headers:
        if name == EVENT_HEADER.encode() and value and value.isdigit() and len(value) <= _MOST_DIGITS:
            return int(value)
    return None
