"""Which schemas the contracts hold, under which subjects, and which of them refer to which."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from stream_contracts.contract.load import FILE, load
from stream_contracts.contract.model import Contract, Level, Schema
from stream_contracts.contract.reading import text
from stream_contracts.errors import ContractError, SchemaError
from stream_contracts.findings import Place
from stream_contracts.schema import SUFFIXES
from stream_contracts.schema.format import Reference, Source


class ReferenceMissingError(SchemaError):
    """A schema refers to a subject that no contract holds, or refers to itself in a circle."""


@dataclass(frozen=True, slots=True)
class Held:
    """A schema where a contract holds it: the steps to it in ``contract.yaml``, and its registry subject."""

    contract: Contract = field(compare=False)
    subject: str
    schema: Schema
    steps: tuple[str, ...]

    @property
    def topic(self) -> str:
        """The topic, or nothing for a shared schema."""
        return self.steps[1] if self.steps[0] == "topics" else ""

    @property
    def path(self) -> Path:
        """The schema file."""
        return self.contract.path(self.schema)

    @property
    def form(self) -> str:
        """The format by the file's suffix, as registries spell it."""
        return format_name(self.path)

    @property
    def declared(self) -> Place:
        """Where the contract declares it."""
        return self.contract.place(*self.steps)

    def level(self) -> tuple[Level, str]:
        """The compatibility level by the contract, and who says so."""
        at = self.contract.place(*self.steps, "compatibility").line
        if self.schema.compatibility is not None:
            return self.schema.compatibility, f"set for the subject, {self.contract.file.name}:{at}"
        if "compatibility" in self.contract.registry.model_fields_set:
            at = self.contract.place("registry", "compatibility").line
            return self.contract.registry.compatibility, f"set under registry, {self.contract.file.name}:{at}"
        return self.contract.registry.compatibility, "the default, nothing is set"


def format_name(path: Path) -> str:
    """The format that goes with a file name; nothing where none does."""
    return next((name for suffix, name in SUFFIXES.items() if path.name.lower().endswith(suffix)), "")


def held(contract: Contract) -> Iterator[Held]:
    """Every schema of a contract: keys and values of topics, then the shared ones."""
    for subject, schema, steps in contract.subjects():
        yield Held(contract, subject, schema, steps)


def text_of(path: Path) -> str:
    """Read a schema file; raises ``SchemaError``."""
    try:
        return text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(str(path), f"it cannot be read: {error}") from error


def same(one: str, other: str) -> bool:
    """Whether two schema texts say the same but for white space: registries keep JSON without line ends."""
    if one == other:
        return True
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return one.strip() == other.strip()


@dataclass(frozen=True)
class Tree:
    """Contracts that are looked at together: ``contracts`` are judged, those beside them only answer references."""

    contracts: tuple[Contract, ...]
    beside: tuple[Contract, ...] = ()

    @cached_property
    def held(self) -> tuple[Held, ...]:
        """Every schema of the contracts that are judged."""
        return tuple(each for contract in self.contracts for each in held(contract))

    @cached_property
    def by_subject(self) -> Mapping[str, tuple[Held, ...]]:
        """Who holds a subject, the contracts beside included."""
        found: dict[str, list[Held]] = {}
        for each in (*self.held, *(each for contract in self.beside for each in held(contract))):
            found.setdefault(each.subject, []).append(each)
        return {subject: tuple(holders) for subject, holders in found.items()}

    def find(self, subject: str, contract: str) -> Held | None:
        """The schema of a subject; where several contracts hold it, that contract's own."""
        holders = self.by_subject.get(subject, ())
        return next((each for each in holders if each.contract.name == contract), holders[0] if holders else None)

    def source(self, each: Held) -> Source:
        """The present schema with all that it refers to; raises ``ReferenceMissingError`` and ``SchemaError``."""
        return Source(text_of(each.path), self.references(each), str(each.path))

    def references(self, each: Held, *, former: bool = False) -> tuple[Reference, ...]:
        """What a schema refers to, dependencies first; with ``former`` in their newest kept versions."""
        found: dict[str, Reference] = {}
        self._collect(each, former=former, found=found, way=(each.subject,))
        return tuple(found.values())

    def _collect(self, each: Held, *, former: bool, found: dict[str, Reference], way: tuple[str, ...]) -> None:
        for name, subject in each.schema.references.items():
            if subject in way:
                circle = " -> ".join((*way, subject))
                raise ReferenceMissingError(str(each.path), f"references go in a circle: {circle}")
            target = self.find(subject, each.contract.name)
            if target is None:
                known = ", ".join(sorted(self.by_subject)[:20])
                why = f"{name} is said to be the subject {subject!r}, which no contract holds; known: {known}"
                raise ReferenceMissingError(str(each.path), why)
            self._collect(target, former=former, found=found, way=(*way, subject))
            kept = target.contract.former(target.schema) if former else ()
            found[name] = Reference(name, subject, 0, text_of(kept[-1] if kept else target.path))

    @cached_property
    def _referrers(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for holders in self.by_subject.values():
            for each in holders:
                for subject in each.schema.references.values():
                    found.setdefault(subject, []).append(each.subject)
        return {subject: tuple(dict.fromkeys(by)) for subject, by in found.items()}

    def referrers(self, subject: str) -> tuple[str, ...]:
        """Every subject that refers to this one, directly or through others, the nearest first."""
        found: dict[str, None] = {}
        waiting = [subject]
        while waiting:
            for by in self._referrers.get(waiting.pop(0), ()):
                if by not in found and by != subject:
                    found[by] = None
                    waiting.append(by)
        return tuple(found)

    def users(self, topic: str) -> tuple[str, ...]:
        """The pipelines that read a topic, as ``contract/pipeline``."""
        return tuple(
            f"{contract.name}/{name}"
            for contract in (*self.contracts, *self.beside)
            for name, pipeline in contract.pipelines.items()
            if topic in pipeline.reads
        )


def tree(contracts: Iterable[Contract]) -> Tree:
    """The contracts, and where one of them refers to a subject that none of them holds, those in the folders beside."""
    judged = tuple(contracts)
    alone = Tree(judged)
    wanted = {subject for each in alone.held for subject in each.schema.references.values()}
    if wanted <= alone.by_subject.keys():
        return alone
    return Tree(judged, tuple(_beside(judged)))


def _beside(judged: tuple[Contract, ...]) -> Iterator[Contract]:
    known = {contract.file.resolve() for contract in judged}
    for folder in dict.fromkeys(contract.folder.resolve().parent for contract in judged):
        for file in sorted(folder.glob(f"*/{FILE}")):
            if file.resolve() not in known:
                known.add(file.resolve())
                try:
                    yield load(file)
                except ContractError:
                    continue  # it is not asked about; a reference into it is reported as missing
