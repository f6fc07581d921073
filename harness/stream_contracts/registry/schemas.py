"""Reading across subjects: by id, by guid, and the lists of schemas, subjects and contexts."""

from __future__ import annotations

from stream_contracts.registry import names
from stream_contracts.registry import requests as ask
from stream_contracts.registry.answers import Answer, Terms, content_body, page, text_in, version_body
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.state import Drop, Effect, Schema, SchemaKey, State, Table, VersionKey


def key_of(state: State, schema_id: int, subject: str) -> SchemaKey:
    """Which context an id is meant in.

    That of the subject; for a subject without a context that does not hold the id, any context where a subject of
    this name does (Confluent's clients ask so). Raises 40403.
    """
    context, name = names.split(subject)
    if subject and context == names.DEFAULT and not _holds(state, (context, schema_id), subject):
        for other in sorted(state.counters):
            if _holds(state, (other, schema_id), names.join(other, name)):
                return other, schema_id
    if (context, schema_id) not in state.schemas:
        raise Refusal(40403, id=schema_id)
    return context, schema_id


def _holds(state: State, key: SchemaKey, subject: str) -> bool:
    return any(holder == subject for holder, _ in state.holders.get(key, ()))


def schema_by_id(state: State, request: ask.SchemaById, terms: Terms) -> Answer:
    """The schema behind an id; softly deleted ones too, as old records still carry the id."""
    key = key_of(state, request.id, request.subject)
    body = content_body(state, key[0], state.schemas[key], terms, request.format)
    if request.fetch_max_id:
        body["maxId"] = state.counters.get(key[0], 0)
    return Answer(body)


def text_by_id(state: State, request: ask.TextById, terms: Terms) -> Answer:
    """The bare text behind an id."""
    key = key_of(state, request.id, request.subject)
    return Answer(text_in(state, key[0], state.schemas[key], terms, request.format), plain=True)


def _held(state: State, key: SchemaKey, subject: str, *, deleted: bool) -> list[VersionKey]:
    """The versions that hold an id, those of one subject if it is given."""
    wanted = names.split(subject)[1]
    return sorted(
        (holder, version.number)
        for holder in {holder for holder, _ in state.holders.get(key, ())}
        if not wanted or names.split(holder)[1] == wanted
        for version in state.versions(holder, deleted=deleted)
        if version.id == key[1]
    )


def subjects_by_id(state: State, request: ask.SubjectsById, _terms: Terms) -> Answer:
    """The subjects that hold an id."""
    key = key_of(state, request.id, request.subject)
    held = _held(state, key, request.subject, deleted=request.deleted)
    return Answer(page(sorted({subject for subject, _ in held}), request.offset, request.limit))


def versions_by_id(state: State, request: ask.VersionsById, _terms: Terms) -> Answer:
    """The versions that hold an id."""
    key = key_of(state, request.id, request.subject)
    held = _held(state, key, request.subject, deleted=request.deleted)
    pairs = ({"subject": subject, "version": number} for subject, number in held)
    return Answer(page(pairs, request.offset, request.limit))


def schema_by_guid(state: State, request: ask.SchemaByGuid, terms: Terms) -> Answer:
    """The schema behind a guid, the same in all contexts."""
    keys = state.guids.get(request.guid)
    if not keys:
        raise Refusal(40403, id=request.guid)
    key = min(keys)
    return Answer(content_body(state, key[0], state.schemas[key], terms, request.format))


def ids_by_guid(state: State, request: ask.IdsByGuid, _terms: Terms) -> Answer:
    """Context and id of every place where this content is registered."""
    keys = state.guids.get(request.guid)
    if not keys:
        raise Refusal(40403, id=request.guid)
    return Answer([{"context": context, "id": number} for context, number in sorted(keys)])


def list_types(_state: State, _request: ask.ListTypes, terms: Terms) -> Answer:
    """The formats that can be registered."""
    return Answer(list(terms.judge.kinds))


def list_subjects(state: State, request: ask.ListSubjects, _terms: Terms) -> Answer:
    """Subject names in order; of all contexts unless the prefix says one."""
    wanted = []
    for subject, versions in state.subjects.items():
        live = any(not version.deleted for version in versions)
        shown = not live if request.deleted_only else live or request.deleted
        if shown and names.matches(subject, request.subject_prefix):
            wanted.append(subject)
    return Answer(page(sorted(wanted), request.offset, request.limit))


def list_schemas(state: State, request: ask.ListSchemas, terms: Terms) -> Answer:
    """Every version with its content, by subject and version; with ``aliases``, again under each alias."""
    wanted = [subject for subject in state.subjects if names.matches(subject, request.subject_prefix)]
    shown = [(subject, subject) for subject in wanted]
    if request.aliases:
        for scope, settings in state.configs.items():
            alias = settings.get("alias")
            if alias and names.matches(scope, request.subject_prefix):
                shown.append((scope, names.inside(names.context_of(scope), alias)))
    rows = []
    for called, subject in sorted(shown):
        versions = state.versions(subject, deleted=request.deleted)
        rows += [(called, subject, each) for each in (versions[-1:] if request.latest_only else versions)]
    bodies = []
    for called, subject, version in page(rows, request.offset, request.limit):
        body = version_body(state, names.context_of(subject), subject, version, terms)
        bodies.append(body if called == subject else {**body, "subject": called})
    return Answer(bodies)


def list_contexts(state: State, request: ask.ListContexts, _terms: Terms) -> Answer:
    """The contexts that were ever written to, and the default one."""
    contexts = sorted({names.DEFAULT, *state.counters})
    wanted = (context for context in contexts if context.startswith(request.context_prefix))
    return Answer(page(wanted, request.offset, request.limit))


def delete_context(state: State, request: ask.DeleteContext, _terms: Terms) -> Answer:
    """Forget an empty context: its settings and modes. Its counter stays, as ids are never given twice."""
    context = names.split(f":{request.context.strip(':')}:")[0] if request.context.startswith((".", ":")) else ""
    if context not in state.counters:
        raise Refusal(404, why=f"Context '{request.context}' not found.")
    if any(names.context_of(subject) == context for subject in state.subjects):
        raise Refusal(42211, context=context)
    effects: list[Effect] = [Drop(Table.CONFIG, (scope,)) for scope in state.configs if _within(scope, context)]
    effects += [Drop(Table.MODE, (scope,)) for scope in state.modes if _within(scope, context)]
    return Answer(None, status=204, effects=tuple(effects))


def _within(scope: str, context: str) -> bool:
    return scope != names.GLOBAL and names.context_of(scope) == context


def same_content(schema: Schema, other: Schema) -> bool:
    """Equal but for metadata and rules, which a lookup may leave unsaid."""
    return (schema.kind, schema.text, schema.references) == (other.kind, other.text, other.references)
