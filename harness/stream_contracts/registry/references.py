"""References: from (subject, version) to texts, dependencies first."""

from __future__ import annotations

from collections.abc import Iterator

from stream_contracts.registry import names
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.state import Link, Schema, State, Version
from stream_contracts.schema.format import Reference, Source


def target(state: State, context: str, link: Link, *, deleted: bool) -> Version | None:
    """The version that a reference means; -1 means the latest one."""
    versions = state.versions(names.inside(context, link.subject), deleted=deleted)
    if link.version == -1:
        return versions[-1] if versions else None
    return next((version for version in versions if version.number == link.version), None)


def pinned(state: State, context: str, links: tuple[Link, ...]) -> tuple[Link, ...]:
    """The references of a new schema with -1 made a number; each has to exist and not be deleted."""
    return tuple(_pinned(state, context, link) for link in links)


def _pinned(state: State, context: str, link: Link) -> Link:
    found = target(state, context, link, deleted=False)
    if found is None:
        why = f"reference {link.name!r} names version {link.version} of subject {link.subject!r}, which is not there."
        raise Refusal(42201, why=why)
    return Link(link.name, link.subject, found.number)


def resolved(state: State, context: str, links: tuple[Link, ...]) -> tuple[Reference, ...]:
    """Everything that the links reach, each name once, dependencies before what needs them.

    What is deleted softly still resolves, as old schemas have to stay readable.
    """
    seen: dict[str, Reference] = {}
    for reference in _walk(state, context, links, ()):
        seen.setdefault(reference.name, reference)
    return tuple(seen.values())


def _walk(state: State, context: str, links: tuple[Link, ...], above: tuple[Link, ...]) -> Iterator[Reference]:
    for link in links:
        version = target(state, context, link, deleted=True)
        if version is None or link in above:
            continue
        home = names.context_of(names.inside(context, link.subject))
        schema = state.schemas[home, version.id]
        yield from _walk(state, home, schema.references, (*above, link))
        yield Reference(link.name, link.subject, version.number, schema.text)


def source_of(state: State, context: str, schema: Schema, called: str = "schema") -> Source:
    """A registered schema as the schema room wants it."""
    return Source(schema.text, resolved(state, context, schema.references), called)
