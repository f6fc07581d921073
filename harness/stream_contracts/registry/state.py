"""What the registry knows: an immutable state, and the two effects that can change it.

Every write is a tuple of effects, each one row of one table. The state is the fold of all effects, so a durable
registry keeps the rows and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from immutables import Map

from stream_contracts.registry import names

SchemaKey = tuple[str, int]
"""Context and id: ids are counted per context."""
VersionKey = tuple[str, int]
"""Canonical subject and version number."""
K = TypeVar("K")
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Link:
    """A reference as it is registered: by ``name`` in the text, kept as ``version`` of ``subject``."""

    name: str
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class Schema:
    """The content behind an id. ``digest`` tells contents apart: equal digest, equal id within a context."""

    kind: str
    text: str
    references: tuple[Link, ...] = ()
    metadata: Mapping[str, Any] | None = None
    rules: Mapping[str, Any] | None = None
    digest: str = ""

    @property
    def guid(self) -> str:
        """The same content has the same guid in every context and every registry."""
        return _guid(self.digest)


@lru_cache(maxsize=4096)
def _guid(digest_hex: str) -> str:
    return str(UUID(bytes=bytes.fromhex(digest_hex[:32]), version=5))


def digest(kind: str, identity: str, references: Iterable[Link], metadata: object, rules: object) -> str:
    """Fingerprint what makes two schemas the same one; ``identity`` is the canonical text."""
    links = [[link.name, link.subject, link.version] for link in references]
    spelled = json.dumps([kind, identity, links, metadata, rules], sort_keys=True)
    return hashlib.sha256(spelled.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """One version of a subject; ``at_ms`` is when it was registered, in Unix milliseconds."""

    number: int
    id: int
    deleted: bool = False
    at_ms: int = 0


class Table(StrEnum):
    """The kinds of rows. A counter is the highest id ever given in a context, and only grows."""

    SCHEMA = "schema"
    VERSION = "version"
    CONFIG = "config"
    MODE = "mode"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Put:
    """Write a row: (context, id) → Schema, (subject, number) → Version, (scope,) → settings, mode or counter."""

    table: Table
    key: tuple[Any, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Drop:
    """Take a row away."""

    table: Table
    key: tuple[Any, ...]


Effect = Put | Drop


def _none() -> Map[Any, Any]:
    return Map()


@dataclass(frozen=True, slots=True)
class State:
    """All rows, and the indexes that questions need; derived by ``evolve`` alone."""

    schemas: Map[SchemaKey, Schema] = field(default_factory=_none)
    ids: Map[tuple[str, str], int] = field(default_factory=_none)
    guids: Map[str, frozenset[SchemaKey]] = field(default_factory=_none)
    subjects: Map[str, tuple[Version, ...]] = field(default_factory=_none)
    holders: Map[SchemaKey, frozenset[VersionKey]] = field(default_factory=_none)
    referrers: Map[VersionKey, frozenset[SchemaKey]] = field(default_factory=_none)
    configs: Map[str, Mapping[str, Any]] = field(default_factory=_none)
    modes: Map[str, str] = field(default_factory=_none)
    counters: Map[str, int] = field(default_factory=_none)

    def versions(self, subject: str, *, deleted: bool = False) -> tuple[Version, ...]:
        """The versions of a canonical subject, oldest first; with ``deleted`` also the softly deleted ones."""
        every = self.subjects.get(subject, ())
        return every if deleted else tuple(version for version in every if not version.deleted)

    def content(self, subject: str, version: Version) -> Schema:
        """What a version holds."""
        return self.schemas[names.context_of(subject), version.id]

    def is_live(self, key: SchemaKey) -> bool:
        """Is a schema held by a version that is not deleted?"""
        return any(
            version.number == number
            for subject, number in self.holders.get(key, ())
            for version in self.versions(subject)
        )


def _with_member(index: Map[K, frozenset[M]], key: K, member: M) -> Map[K, frozenset[M]]:
    return index.set(key, index.get(key, frozenset()) | {member})


def _without_member(index: Map[K, frozenset[M]], key: K, member: M) -> Map[K, frozenset[M]]:
    left = index.get(key, frozenset()) - {member}
    return index.set(key, left) if left else index.delete(key)


def _target(key: SchemaKey, link: Link) -> VersionKey:
    """A reference is said inside the context of the schema that makes it."""
    return names.inside(key[0], link.subject), link.version


def _put_schema(state: State, key: SchemaKey, schema: Schema) -> State:
    referrers = state.referrers
    for link in schema.references:
        referrers = _with_member(referrers, _target(key, link), key)
    return replace(
        state,
        schemas=state.schemas.set(key, schema),
        ids=state.ids.set((key[0], schema.digest), key[1]),
        guids=_with_member(state.guids, schema.guid, key),
        referrers=referrers,
    )


def _drop_schema(state: State, key: SchemaKey) -> State:
    schema = state.schemas[key]
    referrers = state.referrers
    for target in {_target(key, link) for link in schema.references}:
        referrers = _without_member(referrers, target, key)
    ids = state.ids
    if ids.get((key[0], schema.digest)) == key[1]:
        ids = ids.delete((key[0], schema.digest))
    return replace(
        state,
        schemas=state.schemas.delete(key),
        ids=ids,
        guids=_without_member(state.guids, schema.guid, key),
        referrers=referrers,
    )


def _put_version(state: State, key: VersionKey, version: Version) -> State:
    subject, number = key
    versions = [known for known in state.subjects.get(subject, ()) if known.number != number]
    insort(versions, version)
    held = (names.context_of(subject), version.id)
    return replace(
        state,
        subjects=state.subjects.set(subject, tuple(versions)),
        holders=_with_member(state.holders, held, key),
    )


def _drop_version(state: State, key: VersionKey) -> State:
    subject, number = key
    gone = next(version for version in state.subjects[subject] if version.number == number)
    left = tuple(version for version in state.subjects[subject] if version.number != number)
    return replace(
        state,
        subjects=state.subjects.set(subject, left) if left else state.subjects.delete(subject),
        holders=_without_member(state.holders, (names.context_of(subject), gone.id), key),
    )


def evolve(state: State, effect: Effect) -> State:
    """Apply one effect."""
    table, key = effect.table, effect.key
    if table is Table.SCHEMA:
        return _put_schema(state, key, effect.value) if isinstance(effect, Put) else _drop_schema(state, key)
    if table is Table.VERSION:
        return _put_version(state, key, effect.value) if isinstance(effect, Put) else _drop_version(state, key)
    attribute = {Table.CONFIG: "configs", Table.MODE: "modes", Table.COUNTER: "counters"}[table]
    rows: Map[Any, Any] = getattr(state, attribute)
    rows = rows.set(key[0], effect.value) if isinstance(effect, Put) else rows.delete(key[0])
    return replace(state, **{attribute: rows})


def fold(state: State, effects: Iterable[Effect]) -> State:
    """Apply effects in order."""
    for effect in effects:
        state = evolve(state, effect)
    return state
