"""What the store gives back: status, body and effects, and how schemas and versions are spelled in a body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.judge import Judge
from stream_contracts.registry.references import source_of
from stream_contracts.registry.state import Effect, Schema, State, Version
from stream_contracts.schema.format import Edition

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a verb may use besides state and request: the judge of schemas, and the time in Unix milliseconds."""

    judge: Judge
    now_ms: int

    @property
    def edition(self) -> Edition:
        """Whose answers are given."""
        return self.judge.edition


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON-ready body (a ``str`` body of a text verb is the schema's own text), and what changes."""

    body: Any
    status: int = 200
    effects: tuple[Effect, ...] = ()
    plain: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(refusal: Refusal) -> Answer:
    """The answer that a refusal is."""
    return Answer(refusal.body, status=refusal.status, headers=refusal.headers)


def page(items: Iterable[T], offset: int, limit: int) -> list[T]:
    """The slice that a client asked for; a negative limit means all."""
    rest = list(items)[max(offset, 0) :]
    return rest if limit < 0 else rest[:limit]


def content_body(state: State, context: str, schema: Schema, terms: Terms, form: str = "") -> dict[str, Any]:
    """Spell a schema; what is absent, and the type AVRO, is left out as Confluent does."""
    body: dict[str, Any] = {}
    if terms.edition is not Edition.CONFLUENT_7_4:
        body["guid"] = schema.guid
    if schema.kind != "AVRO":
        body["schemaType"] = schema.kind
    if schema.references:
        body["references"] = [
            {"name": link.name, "subject": link.subject, "version": link.version} for link in schema.references
        ]
    if schema.metadata is not None:
        body["metadata"] = schema.metadata
    if schema.rules is not None:
        body["ruleSet"] = schema.rules
    body["schema"] = text_in(state, context, schema, terms, form)
    return body


def version_body(
    state: State, context: str, subject: str, version: Version, terms: Terms, form: str = ""
) -> dict[str, Any]:
    """Spell a version with its content; the newest edition also says when it came and whether it is deleted."""
    schema = state.schemas[context, version.id]
    body = {"subject": subject, "version": version.number, "id": version.id}
    body |= content_body(state, context, schema, terms, form)
    if terms.edition is Edition.CONFLUENT_NEXT:
        body["ts"] = version.at_ms
        body["deleted"] = version.deleted
    return body


def text_in(state: State, context: str, schema: Schema, terms: Terms, form: str) -> str:
    """The text of a schema in the form that was asked for."""
    if not form or schema.kind not in terms.judge.kinds:
        return schema.text
    return terms.judge.rendered(schema.kind, source_of(state, context, schema), form)
