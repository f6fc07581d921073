"""May a schema follow the earlier ones? Which versions are asked, in which direction, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stream_contracts.errors import SchemaError
from stream_contracts.registry import names
from stream_contracts.registry import requests as ask
from stream_contracts.registry.answers import Answer, Terms
from stream_contracts.registry.config import effective, followed
from stream_contracts.registry.drafts import read_draft
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.references import source_of
from stream_contracts.registry.state import Schema, State, Version
from stream_contracts.registry.versions import numbered
from stream_contracts.schema.compat import LEVELS, Direction, Level
from stream_contracts.schema.format import Policy

_SHOWN_CHARS = 10240
"""How much of the earlier schema a verbose answer repeats."""
_RESERVED = "confluent:reserved"


def messages(
    state: State, subject: str, new: Schema, versions: Sequence[Version], terms: Terms, *, all_versions: bool
) -> list[str]:
    """Why ``new`` may not follow ``versions`` (oldest first), newest failing version first; empty where it may.

    Non-transitive levels ask the newest of the same compatibility group only, transitive ones walk backwards and stop
    at the first version that clashes; ``all_versions`` False asks just the one version that is given.
    """
    config = effective(state, subject)
    level = LEVELS[config["compatibilityLevel"]]
    found = list(_reserved(state, subject, new, versions, config, terms))
    grouped = _same_group(state, subject, new, versions, config)
    asked = grouped if all_versions and level.transitive else grouped[-1:]
    for version in reversed(asked):
        clashes = _against(state, subject, new, version, level, config, terms)
        if clashes:
            found += clashes
            break
    if not found:
        return []
    validated = str(bool(config.get("validateFields"))).lower()
    return [*found, f"{{validateFields: '{validated}', compatibility: '{config['compatibilityLevel']}'}}"]


def _same_group(
    state: State, subject: str, new: Schema, versions: Sequence[Version], config: Mapping[str, Any]
) -> list[Version]:
    """Versions whose metadata property of the group's name equals that of the new schema; absent equals absent."""
    group = config.get("compatibilityGroup")
    if not group:
        return list(versions)
    wanted = _property(new, group)
    return [version for version in versions if _property(state.content(subject, version), group) == wanted]


def _property(schema: Schema, name: str) -> object:
    properties = (schema.metadata or {}).get("properties") or {}
    return properties.get(name)


def _against(
    state: State, subject: str, new: Schema, version: Version, level: Level, config: Mapping[str, Any], terms: Terms
) -> list[str]:
    old = state.content(subject, version)
    if not level.directions:
        return []
    if old.kind != new.kind:
        return [f"The schema type changed from {old.kind} in version {version.number} to {new.kind}"]
    context = names.context_of(subject)
    policy = Policy(config.get("compatibilityPolicy", Policy.STRICT))
    old_source, new_source = source_of(state, context, old), source_of(state, context, new)
    found: list[str] = []
    shown = False
    for direction in level.directions:
        new_reads = direction is Direction.BACKWARD
        reader, writer = (new_source, old_source) if new_reads else (old_source, new_source)
        clashes = terms.judge.clashes(new.kind, reader, writer, policy, new_reads)
        found += clashes
        shown = bool(clashes)
    return [*found, *(_earlier(version, old) if shown else ())]


def _earlier(version: Version, old: Schema) -> Iterator[str]:
    yield f"{{oldSchemaVersion: {version.number}}}"
    if len(old.text) > _SHOWN_CHARS:
        yield f"{{oldSchema: <truncated> '{old.text[:_SHOWN_CHARS]}...'}}"
    else:
        yield f"{{oldSchema: '{old.text}'}}"


def _reserved(
    state: State, subject: str, new: Schema, versions: Sequence[Version], config: Mapping[str, Any], terms: Terms
) -> Iterator[str]:
    """With ``validateFields``: a reserved name stays reserved, and is no top-level field (at any level)."""
    if not config.get("validateFields"):
        return
    reserved = _reserved_names(new)
    if versions:
        for name in sorted(_reserved_names(state.content(subject, versions[-1])) - reserved):
            yield f"The field '{name}' was reserved in version {versions[-1].number} and no longer is"
    if reserved:
        fields = terms.judge.fields(new.kind, source_of(state, names.context_of(subject), new))
        for name in sorted(reserved & fields):
            yield f"The field '{name}' is reserved, and the new schema has it"


def _reserved_names(schema: Schema) -> frozenset[str]:
    listed = _property(schema, _RESERVED)
    return frozenset(part.strip() for part in str(listed or "").split(",") if part.strip())


def check_version(state: State, request: ask.CheckVersion, terms: Terms) -> Answer:
    """Ask one version, whatever the level says of transitivity; no version is *latest* of an empty subject: fine."""
    subject = followed(state, request.subject)
    versions = state.versions(subject)
    number = numbered(request.version)
    chosen = versions[-1:] if number is None else tuple(each for each in versions if each.number == number)
    if number is not None and not chosen:
        raise Refusal(40402, version=number)
    return _checked(state, subject, request, chosen, terms, all_versions=False)


def check_all(state: State, request: ask.CheckAll, terms: Terms) -> Answer:
    """Ask as registering would."""
    subject = followed(state, request.subject)
    return _checked(state, subject, request, state.versions(subject), terms, all_versions=True)


def _checked(
    state: State,
    subject: str,
    request: ask.CheckVersion | ask.CheckAll,
    versions: Sequence[Version],
    terms: Terms,
    *,
    all_versions: bool,
) -> Answer:
    """Verbose, an unreadable schema is an incompatible one; otherwise it is an error."""
    try:
        new = read_draft(state, subject, request.draft, request.normalize, terms)
        found = messages(state, subject, new, versions, terms, all_versions=all_versions)
    except Refusal as refusal:
        if not (request.verbose and refusal.code == 42201):
            raise
        found = [refusal.message]
    except SchemaError as error:
        if not request.verbose:
            raise Refusal(42201, why=str(error)) from error
        found = [str(error)]
    body: dict[str, Any] = {"is_compatible": not found}
    if request.verbose:
        body["messages"] = found
    return Answer(body)
