"""JSON Schema as text: bytes to JSON, which draft it is, and where a ``$ref`` leads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Any
from urllib.parse import urljoin

from jsonschema_specifications import REGISTRY
from referencing import Registry, Specification
from referencing.exceptions import Unresolvable, Unretrievable
from referencing.jsonschema import DRAFT4, DRAFT6, DRAFT7, DRAFT201909, DRAFT202012

from stream_contracts.errors import SchemaError
from stream_contracts.schema.format import Source
from stream_contracts.schema.json_places import place_of_depth, place_of_long_number, place_of_word

LARGEST_EXPONENT = 1000
"""Numbers beyond 10**1000 are refused: exact arithmetic with them would take for ever."""
_LEVELS = 1000
_FRAMES = 8000
"""Python frames that one schema may use: about a thousand levels of nesting, within an 8 MB stack."""


class Draft(Enum):
    """The drafts that Confluent knows, with the rules for finding things in them."""

    D4 = "draft-04"
    D6 = "draft-06"
    D7 = "draft-07"
    D2019 = "2019-09"
    D2020 = "2020-12"

    @property
    def modern(self) -> bool:
        """2019-09 and 2020-12 are loaded by another library, with other results."""
        return self in (Draft.D2019, Draft.D2020)

    @property
    def specification(self) -> Specification[Any]:
        """Where this draft keeps ids, anchors and subschemas."""
        return _SPECIFICATIONS[self]


_SPECIFICATIONS = {
    Draft.D4: DRAFT4,
    Draft.D6: DRAFT6,
    Draft.D7: DRAFT7,
    Draft.D2019: DRAFT201909,
    Draft.D2020: DRAFT202012,
}

_DIALECTS = {
    "json-schema.org/schema": Draft.D4,
    "json-schema.org/draft-04/schema": Draft.D4,
    "json-schema.org/draft-06/schema": Draft.D6,
    "json-schema.org/draft-07/schema": Draft.D7,
    "json-schema.org/draft/2019-09/schema": Draft.D2019,
    "json-schema.org/draft/2020-12/schema": Draft.D2020,
}


class DanglingReference(SchemaError):  # noqa: N818 - its parent has the suffix
    """A ``$ref`` that leads nowhere."""


class BrokenPattern(SchemaError):  # noqa: N818 - its parent has the suffix
    """A regular expression that is none."""


def dialect(root: Any) -> Draft | None:
    """The draft that the root names in ``$schema``, or None where it names none that is known."""
    named = root.get("$schema") if isinstance(root, dict) else None
    if not isinstance(named, str):
        return None
    return _DIALECTS.get(named.removesuffix("#").removeprefix("https://").removeprefix("http://"))


def read(text: str, called: str) -> Any:
    """JSON text with exact numbers, ``int`` or ``Decimal``; SchemaError where it is not JSON."""

    def exact(digits: str) -> Decimal:
        number = Decimal(digits)
        if number and abs(number.adjusted()) > LARGEST_EXPONENT:
            why = f"the number {digits[:40]} is beyond 10^±{LARGEST_EXPONENT}"
            raise SchemaError(called, why, pointer=place_of_word(text, digits))
        return number

    def constant(name: str) -> Any:
        raise SchemaError(called, f"{name} is not JSON", pointer=place_of_word(text, name))

    try:
        return json.loads(text, parse_float=exact, parse_constant=constant)
    except json.JSONDecodeError as wrong:
        place = f"line {wrong.lineno}, column {wrong.colno}"
        raise SchemaError(called, f"not JSON: {wrong.msg} ({place})", pointer=place) from None
    except ValueError as wrong:
        most = sys.get_int_max_str_digits()
        why = f"not JSON that is read: a number has more than {most} digits"
        raise SchemaError(called, why, pointer=place_of_long_number(text, most)) from wrong
    except RecursionError:
        raise too_deep(called, text) from None


def overflowed(error: BaseException) -> bool:
    """Whether Python's stack ran out: as such, or below rpds, which is Rust and panics when a comparison of keys fails.

    A panic is no ``Exception``, so that nothing else would stop it before it ends the process.
    """
    return isinstance(error, RecursionError) or type(error).__name__ == "PanicException"


def too_deep(called: str, text: str) -> SchemaError:
    """The error for a schema that nests deeper than can be followed, with the place where it gets too deep."""
    why = "nested too deeply to follow (about a thousand levels can be); flatten it with $ref"
    return SchemaError(called, why, pointer=place_of_depth(text, _LEVELS))


@contextmanager
def room_for_depth(called: str, text: str) -> Iterator[None]:
    """Allow deep recursion for a while, and turn what is still too deep into a SchemaError."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    except BaseException as error:
        if not overflowed(error):
            raise
        raise too_deep(called, text) from None
    finally:
        sys.setrecursionlimit(before)


