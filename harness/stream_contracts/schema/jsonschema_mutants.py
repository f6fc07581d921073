"""Mutants: instances known to be valid, changed in one place, in the words of both schemas and without any rule.

The last resort of the search, where nothing was proved and no targeted value broke: a property more or less, another
value somewhere, an item more, twice or less. It knows nothing of keywords, so that it can find what the rules and the
targeted values both overlook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain, islice, zip_longest
from typing import Any

from stream_contracts.schema.jsonschema_identity import equal_key, exact
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_samples import samples
from stream_contracts.schema.jsonschema_shapes import number

_PLAIN: tuple[Any, ...] = ("", "a", 1, 1.5, None, True, [], {}, 0, -1, False, "ab", "x" * 9, [None], {"zz": 1})
_MOST_NAMES = 24
_MOST_VALUES = 48
_MOST_PLACES = 40
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_LENGTHS = ("minLength", "maxLength")
_LONGEST = 1_000
_Path = tuple[str | int, ...]


def mutants(instances: Iterable[Any], written: Located, read: Located) -> Iterator[Any]:
    """Each instance with one change, in turn, so that a limit cuts all of them equally; some twice."""
    names, values = spoken_names(written, read), spoken_values(written, read)
    rows = [_changed(instance, names, values) for instance in (*instances, {}, [])]
    missing = object()
    yield from (each for turn in zip_longest(*rows, fillvalue=missing) for each in turn if each is not missing)


def _words(written: Located, read: Located) -> list[dict[str, Any]]:
    documents = (located.checker.documents for located in (read, written))
    return [said for document in documents for said in _objects((document.root, document.others))]


def spoken_names(written: Located, read: Located) -> list[str]:
    """Names of properties that either schema speaks of, as far as they are few, and one that neither does."""
    return list(islice(_names(_words(written, read)), _MOST_NAMES))


def spoken_values(written: Located, read: Located) -> list[Any]:
    """Plain values, and those that either schema speaks of, as far as they are few."""
    return list(islice(_values(_words(written, read)), _MOST_VALUES))


def changed_once(instance: Any, throw: Callable[[int], int], names: list[str], values: list[Any]) -> Any:
    """An instance with one change, picked by ``throw``, which gives a number below the one that it is given."""
    places = list(islice(_places(instance, ()), _MOST_PLACES))
    path, held = places[throw(len(places))]
    kind, value = throw(4), values[throw(len(values))]
    if isinstance(held, dict) and kind < 3:
        name = [*held, *names][throw(len(held) + len(names))]
        without = {key: other for key, other in held.items() if key != name}
        return _with(instance, path, without if name in held and kind else {**held, name: value})
    if isinstance(held, list) and kind < 3:
        at = throw(len(held) + 1)
        more = [*held[at : at + 1], value][throw(2)] if at < len(held) else value
        return _with(instance, path, [*held[:at], *held[at + 1 :]] if kind == 0 else [*held[:at], more, *held[at:]])
    return _with(instance, path, value)


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document, whatever it is there for."""
    pending = [document]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            yield here
            pending += reversed(list(here.values()))
        elif isinstance(here, list | tuple):
            pending += reversed(here)


def _names(words: list[dict[str, Any]]) -> Iterator[str]:
    """Names that either schema speaks of, or matches, and one that neither does."""
    found: dict[str, None] = {}
    for said in words:
        for word in ("properties", "required", "dependentRequired", "dependencies", "dependentSchemas"):
            held = said.get(word)
            if isinstance(held, dict | list):
                found |= dict.fromkeys(name for name in held if isinstance(name, str))
        patterns = said.get("patternProperties")
        for pattern in patterns if isinstance(patterns, dict) else ():
            found |= dict.fromkeys(samples(pattern, 4)[:2])
    yield from found
    yield "zz"


def _values(words: list[dict[str, Any]]) -> Iterator[Any]:
    """Plain values of every type, the constants of both schemas, and numbers and texts around their limits."""
    seen: set[Any] = set()
    for value in chain(_PLAIN, *(_spoken(said) for said in words)):
        key = equal_key(value)
        if key not in seen:
            seen.add(key)
            yield value


def _spoken(said: dict[str, Any]) -> Iterator[Any]:
    listed = said.get("enum")
    yield from listed if isinstance(listed, list) else ()
    if "const" in said:
        yield said["const"]
    for word in _LIMITS:
        limit = said.get(word)
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            for near in (Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2), exact(limit) / -2):
                yield number(exact(limit) + near)
    for word in _LENGTHS:
        length = said.get(word)
        if isinstance(length, int) and 0 <= length < _LONGEST:
            yield "a" * (length + 1)
            yield "a" * max(length - 1, 0)
    if isinstance(said.get("pattern"), str):
        yield from samples(said["pattern"], 4)[:2]


def _changed(instance: Any, names: list[str], values: list[Any]) -> Iterator[Any]:
    for path, held in islice(_places(instance, ()), _MOST_PLACES):
        if isinstance(held, dict):
            yield from (_with(instance, path, {**held, name: v}) for v in values for name in names if name not in held)
            yield from (_with(instance, path, {k: v for k, v in held.items() if k != name}) for name in held)
        elif isinstance(held, list):
            yield from (_with(instance, path, [*held, value]) for value in (*held[-1:], *values))
            yield from (_with(instance, path, [*held[:at], *held[at + 1 :]]) for at in range(len(held)))
        yield from (_with(instance, path, value) for value in values)


def _places(value: Any, path: _Path) -> Iterator[tuple[_Path, Any]]:
    """Every part of a value with the way to it, outer ones first."""
    pending = [(path, value)]
    for here, held in pending:
        yield here, held
        inner = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
        pending += [((*here, step), each) for step, each in inner]


def _with(whole: Any, path: _Path, value: Any) -> Any:
    """The whole with another value at the end of a path."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(whole, dict):
        return {**whole, step: _with(whole[step], rest, value)}
    return [*whole[: int(step)], _with(whole[step], rest, value), *whole[int(step) + 1 :]]
