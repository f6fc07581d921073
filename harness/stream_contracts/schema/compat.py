"""The engine around the formats: which versions are compared in which direction, and what both verdicts say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeVar

from stream_contracts.errors import SchemaError, UsageError
from stream_contracts.schema.format import (
    BOM,
    Decoding,
    Difference,
    Edition,
    Format,
    Policy,
    Reads,
    Reference,
    Source,
)
from stream_contracts.schema.format import compatible as allowed

BUDGET: Final = 100
"""Generated values per comparison that the search for a witness may try."""

_Result = TypeVar("_Result")


class Direction(StrEnum):
    """Who reads whose data."""

    BACKWARD = "BACKWARD"
    """The new schema reads what a former version wrote."""
    FORWARD = "FORWARD"
    """A former version reads what the new schema wrote."""


@dataclass(frozen=True, slots=True)
class Level:
    """A compatibility level: the directions, in the order in which Confluent looks, and how many versions."""

    directions: tuple[Direction, ...]
    transitive: bool = False


LEVELS: Final[Mapping[str, Level]] = {
    "NONE": Level(()),
    "BACKWARD": Level((Direction.BACKWARD,)),
    "BACKWARD_TRANSITIVE": Level((Direction.BACKWARD,), transitive=True),
    "FORWARD": Level((Direction.FORWARD,)),
    "FORWARD_TRANSITIVE": Level((Direction.FORWARD,), transitive=True),
    "FULL": Level((Direction.FORWARD, Direction.BACKWARD)),
    "FULL_TRANSITIVE": Level((Direction.FORWARD, Direction.BACKWARD), transitive=True),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One former version against the new schema, in one direction.

    ``version`` counts the former versions from 1, the oldest. ``registry`` is the registry's verdict, None where the
    registry itself fails and ``failure`` says how. ``decoding`` is None where it was not asked for.
    """

    version: int
    former: Source
    direction: Direction
    differences: tuple[Difference, ...]
    registry: bool | None
    decoding: Decoding | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that was found: each compared version in each direction, newest version first."""

    format: str
    level: str
    policy: Policy
    edition: Edition
    comparisons: tuple[Comparison, ...] = ()

    @property
    def registry_says(self) -> tuple[Comparison, ...]:
        """What the registry would report: the failing comparisons of the first version, newest first, that has any."""
        failing = [comparison for comparison in self.comparisons if not comparison.registry]
        return tuple(comparison for comparison in failing if comparison.version == failing[0].version)

    @property
    def registry(self) -> bool | None:
        """The registry's verdict at this level; None where it would fail rather than answer."""
        said = self.registry_says
        if any(comparison.registry is None for comparison in said):
            return None
        return not said

    @property
    def decoder(self) -> Reads:
        """The worst decoder verdict of all comparisons."""
        verdicts = [comparison.decoding.reads for comparison in self.comparisons if comparison.decoding is not None]
        return max(verdicts, key=WORSE.index, default=Reads.READS)


WORSE: Final = (Reads.READS, Reads.UNKNOWN, Reads.CHANGES, Reads.FAILS)
"""Decoder verdicts from good to bad."""


def level_named(name: str) -> Level:
    """Look a level up; raises ``UsageError`` that lists the known ones."""
    if name not in LEVELS:
        raise UsageError(f"unknown compatibility level {name!r}; known: {', '.join(LEVELS)}")
    return LEVELS[name]