def step(at: str, key: str | int) -> str:
    """One segment more of a JSON pointer."""
    return f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}"


@dataclass(frozen=True)
class Documents:
    """A root schema and what it refers to by name; finds the targets of ``$ref``.

    A reference is found by its name, taken as a URI relative to the root's own id, and as it stands.
    """

    called: str
    root: Any
    others: tuple[tuple[str, Any], ...]
    draft: Draft

    @classmethod
    def of(cls, source: Source) -> Documents:
        """Read a source and its references; the draft is the root's, draft-07 where it names none."""
        root = read(source.text, source.called)
        if not isinstance(root, dict | bool):
            raise SchemaError(source.called, f"a schema is an object or a boolean, this is {json_type(root)}")
        others = tuple((ref.name, read(ref.text, ref.name)) for ref in source.references if ref.text is not None)
        for name, other in others:
            if not isinstance(other, dict | bool):
                raise SchemaError(name, f"a schema is an object or a boolean, this is {json_type(other)}")
        return cls(source.called, root, others, dialect(root) or Draft.D7)

    def bridged(self) -> Documents:
        """The same with top-level ``definitions`` offered as ``$defs`` too, as Confluent does since 8.0.6."""
        return Documents(
            self.called, _bridge(self.root), tuple((name, _bridge(other)) for name, other in self.others), self.draft
        )

    def as_draft(self, draft: Draft) -> Documents:
        """The same, read by another draft's rules."""
        return Documents(self.called, self.root, self.others, draft)

    @cached_property
    def resolver(self) -> Any:
        """The resolver at the root (a ``referencing`` resolver)."""
        spec = self.draft.specification
        own = _own_id(self.root, spec)
        pairs = [(own, spec.create_resource(self.root))]
        for name, other in self.others:
            uris = dict.fromkeys((urljoin(own, name), name, f"./{name}"))
            pairs += [(uri, spec.create_resource(other)) for uri in uris]
        registry: Registry[Any] = REGISTRY.with_resources(pairs)  # which knows the meta-schemas
        return registry.resolver(base_uri=own)

    def below(self, resolver: Any, schema: Any) -> Any:
        """The resolver inside a subschema: another one only where the subschema has an id of its own."""
        if not isinstance(schema, dict) or schema is self.root or not ("$id" in schema or "id" in schema):
            return resolver
        if not all(isinstance(schema.get(word, ""), str) for word in ("$id", "id")):
            return resolver  # whoever reads the keywords will complain
        return resolver.in_subresource(self.draft.specification.create_resource(schema))

    def lookup(self, resolver: Any, ref: Any, at: str) -> tuple[Any, Any]:
        """What a ``$ref`` leads to, and the resolver there; SchemaError where it leads nowhere."""
        if not isinstance(ref, str):
            raise SchemaError(self.called, f"$ref must be a string, this is {json_type(ref)}", pointer=at)
        try:
            found = resolver.lookup(ref)
        except RecursionError:
            raise
        except (Unresolvable, Unretrievable):
            known = ", ".join(name for name, _ in self.others) or "none"
            raise DanglingReference(
                self.called, f"$ref {ref!r} leads nowhere (references given: {known})", pointer=at
            ) from None
        except (AttributeError, TypeError, ValueError, KeyError, IndexError) as wrong:
            raise SchemaError(self.called, f"$ref {ref!r} cannot be followed: {wrong}", pointer=at) from None
        return found.contents, found.resolver


def json_type(value: Any) -> str:
    """What a JSON value is, in JSON's own words."""
    if isinstance(value, bool):
        return "a boolean"
    names = {dict: "an object", list: "an array", str: "a string", type(None): "null"}
    return names.get(type(value), "a number")


def _own_id(root: Any, spec: Specification[Any]) -> str:
    try:
        return spec.create_resource(root).id() or ""
    except (AttributeError, TypeError):
        return ""


def _bridge(root: Any) -> Any:
    defined = root.get("definitions") if isinstance(root, dict) else None
    if not isinstance(defined, dict):
        return root
    held = root.get("$defs")
    return {**root, "$defs": {**defined, **(held if isinstance(held, dict) else {})}}
