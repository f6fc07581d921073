"""Protobuf: reads schemas, and puts the registry's and the decoder's verdict together as one format.

A registry and a decoder read the same text with different eyes. The registry (Square Wire's parser) takes files whose
numbers collide, and refuses ``edition``; protoc is the other way round. So ``parse``
accepts what either of them accepts. ``differences`` raises ``SchemaError`` for what only protoc takes, ``decoding``
answers ``unknown`` with protoc's complaint for what only the registry takes, and ``check`` insists on both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from stream_contracts.errors import SchemaError
from stream_contracts.schema import protobuf_history
from stream_contracts.schema.format import (
    Decoding,
    Difference,
    Edition,
    Format,
    Policy,
    Reads,
    Reference,
    Source,
    Witness,
)
from stream_contracts.schema.protobuf_decoder import decode_verdict, proof_at
from stream_contracts.schema.protobuf_descriptor import built_in_files, descriptor_in, file_of
from stream_contracts.schema.protobuf_explain import EXPLANATIONS
from stream_contracts.schema.protobuf_grown import grown
from stream_contracts.schema.protobuf_imports import reject_unlinked
from stream_contracts.schema.protobuf_names import Origin, Types
from stream_contracts.schema.protobuf_protoc import compiled
from stream_contracts.schema.protobuf_registry import Side, TooMuchError, Walk
from stream_contracts.schema.protobuf_text import TextError, read_text
from stream_contracts.schema.protobuf_tree import File

_EMPTY = "the schema is empty: there is no message in it"


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A Protobuf schema: what the registry makes of it, or the error that says why it makes nothing of it."""

    source: Source
    side: Side | None
    refusal: SchemaError | None = None


@lru_cache(maxsize=2048)
def parse(source: Source) -> Parsed:
    """Read a schema that a registry or protoc accepts; raises ``SchemaError`` if neither does.

    The text may be .proto source or a ``FileDescriptorProto`` in base64, as in Confluent's API.
    """
    _readable(source.text, source.called)
    try:
        return Parsed(source, _side(source))
    except SchemaError as refusal:
        try:
            linked = compiled(source)
        except SchemaError:
            raise refusal from None
        if not linked.messages:
            raise
        return Parsed(source, None, refusal)


def check(parsed: Parsed) -> None:
    """Raise ``SchemaError`` unless both the registry's parser and protoc take the schema with all of its imports."""
    if parsed.refusal is not None:
        raise parsed.refusal
    compiled(parsed.source)


def refusals(parsed: Parsed) -> tuple[str, str]:
    """Why the registry's parser refuses a schema, and why protoc does; both are empty where it is taken."""
    if parsed.refusal is not None:
        return str(parsed.refusal), ""
    try:
        compiled(parsed.source)
    except SchemaError as error:
        return "", str(error)
    return "", ""


def differences(original: Parsed, update: Parsed, policy: Policy, edition: Edition) -> list[Difference]:
    """What the registry finds between ``original``, which wrote, and ``update``, which reads.

    ``policy`` changes nothing: it exists for JSON Schema alone. Raises ``SchemaError`` where the registry's parser
    refuses a side, or where the comparison would not end.
    """
    del policy
    try:
        return Walk(_compared(original), _compared(update), edition).run()
    except TooMuchError as error:
        raise SchemaError(
            update.source.called, f"it cannot be compared with {original.source.called}: {error}"
        ) from None


def decoding(writer: Parsed, reader: Parsed, budget: int) -> Decoding:
    """Whether google.protobuf reads with ``reader`` what it wrote with ``writer``, value by value.

    ``budget`` is the number of messages that the search for a witness may encode and decode. A side that protoc
    refuses gives ``unknown`` with its complaint.
    """
    try:
        if budget <= 0 and _only_grown(writer, reader):
            return Decoding(Reads.READS)
        return decode_verdict(compiled(writer.source), compiled(reader.source), budget)
    except SchemaError as error:
        return Decoding(Reads.UNKNOWN, proved=False, note=str(error))


def proof(writer: Parsed, reader: Parsed, pointer: str, budget: int) -> Witness | None:
    """A message that breaks at one field, and sets no other; SchemaError where protoc refuses a side."""
    return proof_at(compiled(writer.source), compiled(reader.source), pointer, budget)


def _only_grown(writer: Parsed, reader: Parsed) -> bool:
    """Whether a look at the texts is enough: one side only has some fields more, and protoc takes that one."""
    if writer.side is None or reader.side is None or writer.source.references != reader.source.references:
        return False
    sides = [(each.source.text, each.side.file) for each in (writer, reader) if each.side is not None]
    longer = writer if len(writer.source.text) > len(reader.source.text) else reader
    if not grown(*(sides if longer is writer else sides[::-1])):
        return False
    try:
        compiled(longer.source)
    except SchemaError:
        return False  # protoc may have as much to say of the other one
    return True


def reused(older: Parsed, latest: Parsed, new: Parsed) -> list[str]:
    """What is wrong with the numbers of ``new`` in the light of a version before the latest; nothing if protoc balks."""
    try:
        return list(protobuf_history.reused(*(compiled(each.source) for each in (older, latest, new))))
    except SchemaError:
        return []


def _compared(parsed: Parsed) -> Side:
    if parsed.side is None:
        assert parsed.refusal is not None  # parse sets one of the two
        raise parsed.refusal
    return parsed.side


def _readable(text: str, called: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line, column = text.count("\n", 0, error.start) + 1, error.start - text.rfind("\n", 0, error.start)
        why = "this is not UTF-8: a .proto file is text, a descriptor is sent in base64"
        raise SchemaError(called, why, place=f"{called}:{line}:{column}") from None
    if not text.strip():
        raise SchemaError(called, _EMPTY)


def _side(source: Source) -> Side:
    main = _tree(source.text, source.called)
    if not (main.package or main.imports or main.messages or main.enums):
        raise SchemaError(source.called, _EMPTY)
    files = {reference.name: reference for reference in source.references if reference.text is not None}
    trees = {name: _tree(reference.text or "", name) for name, reference in files.items()}
    dependencies = {name: (tree, _origin(files[name], main, trees)) for name, tree in trees.items()}
    types = Types(main, dependencies)
    reject_unlinked(source.called, source.text, main, trees, types)
    return Side(main, types)


def _origin(reference: Reference, main: File, trees: dict[str, File]) -> Origin:
    """The subject and version of a reference of the schema itself; None for what only its references refer to.

    A list of references may hold the transitive ones as well. A file that the schema does not import, but another
    one does, is taken for one of those.
    """
    elsewhere = any(reference.name in tree.imports for name, tree in trees.items() if name != reference.name)
    if not reference.subject or (elsewhere and reference.name not in main.imports):
        return None
    return reference.subject, reference.version


@lru_cache(maxsize=2048)
def _tree(text: str, called: str) -> File:
    try:
        return read_text(text)
    except TextError as error:
        proto = descriptor_in(text)
        if proto is not None:
            return file_of(proto)
        place = f"{called}:{error.line}:{error.column}"
        raise SchemaError(called, error.why, place=place) from None


def known_files() -> tuple[str, ...]:
    """The import names that need no reference."""
    return tuple(built_in_files())


FORMAT = Format(
    name="PROTOBUF",
    suffixes=(".proto",),
    parse=parse,
    differences=differences,
    decoding=decoding,
    reused=reused,
    proof=proof,
    refusals=refusals,
    explanations=EXPLANATIONS,
)
