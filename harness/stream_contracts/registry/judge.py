"""What the store has to ask about schemas, as a record of functions: the store itself knows no format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stream_contracts.schema.format import Edition, Policy, Source


@dataclass(frozen=True, slots=True)
class Reading:
    """A schema that could be read: the text to keep, and the text by which two schemas are the same one."""

    text: str
    identity: str


@dataclass(frozen=True, slots=True)
class Judge:
    """The formats that are served, and the questions about them.

    * ``read(kind, source, normalize)`` raises ``SchemaError`` for a schema that the format refuses.
    * ``clashes(kind, reader, writer, policy, new_reads)`` is empty where data written with ``writer`` is read with
      ``reader`` as the registry sees it, else one string per reason in Confluent's verbose spelling; ``new_reads`` says
      that the reader is the new schema. Raises ``SchemaError`` where the registry itself would fail.
    * ``rendered(kind, source, form)`` is the text in another form (``serialized``, ``resolved``), or as it is.
    * ``fields(kind, source)`` are the names of the top-level fields, for reserved names.

    All of them are pure. A kind that is not in ``kinds`` is never asked for.
    """

    kinds: tuple[str, ...]
    edition: Edition
    read: Callable[[str, Source, bool], Reading]
    clashes: Callable[[str, Source, Source, Policy, bool], tuple[str, ...]]
    rendered: Callable[[str, Source, str], str]
    fields: Callable[[str, Source], frozenset[str]]
