"""Validation by the ``jsonschema`` library, made safe: no pattern that stalls, no endless reference, no rounding.

Formats are annotations here: nothing asserts them. Which draft: the one that ``$schema`` names; where it names none,
2020-12, as the Confluent clients for Python do, unless the schema is written in words that only older drafts know.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property
from math import isinf
from typing import Any

import jsonschema
from jsonschema import validators
from jsonschema.exceptions import ValidationError, best_match
from referencing.exceptions import Unresolvable

from stream_contracts.errors import SchemaError
from stream_contracts.schema.jsonschema_identity import Numbers, exact
from stream_contracts.schema.jsonschema_plain import plainly_sound
from stream_contracts.schema.jsonschema_regex import PatternUnsupported, found_in
from stream_contracts.schema.jsonschema_text import (
    BrokenPattern,
    DanglingReference,
    Documents,
    Draft,
    dialect,
    overflowed,
)

_STOCK: dict[Draft, Any] = {
    Draft.D4: jsonschema.Draft4Validator,
    Draft.D6: jsonschema.Draft6Validator,
    Draft.D7: jsonschema.Draft7Validator,
    Draft.D2019: jsonschema.Draft201909Validator,
    Draft.D2020: jsonschema.Draft202012Validator,
}
_NEWER = frozenset(
    (
        "prefixItems",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
        "unevaluatedItems",
        "minContains",
        "maxContains",
        "$dynamicRef",
        "$dynamicAnchor",
        "$anchor",
    )
)
_OLDER = frozenset({"dependencies", "additionalItems"})


class Undecided(Exception):  # noqa: N818 - an answer, not an error
    """This instance cannot be judged: its pattern cannot be run, or exact and rounded arithmetic disagree."""


def native(value: Any) -> Any:
    """JSON with the numbers that a JSON library hands to Python code; whole numbers stay exact. ``$schema`` is dropped.

    The draft is decided once, for the root; a ``$schema`` met later would make the library change validators.
    """
    if isinstance(value, dict):
        return {key: native(held) for key, held in value.items() if key != "$schema" or not isinstance(held, str)}
    if isinstance(value, list):
        return [native(held) for held in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def reject_malformed(documents: Documents, refused: SchemaError) -> None:
    """Raise ``refused`` if the schema is malformed by its own draft, or for every draft; else the registry errs."""
    if isinstance(refused, DanglingReference | BrokenPattern):
        raise refused
    if _malformed(_STOCK[draft_of(documents)], native(documents.root)) is not None:
        raise refused


def _malformed(stock: Any, root: Any) -> ValidationError | None:
    """The worst complaint of the meta-schema. Patterns are not its business here: it knows Python's dialect only."""
    if plainly_sound(root):
        return None
    try:
        complaints = (error for error in stock(stock.META_SCHEMA).iter_errors(root) if not _harmless(error))
        wrong: ValidationError | None = best_match(complaints)
        return wrong
    except RecursionError:
        return None


def _harmless(error: ValidationError) -> bool:
    """Lists that are empty or repeat themselves, such as ``required: []`` in draft-04: every validator takes them."""
    return error.validator in ("uniqueItems", "minItems") or any(_harmless(inner) for inner in error.context or ())


def draft_of(documents: Documents) -> Draft:
    """The draft by which a validator reads the root."""
    named = dialect(documents.root)
    if named is not None:
        return named
    words = _words(documents.root)
    if "exclusive: boolean" in words:
        return Draft.D4
    return Draft.D7 if not words & _NEWER and words & (_OLDER | {"items: array"}) else Draft.D2020


def _words(schema: Any) -> set[str]:
    """The keywords in use, with the two whose form tells the draft; names of properties are no keywords."""
    found: set[str] = set()
    pending = [schema]
    while pending:
        here = pending.pop()
        if isinstance(here, list):
            pending += here
        if not isinstance(here, dict):
            continue
        for key, value in here.items():
            found.add(key)
            if key == "items" and isinstance(value, list):
                found.add("items: array")
            if key in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(value, bool):
                found.add("exclusive: boolean")
            if key in ("properties", "patternProperties", "definitions", "$defs", "dependentSchemas", "dependencies"):
                pending += value.values() if isinstance(value, dict) else ()
            elif key not in ("enum", "const", "default", "examples"):
                pending.append(value)
    return found


