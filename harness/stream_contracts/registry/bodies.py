"""Request bodies: from bytes to drafts, settings and modes, with a clear refusal for everything else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.requests import Draft
from stream_contracts.registry.state import Link

_RULE_LISTS = ("migrationRules", "domainRules", "encodingRules")


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def document(body: bytes) -> dict[str, Any]:
    """Read a JSON object, or refuse with 400."""
    try:
        read = json.loads(body, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, why=f"The body is not readable as JSON: {error}") from error
    if not isinstance(read, dict):
        raise Refusal(400, why="The body has to be a JSON object")
    return read


def _typed(where: Mapping[str, Any], key: str, kind: type) -> Any:
    value = where.get(key)
    if value is None or (isinstance(value, kind) and not (kind is int and isinstance(value, bool))):
        return value
    raise Refusal(422, why=f"{key} has to be of type {kind.__name__}, and is {type(value).__name__}")


def _text(where: Mapping[str, Any], key: str) -> str | None:
    value: str | None = _typed(where, key, str)
    if value is not None and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Refusal(422, why=f"{key} is no valid Unicode text: {error.reason}") from error
    return value


def _positive(where: Mapping[str, Any], key: str) -> int | None:
    """A number that means something; Java clients send 0 or -1 for none."""
    value = _typed(where, key, int)
    return value if value is not None and value > 0 else None


def metadata(where: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    """Metadata: ``tags``, ``properties`` (text to text) and ``sensitive``; empty means none."""
    said: Mapping[str, Any] | None = _typed(where, key, dict)
    if not said:
        return None
    for name in ("tags", "properties"):
        _typed(said, name, dict)
    for name, value in (said.get("properties") or {}).items():
        if not isinstance(value, str):
            raise Refusal(422, why=f"{key}.properties.{name} has to be a text")
    for value in _typed(said, "sensitive", list) or []:
        if not isinstance(value, str):
            raise Refusal(422, why=f"{key}.sensitive has to be a list of texts")
    return {name: value for name, value in said.items() if value is not None}


def rules(where: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    """A rule set: lists of rules, each an object; empty means none."""
    said: Mapping[str, Any] | None = _typed(where, key, dict)
    if not said:
        return None
    for name in _RULE_LISTS:
        for rule in _typed(said, name, list) or []:
            if not isinstance(rule, dict):
                raise Refusal(42210, why=f"every entry of {name} has to be an object")
    return {name: value for name, value in said.items() if value is not None}


def _link(said: object) -> Link:
    if not isinstance(said, dict):
        raise Refusal(422, why="every reference has to be an object")
    name, subject, version = _text(said, "name"), _text(said, "subject"), _typed(said, "version", int)
    if not name or not subject or version is None:
        raise Refusal(422, why="a reference needs name, subject and version")
    return Link(name, subject, version)


def draft(body: bytes) -> Draft:
    """A schema to register, look up or check."""
    said = document(body)
    return Draft(
        text=_text(said, "schema"),
        kind=(_text(said, "schemaType") or "AVRO").upper(),
        references=tuple(_link(each) for each in _typed(said, "references", list) or []),
        metadata=metadata(said, "metadata"),
        rules=rules(said, "ruleSet"),
        id=_positive(said, "id"),
        version=_positive(said, "version"),
    )


def settings(body: bytes) -> Mapping[str, Any]:
    """Settings of a scope; what they may say is for the store to know, but for the nested shapes."""
    said = document(body)
    for key in ("defaultMetadata", "overrideMetadata"):
        metadata(said, key)
    for key in ("defaultRuleSet", "overrideRuleSet"):
        rules(said, key)
    for key in ("compatibility", "compatibilityLevel", "compatibilityPolicy", "alias", "compatibilityGroup"):
        _text(said, key)
    return said


def mode(body: bytes) -> str:
    """The name of a mode."""
    return _text(document(body), "mode") or ""


BODIES: dict[str, Callable[[bytes], Any]] = {"draft": draft, "settings": settings, "mode": mode}
"""Attribute of a request → how its body is read."""
