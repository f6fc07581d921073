"""A Kafka message as bytes, without its length: the header that its schema names, then the body, by kio's codecs."""

from __future__ import annotations

import io
from typing import Any

from kio.serial import entity_reader, entity_writer


def encoded(head: Any, body: Any) -> bytes:
    """Return the entities ``head`` and ``body``, one after the other."""
    buffer = io.BytesIO()
    entity_writer(type(head))(buffer, head)
    entity_writer(type(body))(buffer, body)
    return buffer.getvalue()


def heading(schema: Any, frame: bytes | memoryview) -> tuple[Any, int]:
    """Return the header that goes before a body of that schema, and where the body begins. What kio raises comes through."""
    head: tuple[Any, int] = entity_reader(schema.__header_schema__)(frame, 0)
    return head


def decoded(schema: Any, frame: bytes | memoryview, at: int) -> tuple[Any, int]:
    """Return the body of that schema that begins ``at``, and where it ends. What kio raises comes through."""
    body, size = entity_reader(schema)(frame, at)
    return body, at + size
