"""Validation compiled to functions: the answers of the ``jsonschema`` library, many times faster, for the search.

Each schema becomes one function per keyword, the cheap ones first, and answers about mutually recursive types are kept
while one instance is judged. What depends on annotations or on the way a schema was reached (``unevaluated*``, dynamic
references) is left to the library, and so is the last word on every witness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_contracts.schema.jsonschema_compilers import COMPILERS, Accepts, all_of, everything, nothing
from stream_contracts.schema.jsonschema_regex import PatternUnsupported
from stream_contracts.schema.jsonschema_text import overflowed
from stream_contracts.schema.jsonschema_validation import Checker, Undecided

if TYPE_CHECKING:
    from stream_contracts.schema.jsonschema_located import Located

_LIBRARY = ("unevaluatedProperties", "unevaluatedItems")
_DYNAMIC = ("$dynamicRef", "$recursiveRef")
_REPEATED = ("$ref", "anyOf", "oneOf")
"""Where a schema with these is asked about a value twice, the second answer is looked up."""


class Swift:
    """The functions of one document, made when they are asked for."""

    def __init__(self, checker: Checker) -> None:
        self.dynamic = _mentions((checker.documents.root, checker.documents.others), _DYNAMIC)
        self.made: dict[int, Accepts] = {}
        self.known: dict[tuple[int, int], bool] = {}
        self.doing: set[tuple[int, int]] = set()
        self.assumed = 0

    def accepts(self, located: Located, instance: Any) -> bool:
        """Whether a schema of the document accepts an instance; Undecided where that cannot be told."""
        if self.dynamic:
            return _by_library(located, instance)
        self.known.clear()
        self.doing.clear()
        try:
            return self.of(located)(instance)
        except (PatternUnsupported, OverflowError) as wrong:
            raise Undecided(str(wrong)) from None
        except (AttributeError, TypeError, KeyError, ValueError):
            return _by_library(located, instance)
        except BaseException as wrong:
            if not overflowed(wrong):
                raise
            raise Undecided("the instance or the schema nests too deeply for the validator") from None

    def of(self, located: Located) -> Accepts:
        """The function of one schema; while it is being made, a call to it looks it up."""
        if isinstance(located.schema, bool):
            return everything if located.schema else nothing
        key = located.key
        found = self.made.get(key)
        if found is None:
            self.made[key] = lambda instance: self.made[key](instance)
            try:
                found = self.made[key] = self._compiled(located, key)
            except BaseException:
                del self.made[key]
                raise
        return found

    def _compiled(self, located: Located, key: int) -> Accepts:
        words = located.words()
        if any(word in words for word in _LIBRARY):
            return lambda instance: _by_library(located, instance)
        checks = [compiler(self, located, words) for word, compiler in COMPILERS.items() if word in words]
        if not checks:
            return everything
        whole = checks[0] if len(checks) == 1 else all_of(checks)
        return self._once(whole, key) if any(word in words for word in _REPEATED) else whole

    def _once(self, check: Accepts, key: int) -> Accepts:
        """One answer per schema and part of the instance; met again before it was answered, it adds nothing."""

        def accepts(instance: Any) -> bool:
            pair = (key, id(instance))
            answer = self.known.get(pair)
            if answer is not None:
                return answer
            if pair in self.doing:
                self.assumed += 1
                return True
            self.doing.add(pair)
            before = self.assumed
            try:
                answer = check(instance)
            finally:
                self.doing.discard(pair)
            if self.assumed == before:
                self.known[pair] = answer
            return answer

        return accepts


def _by_library(located: Located, instance: Any) -> bool:
    return located.checker.valid(located.schema, located.resolver, instance)


def _mentions(value: Any, words: tuple[str, ...]) -> bool:
    pending = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            if any(word in here for word in words):
                return True
            pending += here.values()
        elif isinstance(here, list | tuple):
            pending += here
    return False
