"""Which schemas may have written a topic's records, with everything that they refer to, and their ids in a registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from stream_contracts.contract.load import FILE, load
from stream_contracts.contract.model import Contract, Role, Schema
from stream_contracts.errors import ContractError, SchemaError
from stream_contracts.schema import SUFFIXES, format_named
from stream_contracts.schema.format import Reads, Reference, Source

Ids = Mapping[tuple[str, str], int]
"""(subject, text) of a registered schema -> its id."""
TRIES = 200
"""Values that are tried before a former version counts as one that the present schema reads."""


@dataclass(frozen=True, slots=True)
class Writer:
    """One version of a schema: its subject, its file, its format as registries spell it, its text and references."""

    subject: str
    path: Path
    form: str
    source: Source
    links: tuple[tuple[str, str], ...]
    """What its own text refers to, as (name in the text, subject)."""


@dataclass(frozen=True)
class Library:
    """The schemas of a contract by subject; a subject that it has not is looked for in the folders beside it."""

    contract: Contract

    @cached_property
    def _held(self) -> dict[str, tuple[Contract, Schema]]:
        own = _subjects(self.contract)
        wanted = {subject for _, schema in own.values() for subject in schema.references.values()}
        if wanted <= own.keys():
            return own
        beside: dict[str, tuple[Contract, Schema]] = {}
        for file in sorted(self.contract.folder.resolve().parent.glob(f"*/{FILE}")):
            if file != self.contract.file.resolve():
                try:
                    beside.update(_subjects(load(file)))
                except ContractError:
                    continue  # a reference into it is reported as missing
        return {**beside, **own}

    def current(self, subject: str) -> Writer:
        """The present version. Raises `SchemaError` where the subject, or what it refers to, is not there."""
        return self._writer(subject, None)

    def former(self, subject: str) -> list[Writer]:
        """The former versions, oldest first; what they refer to is taken in its present version."""
        contract, schema = self._held[subject]
        return [self._writer(subject, path) for path in contract.former(schema)]

    def readable(self, subject: str) -> list[Writer]:
        """The former versions that the present one can read, then the present one."""
        now = self.current(subject)
        form = format_named(now.form)
        reader = form.parse(now.source)
        good = (Reads.READS, Reads.CHANGES)
        former = self.former(subject)
        return [*(old for old in former if form.decoding(form.parse(old.source), reader, TRIES).reads in good), now]

    def every(self) -> Iterator[Writer]:
        """Every version of every schema that the contract needs, as a registry takes them: references first."""
        done: dict[str, None] = {}

        def visit(subject: str, way: tuple[str, ...]) -> None:
            if subject in way:
                raise SchemaError(subject, f"references go in a circle: {' -> '.join((*way, subject))}")
            if subject in self._held:
                for below in self._held[subject][1].references.values():
                    visit(below, (*way, subject))
            done.setdefault(subject, None)

        for subject in _subjects(self.contract):
            visit(subject, ())
        for subject in done:
            yield from (*self.former(subject), self.current(subject))

    def numbered(self) -> Ids:
        """The ids that a fresh registry gives when `every` is registered in order: 1, 2, …, equal texts sharing one."""
        ids: dict[tuple[str, str], int] = {}
        seen: dict[tuple[str, str, tuple[tuple[str, str], ...]], int] = {}
        for writer in self.every():
            known = (writer.form, writer.source.text, writer.links)
            ids[writer.subject, writer.source.text] = seen.setdefault(known, len(seen) + 1)
        return ids

    def _writer(self, subject: str, path: Path | None) -> Writer:
        contract, schema = self._found(subject)
        path = path or contract.path(schema)
        found: dict[str, Reference] = {}
        self._collect(schema, found, (subject,))
        form = next(SUFFIXES[suffix] for suffix in SUFFIXES if path.name.endswith(suffix))
        source = Source(_text(path), tuple(found.values()), str(path))
        return Writer(subject, path, form, source, tuple(schema.references.items()))

    def _collect(self, schema: Schema, found: dict[str, Reference], way: tuple[str, ...]) -> None:
        for name, subject in schema.references.items():
            if subject in way:
                raise SchemaError(way[0], f"references go in a circle: {' -> '.join((*way, subject))}")
            contract, target = self._found(subject)
            self._collect(target, found, (*way, subject))
            found.setdefault(name, Reference(name, subject, 0, _text(contract.path(target))))

    def _found(self, subject: str) -> tuple[Contract, Schema]:
        if subject not in self._held:
            known = ", ".join(sorted(self._held)[:20]) or "none"
            raise SchemaError(
                subject, f"no contract here holds this subject, and a schema refers to it; known: {known}"
            )
        return self._held[subject]


def framed(contract: Contract) -> bool:
    """Whether records of any topic of the contract name their schema, so that a registry is needed."""
    return any(schema.framing == "confluent" for _, _, schema in contract.schemas())


def _subjects(contract: Contract) -> dict[str, tuple[Contract, Schema]]:
    roles: dict[str, tuple[Contract, Schema]] = {}
    for topic, role, schema in contract.schemas():
        roles.setdefault(contract.subject(topic, role), (contract, schema))
    for subject, schema in contract.shared.items():
        roles.setdefault(schema.subject or subject, (contract, schema))
    return roles


def topics_of(contract: Contract) -> Iterator[tuple[str, Role, str]]:
    """Every schema of a topic as (topic, role, subject), where the subject is the one that serializers look for."""
    for topic, role, schema in contract.schemas():
        if schema.subject in (None, f"{topic}-{role}"):
            yield topic, role, f"{topic}-{role}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(str(path), f"it cannot be read: {error}") from error
