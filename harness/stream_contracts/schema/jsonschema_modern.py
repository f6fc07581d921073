"""The modern loader: 2019-09 and 2020-12 as the json-sKema library, translated to the same nodes, understands them.

Each keyword gives one *part*, and the parts are folded, left to right, in the order of a Java hash map keyed by the
keyword. Source: the behavioural specification of Confluent Schema Registry 8.3 and 8.5, on the modern loader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from stream_contracts.errors import SchemaError
from stream_contracts.schema.jsonschema_folding import GeneratedAllOf, Part, fold
from stream_contracts.schema.jsonschema_keywords import Keywords
from stream_contracts.schema.jsonschema_nodes import (
    ALL_OF,
    ANY_OF,
    ONE_OF,
    ArrayNode,
    BooleanNode,
    CombinedNode,
    ConditionalNode,
    ConstNode,
    EmptyNode,
    EnumNode,
    FalseNode,
    Node,
    NotNode,
    NullNode,
    NumberNode,
    ObjectNode,
    ReferenceNode,
    StringNode,
)
from stream_contracts.schema.jsonschema_text import Documents, json_type, step

_KNOWN = frozenset(
    """
    $id $anchor $dynamicRef $dynamicAnchor $ref $defs $schema $vocabulary title description readOnly writeOnly
    deprecated default false true type enum const not if then else allOf anyOf oneOf format minLength maxLength
    pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf items prefixItems contains minContains
    maxContains minItems maxItems uniqueItems unevaluatedItems properties patternProperties additionalProperties
    propertyNames required minProperties maxProperties dependentRequired dependentSchemas unevaluatedProperties
    """.split()  # noqa: SIM905 - readable as text, not as fifty lines
)


def load(documents: Documents) -> Node:
    """The node of a root schema; SchemaError where the library would refuse the schema."""
    return _Modern(documents).load(documents.root, documents.resolver, "#")


def java_order(names: Iterable[str]) -> list[str]:
    """Keys in the order in which a Java ``HashMap`` that grew by inserting them one by one iterates over them."""
    listed = list(names)
    buckets = 16
    while len(listed) * 4 > buckets * 3:
        buckets *= 2
    return sorted(listed, key=lambda name: _bucket(name, buckets))


def _bucket(name: str, buckets: int) -> int:
    units = name.encode("utf-16-be", "surrogatepass")
    hashed = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        hashed = (31 * hashed + (high << 8 | low)) & 0xFFFFFFFF
    return (hashed ^ hashed >> 16) & (buckets - 1)


class _Modern:
    """One load: the documents, and the targets loaded so far."""

    def __init__(self, documents: Documents) -> None:
        self.documents, self.called = documents, documents.called
        self.targets: dict[int, Node] = {}
        self.loading: set[int] = set()

    def load(self, schema: Any, resolver: Any, at: str) -> Node:
        """The node of one subschema."""
        if isinstance(schema, bool):
            return EmptyNode(boolean=True) if schema else FalseNode()
        if not isinstance(schema, dict):
            raise SchemaError(
                self.called, f"a schema is an object or a boolean, this is {json_type(schema)}", pointer=at
            )
        words = Keywords(schema, self.called, at)
        node = self.folded(words, self.documents.below(resolver, schema))
        notes: dict[str, Any] = {"title": words.string("title"), "description": words.string("description")}
        if not isinstance(node, ReferenceNode):
            notes["default"] = schema.get("default")
        notes = {name: value for name, value in notes.items() if value is not None}
        if schema.get("$defs") or any(name not in _KNOWN for name in schema):
            # The library hands its unknown keywords over as *the* extras, and so erases what stood there before.
            notes["extras"] = {name: value for name, value in schema.items() if name == "$defs" or name not in _KNOWN}
        return replace(node, **notes) if notes else node

    def folded(self, words: Keywords, resolver: Any) -> Node:
        """All parts of one object as one node."""
        whole: Part | None = None
        for part in self.parts(words, resolver):
            whole = part if whole is None else fold(whole, part)
        if whole is None:
            return EmptyNode()
        if isinstance(whole, GeneratedAllOf):
            if not whole.members:
                return EmptyNode()
            if len(whole.members) == 1:
                return whole.members[0]
            return CombinedNode(criterion=ALL_OF, branches=whole.members, generated=True)
        return whole

    def parts(self, words: Keywords, resolver: Any) -> Iterable[Part]:
        """The parts in folding order: what the hash order says first, then the four that come last."""
        if "$dynamicRef" in words.schema:
            yield self.reference(words.take("$dynamicRef"), words, resolver)
        for name in java_order(words.schema):
            made = _PARTS.get(name)
            part = made(self, words, resolver) if made else None
            if part is not None:
                yield part
        properties = self.by_key(words, "properties", resolver)
        if properties:
            yield ObjectNode(properties=properties)
        patterns = self.by_key(words, "patternProperties", resolver)
        if patterns:
            yield ObjectNode(patterns=patterns)
        if words.has("unevaluatedItems"):
            yield ArrayNode(extras={"unevaluatedItems": self.take(words, "unevaluatedItems", resolver)})
        if words.has("unevaluatedProperties"):
            yield ObjectNode(extras={"unevaluatedProperties": self.take(words, "unevaluatedProperties", resolver)})

    def type(self, words: Keywords, _resolver: Any) -> Part:
        types = words.types()
        if isinstance(types, str):
            return _typed(types)
        branches = tuple(_typed(name) for name in types or ())
        return CombinedNode(criterion=ANY_OF, branches=branches, generated=True)

    def ref(self, words: Keywords, resolver: Any) -> Part:
        return self.reference(words.take("$ref"), words, resolver)

    def reference(self, ref: Any, words: Keywords, resolver: Any) -> Node:
        """A reference whose target is loaded now, unless it is being loaded already."""
        target, there = self.documents.lookup(resolver, ref, words.at)
        address = id(target)
        if address not in self.targets and address not in self.loading:
            self.loading.add(address)
            self.targets[address] = self.load(target, there, ref)
            self.loading.discard(address)
        return ReferenceNode(text=ref, address=address, targets=self.targets)

    def enum(self, words: Keywords, _resolver: Any) -> Part:
        return EnumNode(values=tuple(words.array("enum") or ()))

    def const(self, words: Keywords, _resolver: Any) -> Part:
        return ConstNode(value=words.take("const"))

    def negated(self, words: Keywords, resolver: Any) -> Part:
        return NotNode(inner=self.take(words, "not", resolver))

    def conditional(self, words: Keywords, resolver: Any) -> Part:
        arms = [self.take(words, arm, resolver) if words.has(arm) else None for arm in ("if", "then", "else")]
        return ConditionalNode(arms=(arms[0], arms[1], arms[2]))

    def combined(self, words: Keywords, criterion: str, resolver: Any) -> Part:
        """An explicit combination; a branch that is a generated allOf gives its members, whatever the criterion is."""
        branches: list[Node] = []
        for branch in self.each(words, criterion, resolver):
            spliced = isinstance(branch, CombinedNode) and branch.generated and branch.criterion == ALL_OF
            branches += branch.branches if spliced and isinstance(branch, CombinedNode) else (branch,)
        return CombinedNode(criterion=criterion, branches=tuple(branches))

    def items(self, words: Keywords, resolver: Any) -> Part | None:
        """What ``items`` means depends on whether ``prefixItems`` stands beside it."""
        value = words.schema["items"]
        if value is True:
            return None
        if value is False:
            return ArrayNode(additional=False)
        if isinstance(value, list):
            raise words.wrong("items", "a schema since 2020-12 (a list is spelled prefixItems)")
        node = self.take(words, "items", resolver)
        return ArrayNode(additional_schema=node) if words.schema.get("prefixItems") else ArrayNode(all_items=node)

    def contains(self, words: Keywords, resolver: Any) -> Part:
        least, most = words.integer("minContains"), words.integer("maxContains")
        extras = {"minContains": 1 if least is None else least} | ({} if most is None else {"maxContains": most})
        return ArrayNode(contains=self.take(words, "contains", resolver), extras=extras)

    def additional(self, words: Keywords, resolver: Any) -> Part | None:
        value = words.schema["additionalProperties"]
        if value is True:
            return None
        if value is False:
            return ObjectNode(additional=False)
        return ObjectNode(additional_schema=self.take(words, "additionalProperties", resolver))

    def dependent_required(self, words: Keywords, _resolver: Any) -> Part:
        names: dict[str, frozenset[str]] = {}
        for key, value in (words.table("dependentRequired") or {}).items():
            if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
                at = step(step(words.at, "dependentRequired"), key)
                raise SchemaError(self.called, "a dependency must be an array of strings", pointer=at)
            if value:  # the library keeps them name by name, so an empty list leaves no trace
                names[key] = frozenset(value)
        return ObjectNode(name_dependencies=names)

    def take(self, words: Keywords, name: str, resolver: Any) -> Node:
        return self.load(words.take(name), resolver, step(words.at, name))

    def each(self, words: Keywords, name: str, resolver: Any) -> tuple[Node, ...]:
        at = step(words.at, name)
        return tuple([self.load(schema, resolver, step(at, i)) for i, schema in enumerate(words.array(name) or ())])

    def by_key(self, words: Keywords, name: str, resolver: Any) -> dict[str, Node]:
        at = step(words.at, name)
        schemas = words.by_pattern(name) if name == "patternProperties" else words.table(name)
        return {key: self.load(value, resolver, step(at, key)) for key, value in (schemas or {}).items()}


def _typed(name: str) -> Node:
    match name:
        case "string":
            return StringNode(typed=True)
        case "number" | "integer":
            return NumberNode(typed=True, integer=name == "integer")
        case "array":
            return ArrayNode(typed=True)
        case "object":
            return ObjectNode(typed=True)
        case "boolean":
            return BooleanNode()
    return NullNode()


def _nothing(_loader: _Modern, _words: Keywords, _resolver: Any) -> Part:
    return GeneratedAllOf(())


def _nothing_if_true(name: str) -> Callable[[_Modern, Keywords, Any], Part | None]:
    return lambda _loader, words, _resolver: GeneratedAllOf(()) if words.schema[name] is True else None


_PARTS: dict[str, Callable[[_Modern, Keywords, Any], Part | None]] = {
    "type": _Modern.type,
    "$ref": _Modern.ref,
    "enum": _Modern.enum,
    "const": _Modern.const,
    "not": _Modern.negated,
    "if": _Modern.conditional,
    "allOf": lambda loader, words, resolver: loader.combined(words, ALL_OF, resolver),
    "anyOf": lambda loader, words, resolver: loader.combined(words, ANY_OF, resolver),
    "oneOf": lambda loader, words, resolver: loader.combined(words, ONE_OF, resolver),
    "format": _nothing,
    "readOnly": _nothing_if_true("readOnly"),
    "writeOnly": _nothing_if_true("writeOnly"),
    "minLength": lambda _, words, __: StringNode(min_length=words.integer("minLength")),
    "maxLength": lambda _, words, __: StringNode(max_length=words.integer("maxLength")),
    "pattern": lambda _, words, __: StringNode(pattern=words.pattern("pattern")),
    "minimum": lambda _, words, __: NumberNode(minimum=words.number("minimum")),
    "maximum": lambda _, words, __: NumberNode(maximum=words.number("maximum")),
    "exclusiveMinimum": lambda _, words, __: NumberNode(exclusive_minimum=words.number("exclusiveMinimum")),
    "exclusiveMaximum": lambda _, words, __: NumberNode(exclusive_maximum=words.number("exclusiveMaximum")),
    "multipleOf": lambda _, words, __: NumberNode(multiple_of=words.number("multipleOf")),
    "prefixItems": lambda loader, words, resolver: ArrayNode(positions=loader.each(words, "prefixItems", resolver)),
    "items": _Modern.items,
    "contains": _Modern.contains,
    "minItems": lambda _, words, __: ArrayNode(min_items=words.integer("minItems")),
    "maxItems": lambda _, words, __: ArrayNode(max_items=words.integer("maxItems")),
    "uniqueItems": lambda _, words, __: ArrayNode(unique=words.flag("uniqueItems") or False),
    "additionalProperties": _Modern.additional,
    "propertyNames": lambda loader, words, resolver: ObjectNode(names=loader.take(words, "propertyNames", resolver)),
    "required": lambda _, words, __: ObjectNode(required=frozenset(words.strings("required") or ())),
    "minProperties": lambda _, words, __: ObjectNode(min_properties=words.integer("minProperties")),
    "maxProperties": lambda _, words, __: ObjectNode(max_properties=words.integer("maxProperties")),
    "dependentRequired": _Modern.dependent_required,
    "dependentSchemas": lambda loader, words, resolver: ObjectNode(
        schema_dependencies=loader.by_key(words, "dependentSchemas", resolver)
    ),
}
