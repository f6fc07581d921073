"""JSON Schema: what the format offers to the engine – parse, the registry's differences, the decoder's verdict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from stream_contracts.errors import SchemaError
from stream_contracts.schema import jsonschema_classic, jsonschema_modern, jsonschema_registry
from stream_contracts.schema.format import Decoding, Difference, Edition, Format, Policy, Source, json_remarks
from stream_contracts.schema.jsonschema_circles import reject_circles
from stream_contracts.schema.jsonschema_decoder import decode
from stream_contracts.schema.jsonschema_explain import EXPLANATIONS
from stream_contracts.schema.jsonschema_nodes import Node
from stream_contracts.schema.jsonschema_text import Documents, Draft, room_for_depth
from stream_contracts.schema.jsonschema_validation import Checker, reject_malformed


@dataclass(frozen=True, eq=False)
class Parsed:
    """A JSON Schema that was read: its documents, and the models of them that the registry editions build."""

    source: Source
    documents: Documents

    @cached_property
    def today(self) -> Node:
        """The model of 8.3 and later: each draft by its own loader, ``definitions`` offered as ``$defs`` too."""
        documents = self.documents.bridged()
        load = jsonschema_modern.load if documents.draft.modern else jsonschema_classic.load
        return load(documents)

    @cached_property
    def in_7_4(self) -> Node:
        """The model of 7.4, which reads 2019-09 and 2020-12 as draft-07."""
        draft = Draft.D7 if self.documents.draft.modern else self.documents.draft
        return jsonschema_classic.load(self.documents.as_draft(draft))

    @cached_property
    def checker(self) -> Checker:
        """The validator of this schema."""
        return Checker(self.documents)

    def model(self, edition: Edition) -> Node:
        """The model that an edition compares; SchemaError where its loader refuses the schema."""
        return self.in_7_4 if edition is Edition.CONFLUENT_7_4 else self.today


@lru_cache(maxsize=4096)
def parse(source: Source) -> Parsed:
    """Read a schema and its references; SchemaError with schema, position and cause where it is no JSON Schema.

    A schema that is valid by its draft, but that the registry's own loader refuses, parses: the decoder verdict exists,
    and ``differences`` raises.
    """
    with room_for_depth(source.called, source.text):
        documents = Documents.of(source)
        parsed = Parsed(source, documents)
        try:
            _ = parsed.today
        except SchemaError as refused:
            reject_malformed(documents, refused)
        if "$ref" in source.text:
            reject_circles(documents)
        return parsed


def differences(original: Parsed, update: Parsed, policy: Policy, edition: Edition) -> list[Difference]:
    """Every difference that the registry lists between two schemas; SchemaError where the registry itself fails."""
    with room_for_depth(update.source.called, update.source.text):
        pair = (original.model(edition), update.model(edition))
        return jsonschema_registry.differences(*pair, policy, edition, update.source.called)


def decoding(writer: Parsed, reader: Parsed, budget: int) -> Decoding:
    """Whether every instance that is valid under the writer's schema is valid under the reader's."""
    with room_for_depth(reader.source.called, reader.source.text):
        return decode(writer.checker, reader.checker, budget)


FORMAT = Format(
    name="JSON",
    suffixes=(".json",),
    parse=parse,
    differences=differences,
    decoding=decoding,
    explanations=EXPLANATIONS,
    remarks=json_remarks,
)
