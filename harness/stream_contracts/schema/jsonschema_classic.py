"""The classic loader: drafts 4, 6 and 7 as the everit library understands them.

Each family of keywords becomes a node of its own; two or more make a *synthetic* ``allOf``. Source: the behavioural
specification of Confluent Schema Registry 7.4 to 8.5, its section on the classic loader.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stream_contracts.errors import SchemaError
from stream_contracts.schema.jsonschema_keywords import Keywords
from stream_contracts.schema.jsonschema_nodes import (
    ABSENT,
    ALL_OF,
    ANY_OF,
    NOTHING,
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
from stream_contracts.schema.jsonschema_shared import kept, shareable, shared
from stream_contracts.schema.jsonschema_text import Documents, Draft, json_type, step

_ARRAY = ("items", "additionalItems", "minItems", "maxItems", "uniqueItems")
_OBJECT = (
    "properties",
    "required",
    "minProperties",
    "maxProperties",
    "dependencies",
    "patternProperties",
    "additionalProperties",
)
_NUMBER = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_STRING = ("minLength", "maxLength", "pattern", "format")


def load(documents: Documents) -> Node:
    """The node of a root schema; SchemaError where the library would refuse the schema."""
    return _Classic(documents).load(documents.root, documents.resolver, "#")


class _Classic:
    """One load: the documents, the targets loaded so far, and the targets being loaded."""

    def __init__(self, documents: Documents) -> None:
        self.documents, self.called, self.draft = documents, documents.called, documents.draft
        self.targets: dict[int, Node] = {}
        self.loading: set[int] = set()
        newer = self.draft is not Draft.D4
        self.array_family = (*_ARRAY, "contains") if newer else _ARRAY
        self.object_family = (*_OBJECT, "propertyNames") if newer else _OBJECT
        self.newer = newer

    def load(self, schema: Any, resolver: Any, at: str) -> Node:
        """The node of one subschema."""
        if isinstance(schema, bool) and (self.newer or at == "#"):
            return EmptyNode(boolean=True) if schema else FalseNode()
        if not isinstance(schema, dict):
            expected = "an object or a boolean" if self.newer else "an object"
            raise SchemaError(self.called, f"a schema is {expected}, this is {json_type(schema)}", pointer=at)
        if "$ref" in schema:
            return self.reference(schema, resolver, at)
        resolver = self.documents.below(resolver, schema)
        words = Keywords(schema, self.called, at)
        notes: dict[str, Any] = {
            "id": words.string("$id" if self.newer else "id"),
            "title": words.string("title"),
            "description": words.string("description"),
        }
        default = words.take("default")
        parts = self.parts(words, resolver)
        extras = dict(words.rest())
        if extras:
            notes["extras"] = extras
        notes = {name: value for name, value in notes.items() if value is not None}
        if default is not ABSENT:
            notes["default"] = default  # null counts as a default here
        if not parts:
            return EmptyNode(**notes)
        if len(parts) == 1:
            return replace(parts[0], **notes) if notes else parts[0]
        return CombinedNode(criterion=ALL_OF, branches=tuple(parts), generated=True, **notes)

    def reference(self, schema: dict[str, Any], resolver: Any, at: str) -> Node:
        """A ``$ref``: its siblings are ignored, but for a default met while the target is still being loaded."""
        target, there = self.documents.lookup(resolver, schema["$ref"], at)
        words = Keywords(schema, self.called, at)
        title, description = words.string("title"), words.string("description")
        address = id(target)
        default = schema.get("default", ABSENT) if address in self.loading else ABSENT
        if address not in self.targets and address not in self.loading:
            self.loading.add(address)
            self.targets[address] = self.load(target, there, schema["$ref"])
            self.loading.discard(address)
        return ReferenceNode(
            text=schema["$ref"],
            address=address,
            targets=self.targets,
            title=title,
            description=description,
            default=default,
        )

    def parts(self, words: Keywords, resolver: Any) -> list[Node]:
        """One node per family of keywords, in the order in which the families are asked."""
        parts: list[Node] = []
        values = words.array("enum")
        if values is not None:
            parts.append(EnumNode(values=tuple(values)))
        for criterion in (ALL_OF, ANY_OF, ONE_OF):
            branches = words.array(criterion)
            if branches is not None:
                parts.append(
                    CombinedNode(criterion=criterion, branches=self.each(words, criterion, branches, resolver))
                )
        if words.has("not"):
            parts.append(NotNode(inner=self.take(words, "not", resolver)))
        if self.newer and words.has("const"):
            parts.append(ConstNode(value=words.take("const")))
        types = words.types()
        if isinstance(types, str):
            parts.append(self.typed(types, words, resolver))
        elif types is not None:
            parts.append(CombinedNode(criterion=ANY_OF, branches=self.listed(types, words, resolver), generated=True))
        return parts + self.untyped(words, resolver)

    def listed(self, types: tuple[str, ...], words: Keywords, resolver: Any) -> tuple[Node, ...]:
        """One branch per listed type; ``integer`` and ``number`` both see the number keywords."""
        before = set(words.taken)
        branches, after = [], set(before)
        for name in types:
            words.taken = set(before)
            branches.append(self.typed(name, words, resolver))
            after |= words.taken
        words.taken = after
        return tuple(branches)

    def untyped(self, words: Keywords, resolver: Any) -> list[Node]:
        """The families that no listed type has taken."""
        parts: list[Node] = []
        if words.has(*self.array_family):
            parts.append(self.array(words, resolver, typed=False))
        if words.has(*self.object_family):
            parts.append(self.object(words, resolver, typed=False))
        if words.has(*_NUMBER):
            parts.append(self.number(words, typed=False))
        if words.has(*_STRING):
            parts.append(self.string(words, typed=False))
        if self.draft is Draft.D7 and words.has("if", "then", "else"):
            arms = [self.take(words, arm, resolver) if words.has(arm) else None for arm in ("if", "then", "else")]
            parts.append(ConditionalNode(arms=(arms[0], arms[1], arms[2])))
        return parts

    def typed(self, name: str, words: Keywords, resolver: Any) -> Node:
        """The node of one listed type, with its own family's keywords."""
        match name:
            case "string":
                return self.string(words, typed=True)
            case "number" | "integer":
                return self.number(words, typed=True, integer=name == "integer")
            case "array":
                return self.array(words, resolver, typed=True)
            case "object":
                return self.object(words, resolver, typed=True)
            case "boolean":
                return BooleanNode()
        return NullNode()

    def string(self, words: Keywords, *, typed: bool) -> Node:
        return StringNode(
            min_length=words.integer("minLength"),
            max_length=words.integer("maxLength"),
            pattern=words.pattern("pattern"),
            format=words.string("format"),
            typed=typed,
        )

    def number(self, words: Keywords, *, typed: bool, integer: bool = False) -> Node:
        limits: dict[str, Any] = {}
        if self.newer:
            limits["exclusive_minimum"] = words.number("exclusiveMinimum")
            limits["exclusive_maximum"] = words.number("exclusiveMaximum")
        else:
            words.flag("exclusiveMinimum")
            words.flag("exclusiveMaximum")
        multiple = words.number("multipleOf")
        if multiple == 0:
            raise SchemaError(self.called, "multipleOf must not be 0", pointer=step(words.at, "multipleOf"))
        return NumberNode(
            minimum=words.number("minimum"),
            maximum=words.number("maximum"),
            multiple_of=multiple,
            integer=integer,
            typed=typed,
            **limits,
        )

    def array(self, words: Keywords, resolver: Any, *, typed: bool) -> Node:
        items = words.take("items")
        positions = self.each(words, "items", items, resolver) if isinstance(items, list) else None
        all_items = None
        if positions is None and items is not ABSENT:
            all_items = self.load(items, resolver, step(words.at, "items"))
        additional, additional_schema = self.additional(words, "additionalItems", resolver)
        return ArrayNode(
            all_items=all_items,
            positions=positions,
            additional=additional or all_items is not None,
            additional_schema=additional_schema,
            min_items=words.integer("minItems"),
            max_items=words.integer("maxItems"),
            unique=words.flag("uniqueItems") or False,
            contains=self.take(words, "contains", resolver) if self.newer and words.has("contains") else None,
            typed=typed,
        )

    def object(self, words: Keywords, resolver: Any, *, typed: bool) -> Node:
        additional, additional_schema = self.additional(words, "additionalProperties", resolver)
        names, schemas = self.dependencies(words, resolver)
        return ObjectNode(
            properties=self.by_key(words, "properties", resolver),
            required=frozenset(words.strings("required") or ()),
            additional=additional,
            additional_schema=additional_schema,
            patterns=self.by_key(words, "patternProperties", resolver),
            names=self.take(words, "propertyNames", resolver) if self.newer and words.has("propertyNames") else None,
            min_properties=words.integer("minProperties"),
            max_properties=words.integer("maxProperties"),
            name_dependencies=names,
            schema_dependencies=schemas,
            typed=typed,
        )

    def dependencies(self, words: Keywords, resolver: Any) -> tuple[dict[str, frozenset[str]], dict[str, Node]]:
        """Dependencies on names and on schemas; an empty list of names leaves no trace."""
        names: dict[str, frozenset[str]] = {}
        schemas: dict[str, Node] = {}
        for key, value in (words.table("dependencies") or {}).items():
            at = step(step(words.at, "dependencies"), key)
            if not isinstance(value, list):
                schemas[key] = self.load(value, resolver, at)
            elif not all(isinstance(name, str) for name in value):
                raise SchemaError(self.called, "a dependency must be an array of strings or a schema", pointer=at)
            elif value:
                names[key] = frozenset(value)
        return names, schemas

    def additional(self, words: Keywords, name: str, resolver: Any) -> tuple[bool, Node | None]:
        """The flag, and the schema where one is written (``{}`` is one)."""
        value = words.take(name)
        if value is ABSENT or isinstance(value, bool):
            return value is not False, None
        return True, self.load(value, resolver, step(words.at, name))

    def take(self, words: Keywords, name: str, resolver: Any) -> Node:
        return self.load(words.take(name), resolver, step(words.at, name))

    def each(self, words: Keywords, name: str, schemas: list[Any], resolver: Any) -> tuple[Node, ...]:
        at = step(words.at, name)
        return tuple([self.load(schema, resolver, step(at, i)) for i, schema in enumerate(schemas)])

    def by_key(self, words: Keywords, name: str, resolver: Any) -> dict[str, Node] | Any:
        schemas = words.by_pattern(name) if name == "patternProperties" else words.table(name)
        if not schemas:
            return NOTHING
        at = step(words.at, name)
        if name != "properties":
            return {key: self.load(schema, resolver, step(at, key)) for key, schema in schemas.items()}
        found = {}
        for key, schema in schemas.items():  # no call around ``load``: each is a frame per level of nesting
            mark = shareable(self.draft, schema)
            found[key] = shared(mark) or kept(mark, self.load(schema, resolver, step(at, key)))
        return found
