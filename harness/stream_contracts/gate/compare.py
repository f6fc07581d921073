"""One schema against its former versions: both verdicts of the engine, as findings that a person can act on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stream_contracts.errors import SchemaError
from stream_contracts.findings import Finding, Judgement, Place, Reason, Severity
from stream_contracts.gate.alone import witness_of
from stream_contracts.gate.baseline import Version, Versions
from stream_contracts.gate.locate import line_of
from stream_contracts.gate.rules import finding
from stream_contracts.schema import format_named
from stream_contracts.schema.compat import Answer, Comparison, Direction, check, level_named, parsed
from stream_contracts.schema.explain import BREAKS, Order, explanations, order_where
from stream_contracts.schema.format import UNSEARCHED, Edition, Policy, Reads, Source, Witness

SEARCH = 20
"""Values tried for a witness where something is wrong and the places where the rules fired gave none."""
_UNPROVED = ", unproved: no message that breaks was found"
MOST_SEARCHED = 50
"""Places of one subject for which a message of their own is searched."""
_DIRECTED = {Direction.BACKWARD: "read with the new schema", Direction.FORWARD: "new data read with it"}


@dataclass(frozen=True, slots=True)
class Task:
    """A schema to be judged: under which subject, in which format, at which level, against which versions.

    ``readers`` and ``referrers`` name who is hit; ``through`` names schemas that it refers to and that changed.
    ``budget`` is the number of values drawn per comparison in search of a break that no rule knows; 0 trusts the rules.
    """

    subject: str
    form: str
    source: Source
    level: str
    versions: Versions
    readers: tuple[str, ...] = ()
    referrers: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    policy: Policy = Policy.STRICT
    edition: Edition = Edition.CONFLUENT_8_3
    budget: int = 0


def judge(task: Task) -> Judgement:
    """Compare with every version that the level asks for; raises ``SchemaError`` where the new schema is unreadable."""
    form = format_named(task.form)
    new = parsed(form, task.source)
    if task.versions.trouble:
        return Judgement.unknown(Reason.UNSUPPORTED, task.versions.trouble)
    level = level_named(task.level)
    asked = task.versions.known if level.transitive else task.versions.known[-1:]
    asked = asked if level.directions else ()
    found = [_other_format(task, version) for version in asked if version.form != task.form]
    answer, troubles = _answer(task, [version for version in asked if version.form == task.form])
    if answer is not None:
        found += _merged(task, answer)
        troubles += [each.failure for each in answer.comparisons if each.failure]
    notes = list(_undecoded(task, answer)) if answer is not None else []
    if form.refusals is not None and (answer is None or not answer.comparisons):
        refused, undecoded = form.refusals(new)
        troubles += [f"the registry would refuse it: {refused}"] if refused else []
        notes += [f"the decoder's verdict is unknown: {undecoded}"] if undecoded else []
    notes = [*troubles, *notes]
    judgement = Judgement.of(found, note="\n".join(dict.fromkeys(notes)))
    if troubles and not any(each.counts for each in found):
        return Judgement.unknown(Reason.UNSUPPORTED, judgement.note, found)
    return judgement


def _answer(task: Task, versions: list[Version]) -> tuple[Answer | None, list[str]]:
    """The engine's answer about those versions that can be read, and why the others cannot."""
    form, readable, troubles = format_named(task.form), [], []
    for version in versions:
        try:
            parsed(form, version.source)
            readable.append(version)
        except SchemaError as error:
            troubles.append(f"{version.called} cannot be compared: {error}")
    if not readable:
        return None, troubles
    sources = [version.source for version in readable]
    level = task.level.removesuffix("_TRANSITIVE") + ("_TRANSITIVE" if len(sources) > 1 else "")
    options = {"policy": task.policy, "edition": task.edition}
    answer = check(form, sources, task.source, level, budget=task.budget, **options)  # type: ignore[arg-type]
    if task.budget == 0 and any(_bad(each) and not _witness(each) for each in answer.comparisons):
        newest = check(form, sources[-1:], task.source, level.removesuffix("_TRANSITIVE"), budget=SEARCH, **options)  # type: ignore[arg-type]
        again = {(each.former.called, each.direction): each for each in newest.comparisons}
        told = tuple(again.get((each.former.called, each.direction), each) for each in answer.comparisons)
        answer = Answer(answer.format, answer.level, answer.policy, answer.edition, told)
    return answer, troubles


