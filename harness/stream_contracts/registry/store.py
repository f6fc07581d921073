"""The registry as a pure function: state and request in, state and answer out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stream_contracts.registry import compatibility, config, registering, schemas, versions
from stream_contracts.registry import requests as ask
from stream_contracts.registry.answers import Answer, Terms, refused
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.state import State, fold

Verb = Callable[[State, Any, Terms], Answer]

READS: dict[type, Verb] = {
    ask.SchemaById: schemas.schema_by_id,
    ask.TextById: schemas.text_by_id,
    ask.SubjectsById: schemas.subjects_by_id,
    ask.VersionsById: schemas.versions_by_id,
    ask.SchemaByGuid: schemas.schema_by_guid,
    ask.IdsByGuid: schemas.ids_by_guid,
    ask.ListTypes: schemas.list_types,
    ask.ListSchemas: schemas.list_schemas,
    ask.ListSubjects: schemas.list_subjects,
    ask.ListContexts: schemas.list_contexts,
    ask.LatestWithMetadata: versions.latest_with_metadata,
    ask.ListVersions: versions.list_versions,
    ask.GetVersion: versions.get_version,
    ask.GetVersionText: versions.get_version_text,
    ask.ReferencedBy: versions.referenced_by,
    ask.GetConfig: config.get_config,
    ask.GetMode: config.get_mode,
}
"""Verbs that change nothing and are quick, unless they ask for another form of a text."""

JUDGED: dict[type, Verb] = {
    ask.Lookup: registering.lookup,
    ask.CheckVersion: compatibility.check_version,
    ask.CheckAll: compatibility.check_all,
}
"""Verbs that change nothing but have schemas parsed."""

WRITES: dict[type, Verb] = {
    ask.Register: registering.register,
    ask.DeleteSubject: versions.delete_subject,
    ask.DeleteVersion: versions.delete_version,
    ask.DeleteContext: schemas.delete_context,
    ask.PutConfig: config.put_config,
    ask.DeleteConfig: config.delete_config,
    ask.PutMode: config.put_mode,
    ask.DeleteMode: config.delete_mode,
}
"""Verbs whose answer may carry effects."""

VERBS: dict[type, Verb] = {**READS, **JUDGED, **WRITES}


def answer(state: State, request: ask.Request, terms: Terms) -> Answer:
    """Answer a request without applying its effects; a refusal is an answer too."""
    try:
        return VERBS[type(request)](state, request, terms)
    except Refusal as refusal:
        return refused(refusal)


def step(state: State, request: ask.Request, terms: Terms) -> tuple[State, Answer]:
    """Answer a request, and the state after it. The old state stays usable."""
    given = answer(state, request, terms)
    return (fold(state, given.effects) if given.effects else state), given
