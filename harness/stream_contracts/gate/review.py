"""May the contracts of the working tree ship? Every subject and every contract judged against a baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from stream_contracts.contract.load import find, load
from stream_contracts.contract.model import Contract, Waiver
from stream_contracts.errors import ContractError, SchemaError, UsageError
from stream_contracts.findings import Finding, Judged, Judgement, Place, Reason, Review, Severity, Verdict
from stream_contracts.gate import captured, waivers
from stream_contracts.gate.asking import asked
from stream_contracts.gate.baseline import KEPT, Baseline, Versions, opened
from stream_contracts.gate.changes import CHANGES, changes
from stream_contracts.gate.compare import Task, judge
from stream_contracts.gate.crew import each
from stream_contracts.gate.rules import finding
from stream_contracts.gate.since import Since, since
from stream_contracts.gate.states import Change
from stream_contracts.gate.subjects import Held, ReferenceMissingError, Tree, same, tree
from stream_contracts.schema import format_named
from stream_contracts.schema.compat import level_named
from stream_contracts.schema.format import Edition, Policy, Source


@dataclass(frozen=True, slots=True)
class Options:
    """How to judge: the baseline, what is known already, and today's date, by which waivers expire.

    ``known`` is a baseline file; ``since`` a commit: what did not change after it is shown and does not count.
    ``budget`` is the number of values drawn per comparison in search of breaks that no rule knows.
    """

    today: date
    against: str = KEPT
    since: str = ""
    known: Path | None = None
    policy: Policy = Policy.STRICT
    edition: Edition = Edition.CONFLUENT_8_3
    budget: int = 0
    postgres: str = ""
    """The server on which migrations of captured tables are tried; one is started where none is named."""


@dataclass(frozen=True, slots=True)
class _Run:
    """What a review has at hand."""

    options: Options
    now: Tree
    baseline: Baseline


def review(paths: Sequence[Path], options: Options) -> Review:
    """Judge every contract at or below ``paths``; every finding is in it, excused ones too.

    Raises ``ContractError`` with every complaint where a contract does not load, ``UsageError`` where there is none,
    ``BaselineError`` where the baseline cannot be read.
    """
    known = waivers.read_known(options.known) if options.known else frozenset()
    now = tree(loaded(paths))
    with opened(options.against, paths, now) as baseline, since(options.since, paths) as age:
        run = _Run(options, now, baseline)
        judged = _excused(run, _judged(run), known, age)
    broken = tuple(
        Judged(f"baseline: {text.partition(': ')[0]}", "contract", Judgement.unknown(Reason.UNSUPPORTED, text))
        for text in baseline.broken
    )
    return Review(baseline.told, (*judged, *broken), _notes(run, judged))


def loaded(paths: Sequence[Path]) -> list[Contract]:
    """Every contract at or below the paths; all complaints about all of them come at once."""
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise UsageError(f"there is no such file or folder: {', '.join(missing)}")
    files = list(dict.fromkeys(file for path in paths for file in find(path)))
    if not files:
        shown = ", ".join(map(str, paths))
        raise UsageError(f"no contract.yaml found at or below {shown}; `stream-contracts init` writes a first one")
    contracts: list[Contract] = []
    complaints: list[tuple[str, str]] = []
    for contract, wrong in each(_load, files):
        contracts += [contract] if contract else []
        complaints += wrong
    if complaints:
        raise ContractError(complaints)
    return contracts


def _load(file: Path) -> tuple[Contract | None, tuple[tuple[str, str], ...]]:
    try:
        return load(file), ()
    except ContractError as error:
        return None, error.complaints


def _notes(run: _Run, judged: Sequence[Judged]) -> tuple[str, ...]:
    if run.options.against == KEPT and run.now.held and all(one.new for one in judged if one.kind == "schema"):
        return ("No former version is kept, so nothing was compared; try --against git:main.",)
    return ()


def _judged(run: _Run) -> list[tuple[Contract, list[Judged]]]:
    """Everything that was judged, by contract; former contracts that are gone come last."""
    for name in {held.form for held in run.now.held}:
        format_named(name)  # imported once, here, instead of in every process
    judged = each(lambda held: _subject(run, held), run.now.held, waits=run.baseline.remote is not None)
    told: dict[str, list[Judged]] = {contract.name: [] for contract in run.now.contracts}
    for held, one in zip(run.now.held, judged, strict=True):
        told[held.contract.name].append(one)
    for name, more in captured.judged(run.now.contracts, run.baseline, run.options.postgres).items():
        told[name] += more
    return [
        *((contract, told[contract.name] + _contract(run, contract)) for contract in run.now.contracts),
        *_gone(run),
    ]


def _subject(run: _Run, held: Held) -> Judged:
    """One schema; where it cannot be read, that is the finding."""
    name, found = f"{held.contract.name}/{held.subject}", None
    try:
        source = run.now.source(held)
        return _compared(run, held, source)
    except ReferenceMissingError as error:
        found = finding("reference-unresolved", error.why, Place(str(held.path), 1), held.subject)
    except SchemaError as error:
        at = f" at {error.pointer}" if error.pointer else ""
        found = finding("schema-unreadable", f"{error.why}{at}", Place(str(held.path), 1), held.subject)
    return Judged(name, "schema", Judgement.of([found]), place=held.declared)


def _compared(run: _Run, held: Held, source: Source) -> Judged:
    """A schema that can be read, against its former versions: the judgement, and how it came about."""
    known = run.baseline.versions(held)
    level, level_from = (known.level, known.level_from) if known.level else held.level()
    judgement = judge(_task(run, held, source, known, level))
    if run.baseline.remote is not None and known.known:
        judgement = asked(run.baseline.remote, held, source, judgement)
        judgement = _with_level(held, judgement, level, level_from)
    count = len(known.known)
    compared = _counted(known.known, "former version")
    if count and not level_named(level).directions:
        compared += " not compared"
    told = f"{level} ({level_from}); {compared if count else 'new, nothing to compare with'}"
    referrers = run.now.referrers(held.subject)
    if referrers and count and not same(known.known[-1].source.text, source.text):
        told += f"; changed, and referred to by {', '.join(referrers)}"
    new = not count and not known.trouble
    return Judged(f"{held.contract.name}/{held.subject}", "schema", judgement, told, held.declared, new)


def _task(run: _Run, held: Held, source: Source, known: Versions, level: str) -> Task:
    former = {one.name: one.text for one in known.known[-1].source.references} if known.known else {}
    through = tuple(
        one.subject
        for one in source.references
        if one.text and (was := former.get(one.name)) is not None and not same(was, one.text)
    )
    return Task(
        held.subject,
        held.form,
        source,
        level,
        known,
        run.now.users(held.topic) if held.topic else (),
        run.now.referrers(held.subject),
        through,
        run.options.policy,
        run.options.edition,
        run.options.budget,
    )


def _with_level(held: Held, judgement: Judgement, applied: str, where: str) -> Judgement:
    """Warn where the registry applies another level than the contract names."""
    wanted, who = held.level()
    if applied == wanted or who.startswith("the default"):
        return judgement
    what = f"{held.subject}: the contract says {wanted} ({who}), and {where} says {applied}"
    return replace(
        judgement, findings=(*judgement.findings, finding("level-differs", what, held.declared, held.subject))
    )


def _contract(run: _Run, contract: Contract) -> list[Judged]:
    """Topics, settings and promises of one contract, where the baseline knows of such things."""
    former = run.baseline.tree
    if former is None:
        return []
    before = next((each for each in former.contracts if each.name == contract.name), None)
    if before is None:
        told = "new, nothing to compare with"
        return [Judged(contract.name, "contract", Judgement.of([]), told, contract.place("contract"), new=True)]
    found = changes(Change(before, contract, former, run.now))
    told = f"{_counted(contract.topics, 'topic')} and {_counted(contract.pipelines, 'pipeline')}"
    told += f" against {run.baseline.told}"
    return [Judged(contract.name, "contract", Judgement.of(found), told, contract.place("contract"))]


def _counted(things: Sized, what: str) -> str:
    return f"{len(things)} {what}{'s' * (len(things) != 1)}"


def _gone(run: _Run) -> Iterator[tuple[Contract, list[Judged]]]:
    """Contracts that are there no more: all they held counts as deleted, unless it was moved."""
    former = run.baseline.tree
    names = {contract.name for contract in (*run.now.contracts, *run.now.beside)}
    for before in former.contracts if former else ():
        if before.name not in names:
            shown = run.baseline.shown
            found = [
                replace(each, place=Place(shown(each.place.path), each.place.line) if each.place else None)
                for each in changes(Change(before, None, former, run.now))  # type: ignore[arg-type]
            ]
            yield before, [Judged(before.name, "contract", Judgement.of(found), "the contract is gone")]


def _excused(
    run: _Run, judged: list[tuple[Contract, list[Judged]]], known: frozenset[str], age: Since | None
) -> tuple[Judged, ...]:
    """Apply the waivers of each contract, then the age and the baseline file."""
    present = {contract.name for contract in run.now.contracts}
    every: list[Judged] = []
    for contract, found in judged:
        here = contract.name in present
        every += waivers.waived(contract, found, run.options.today, _tried(run, found)) if here else found

    def why(each: Judged, found: Finding) -> str:
        if found.fingerprint in known:
            return f"known: it is in {run.options.known}"
        if age is not None and found.severity is Severity.ERROR and age.unchanged(run.now, each.name, found):
            return f"older than {age.told}: not changed since"
        return ""

    return waivers.excused(every, why)


def _tried(run: _Run, judged: list[Judged]) -> Callable[[Waiver], bool]:
    """Answers whether this run looked at what a waiver is for."""

    def tried(waiver: Waiver) -> bool:
        if any(rule.id == waiver.rule for rule, _ in CHANGES) or waiver.rule.startswith("cdc-"):
            return run.baseline.tree is not None
        named = [each for each in judged if waiver.subject is None or each.name.endswith(f"/{waiver.subject}")]
        return not any(each.new or each.judgement.verdict is Verdict.UNKNOWN for each in named)

    return tried
