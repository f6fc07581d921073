"""Settings and modes: what a scope says, what a subject inherits, and the verbs that change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream_contracts.registry import names
from stream_contracts.registry import requests as ask
from stream_contracts.registry.answers import Answer, Terms
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.state import Drop, Effect, Put, State, Table
from stream_contracts.schema.compat import LEVELS
from stream_contracts.schema.format import Policy

MODES = ("READWRITE", "READONLY", "READONLY_OVERRIDE", "IMPORT", "FORWARD")
_READ_ONLY = ("READONLY", "READONLY_OVERRIDE", "FORWARD")

KEYS: dict[str, type] = {
    "alias": str,
    "aliasForDeks": str,
    "normalize": bool,
    "validateFields": bool,
    "validateNewSchemas": bool,
    "validateRules": bool,
    "compatibilityLevel": str,
    "compatibilityPolicy": str,
    "compatibilityGroup": str,
    "defaultMetadata": dict,
    "overrideMetadata": dict,
    "defaultRuleSet": dict,
    "overrideRuleSet": dict,
}
"""Setting → JSON type. Others are ignored, as new clients send new ones."""
_OWN_ONLY = ("alias", "aliasForDeks")


def effective(state: State, subject: str) -> dict[str, Any]:
    """The settings in force for a subject: each key from the nearest scope that says it.

    An alias is never inherited.
    """
    merged: dict[str, Any] = {"compatibilityLevel": "BACKWARD"}
    for scope in reversed(names.scopes(subject)):
        said = state.configs.get(scope, {})
        merged |= {key: value for key, value in said.items() if scope == names.scope(subject) or key not in _OWN_ONLY}
    return merged


def mode_of(state: State, subject: str) -> str:
    """The mode in force: READONLY_OVERRIDE of the registry wins, else the nearest scope that says one."""
    if state.modes.get(names.GLOBAL) == "READONLY_OVERRIDE":
        return "READONLY_OVERRIDE"
    return next((state.modes[scope] for scope in names.scopes(subject) if scope in state.modes), "READWRITE")


def refuse_read_only(state: State, subject: str) -> None:
    """Nothing is written where the mode forbids it."""
    if mode_of(state, subject) in _READ_ONLY:
        raise Refusal(42205, why=f"Subject '{subject}' is in read-only mode")


def followed(state: State, subject: str) -> str:
    """The subject that a reading verb means: its alias where it has one."""
    subject = names.canonical(subject)
    alias = state.configs.get(names.scope(subject), {}).get("alias")
    return names.inside(names.context_of(subject), alias) if alias else subject


def forgotten(state: State, subject: str) -> tuple[Effect, ...]:
    """A subject that loses its last version loses its settings and its mode too."""
    scope = names.scope(subject)
    configs: tuple[Effect, ...] = (Drop(Table.CONFIG, (scope,)),) if scope in state.configs else ()
    modes: tuple[Effect, ...] = (Drop(Table.MODE, (scope,)),) if scope in state.modes else ()
    return configs + modes


def get_config(state: State, request: ask.GetConfig, _terms: Terms) -> Answer:
    """The registry always has a configuration; a subject has one if it was given one, or asks for the inherited."""
    scope = names.scope(request.subject)
    own = state.configs.get(scope)
    if scope == names.GLOBAL or request.default_to_global:
        return Answer(effective(state, request.subject))
    if own is None:
        raise Refusal(40408, subject=request.subject)
    return Answer(dict(own))


def put_config(state: State, request: ask.PutConfig, _terms: Terms) -> Answer:
    """Change the named keys; the answer repeats the request, as Confluent's does."""
    refuse_read_only(state, request.subject)
    said = _checked(request.settings)
    scope = names.scope(request.subject)
    merged = {**state.configs.get(scope, {}), **said}
    kept = {key: value for key, value in merged.items() if value is not None}
    return Answer(dict(request.settings), effects=(Put(Table.CONFIG, (scope,), kept),))


def _checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: value for key, value in settings.items() if key in KEYS}
    if "compatibility" in settings:
        said["compatibilityLevel"] = settings["compatibility"]
    for key, value in said.items():
        if value is not None and not isinstance(value, KEYS[key]):
            raise Refusal(422, why=f"{key} has to be of type {KEYS[key].__name__}, and is {value!r}")
    level = said.get("compatibilityLevel")
    if level is not None:
        if level.upper() not in LEVELS:
            raise Refusal(42203, level=repr(level), known=", ".join(LEVELS))
        said["compatibilityLevel"] = level.upper()
    policy = said.get("compatibilityPolicy")
    if policy is not None:
        if policy.upper() not in Policy.__members__:
            raise Refusal(422, why=f"Invalid compatibility policy {policy!r}: known are {', '.join(Policy)}.")
        said["compatibilityPolicy"] = policy.upper()
    return said


def delete_config(state: State, request: ask.DeleteConfig, _terms: Terms) -> Answer:
    """Back to what is inherited; the answer is what was forgotten."""
    refuse_read_only(state, request.subject)
    scope = names.scope(request.subject)
    if scope not in state.configs:
        if scope == names.GLOBAL:
            return Answer(effective(state, ""))
        raise Refusal(40401, subject=request.subject)
    return Answer(dict(state.configs[scope]), effects=(Drop(Table.CONFIG, (scope,)),))


def get_mode(state: State, request: ask.GetMode, _terms: Terms) -> Answer:
    """The registry always has a mode; a subject has one if it was given one, or asks for the inherited."""
    scope = names.scope(request.subject)
    if scope == names.GLOBAL or request.default_to_global:
        return Answer({"mode": mode_of(state, request.subject)})
    if scope not in state.modes:
        raise Refusal(40409, subject=request.subject)
    return Answer({"mode": state.modes[scope]})


def put_mode(state: State, request: ask.PutMode, _terms: Terms) -> Answer:
    """Set a mode; IMPORT is for an empty scope, unless forced, because it may say ids."""
    mode = request.mode.upper()
    if mode not in MODES:
        raise Refusal(42204, mode=repr(request.mode), known=", ".join(MODES))
    scope = names.scope(request.subject)
    if mode == "IMPORT" and not request.force and state.modes.get(scope) != "IMPORT" and _occupied(state, scope):
        raise Refusal(
            42205, why=f"Cannot import into '{request.subject}': it has schemas; force=true does it all the same"
        )
    return Answer({"mode": mode}, effects=(Put(Table.MODE, (scope,), mode),))


def _occupied(state: State, scope: str) -> bool:
    if scope == names.GLOBAL:
        return any(state.versions(subject) for subject in state.subjects)
    context, name = names.split(scope)
    if name:
        return bool(state.versions(scope))
    return any(names.context_of(subject) == context and state.versions(subject) for subject in state.subjects)


def delete_mode(state: State, request: ask.DeleteMode, _terms: Terms) -> Answer:
    """Back to what is inherited; the answer is the mode that was forgotten."""
    scope = names.scope(request.subject)
    if scope not in state.modes and scope != names.GLOBAL:
        raise Refusal(40401, subject=request.subject)
    gone = {scope} & set(state.modes)
    if request.recursive:
        gone |= {below for below in state.modes if scope in names.scopes(below)}
    effects = tuple(Drop(Table.MODE, (each,)) for each in sorted(gone))
    return Answer({"mode": state.modes.get(scope, "READWRITE")}, effects=effects)