def check(
    form: Format,
    former: Sequence[Source],
    new: Source,
    level: str,
    *,
    policy: Policy = Policy.STRICT,
    edition: Edition = Edition.CONFLUENT_8_3,
    budget: int = BUDGET,
    decode: bool = True,
) -> Answer:
    """Compare a new schema with the former versions (oldest first) that the level asks for.

    ``budget`` bounds the search for a witness, in values per comparison; ``decode=False`` leaves the decoder verdict
    out, as a registry does. Raises ``SchemaError`` for a schema that cannot be read and ``UsageError`` for an unknown
    level. Under NONE nothing is compared, but the new schema is still read.
    """
    asked = level_named(level)
    reads = parsed(form, new)
    numbered = list(enumerate(former, 1))
    compared = numbered if asked.transitive else numbered[-1:]
    comparisons: list[Comparison] = []
    known: dict[tuple[int, Direction], tuple[Any, Comparison | None]] = {}
    for version, source in reversed(compared if asked.directions else []):
        wrote = parsed(form, source)
        for direction in asked.directions:
            _, before = known.get((id(wrote), direction), (None, None))
            if before is not None and not before.failure:  # the same content once more, under another number
                comparisons.append(replace(before, version=version, former=source))
                continue
            pair = (wrote, reads) if direction is Direction.BACKWARD else (reads, wrote)
            found = _compare(form, version, source, direction, pair, policy, edition, budget if decode else None)
            comparisons.append(found)
            known[id(wrote), direction] = wrote, found
    if decode and comparisons and len(compared) < len(numbered):
        comparisons = [_with_history(form, numbered, reads, comparison) for comparison in comparisons]
    if decode and form.remarks is not None:
        comparisons = [_with_remarks(form.remarks, new, comparison) for comparison in comparisons]
    return Answer(form.name, level, policy, edition, tuple(comparisons))


def _with_remarks(remarks: Callable[[Source], list[str]], new: Source, found: Comparison) -> Comparison:
    """Note what is odd in the texts of both schemas."""
    said = dict.fromkeys([*remarks(found.former), *remarks(new)])
    if not said or found.decoding is None:
        return found
    notes = [found.decoding.note, *said] if found.decoding.note else [*said]
    return replace(found, decoding=replace(found.decoding, note="; ".join(notes)))


def _with_history(form: Format, numbered: list[tuple[int, Source]], new: Any, found: Comparison) -> Comparison:
    """Note what only older versions show: the level does not compare them, but a topic may still hold their data."""
    if form.reused is None or found.decoding is None or found.direction is not Direction.BACKWARD:
        return found
    latest, notes = parsed(form, numbered[-1][1]), [found.decoding.note] if found.decoding.note else []
    for version, source in reversed(numbered[:-1]):
        notes += [f"{said} in version {version}" for said in form.reused(parsed(form, source), latest, new)]
    return replace(found, decoding=replace(found.decoding, note="; ".join(notes)))


def _compare(
    form: Format,
    version: int,
    former: Source,
    direction: Direction,
    pair: tuple[Any, Any],
    policy: Policy,
    edition: Edition,
    budget: int | None,
) -> Comparison:
    writer, reader = pair
    failure, verdict = "", None
    found: tuple[Difference, ...] = ()
    try:
        found = tuple(_shallow(former, lambda: form.differences(writer, reader, policy, edition)))
        verdict = allowed(found)
    except SchemaError as error:
        failure = str(error)
    decoding = None if budget is None else _decoded(form, writer, reader, budget)
    return Comparison(version, former, direction, found, verdict, decoding, failure)


def _decoded(form: Format, writer: Any, reader: Any, budget: int) -> Decoding:
    """The decoder verdict; where it runs out of Python's stack it is unknown, and the registry's verdict stands."""
    try:
        return form.decoding(writer, reader, budget)
    except RecursionError:
        why = "the types hold each other too deep for messages to be made and read"
        return Decoding(Reads.UNKNOWN, proved=False, note=why)


def _shallow(source: Source, run: Callable[[], _Result]) -> _Result:
    """Turn a run out of Python's stack into an error that says so."""
    try:
        return run()
    except RecursionError:
        raise SchemaError(source.called, "its types hold each other too deep to be compared") from None


class _Content(tuple[str, str, tuple[Reference, ...]]):
    """What makes two schemas the same to a parser: format, text, references. The name they are called by does not."""

    source: Source
    parse: Callable[[Source], Any]


def parsed(form: Format, source: Source) -> Any:
    """Read a schema, once per content; raises ``SchemaError`` (each time, with the name it is called by now)."""
    if source.text.startswith("\ufeff"):
        raise SchemaError(source.called, BOM)
    content = _Content((form.name, source.text, source.references))
    content.source, content.parse = source, form.parse
    return _shallow(source, lambda: _parse(content))


@lru_cache(maxsize=2048)
def _parse(content: _Content) -> Any:
    return content.parse(content.source)
