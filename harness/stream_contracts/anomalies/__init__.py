"""The shelf of anomalies: one .sql file each, the table of them, and the judge that asks them all.

An anomaly is a query over the history (`history.tables`) whose rows are the violations. Its head is comments:
``-- id: title``, then ``breaks`` (the promises that it breaks; without any of them it is a warning, ``-`` is always
one), ``why``, ``remedy``, and ``says``: the sentence about one row, with the row's columns in braces. Where the query is
long, a cheaper one may stand before it, with a semicolon behind: where that has no rows, the query is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from stream_contracts.anomalies.anomaly import ALWAYS, DELIVERIES, PROMISES, Anomaly, invariant, parse
from stream_contracts.anomalies.witness import circumstances
from stream_contracts.errors import ContractError, UsageError
from stream_contracts.findings import Finding, Judgement, Reason, Severity
from stream_contracts.history.query import ask, is_one_question
from stream_contracts.history.tables import promised

ANOMALIES: tuple[str, ...] = (
    "lost-record",
    "hidden-record",
    "unaccounted-record",
    "delete-lost",
    "cdc-gap",
    "poison-swallowed",
    "unresolvable-schema-id",
    "duplicate-effect",
    "cdc-tombstone-lost",
    "cdc-divergence",
    "cdc-duplicate",
    "cdc-snapshot-overlap",
    "cdc-reordered",
    "cdc-torn-transaction",
    "aborted-visible",
    "torn-transaction",
    "zombie-write-accepted",
    "state-divergence",
    "reordered-per-key",
    "stale-upsert",
    "no-recovery",
    "hanging-transaction",
    "rebalance-storm",
    "poison-loop",
    "lag-exceeded",
    "late-dropped-silently",
    "late-effect-twice",
    "window-miscounted",
    "dead-letter-mismatch",
    "replay-divergence",
    "commit-ahead-of-output",
    "replay-storm",
)
"""Every anomaly that is asked, in the order of the report; each is the file of that name."""

OF_CAPTURES: tuple[str, ...] = tuple(name for name in ANOMALIES if name.startswith("cdc-") or name == "no-recovery")
"""Those that compare a topic with the changes of its source, and recovery: all that is asked of a captured table."""

ADVICE: tuple[str, ...] = (
    "acks-not-all",
    "idempotence-off",
    "reads-uncommitted",
    "offsets-outside-transaction",
    "eager-assignor",
    "tight-poll-loop",
    "no-schema-id",
    "one-partition-topic",
    "few-replicas",
    "min-insync-replicas",
    "unbounded-state",
    "rebalances-ignored",
)
"""What the wire and the topics show about a client, whatever was promised: the files of `advice/`."""
UNDER_FAULTS: tuple[str, ...] = ("rebalances-ignored",)
"""Advice that shows only when something happens: it is asked of runs with faults too."""

WITNESSES = 20
"""How many rows of one anomaly are told; the finding says how many there were."""
LIMIT_S = 60.0
"""How long one query may take."""


@cache
def anomaly(name: str) -> Anomaly:
    """Read one file of the shelf."""
    return parse(name, files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8"))


@cache
def advice(name: str) -> Anomaly:
    """Read one file of the shelf of advice."""
    return parse(name, files(__name__).joinpath("advice", f"{name}.sql").read_text(encoding="utf-8"))


def broken_by(rule: str) -> frozenset[str]:
    """The promises that the anomaly of this id breaks; of a user's own invariant, the delivery promises."""
    return anomaly(rule).breaks if rule in ANOMALIES else frozenset(DELIVERIES)


def invariants(paths: Iterable[Path]) -> tuple[Anomaly, ...]:
    """The user's own anomalies, one a file: a SELECT whose rows are violations, with as much of a head as they like.

    Raises `ContractError` with every file that is none.
    """
    found: list[Anomaly] = []
    wrong: list[tuple[str, str]] = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
            if not is_one_question(text):
                raise ValueError("allowed: one SELECT, whose rows are the violations")
            found.append(invariant(path.stem, text))
        except (OSError, ValueError, duckdb.Error) as error:
            wrong.append((str(path), str(error)))
    if wrong:
        raise ContractError(wrong)
    return tuple(found)


