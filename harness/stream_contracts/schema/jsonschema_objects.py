"""The registry's rules for objects: required names, properties by content model, dependencies, counts."""

from __future__ import annotations

from collections.abc import Mapping

from stream_contracts.schema.format import Edition
from stream_contracts.schema.jsonschema_content import (
    PROPERTIES,
    Model,
    additional,
    beyond,
    covered,
    removed,
    unevaluated,
)
from stream_contracts.schema.jsonschema_found import Compares, Found, RegistryFails, raised_or_lowered
from stream_contracts.schema.jsonschema_nodes import ABSENT, EmptyNode, Node, ObjectNode
from stream_contracts.schema.jsonschema_regex import PatternUnsupported, found_in


def object_rules(comparison: Compares, original: ObjectNode, update: ObjectNode) -> list[Found]:
    """All that is compared of two objects; patternProperties as such and propertyNames are not."""
    found = _required(original, update) if original.required != update.required else []
    for key, node in original.properties.items():
        held = update.properties.get(key)
        path = f"/properties/{key}"
        if held:
            found += comparison.within(path, node, held)
        else:
            found += removed(comparison, "PROPERTY", path, node, model(update, key))
    for key, node in update.properties.items():
        if key not in original.properties:
            found += _added(comparison, key, node, original, required=key in update.required)
    found += _dependencies(comparison, original, update)
    found += additional(comparison, PROPERTIES, original, update)
    if original.extras or update.extras:
        found += unevaluated(comparison, PROPERTIES, original, update)
    if original.max_properties != update.max_properties:
        found += raised_or_lowered("MAX_PROPERTIES", "/maxProperties", original.max_properties, update.max_properties)
    if original.min_properties != update.min_properties:
        found += raised_or_lowered("MIN_PROPERTIES", "/minProperties", original.min_properties, update.min_properties)
    return found


def _required(original: ObjectNode, update: ObjectNode) -> list[Found]:
    """Required names, as far as both sides declare them as properties."""
    found: list[Found] = []
    for key in sorted(original.required ^ update.required):
        if key not in original.properties or key not in update.properties:
            continue
        if key in original.required:
            kind = "REQUIRED_ATTRIBUTE_REMOVED"
        elif update.properties[key].default is not ABSENT:
            kind = "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED"
        else:
            kind = "REQUIRED_ATTRIBUTE_ADDED"
        found.append((kind, f"/required/{key}"))
    return found


def model(node: ObjectNode, key: str) -> Model | Node:
    """What an object says of an undeclared key: open, closed, or the schema that covers it."""
    if not node.patterns:
        return beyond(node, PROPERTIES)
    for pattern, schema in node.patterns.items():
        try:
            if found_in(pattern, key):
                return schema
        except PatternUnsupported as wrong:
            raise RegistryFails(str(wrong), f"/patternProperties/{pattern}") from None
    says = beyond(node, PROPERTIES)
    return Model.CLOSED if says is Model.OPEN else says


def _added(comparison: Compares, key: str, node: Node, original: ObjectNode, *, required: bool) -> list[Found]:
    """A property that only the update declares, judged by the original's content model."""
    path, says = f"/properties/{key}", model(original, key)
    need = "OPTIONAL_PROPERTY"
    if required:
        need = "REQUIRED_PROPERTY" if node.default is ABSENT else "REQUIRED_PROPERTY_WITH_DEFAULT"
    if says is Model.OPEN:
        if isinstance(node, EmptyNode):
            return [("PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL", path)]
        # The three kinds by need exist since 8.0.6; before, there was one for all.
        need = "PROPERTY" if comparison.edition is Edition.CONFLUENT_7_4 else need
        return [(f"{need}_ADDED_TO_OPEN_CONTENT_MODEL", path)]
    found: list[Found] = []
    if isinstance(says, Node):
        inner = comparison.within(path, says, node)
        found = [*inner, covered(comparison, "PROPERTY_ADDED", path, inner)]
    return [*found, (f"{need}_ADDED_TO_UNOPEN_CONTENT_MODEL", path)]


def _dependencies(comparison: Compares, original: ObjectNode, update: ObjectNode) -> list[Found]:
    found: list[Found] = []
    before, after = original.name_dependencies, update.name_dependencies
    if not (before or after or original.schema_dependencies or update.schema_dependencies):
        return found
    for key in _keys(before, after):
        path = f"/dependencies/{key}"
        if key not in after:
            found.append(("DEPENDENCY_ARRAY_REMOVED", path))
        elif key not in before:
            found.append(("DEPENDENCY_ARRAY_ADDED", path))
        elif before[key] != after[key]:
            narrowed = "NARROWED" if before[key] > after[key] else "CHANGED"
            found.append((f"DEPENDENCY_ARRAY_{'EXTENDED' if before[key] < after[key] else narrowed}", path))
    schemas, later = original.schema_dependencies, update.schema_dependencies
    for key in _keys(schemas, later):
        path = f"/dependencies/{key}"
        if key not in later:
            found.append(("DEPENDENCY_SCHEMA_REMOVED", path))
        elif key not in schemas:
            found.append(("DEPENDENCY_SCHEMA_ADDED", path))
        else:
            found += comparison.within(path, schemas[key], later[key])
    return found


def _keys(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return [*before, *(key for key in after if key not in before)]
