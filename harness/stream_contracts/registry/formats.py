"""The real judge: the formats of the schema room, asked in the words of the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from stream_contracts.errors import SchemaError
from stream_contracts.registry import avro_identity
from stream_contracts.registry.judge import Judge, Reading
from stream_contracts.schema import FORMATS, format_named
from stream_contracts.schema.compat import parsed
from stream_contracts.schema.format import Difference, Edition, Policy, Source


def judge(edition: Edition = Edition.CONFLUENT_8_3) -> Judge:
    """The judge that reproduces one edition of Confluent's registry."""

    def clashes(kind: str, reader: Source, writer: Source, policy: Policy, new_reads: bool) -> tuple[str, ...]:
        form = format_named(kind)
        found = form.differences(parsed(form, writer), parsed(form, reader), policy, edition)
        spell = _SPELLING[kind]
        return tuple(spell(each, _sentence(each, new_reads)) for each in found if not each.compatible)

    return Judge(tuple(FORMATS), edition, _read, clashes, _rendered, _fields)


def _sentence(difference: Difference, new_reads: bool) -> str:
    """One line that says who reads whom, where, and what is wrong there; our wording, Confluent's place of the path."""
    reader, writer = ("new", "old") if new_reads else ("old", "new")
    why = difference.message
    for prefix in (f"at '{difference.path}': ", f"{difference.path}: "):
        why = why.removeprefix(prefix)
    return f"The {reader} schema cannot read data of the {writer} one at path '{difference.path}': {why}"


_SPELLING: Mapping[str, Callable[[Difference, str], str]] = {
    "AVRO": lambda found, said: f"{{errorType:'{found.kind}', description:'{said}', additionalInfo:'{found.info}'}}",
    "JSON": lambda found, said: f'{{errorType:"{found.kind}", description:"{said}\'}}',
    "PROTOBUF": lambda found, said: f'{{errorType:"{found.kind}", description:"{said}"}}',
}
"""Confluent's pseudo-JSON; clients parse it, so the odd closing quote of JSON Schema is kept."""


@lru_cache(maxsize=1024)
def _read(kind: str, source: Source, normalize: bool) -> Reading:
    return _READERS[kind](source, normalize)


def _read_avro(source: Source, normalize: bool) -> Reading:
    schema = parsed(format_named("AVRO"), source)
    text = _compact(avro_identity.canonical(schema.document, normalize=normalize))
    return Reading(text, text)


def _read_json(source: Source, normalize: bool) -> Reading:
    """Compact JSON in the order of the text, as Confluent keeps it; ``normalize`` sorts the keys."""
    parsed(format_named("JSON"), source)
    text = _compact(json.loads(source.text), sort_keys=normalize)
    return Reading(text, text)


def _compact(document: Any, *, sort_keys: bool = False) -> str:
    """Spell JSON without white space; half a surrogate pair, which is no text, stays escaped."""
    try:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys, allow_nan=False)
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(document, separators=(",", ":"), sort_keys=sort_keys)
    except ValueError as error:
        raise SchemaError("schema", f"a number in it is too large: {error}") from error
    return text


def _read_protobuf(source: Source, _normalize: bool) -> Reading:
    """A descriptor in base64 becomes text, as Confluent keeps it; text stays as it was written."""
    from stream_contracts.registry import protobuf_identity

    parsed(format_named("PROTOBUF"), source)
    return protobuf_identity.reading(source)


_READERS: Mapping[str, Callable[[Source, bool], Reading]] = {
    "AVRO": _read_avro,
    "JSON": _read_json,
    "PROTOBUF": _read_protobuf,
}


def _rendered(kind: str, source: Source, form: str) -> str:
    """Protobuf has ``serialized``, Avro ``resolved``; Confluent ignores a form that a format does not have."""
    if kind == "PROTOBUF" and form == "serialized":
        from stream_contracts.registry import protobuf_identity

        return protobuf_identity.serialized(source)
    if kind == "AVRO" and form == "resolved" and source.references:
        return _compact(avro_identity.resolved(source))
    return source.text


_TOP_FIELDS: Mapping[str, Callable[[Any], frozenset[str]]] = {
    "AVRO": lambda schema: frozenset(field.name for field in getattr(schema.root, "fields", ())),
    "JSON": lambda schema: frozenset(_properties(schema.source.text)),
    "PROTOBUF": lambda schema: frozenset(
        field.name for message in (schema.side.file.messages if schema.side else ()) for field in message.fields
    ),
}


def _fields(kind: str, source: Source) -> frozenset[str]:
    return _TOP_FIELDS[kind](parsed(format_named(kind), source))


def _properties(text: str) -> Mapping[str, Any]:
    root = json.loads(text)
    properties = root.get("properties") if isinstance(root, dict) else None
    return properties if isinstance(properties, dict) else {}