def _undecoded(task: Task, answer: Answer) -> Iterator[str]:
    """Why a decoder's verdict is unknown, and against which versions; the registry's verdict does not hang on it.

    That no message was tried, because none was asked for, is no reason.
    """
    reasons: dict[str, list[Comparison]] = {}
    for each in answer.comparisons:
        told = each.decoding
        if told is not None and told.reads is Reads.UNKNOWN and not (task.budget == 0 and told.note == UNSEARCHED):
            reasons.setdefault(told.note or "no reason is known", []).append(each)
    for reason, alike in reasons.items():
        against = _listed([_called(task, each) for each in reversed(alike)])
        yield f"the decoder's verdict is unknown: {reason} ({against})"


def _called(task: Task, comparison: Comparison) -> str:
    """What the baseline calls the former version of a comparison."""
    former = comparison.former
    return next((each.called for each in task.versions.known if each.source is former), former.called)


def _bad(comparison: Comparison) -> bool:
    broken = comparison.decoding is not None and comparison.decoding.reads in (Reads.FAILS, Reads.CHANGES)
    return comparison.registry is not True or broken


def safe_order(answer: Answer) -> Order:
    """Who may be deployed first so that neither the registry nor a decoder objects."""
    return order_where(answer, lambda comparison: not _bad(comparison))


def _witness(comparison: Comparison) -> Mapping[str, object]:
    if comparison.decoding is None or comparison.decoding.witness is None:
        return {}
    return _shown(comparison.decoding.witness)


def _shown(witness: Witness) -> Mapping[str, object]:
    read = {"error": witness.error} if witness.error else {"read": witness.outcome}
    return {"written": witness.value, "bytes": witness.data.hex(), **read}


@dataclass(slots=True)
class _Group:
    """The same hit against several versions."""

    message: str
    severity: Severity
    comparisons: list[Comparison] = field(default_factory=list)


def _merged(task: Task, answer: Answer) -> Iterator[Finding]:
    """One finding for each rule, node and direction, however many versions it breaks with."""
    groups: dict[tuple[str, str, Direction], _Group] = {}
    for comparison in answer.comparisons:
        for rule, at, message, severity in _hits(comparison):
            group = groups.setdefault((rule, at, comparison.direction), _Group(message, severity))
            group.comparisons.append(comparison)
            if severity is Severity.ERROR:
                group.severity = severity
    order = safe_order(answer).value
    directions = {each.direction for each in answer.comparisons}
    if len(directions) == 1:
        order += f" (only {directions.pop()} was asked for and compared)"
    proofs = _Proofs(task, [(at, group) for (_, at, _), group in groups.items()])
    for (rule, at, direction), group in groups.items():
        against = _listed([_called(task, each) for each in reversed(group.comparisons)])
        yield _finding(task, rule, at, direction, group, against, order, proofs)


def _hits(comparison: Comparison) -> Iterator[tuple[str, str, str, Severity]]:
    """What the registry refuses; and what a decoder breaks on although the registry agrees, as a warning."""
    refused = [difference for difference in comparison.differences if not difference.compatible]
    for difference in refused:
        yield difference.kind, difference.path, difference.message, Severity.ERROR
    decoding = comparison.decoding
    if refused or decoding is None or decoding.reads not in (Reads.FAILS, Reads.CHANGES):
        return
    for clash in decoding.clashes:
        if clash.reads in (Reads.FAILS, Reads.CHANGES):
            yield clash.rule, clash.pointer, f"{clash.message}; the registry allows it", Severity.WARNING
    if not decoding.clashes:
        yield (
            "decoder-differs",
            "",
            f"a decoder {decoding.reads.value} a message that the registry allows",
            Severity.WARNING,
        )


