"""Evidence from tables: every write that was committed to them, and which event each one is the effect of."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from stream_contracts.contract.model import Pipeline
from stream_contracts.history.model import Expected, Record, Send, Write
from stream_contracts.trial.namespace import Namespace
from stream_contracts.trial.normal import digest_of_row

Effect = Record | Write
Pairing = Callable[[Sequence[Record], Sequence[Send]], Mapping[tuple[str, int, int], int]]
"""Which event each record is the effect of, by (topic, partition, offset), as far as it can be told."""


def writes(namespace: Namespace, pipeline: Pipeline, causes: Mapping[tuple[str, str], int]) -> list[Write]:
    """Every committed write to the pipeline's tables, in order, under their declared names."""
    found = []
    for sink, audited in namespace.writes(pipeline):
        for each in audited:
            content = digest_of_row(pipeline, each.row)
            found.append(
                Write(
                    sink.table, each.seq, each.key, each.op, content, each.row, causes.get((sink.table, content)),
                    each.txid, each.at - namespace.ahead_s, each.writer,
                )
            )  # fmt: skip
    return found


def whole(found: Sequence[Effect], oracle: Sequence[Expected]) -> bool:
    """Whether every effect of the fault-free run is there: each record, and of a table what was left in the end."""
    there = Counter(
        (record.topic, record.digest)
        for record in found
        if isinstance(record, Record) and record.fate in ("committed", "plain")
    )
    there.update((write.sink, write.digest) for write in _left(found))
    wanted = Counter((row.topic, row.digest) for row in oracle if row.kind != "table" or (row.final and not row.op))
    return wanted <= there


def _left(found: Sequence[Effect]) -> list[Write]:
    """The last write of each row that is still there."""
    last = {(each.sink, each.key): each for each in found if isinstance(each, Write)}
    return [each for each in last.values() if each.op != "delete"]


def expected(found: Sequence[Effect], sends: Sequence[Send], paired: Pairing) -> list[Expected]:
    """Every write of a fault-free run as an expectation, the last of each row marked as final."""
    rows = [each for each in found if isinstance(each, Write)]
    guesses = paired(_as_records(rows, {send.key for send in sends}), sends)
    last = {(row.sink, row.key): row.seq for row in rows}
    seen: Counter[tuple[str, str]] = Counter()
    positions: Counter[tuple[str, str | None]] = Counter()
    wanted = []
    for row in rows:
        seen[row.sink, row.digest] += 1
        wanted.append(
            Expected(
                row.sink, row.key, row.digest, seen[row.sink, row.digest], guesses.get((row.sink, 0, row.seq)),
                kind="table",
                op="delete" if row.op == "delete" else None,
                position=positions[row.sink, row.key],
                final=last[row.sink, row.key] == row.seq,
            )
        )  # fmt: skip
        positions[row.sink, row.key] += 1
    return wanted


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
