"""How the tests of JSON Schema ask the engine: schemas as Python values or text, answers as short as can be."""

from __future__ import annotations

import json
from typing import Any

from stream_contracts.schema.format import Decoding, Difference, Edition, Policy, Reference, Source, compatible
from stream_contracts.schema.jsonschema import FORMAT

MODERN = "https://json-schema.org/draft/2020-12/schema"
NEXT, V83, V74 = Edition.CONFLUENT_NEXT, Edition.CONFLUENT_8_3, Edition.CONFLUENT_7_4


def modern(**words: Any) -> dict[str, Any]:
    """A 2020-12 schema."""
    return {"$schema": MODERN, **words}


def parsed(schema: Any, *references: tuple[str, Any]) -> Any:
    """A schema, given as a value or as text, with references by name."""
    text = schema if isinstance(schema, str) else json.dumps(schema)
    named = tuple(Reference(name, text=json.dumps(held)) for name, held in references)
    return FORMAT.parse(Source(text, named, "order.json"))


def differences(
    original: Any, update: Any, edition: Edition = NEXT, policy: Policy = Policy.STRICT
) -> list[Difference]:
    """All that the registry lists."""
    return FORMAT.differences(parsed(original), parsed(update), policy, edition)


def listed(
    original: Any, update: Any, edition: Edition = NEXT, policy: Policy = Policy.STRICT
) -> list[tuple[str, str]]:
    """Kinds with their paths, sorted."""
    return sorted((found.kind, found.path) for found in differences(original, update, edition, policy))


def kinds(original: Any, update: Any, edition: Edition = NEXT, policy: Policy = Policy.STRICT) -> list[str]:
    """Kinds only, sorted."""
    return [kind for kind, _ in listed(original, update, edition, policy)]


def accepted(original: Any, update: Any, edition: Edition = NEXT, policy: Policy = Policy.STRICT) -> bool:
    """The registry's verdict."""
    return compatible(differences(original, update, edition, policy))


def decoding(writer: Any, reader: Any, budget: int = 1000) -> Decoding:
    """The decoder's verdict."""
    return FORMAT.decoding(parsed(writer), parsed(reader), budget)
