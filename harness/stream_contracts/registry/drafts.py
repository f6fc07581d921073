"""From what a client sends to the schema that would be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stream_contracts.errors import SchemaError
from stream_contracts.registry import names
from stream_contracts.registry.answers import Terms
from stream_contracts.registry.config import effective
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.references import pinned, resolved
from stream_contracts.registry.requests import Draft
from stream_contracts.registry.state import Schema, State, digest
from stream_contracts.schema.format import Source

KNOWN_KINDS = ("AVRO", "JSON", "PROTOBUF")
_RULE_LISTS = ("migrationRules", "domainRules", "encodingRules")


def read_draft(state: State, subject: str, draft: Draft, normalize: bool, terms: Terms) -> Schema:
    """Read a draft in its subject's context: 42201 for what is no schema, 501 for a format that is not installed."""
    context = names.context_of(subject)
    if draft.kind not in KNOWN_KINDS:
        raise Refusal(42201, why=f"unknown schema type {draft.kind!r}; known are {', '.join(KNOWN_KINDS)}")
    if draft.kind not in terms.judge.kinds:
        raise Refusal(501, why=f"This registry cannot read {draft.kind}; it reads {', '.join(terms.judge.kinds)}")
    if not draft.text:
        raise Refusal(42201, why="the schema is empty")
    links = pinned(state, context, draft.references)
    source = Source(draft.text, resolved(state, context, links), "schema")
    normalize = normalize or bool(effective(state, subject).get("normalize"))
    try:
        reading = terms.judge.read(draft.kind, source, normalize)
    except SchemaError as error:
        raise Refusal(42201, why=str(error)) from error
    if normalize:
        links = tuple(sorted(set(links), key=lambda link: link.name))
    spelled = digest(draft.kind, reading.identity, links, draft.metadata, draft.rules)
    return Schema(draft.kind, reading.text, links, draft.metadata, draft.rules, spelled)


def completed(state: State, subject: str, draft: Draft) -> Draft:
    """Add what registering adds: text, metadata and rules of the latest version where absent, defaults, overrides."""
    config = effective(state, subject)
    latest = state.versions(subject)[-1:]
    before = state.content(subject, latest[0]) if latest else None
    metadata, rules = draft.metadata, draft.rules
    if before is not None:
        if not draft.text:
            draft = replace(draft, text=before.text, kind=before.kind, references=before.references)
        metadata = before.metadata if metadata is None else metadata
        rules = before.rules if rules is None else rules
    metadata = _merged(_merged(config.get("defaultMetadata"), metadata), config.get("overrideMetadata"))
    rules = _merged_rules(_merged_rules(config.get("defaultRuleSet"), rules), config.get("overrideRuleSet"))
    _refuse_bad_rules(rules)
    return replace(draft, metadata=metadata, rules=rules)


def _merged(below: Mapping[str, Any] | None, above: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Metadata: maps are united, the later one wins; the list of sensitive names is united."""
    if not below or not above:
        return above or below
    merged: dict[str, Any] = {**below, **above}
    for key in ("tags", "properties"):
        if below.get(key) and above.get(key):
            merged[key] = {**below[key], **above[key]}
    if below.get("sensitive") and above.get("sensitive"):
        merged["sensitive"] = sorted({*below["sensitive"], *above["sensitive"]})
    return merged


def _merged_rules(below: Mapping[str, Any] | None, above: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Rules: a later one of the same name takes the place of an earlier one."""
    if not below or not above:
        return above or below
    merged: dict[str, Any] = {**below, **above}
    for key in _RULE_LISTS:
        if below.get(key) or above.get(key):
            later = above.get(key) or []
            replaced = {rule.get("name") for rule in later}
            merged[key] = [rule for rule in below.get(key) or [] if rule.get("name") not in replaced] + list(later)
    return merged


def _refuse_bad_rules(rules: Mapping[str, Any] | None) -> None:
    names_seen: set[str] = set()
    for key in _RULE_LISTS:
        for rule in (rules or {}).get(key) or []:
            name = rule.get("name") if isinstance(rule, Mapping) else None
            if not isinstance(name, str) or not name:
                raise Refusal(42210, why=f"every rule of {key} needs a name")
            if name in names_seen:
                raise Refusal(42210, why=f"two rules are called {name!r}")
            names_seen.add(name)
