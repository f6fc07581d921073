"""What can be said of the contracts as they are, compared with nothing: schemas that are wrong, settings that are weak."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from stream_contracts.contract.model import Contract, kept
from stream_contracts.errors import SchemaError
from stream_contracts.findings import Finding, Judged, Judgement, Place, Review, Rule, Severity
from stream_contracts.gate import captured, topics
from stream_contracts.gate.joins import JOINS
from stream_contracts.gate.locate import line_of
from stream_contracts.gate.rules import finding
from stream_contracts.gate.states import Hit
from stream_contracts.gate.subjects import Held, ReferenceMissingError, Tree, held, tree
from stream_contracts.schema import format_named
from stream_contracts.schema.avro_defaults import default_complaint
from stream_contracts.schema.avro_model import ABSENT, Array, Enum, Map, Record, Union
from stream_contracts.schema.compat import level_named, parsed
from stream_contracts.schema.format import Source

Seen = tuple[str, str, str]
"""What a look into a schema found: rule, pointer, what."""


def avro(schema: Any, _: Source) -> Iterator[Seen]:
    """Defaults that are no values of their type, and enums that can never grow."""
    for node in _nodes(schema.root):
        if isinstance(node, Record):
            for field in node.fields:
                wrong = "" if field.default is ABSENT else default_complaint(field.node, field.default)
                if wrong:
                    yield "avro-default-wrong", field.pointer, f"{node.name}.{field.name}: {wrong}"
        elif isinstance(node, Enum) and node.default is None:
            yield "avro-enum-closed", node.pointer, f"the enum {node.name} has no default symbol"


def _nodes(root: Any) -> Iterator[Any]:
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, Record):
            waiting += [field.node for field in reversed(node.fields)]
        elif isinstance(node, Union):
            waiting += reversed(node.branches)
        elif isinstance(node, Array):
            waiting.append(node.items)
        elif isinstance(node, Map):
            waiting.append(node.values)


def json_schema(_: Any, source: Source) -> Iterator[Seen]:
    """An object that does not say whether it is open."""
    document = json.loads(source.text)
    if isinstance(document, dict) and "properties" in document and not _CLOSING & document.keys():
        what = "the object takes properties that it does not name: the registry refuses every new property later"
        yield "json-open-model", "#", what


def protobuf(schema: Any, _: Source) -> Iterator[Seen]:
    """A schema that only one of the registry and protoc takes."""
    from stream_contracts.schema.protobuf import refusals  # the others do without protoc

    for who, why in zip(("the registry refuses it", "no code can be made of it"), refusals(schema), strict=True):
        if why:
            yield "protobuf-half-taken", "", f"{who}: {why}"


_CLOSING = frozenset({"additionalProperties", "unevaluatedProperties", "patternProperties"})

SCHEMAS: Final[dict[str, Callable[[Any, Source], Iterator[Seen]]]] = {
    "AVRO": avro,
    "JSON": json_schema,
    "PROTOBUF": protobuf,
}
"""Format → what is looked for in a schema that can be read; every format is read."""


def level_weak(contract: Contract) -> Iterator[Hit]:
    """Nothing is compared, or only the newest version, which lets a break pass in two steps."""
    for each in held(contract):
        level, who = each.level()
        if not level_named(level).transitive:
            yield Hit(each.subject, contract.place(*each.steps), f"{each.subject} is checked at {level} ({who})")


def no_value_schema(contract: Contract) -> Iterator[Hit]:
    """Nobody knows what is in the topic."""
    for name, topic in contract.topics.items():
        if topic.value is None:
            yield Hit(name, contract.place("topics", name), f"{name} has no schema for its values")


def kept_of_nobody(contract: Contract) -> Iterator[Hit]:
    """Former versions of a schema that the contract does not have, by that name."""
    known = {each.path.name for each in held(contract)}
    for name, files in kept(contract.folder).items():
        if name not in known:
            what = f"{', '.join(files)}: no topic has a schema {name}, so nothing is compared with them"
            yield Hit(contract.name, Place(str(contract.folder / files[0]), 1), what)


ADVICE: Final[tuple[tuple[Rule, Callable[[Contract], Iterator[Hit]] | None], ...]] = (
    (Rule("avro-default-wrong",
          "The registry takes it, and decoders refuse the schema, or fill in something that is no value of the type.",
          "Give a default of the field's type; for a union one of its first branch.",
          '{"name": "note", "type": ["null", "string"], "default": "null"}', Severity.ERROR), None),
    (Rule("avro-enum-closed",
          "A new symbol breaks every reader that does not know it.",
          'Give the enum a "default" symbol for what a reader does not know, before the first new symbol.',
          '{"type": "enum", "name": "State", "symbols": ["NEW", "PAID"]}', Severity.WARNING), None),
    (Rule("json-open-model",
          "Old data may hold the new property with another type, so an open object cannot grow by the registry's rules.",
          'Say "additionalProperties": false, or keep it open and check with --policy LENIENT.',
          '{"type": "object", "properties": {"id": {}}}', Severity.WARNING), None),
    (Rule("protobuf-half-taken",
          "Either it cannot be registered, or no program can write or read it: the registry's parser and protoc differ.",
          "Write what both take; the message says what the other one refuses.",
          "message A { int32 a = 1; int32 a_ = 2; }", Severity.ERROR), None),
    *topics.ADVICE,
    (Rule("level-weak",
          "Only the newest version is compared, so a break passes in two steps: add with a default, then drop the default.",
          "Use the level with _TRANSITIVE at its end, unless topics keep nothing older than one version.",
          "registry: {compatibility: BACKWARD}", Severity.WARNING), level_weak),
    (Rule("topic-without-schema",
          "What no schema says, no check can hold anybody to.",
          "Declare the value's schema.",
          "orders: {partitions: 6}", Severity.WARNING), no_value_schema),
    (Rule("kept-version-unused",
          "A schema whose file was renamed begins without a past, and a change that breaks its readers is not seen.",
          "Rename the kept versions with the schema, or remove them with the topic.",
          "former/order.v1.avsc, and the schema is called purchase.avsc now", Severity.WARNING), kept_of_nobody),
    *JOINS,
)  # fmt: skip
"""Advice and how it is come by; None where a look into the schema gives it."""

_RULES: Final = {rule.id: rule for rule, _ in ADVICE}


def lint(contracts: list[Contract]) -> Review:
    """Read every schema, kept versions too, and give the advice that applies; errors are what cannot work at all."""
    now = tree(contracts)
    judged = [_subject(now, each) for each in now.held]
    of_connectors = captured.advice(contracts)
    for contract in contracts:
        found = [
            rule.at(hit.place, hit.subject, hit.what) for rule, check in ADVICE if check for hit in check(contract)
        ]
        found += of_connectors.get(contract.name, ())
        judged.append(Judged(contract.name, "contract", Judgement.of(found), place=contract.place("contract")))
    return Review("nothing, each contract by itself", tuple(judged))


def _subject(now: Tree, each: Held) -> Judged:
    found: list[Finding] = []
    try:
        source = now.source(each)
        schema = parsed(format_named(each.form), source)
        look = SCHEMAS.get(each.form)
        for rule, pointer, what in look(schema, source) if look else ():
            place = Place(str(each.path), line_of(source.text, each.form, pointer))
            found.append(_RULES[rule].at(place, each.subject, what, pointer))
        for file in each.contract.former(each.schema):
            former = Source(file.read_text(encoding="utf-8"), now.references(each, former=True), str(file))
            parsed(format_named(each.form), former)
    except ReferenceMissingError as error:
        found.append(finding("reference-unresolved", error.why, Place(str(each.path), 1), each.subject))
    except SchemaError as error:
        found.append(finding("schema-unreadable", error.why, Place(error.schema, 1), each.subject, error.schema))
    return Judged(f"{each.contract.name}/{each.subject}", "schema", Judgement.of(found), place=each.declared)