class Checker:
    """Validates instances against a document, or against any schema inside it."""

    def __init__(self, documents: Documents) -> None:
        draft = draft_of(documents)
        others = tuple((name, native(other)) for name, other in documents.others)
        self.documents = Documents(documents.called, native(documents.root), others, draft)
        self.draft = draft
        self.sound: list[bool] = []
        self.numbers = Numbers()
        self.swift: Any = None

    def key(self, schema: Any, resolver: Any) -> int:
        """A number for what a schema of this document means: equal values at the same base URI are one schema."""
        return self.numbers.of(schema, resolver._base_uri)

    @cached_property
    def root(self) -> Any:
        """The validator of the whole document."""
        return _safe(self.draft)(self.documents.root, _resolver=self.documents.resolver)

    def errors(self, instance: Any) -> list[ValidationError]:
        """Why the document refuses an instance."""
        with _told_apart(self):
            return list(self.root.iter_errors(instance))

    def accepts(self, instance: Any) -> bool:
        """Whether the document accepts an instance; Undecided where that cannot be told."""
        with _told_apart(self):
            return bool(self.root.is_valid(instance))

    def valid(self, schema: Any, resolver: Any, instance: Any) -> bool:
        """Whether a schema of the document accepts an instance; Undecided where that cannot be told."""
        if isinstance(schema, bool):
            return schema
        with _told_apart(self):
            return bool(self.root.evolve(schema=schema, _resolver=resolver).is_valid(instance))

    def reject_malformed(self) -> None:
        """Raise SchemaError if the document is malformed by its draft."""
        if self.sound:
            return
        wrong = _malformed(_STOCK[self.draft], self.documents.root)
        if wrong is not None:
            pointer = "#" + "".join(f"/{part}" for part in wrong.absolute_path)
            raise SchemaError(self.documents.called, f"{wrong.message} ({self.draft.value})", pointer=pointer)
        self.sound.append(True)


@contextmanager
def _told_apart(checker: Checker) -> Iterator[None]:
    """Turn what the library stumbles over into Undecided, or into SchemaError where the schema is to blame."""
    try:
        yield
    except (PatternUnsupported, OverflowError) as wrong:
        raise Undecided(str(wrong)) from None
    except Unresolvable as wrong:
        raise DanglingReference(checker.documents.called, f"a $ref leads nowhere: {wrong}") from None
    except (AttributeError, TypeError, KeyError, ValueError) as wrong:
        checker.reject_malformed()
        raise Undecided(f"the validator cannot use the schema: {wrong}") from None
    except BaseException as wrong:
        if not overflowed(wrong):
            raise
        raise Undecided("the instance or the schema nests too deeply for the validator") from None


_SAFE: dict[Draft, Any] = {}


def _safe(draft: Draft) -> Any:
    """The library's validator of a draft, with the keywords replaced that could stall, recurse or round."""
    if draft not in _SAFE:
        stock = _STOCK[draft]
        guarded: dict[str, Any] = {
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional_properties,
            "multipleOf": _multiple_of,
        }
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            if keyword in stock.VALIDATORS:
                guarded[keyword] = _once(stock.VALIDATORS[keyword])
        _SAFE[draft] = validators.extend(stock, guarded)  # type: ignore[no-untyped-call]
    return _SAFE[draft]


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not found_in(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object"):
        for pattern, schema in patterns.items():
            for key, value in instance.items():
                if found_in(pattern, key):
                    yield from validator.descend(value, schema, path=key, schema_path=pattern)


def _additional_properties(validator: Any, additional: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    declared, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, value in instance.items():
        if key not in declared and not any(found_in(pattern, key) for pattern in patterns):
            if additional is False:
                yield ValidationError(f"the property {key!r} is not allowed here")
            else:
                yield from validator.descend(value, additional, path=key)


def multiple(instance: float, divisor: float) -> bool:
    """Whether a number is a multiple of another; Undecided where exact arithmetic and the library's disagree."""
    fails = exact(instance) % exact(divisor) != 0
    if isinstance(divisor, float):
        quotient = instance / divisor
        rounded = fails if isinf(quotient) else int(quotient) != quotient
    else:
        rounded = instance % divisor != 0
    if fails != rounded:
        raise Undecided(f"whether {instance} is a multiple of {divisor} depends on rounding")
    return not fails


def _multiple_of(validator: Any, divisor: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "number") and not multiple(instance, divisor):
        yield ValidationError(f"{instance!r} is not a multiple of {divisor}")


def _once(stock: Any) -> Any:
    """A reference met again for the same instance, before it was answered, adds nothing: it would only go round."""
    doing: set[tuple[int, int]] = set()

    def reference(validator: Any, ref: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        key = (id(schema), id(instance))
        if key in doing:
            return
        doing.add(key)
        try:
            yield from stock(validator, ref, instance, schema)
        finally:
            doing.discard(key)

    return reference
