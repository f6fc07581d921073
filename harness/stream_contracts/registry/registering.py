"""Registering and looking up: when is a schema known, which id and version does a new one get?"""

from __future__ import annotations

from dataclasses import dataclass

from stream_contracts.errors import SchemaError
from stream_contracts.registry import names
from stream_contracts.registry import requests as ask
from stream_contracts.registry.answers import Answer, Terms, content_body, version_body
from stream_contracts.registry.compatibility import messages
from stream_contracts.registry.config import followed, mode_of, refuse_read_only
from stream_contracts.registry.drafts import completed, read_draft
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.requests import Draft
from stream_contracts.registry.schemas import same_content
from stream_contracts.registry.state import Effect, Put, Schema, State, Table, Version
from stream_contracts.registry.versions import LARGEST
from stream_contracts.schema.format import Edition


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a new version goes."""

    id: int
    number: int


def known_as(state: State, subject: str, schema: Schema, *, deleted: bool = False) -> Version | None:
    """The newest version of the subject with exactly this content."""
    context = names.context_of(subject)
    schema_id = state.ids.get((context, schema.digest))
    if schema_id is None or not any(holder == subject for holder, _ in state.holders.get((context, schema_id), ())):
        return None
    versions = state.versions(subject, deleted=deleted)
    return next((version for version in reversed(versions) if version.id == schema_id), None)


def _known_unsaid(state: State, subject: str, schema: Schema, *, deleted: bool) -> Version | None:
    """A lookup that says neither metadata nor rules means any version of this text."""
    if schema.metadata is not None or schema.rules is not None:
        return None
    for version in reversed(state.versions(subject, deleted=deleted)):
        if same_content(state.content(subject, version), schema):
            return version
    return None


def lookup(state: State, request: ask.Lookup, terms: Terms) -> Answer:
    """The version under which a schema is registered: 40401 without the subject, 40403 without the schema."""
    subject = followed(state, request.subject)
    if not state.versions(subject, deleted=request.deleted):
        raise Refusal(40401, subject=subject)
    schema = read_draft(state, subject, request.draft, request.normalize, terms)
    version = known_as(state, subject, schema, deleted=request.deleted)
    version = version or _known_unsaid(state, subject, schema, deleted=request.deleted)
    if version is None:
        raise Refusal(40403, id=f"of that text in subject '{subject}'")
    return Answer(version_body(state, names.context_of(subject), subject, version, terms, request.format))


def register(state: State, request: ask.Register, terms: Terms) -> Answer:
    """Give a schema a version in the subject, and an id that no other content of the context ever had.

    What the subject already has keeps its version. In IMPORT mode the client says the id, nothing is compared.
    """
    subject = names.canonical(request.subject)
    if not names.is_valid(subject):
        raise Refusal(42208, subject=request.subject)
    draft = completed(state, subject, request.draft)
    importing = _refuse_mode(state, subject, draft)
    schema = read_draft(state, subject, draft, request.normalize, terms)
    known = known_as(state, subject, schema)
    if known is not None and draft.id in (None, known.id) and draft.version in (None, known.number):
        return Answer(_registered(state, request, draft, schema, known, terms))
    if known is not None and draft.id not in (None, known.id):
        raise Refusal(42207, known=known.id, id=draft.id)
    if not importing:
        _refuse_incompatible(state, subject, schema, terms)
    place = _place(state, subject, schema, draft, importing=importing)
    version = Version(place.number, place.id, at_ms=terms.now_ms)
    effects = _effects(state, subject, schema, version)
    return Answer(_registered(state, request, draft, schema, version, terms), effects=effects)


def _refuse_mode(state: State, subject: str, draft: Draft) -> bool:
    """A said id needs IMPORT mode, and IMPORT mode needs a said id; tells whether this is an import."""
    refuse_read_only(state, subject)
    importing = mode_of(state, subject) == "IMPORT"
    if draft.id is not None and not importing:
        raise Refusal(42205, why=f"Subject '{subject}' is not in import mode")
    if draft.id is None and importing:
        raise Refusal(42205, why=f"Subject '{subject}' is in import mode, where the schema id has to be given")
    if draft.id is not None and not 1 <= draft.id <= LARGEST:
        raise Refusal(42201, why=f"id {draft.id} is not a number from 1 to {LARGEST}")
    return importing


def _refuse_incompatible(state: State, subject: str, schema: Schema, terms: Terms) -> None:
    try:
        found = messages(state, subject, schema, state.versions(subject), terms, all_versions=True)
    except SchemaError as error:
        raise Refusal(42201, why=str(error)) from error
    if found:
        code = 409 if terms.edition is Edition.CONFLUENT_7_4 else 40901
        raise Refusal(code, subject=subject, why=f"[{', '.join(found)}]")


def _place(state: State, subject: str, schema: Schema, draft: Draft, *, importing: bool) -> _Place:
    context = names.context_of(subject)
    every = state.versions(subject, deleted=True)
    following = every[-1].number + 1 if every else 1
    number = draft.version or following
    if number != following and not importing:
        raise Refusal(42201, why=f"version {number} does not follow: the next one is {following}")
    if not 1 <= number <= LARGEST:
        raise Refusal(42202, version=number)
    if draft.id is None:
        return _Place(_given(state, context, schema), number)
    there = state.schemas.get((context, draft.id))
    if there is not None and there.digest != schema.digest:
        raise Refusal(42205, why=f"Overwriting the schema of id {draft.id} is not permitted")
    taken = next((version for version in every if version.number == number), None)
    if taken is not None and taken.id != draft.id:
        raise Refusal(42205, why=f"Overwriting version {number} of subject '{subject}' is not permitted")
    return _Place(draft.id, number)


def _given(state: State, context: str, schema: Schema) -> int:
    """The id that this content already has in the context, else the next one."""
    known = state.ids.get((context, schema.digest))
    fresh = state.counters.get(context, 0) + 1
    if known is None and fresh > LARGEST:
        raise Refusal(50001, why=f"All ids of context '{context}' are used up")
    return fresh if known is None else known


def _effects(state: State, subject: str, schema: Schema, version: Version) -> tuple[Effect, ...]:
    context = names.context_of(subject)
    highest = state.counters.get(context, 0)
    effects: tuple[Effect, ...] = (Put(Table.VERSION, (subject, version.number), version),)
    if (context, version.id) not in state.schemas:
        effects = (Put(Table.SCHEMA, (context, version.id), schema), *effects)
    if version.id > highest or context not in state.counters:
        effects = (Put(Table.COUNTER, (context,), max(version.id, highest)), *effects)
    return effects


def _registered(
    state: State, request: ask.Register, draft: Draft, schema: Schema, version: Version, terms: Terms
) -> dict[str, object]:
    """Only the id up to 7.4; later version and guid too, and the content where the registry added to what was sent.

    Clients that are not told a content go on with their own, which may be a descriptor where the registry keeps text.
    """
    if terms.edition is Edition.CONFLUENT_7_4:
        return {"id": version.id}
    body: dict[str, object] = {"id": version.id, "version": version.number, "guid": schema.guid}
    if draft != request.draft or request.format:
        context = names.context_of(names.canonical(request.subject))
        body |= content_body(state, context, schema, terms, request.format)
    if terms.edition is Edition.CONFLUENT_NEXT:
        body |= {"ts": version.at_ms, "deleted": version.deleted}
    return body