class _Proofs:
    """Which message shows which place: several breaks of one comparison do not share one."""

    def __init__(self, task: Task, hits: list[tuple[str, _Group]]) -> None:
        self.task, self.searched = task, 0
        self.places: dict[int, dict[str, None]] = {}
        for at, group in hits:
            for comparison in group.comparisons:
                self.places.setdefault(id(comparison), {})[at] = None
        self.told: dict[int, str] = {}

    def of(self, at: str, shown: Comparison) -> tuple[Mapping[str, object], str]:
        """The message to show for a place, and the decoder's verdict with what has to be said of its proof."""
        decoding = shown.decoding
        if decoding is None:
            return {}, Reads.UNKNOWN.value
        reads, bad = decoding.reads.value, decoding.reads in (Reads.FAILS, Reads.CHANGES)
        if decoding.reads is Reads.UNKNOWN:
            return {}, f"{reads}: {decoding.note}" if decoding.note else reads
        places = self.places[id(shown)]
        if not bad or len(places) == 1:
            return _witness(shown), reads if decoding.proved else f"{reads}{_UNPROVED}"
        if self.searched < MOST_SEARCHED:
            self.searched += 1
            own = witness_of(self.task.form, shown, self.task.source, at)
            if own is not None:
                reads = Reads.FAILS.value if own.error else Reads.CHANGES.value
                return _shown(own), f"{reads} (shown for this place alone)"
        if decoding.witness is None:
            return {}, f"{reads}{_UNPROVED}"
        if id(shown) in self.told:
            return {}, f"{reads}, unproved at this place; the message at {self.told[id(shown)]} shows that data breaks"
        self.told[id(shown)] = at or "/"
        why = f"the message shows that data breaks, at this or another of {len(places)} places"
        return _witness(shown), f"{reads}; {why}"


def _finding(
    task: Task,
    rule: str,
    at: str,
    direction: Direction,
    group: _Group,
    against: str,
    order: str,
    proofs: _Proofs,
) -> Finding:
    shown = next((each for each in group.comparisons if _witness(each)), group.comparisons[0])
    witness, decoder = proofs.of(at, shown)
    former = shown.former.text if direction is Direction.FORWARD else ""
    told = explanations(task.form).get(rule)
    registry = {True: "compatible", False: "incompatible", None: "no verdict"}[shown.registry]
    facts = {
        "at": at or "/",
        "registry": f"{registry} ({task.edition.value}, {direction})",
        "decoder": decoder,
        "who breaks": _who(task, direction),
        "safe deploy order": order,
    }
    if task.through:
        facts["changed through"] = ", ".join(task.through)
    if task.referrers:
        facts["referred to by"] = ", ".join(task.referrers)
    return Finding(
        rule,
        f"{_without(at, group.message)} (at {at or '/'}; {against}, {_DIRECTED[direction]})",
        told.why if told else f"it breaks {BREAKS[direction]}",
        told.instead if told else "",
        Place(task.source.called, line_of(task.source.text, task.form, at, former)),
        group.severity,
        witness,
        task.subject,
        facts,
    )


def _without(at: str, message: str) -> str:
    """A message that begins with the place, without it: the finding names it itself."""
    return message.removeprefix(f"at '{at}': ").removeprefix(f"{at}: ")


def _who(task: Task, direction: Direction) -> str:
    return BREAKS[direction] + (f": {', '.join(task.readers)}" if task.readers else "")


def _listed(names: Iterable[str]) -> str:
    known = list(dict.fromkeys(names))
    if len(known) <= 3:
        return f"against {', '.join(known)}"
    return f"against {len(known)} versions, {known[0]} to {known[-1]}"


def _other_format(task: Task, version: Version) -> Finding:
    what = f"{task.subject} was {version.form} in {version.called} and is {task.form} now"
    return finding("schema-format-changed", what, Place(task.source.called, 1), task.subject)
