"""A JSON Schema where it stands, in one spelling for all drafts: what the decoder rules and the search work on."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from stream_contracts.schema.jsonschema_swift import Swift
from stream_contracts.schema.jsonschema_text import Draft
from stream_contracts.schema.jsonschema_validation import Checker

_SINCE = {
    Draft.D6: ("const", "contains", "propertyNames"),
    Draft.D7: ("if", "then", "else"),
    Draft.D2019: (
        "minContains",
        "maxContains",
        "unevaluatedItems",
        "unevaluatedProperties",
        "dependentRequired",
        "dependentSchemas",
    ),
    Draft.D2020: ("prefixItems", "$dynamicRef"),
}
_ORDER = list(Draft)
_UNKNOWN = {
    draft: frozenset(
        word for since, words in _SINCE.items() if _ORDER.index(since) > _ORDER.index(draft) for word in words
    )
    for draft in Draft
}
_ANYTHING: dict[str, Any] = {}
_NOTHING: dict[str, Any] = {"not": {}}


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """A schema, the resolver for its references, and the checker of the document it is part of."""

    schema: Any
    resolver: Any
    checker: Checker

    @property
    def key(self) -> int:
        """Which schema this is, by its text and the document it is part of."""
        return self.checker.key(self.schema, self.resolver)

    def at(self, schema: Any) -> Located:
        """A schema below this one."""
        return Located(schema, self.checker.documents.below(self.resolver, schema), self.checker)

    def target(self) -> Located:
        """What the ``$ref`` of this schema leads to; SchemaError where it leads nowhere."""
        contents, resolver = self.checker.documents.lookup(self.resolver, self.schema["$ref"], "#")
        return Located(contents, resolver, self.checker)

    def accepts(self, instance: Any) -> bool:
        """Whether this schema accepts an instance; Undecided where that cannot be told."""
        if isinstance(self.schema, bool):
            return self.schema
        if self.checker.swift is None:
            self.checker.swift = Swift(self.checker)
        return bool(self.checker.swift.accepts(self, instance))

    def spells(self, other: Located) -> bool:
        """Whether both are the same schema, letter by letter, by the same draft, and refer to nothing around them."""
        if self.checker.draft is not other.checker.draft or self.schema != other.schema:
            return False
        text = json.dumps(self.schema, sort_keys=True)  # 1 is True to Python
        return "Ref" not in text and '"$ref"' not in text and text == json.dumps(other.schema, sort_keys=True)

    def words(self) -> dict[str, Any]:
        """The keywords in the spelling of 2020-12, without those that the schema's own draft does not know.

        ``items`` as a list becomes ``prefixItems`` and ``items``, ``dependencies`` its two successors, the boolean
        limits of draft-04 numeric ones; where siblings of ``$ref`` are ignored, they are left out.
        """
        schema, draft = self.schema, self.checker.draft
        if isinstance(schema, bool):
            return _ANYTHING if schema else _NOTHING
        if draft is Draft.D2020:
            return schema if isinstance(schema, dict) else _ANYTHING
        if "$ref" in schema and draft is not Draft.D2019:
            return {"$ref": schema["$ref"]}
        words = {word: value for word, value in schema.items() if word not in _UNKNOWN[draft]}
        if "items" in words and isinstance(words["items"], list):
            words["prefixItems"] = words.pop("items")
            if "additionalItems" in words:
                words["items"] = words.pop("additionalItems")
        words.pop("additionalItems", None)
        if draft is Draft.D4:
            _numeric_limits(words)
        dependencies = words.pop("dependencies", {})  # which 2019-09 no longer knows
        if dependencies and draft is not Draft.D2019:
            named = {key: value for key, value in dependencies.items() if isinstance(value, list)}
            others = {key: value for key, value in dependencies.items() if not isinstance(value, list)}
            words["dependentRequired"] = {**named, **words.get("dependentRequired", {})}
            words["dependentSchemas"] = {**others, **words.get("dependentSchemas", {})}
        return words


def _numeric_limits(words: dict[str, Any]) -> None:
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if words.pop(exclusive, False) and limit in words:
            words[exclusive] = words.pop(limit)


_LONGEST_CHAIN = 100


def distinct(conjunction: Iterable[Located]) -> tuple[Located, ...]:
    """The same conjunction with what is nothing but a ``$ref`` replaced by its target, and each schema once."""
    found: dict[int, Located] = {}
    for located in conjunction:
        for _ in range(_LONGEST_CHAIN):
            if not isinstance(located.schema, dict) or located.schema.keys() != {"$ref"}:
                break
            located = located.target()
        found.setdefault(located.key, located)
    return tuple(found.values())


def views(*located: Located, most: int = 200, keep: Callable[[Located], bool] | None = None) -> Iterator[Located]:
    """Every schema that speaks of the same instance: themselves, then references, branches, arms and ``not``, once.

    Of the branches of a union only those that ``keep`` wants.
    """
    seen: set[int] = set()
    pending = deque(located)
    while pending and len(seen) < most:
        here = pending.popleft()
        if here.key in seen:
            continue
        seen.add(here.key)
        yield here
        words = here.words()
        if "$ref" in words:
            pending.append(here.target())
        for word in ("allOf", "anyOf", "oneOf"):
            branches = [here.at(branch) for branch in words.get(word, ())]
            union = word != "allOf" and len(branches) > 1 and keep is not None
            pending += filter(keep, branches) if union else branches
        pending += [here.at(words[word]) for word in ("not", "if", "then", "else") if word in words]
        pending += [here.at(schema) for schema in words.get("dependentSchemas", {}).values()]
