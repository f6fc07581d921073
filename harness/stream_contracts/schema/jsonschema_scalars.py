"""The registry's rules for strings, numbers, enums and constants."""

from __future__ import annotations

from fractions import Fraction

from stream_contracts.schema.format import Edition
from stream_contracts.schema.jsonschema_found import Compares, Found, RegistryFails, double, raised_or_lowered
from stream_contracts.schema.jsonschema_nodes import ConstNode, EnumNode, Number, NumberNode, StringNode, identity


def string_rules(_: Compares, original: StringNode, update: StringNode) -> list[Found]:
    """Lengths by size, patterns by their text; the format is never looked at."""
    found: list[Found] = []
    if original.max_length != update.max_length:
        found += raised_or_lowered("MAX_LENGTH", "/maxLength", original.max_length, update.max_length)
    if original.min_length != update.min_length:
        found += raised_or_lowered("MIN_LENGTH", "/minLength", original.min_length, update.min_length)
    if original.pattern != update.pattern:
        changed = "PATTERN_ADDED" if original.pattern is None else "PATTERN_CHANGED"
        found.append(("PATTERN_REMOVED" if update.pattern is None else changed, "/pattern"))
    return found


def number_rules(comparison: Compares, original: NumberNode, update: NumberNode) -> list[Found]:
    """Limits as doubles, multipleOf, and whether only integers are meant."""
    found: list[Found] = []
    if original.maximum is not update.maximum:
        found += raised_or_lowered("MAXIMUM", "/maximum", original.maximum, update.maximum)
    if original.minimum is not update.minimum:
        found += raised_or_lowered("MINIMUM", "/minimum", original.minimum, update.minimum)
    found += _exclusive_maximum(original, update)
    if original.exclusive_minimum is not update.exclusive_minimum:
        found += raised_or_lowered(
            "EXCLUSIVE_MINIMUM", "/exclusiveMinimum", original.exclusive_minimum, update.exclusive_minimum
        )
    if original.multiple_of is not update.multiple_of:
        found += _multiple_of(
            original.multiple_of, update.multiple_of, exact=comparison.edition is Edition.CONFLUENT_NEXT
        )
    if original.integer != update.integer:
        found.append(("TYPE_EXTENDED" if original.integer else "TYPE_NARROWED", ""))
    return found


def _exclusive_maximum(original: NumberNode, update: NumberNode) -> list[Found]:
    """The common scheme, with the registry's slip: a lowered limit is compared with the update's *maximum*."""
    before, after, path = original.exclusive_maximum, update.exclusive_maximum, "/exclusiveMaximum"
    if before is None or after is None or double(before) < double(after):
        return raised_or_lowered("EXCLUSIVE_MAXIMUM", path, before, after)
    if identity(before) == identity(after):
        return []
    if update.maximum is None:
        raise RegistryFails("exclusiveMaximum is not raised, and it reads a maximum that the update lacks", path)
    return [("EXCLUSIVE_MAXIMUM_DECREASED", path)] if double(before) > double(update.maximum) else []


def _multiple_of(original: Number | None, update: Number | None, *, exact: bool) -> list[Found]:
    path = "/multipleOf"
    if original is None:
        return [] if update is None else [("MULTIPLE_OF_ADDED", path)]
    if update is None:
        return [("MULTIPLE_OF_REMOVED", path)]
    if original == update if exact else identity(original) == identity(update):
        return []
    for kind, multiple, divisor in (("EXPANDED", update, original), ("REDUCED", original, update)):
        # Before exact decimals the registry divided integer parts: 2.5 counted as 2, and 0.5 as 0.
        whole, by = (
            (Fraction(multiple), Fraction(divisor)) if exact else (Fraction(int(multiple)), Fraction(int(divisor)))
        )
        if by == 0:
            raise RegistryFails(f"it divides by {'0' if exact else f'the integer part of {divisor}'}", path)
        if whole % by == 0:
            return [(f"MULTIPLE_OF_{kind}", path)]
    return [("MULTIPLE_OF_CHANGED", path)]


def enum_rules(_: Compares, original: EnumNode, update: EnumNode) -> list[Found]:
    """Enums as sets, in which 1 and 1.0 are two members."""
    before, after = {identity(value) for value in original.values}, {identity(value) for value in update.values}
    if before == after:
        return []
    narrowed = "ENUM_ARRAY_NARROWED" if before > after else "ENUM_ARRAY_CHANGED"
    return [("ENUM_ARRAY_EXTENDED" if before < after else narrowed, "/enum")]


def const_rules(_: Compares, original: ConstNode, update: ConstNode) -> list[Found]:
    """Another constant is another enum."""
    if original.value is None:
        raise RegistryFails("the original's const is null", "/const")
    return [] if identity(original.value) == identity(update.value) else [("ENUM_ARRAY_CHANGED", "/const")]
