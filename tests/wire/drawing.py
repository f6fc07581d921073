"""Draws bodies of Kafka messages: every field of every entity that the codec knows, in any version."""

from __future__ import annotations

import dataclasses
import io
import types
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from kio.index import load_request_schema, load_response_schema
from kio.serial import entity_writer
from kio.static.primitive import Records, i64Timedelta

from stream_contracts.wire.kafka import API_KEYS, Header, known_versions

Pair = tuple[str, int]
"""API and version."""


def pairs(*apis: str) -> list[Pair]:
    """Every version that the codec knows of these APIs; of all of them where none is named."""
    return [(api, version) for api in apis or API_KEYS for version in _versions(api)]


def _versions(api: str) -> range:
    known = known_versions(API_KEYS[api])
    assert known is not None
    return range(known[0], known[1] + 1)


def response_of(pair: Pair) -> Any:
    """The codec's class for the answer."""
    return load_response_schema(API_KEYS[pair[0]], pair[1])


def request_of(pair: Pair) -> Any:
    """The codec's class for the question."""
    return load_request_schema(API_KEYS[pair[0]], pair[1])


def responses(pair: Pair) -> st.SearchStrategy[Any]:
    return entities(response_of(pair))


def requests(pair: Pair) -> st.SearchStrategy[Any]:
    return entities(request_of(pair))


@cache
def entities(entity: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(entity)
    return st.builds(entity, **{field.name: _value(hints[field.name]) for field in dataclasses.fields(entity)})


def _value(hint: Any) -> st.SearchStrategy[Any]:
    origin = get_origin(hint)
    if origin in (types.UnionType, Union):
        return st.one_of(*map(_value, get_args(hint)))
    if origin is tuple:
        return st.lists(_value(get_args(hint)[0]), max_size=2).map(tuple)
    if hint is Records:
        return st.binary(max_size=30)
    if hint is i64Timedelta:  # the codec ends at 292 million years; ten thousand will do
        return st.integers(0, 3 * 10**14).map(lambda ms: i64Timedelta.parse(timedelta(milliseconds=ms)))
    return entities(hint) if dataclasses.is_dataclass(hint) else st.from_type(hint)


def encoded(*parts: Any) -> bytes:
    """The entities as bytes, one behind the other."""
    buffer = io.BytesIO()
    for part in parts:
        entity_writer(type(part))(buffer, part)
    return buffer.getvalue()


def answer_frame(body: Any, correlation_id: int = 7) -> bytes:
    """What a broker sends, without the length."""
    return encoded(body.__header_schema__(correlation_id=correlation_id), body)


def request_frame(body: Any, correlation_id: int = 7, client_id: str | None = "me") -> bytes:
    """What a client sends, without the length."""
    fields: dict[str, Any] = {
        "request_api_key": body.__api_key__,
        "request_api_version": body.__version__,
        "correlation_id": correlation_id,
    }
    if "client_id" in get_type_hints(body.__header_schema__):
        fields["client_id"] = client_id
    return encoded(body.__header_schema__(**fields), body)


def header_to(body: Any, correlation_id: int = 7) -> Header:
    """The header of the request that this body answers."""
    return Header(int(body.__api_key__), int(body.__version__), correlation_id, "me")


def nodes(body: Any) -> Iterator[Any]:
    """Every entity inside of a body, itself included."""
    yield body
    for field in dataclasses.fields(body):
        value = getattr(body, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if dataclasses.is_dataclass(part):
                yield from nodes(part)


def fields_below(entity: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every field of a class and of the classes below it: path and type."""
    for field in dataclasses.fields(entity):
        hint = get_type_hints(entity)[field.name]
        yield (*path, field.name), hint
        for part in _leaves(hint):
            if dataclasses.is_dataclass(part):
                yield from fields_below(part, (*path, field.name))


def _leaves(hint: Any) -> Iterator[Any]:
    arguments = [part for part in get_args(hint) if part is not Ellipsis]
    for part in arguments:
        yield from _leaves(part)
    if not arguments:
        yield hint
