"""What every schema format offers: the shapes that Avro, Protobuf and JSON Schema share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from stream_contracts.schema.json_places import repeated_key


@dataclass(frozen=True, slots=True)
class Reference:
    """A schema that another one refers to: by ``name`` in its text, as ``subject`` and ``version`` in a registry.

    ``text`` is None for a file that every engine knows by itself, such as ``google/protobuf/timestamp.proto``.
    """

    name: str
    subject: str = ""
    version: int = 0
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A schema as written: its text, what it refers to (dependencies first), and what to call it in a message."""

    text: str
    references: tuple[Reference, ...] = ()
    called: str = "schema"


class Policy(StrEnum):
    """How a registry judges JSON Schema content models (Confluent ``compatibilityPolicy``)."""

    STRICT = "STRICT"
    LENIENT = "LENIENT"


class Edition(StrEnum):
    """Whose behaviour the registry verdict reproduces; verdicts drift between releases."""

    CONFLUENT_7_4 = "confluent-7.4"
    CONFLUENT_8_3 = "confluent-8.3"
    CONFLUENT_NEXT = "confluent-next"


class Reads(StrEnum):
    """The decoder verdict: what becomes of data written with one schema and read with the other."""

    READS = "reads"
    FAILS = "fails"
    CHANGES = "reads-but-changes"
    UNKNOWN = "unknown"


UNSEARCHED = "no rule proves that every message is read, and no message was tried"
"""The reason of an ``unknown`` that a search, which was not asked for, might have answered."""


BOM = "it begins with a byte order mark (BOM), which no schema may hold: save the file as UTF-8 without BOM"
"""Said of a text that begins with U+FEFF, as some editors write it: registries and decoders refuse it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two schemas, under the kind name that Confluent publishes.

    ``path`` is the JSON pointer or Protobuf path in Confluent's spelling; ``compatible`` says whether the policy
    allows this kind; ``info`` is what Confluent calls additionalInfo (Avro only).
    """

    kind: str
    path: str
    message: str
    compatible: bool
    info: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """A message that proves a decoder verdict.

    ``value`` is the written value, JSON-ready; ``data`` its encoding; ``outcome`` what the reader made of it,
    JSON-ready, or None where it failed, and then ``error`` is what the decoder raised.
    """

    value: Any
    data: bytes
    outcome: Any = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Clash:
    """One place where a decoder rule fired: rule id, pointer into the reader, what happens, and how it reads."""

    rule: str
    pointer: str
    message: str
    reads: Reads


@dataclass(frozen=True, slots=True)
class Decoding:
    """The decoder verdict with its grounds.

    ``witness`` is None where nothing is wrong, or where no message that breaks was found; in the latter case ``proved``
    is False and the report says *unproved*. ``note`` holds the reason of an ``unknown``.
    """

    reads: Reads
    clashes: tuple[Clash, ...] = ()
    witness: Witness | None = None
    proved: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A difference kind, or decoder rule, in words: who breaks and why, which deploy order is safe, what to do instead.

    ``order`` starts with one of: consumers first, producers first, either, neither. It is said of the change alone, from
    the schema that wrote to the one that reads, where the latter is the new one.
    """

    why: str
    instead: str
    order: str

    @property
    def text(self) -> str:
        """All of it in one line."""
        return f"{self.why} Safe deploy order: {self.order}. {self.instead}"


@dataclass(frozen=True, slots=True)
class Format:
    """A schema format as a record of functions; ``Parsed`` is whatever the format's own ``parse`` returns.

    * ``parse(source)`` reads a schema and what it refers to, or raises ``SchemaError`` that names schema, position and
      cause. Results are immutable and cached by content.
    * ``differences(original, update, policy, edition)`` is the registry's comparison: ``original`` wrote, ``update``
      reads. Every difference is listed, the allowed ones too. Raises ``SchemaError`` where the registry itself fails.
    * ``decoding(writer, reader, budget)`` is the decoder verdict; ``budget`` is the number of generated values that the
      search for a witness may try.
    * ``reused(older, latest, new)``, where a format has it, says in words which parts of ``new`` are read from data that
      a version before the latest wrote as something else.
    * ``refusals(parsed)``, where a format has it, says why the registry refuses a schema that decoders take, and why
      decoders refuse one that the registry takes; empty where they do not.
    * ``proof(writer, reader, pointer, budget)``, where a format has it, is a message that breaks at that place, or None.
    * ``remarks(source)``, where a format has it, says what is odd in a text that is read all the same.
    """

    name: str
    suffixes: tuple[str, ...]
    parse: Callable[[Source], Any]
    differences: Callable[[Any, Any, Policy, Edition], list[Difference]]
    decoding: Callable[[Any, Any, int], Decoding]
    explanations: Mapping[str, Explanation] = field(default_factory=dict)
    reused: Callable[[Any, Any, Any], list[str]] | None = None
    proof: Callable[[Any, Any, str, int], Witness | None] | None = None
    refusals: Callable[[Any], tuple[str, str]] | None = None
    remarks: Callable[[Source], list[str]] | None = None


def json_remarks(source: Source) -> list[str]:
    """Keys that stand twice: the last one counts, as for the registry's own reader, but hardly anybody meant that."""
    texts = [(source.called, source.text), *((each.name, each.text) for each in source.references if each.text)]
    found = [(called, repeated_key(text)) for called, text in texts]
    return [f"{called}: {said}; the last one counts, as in the registry" for called, said in found if said]


def compatible(differences: Sequence[Difference]) -> bool:
    """The registry says yes when it allows every difference that it found."""
    return all(difference.compatible for difference in differences)