def judge(
    history: duckdb.DuckDBPyConnection,
    promises: str | Mapping[str, Any],
    *,
    compare: str = "records",
    extra: Sequence[Anomaly] = (),
    captured: bool = False,
) -> Judgement:
    """Ask every anomaly; what breaks one of the ``promises`` is an error, the rest a warning.

    ``promises`` are those of a contract (`contract.promises.Promises.made`), times in seconds; a text is a delivery
    promise alone. ``compare`` says what of an output counts: records, final-by-key, windows. ``extra`` are the user's
    `invariants`. With ``captured`` the history is that of a captured table: what is expected of its topic are the changes
    of the source.

    ``unknown`` where the history holds no expectation, for then nothing could be found missing or too much. Raises
    `UsageError` for a promise that no anomaly knows, `ContractError` for an invariant that cannot be asked.
    """
    made = {"delivery": promises} if isinstance(promises, str) else dict(promises)
    kept = _names(made)
    expected = "changes" if captured else "expected"
    if history.execute(f"select 1 from {expected} limit 1").fetchone() is None:
        note = "the history expects no output: it is that of a recording run, or the recording run wrote nothing"
        if captured:
            note = "the source was not changed, so there is nothing to compare the topic with"
        return Judgement.unknown(Reason.NOT_EXERCISED, note)
    promised(history, made, compare)
    asked = OF_CAPTURES if captured else ANOMALIES
    found = [finding for name in asked for finding in _violations(history, anomaly(name), kept)]
    if made.get("replay"):
        found += _never_replayed(history)
    for own in extra:
        try:
            found += _violations(history, own, kept)
        except duckdb.Error as error:
            raise ContractError([(f"invariants/{own.id}.sql", str(error))]) from error
    return Judgement.of(found)


def _never_replayed(history: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Silence would read as a promise that was kept."""
    if history.execute("select 1 from notes where what = 'replayed'").fetchone() is not None:
        return []
    asked = anomaly("replay-divergence")
    what = (
        "replay is promised, and was not tried: no consumer group has committed an offset of the input, so only the "
        "pipeline itself could begin again at offset 0"
    )
    return [Finding(asked.id, what, asked.why, asked.remedy, severity=Severity.WARNING, witness={})]


def advise(history: duckdb.DuckDBPyConnection, names: Sequence[str] = ADVICE) -> list[Finding]:
    """What the wire and the topics show about the clients: always warnings, with the value that was seen."""
    return [finding for name in names for finding in _violations(history, advice(name), frozenset())]


def _names(made: Mapping[str, Any]) -> frozenset[str]:
    """The names under which anomalies know what was promised."""
    names = {str(made["delivery"]) if name == "delivery" else name for name in made}
    for name in sorted(names):
        if name not in (DELIVERIES if name == made.get("delivery") else PROMISES):
            raise UsageError(f"there is no promise {name!r}; known: {', '.join(sorted(PROMISES))}")
    return frozenset({ALWAYS, *names})


def _violations(history: duckdb.DuckDBPyConnection, asked: Anomaly, kept: frozenset[str]) -> list[Finding]:
    if asked.first and not ask(history, asked.first, most=1, limit_s=LIMIT_S).times:
        return []
    answer = ask(history, asked.query, most=WITNESSES, limit_s=LIMIT_S)
    severity = Severity.ERROR if kept & asked.breaks else Severity.WARNING
    told = [
        Finding(asked.id, _sentence(asked, row), asked.why, asked.remedy, severity=severity, witness=row)
        for row in answer.rows
    ]
    if told and severity is Severity.ERROR:
        told[0] = _with_circumstances(history, told[0])
    if answer.times > WITNESSES:
        more = f"{asked.title}: {answer.times} times in all, the first {WITNESSES} are told"
        witness = {"rows": answer.times}
        told.append(Finding(asked.id, more, asked.why, asked.remedy, severity=severity, witness=witness))
    return told


def _with_circumstances(history: duckdb.DuckDBPyConnection, finding: Finding) -> Finding:
    """The first of its kind carries the fault, the moment and the wire; the others would repeat them."""
    return replace(finding, witness={**finding.witness, **circumstances(history, finding.witness)})


def _sentence(asked: Anomaly, row: Mapping[str, Any]) -> str:
    if asked.says:
        return asked.says.format_map(_Shown(row))
    return f"{asked.title}: " + ", ".join(f"{name} {value}" for name, value in _Shown(row).items())


class _Shown(dict[str, Any]):
    """A row for a sentence: what is not known reads as ``?``."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        super().__init__({name: "?" if value is None else value for name, value in row.items()})

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"
