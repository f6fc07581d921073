"""Versions of a subject: read one, list them, delete them, and who refers to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from stream_contracts.registry import names
from stream_contracts.registry import requests as ask
from stream_contracts.registry.answers import Answer, Terms, page, text_in, version_body
from stream_contracts.registry.config import followed, forgotten, refuse_read_only
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.state import Drop, Effect, Put, State, Table, Version

LARGEST = 2**31 - 1


def numbered(text: str) -> int | None:
    """Read a version as clients write it: a number, or ``latest`` and ``-1``, which give None."""
    if text in ("latest", "-1"):
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= LARGEST):
        raise Refusal(42202, version=text)
    return int(text)


def found(state: State, subject: str, text: str, *, deleted: bool = False) -> Version:
    """The version that is meant; 40401 without the subject, 40402 without the version."""
    number = numbered(text)
    versions = state.versions(subject, deleted=deleted)
    if not versions:
        raise Refusal(40401, subject=subject)
    if number is None:
        return versions[-1]
    for version in versions:
        if version.number == number:
            return version
    raise Refusal(40402, version=number)


def get_version(state: State, request: ask.GetVersion, terms: Terms) -> Answer:
    """A version with its content."""
    subject = followed(state, request.subject)
    version = found(state, subject, request.version, deleted=request.deleted)
    return Answer(version_body(state, names.context_of(subject), subject, version, terms, request.format))


def get_version_text(state: State, request: ask.GetVersionText, terms: Terms) -> Answer:
    """The bare text of a version."""
    subject = followed(state, request.subject)
    version = found(state, subject, request.version, deleted=request.deleted)
    schema = state.content(subject, version)
    return Answer(text_in(state, names.context_of(subject), schema, terms, request.format), plain=True)


def latest_with_metadata(state: State, request: ask.LatestWithMetadata, terms: Terms) -> Answer:
    """The newest version that carries all the given metadata properties."""
    subject = followed(state, request.subject)
    if len(request.key) != len(request.value):
        raise Refusal(422, why="as many keys as values are needed")
    wanted = dict(zip(request.key, request.value, strict=True))
    versions = state.versions(subject, deleted=request.deleted)
    if not versions:
        raise Refusal(40401, subject=subject)
    for version in reversed(versions):
        properties = (state.content(subject, version).metadata or {}).get("properties") or {}
        if all(properties.get(key) == value for key, value in wanted.items()):
            return Answer(version_body(state, names.context_of(subject), subject, version, terms, request.format))
    raise Refusal(40402, version=f"with metadata {wanted}")


def list_versions(state: State, request: ask.ListVersions, _terms: Terms) -> Answer:
    """The version numbers, oldest first; a deleted one may be shown as a negative number."""
    subject = followed(state, request.subject)
    with_deleted = request.deleted or request.deleted_only or request.deleted_as_negative
    versions = state.versions(subject, deleted=with_deleted)
    if request.deleted_only:
        versions = tuple(version for version in versions if version.deleted)
    if not versions:
        raise Refusal(40401, subject=subject)
    sign = -1 if request.deleted_as_negative else 1
    numbers = (version.number * (sign if version.deleted else 1) for version in versions)
    return Answer(page(numbers, request.offset, request.limit))


def referrers(state: State, subject: str, version: Version, *, deleted: bool = False) -> list[int]:
    """Ids of the schemas that refer to a version; those held by deleted versions only, if asked for."""
    keys = state.referrers.get((subject, version.number), frozenset())
    return sorted({key[1] for key in keys if deleted or state.is_live(key)})


def referenced_by(state: State, request: ask.ReferencedBy, _terms: Terms) -> Answer:
    """The ids of the schemas that refer to a version."""
    subject = followed(state, request.subject)
    version = found(state, subject, request.version, deleted=request.deleted)
    ids = referrers(state, subject, version, deleted=request.deleted)
    return Answer(page(ids, request.offset, request.limit))


def delete_version(state: State, request: ask.DeleteVersion, _terms: Terms) -> Answer:
    """Delete one version: softly first, then permanently; its id is never given again."""
    subject = names.canonical(request.subject)
    refuse_read_only(state, subject)
    number = numbered(request.version)
    live = state.versions(subject)
    if number is None and live:
        number = live[-1].number
    version = found(state, subject, request.version if number is None else str(number), deleted=True)
    _refuse_order(subject, version, permanent=request.permanent)
    _refuse_referenced(state, subject, (version,))
    if request.permanent:
        effects = removed(state, subject, (version,))
    else:
        last = len(live) == 1
        effects = (*hidden(subject, (version,)), *(forgotten(state, subject) if last else ()))
    return Answer(version.number, effects=effects)


def _refuse_order(subject: str, version: Version, *, permanent: bool) -> None:
    if version.deleted and not permanent:
        raise Refusal(40406, subject=subject, version=version.number)
    if permanent and not version.deleted:
        raise Refusal(40407, subject=subject, version=version.number)


def _refuse_referenced(state: State, subject: str, versions: Iterable[Version]) -> None:
    for version in versions:
        ids = referrers(state, subject, version)
        if ids:
            _referenced(subject, version, ids)


def _referenced(subject: str, version: Version, ids: list[int]) -> NoReturn:
    raise Refusal(42206, subject=subject, version=version.number, ids=", ".join(map(str, ids)))


def hidden(subject: str, versions: Iterable[Version]) -> tuple[Effect, ...]:
    """Soft delete: the rows stay, marked."""
    return tuple(
        Put(Table.VERSION, (subject, each.number), Version(each.number, each.id, deleted=True, at_ms=each.at_ms))
        for each in versions
    )


def removed(state: State, subject: str, versions: tuple[Version, ...]) -> tuple[Effect, ...]:
    """Permanent delete: the rows go, and so does content that nobody holds any more."""
    context = names.context_of(subject)
    going = {(subject, version.number) for version in versions}
    orphans = [
        key
        for key in sorted({(context, version.id) for version in versions})
        if state.holders[key] <= going
    ]  # fmt: skip
    drops = tuple(Drop(Table.VERSION, key) for key in sorted(going))
    return (*drops, *(Drop(Table.SCHEMA, key) for key in orphans))


def delete_subject(state: State, request: ask.DeleteSubject, _terms: Terms) -> Answer:
    """Delete all versions: softly first, then permanently."""
    subject = names.canonical(request.subject)
    refuse_read_only(state, subject)
    every, live = state.versions(subject, deleted=True), state.versions(subject)
    if not every:
        raise Refusal(40401, subject=subject)
    if request.permanent and live:
        raise Refusal(40405, subject=subject)
    if not request.permanent and not live:
        raise Refusal(40404, subject=subject)
    going = every if request.permanent else live
    _refuse_referenced(state, subject, going)
    effects = removed(state, subject, going) if request.permanent else hidden(subject, going)
    return Answer([version.number for version in going], effects=effects + forgotten(state, subject))
