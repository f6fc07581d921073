"""The real judge: the schema room's formats, asked in the words of the store."""

from __future__ import annotations

import json
from typing import Any

from stream_contracts.errors import SchemaError
from stream_contracts.registry import avro_identity
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.judge import Judge, Reading
from stream_contracts.schema.format import Edition, Policy, Source


def judge(edition: Edition = Edition.CONFLUENT_8_3) -> Judge:
    """The judge that reproduces one edition of Confluent's registry."""
    return Judge(("AVRO",), edition, _read, _clashes, _rendered, _fields)


def _document(source: Source) -> Any:
    try:
        return json.loads(source.text)
    except ValueError as error:
        if source.text.isidentifier():
            return source.text
        raise SchemaError(source.called, f"it is no JSON: {error}") from error


def _read(_kind: str, source: Source, normalize: bool) -> Reading:
    document = _document(source)
    try:
        text = avro_identity.canonical(document, normalize=normalize)
    except (KeyError, TypeError, AttributeError) as error:
        raise SchemaError(source.called, f"it is no Avro schema: {error!r}") from error
    return Reading(text, text)


def _clashes(kind: str, _reader: Source, _writer: Source, _policy: Policy, _new_reads: bool) -> tuple[str, ...]:
    raise Refusal(501, why=f"This registry cannot compare {kind} schemas; set the compatibility level to NONE")


def _rendered(_kind: str, source: Source, _form: str) -> str:
    return source.text


def _fields(_kind: str, _source: Source) -> frozenset[str]:
    return frozenset()
