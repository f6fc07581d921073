"""Arrays and objects worth trying: lengths, positions, names and counts around what either schema says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, islice
from typing import Any

from stream_contracts.schema.jsonschema_constraints import hinted_group, hinted_row
from stream_contracts.schema.jsonschema_located import Located
from stream_contracts.schema.jsonschema_samples import samples
from stream_contracts.schema.jsonschema_shapes import Shape, made, said_of

_LONGEST_ARRAY = 120
_MOST_NAMES = 400
_MOST_SINGLE = 60
_NOBODY = ("zz", "p0", "")
_FIRST = (slice(1), slice(1, None))
"""The first value of each position before all others: it is the one that the reader minds, and patience may end."""
_STRING = made({"type": "string"})


def arrays(tries: Any, shape: Shape, hints: list[dict[str, Any]], met: list[Located], depth: int) -> Iterator[Any]:
    """Lengths around each limit, each position with each value of its own, counts around each ``contains``."""
    items = _Items(tries, shape, met, depth)
    lengths = items.lengths(hints)
    for n in lengths if items.needed else ():
        if n > items.needed:
            yield from _beside(items, n)
    for n in lengths:
        plain = [items.calm(index, items.choices(index)) for index in range(n)]
        if any(not one for one in plain):
            break
        whole = [one[0] for one in plain]
        yield whole
        for index in range(min(n, items.positions + 1)):
            for value in items.choices(index):
                yield [*whole[:index], value, *whole[index + 1 :]]
                if n <= 3:
                    yield [value] * n
        for located in items.sought:
            for place in {0, items.positions}:
                matching = items.matching(place, located, items.of_reader(place))[:3]
                for value in matching:
                    for count in range(1, min(n, 8) + 1):
                        yield [value] * count + whole[count:]
                        yield whole[: n - count] + [value] * count
                    yield _distinct(matching, n) or [value]


class _Items:
    """What may stand at each position of an array of one shape; ``needed`` items must be what ``contains`` asks for."""

    def __init__(self, tries: Any, shape: Shape, met: list[Located], depth: int) -> None:
        self.tries, self.shape, self.depth = tries, shape, depth
        seen = [(view, view.words()) for view in met]
        self.rows = [row for view, words in seen if (row := hinted_row(view, words)) is not None]
        self.positions = max([len(row.prefix) for row in (*self.rows, *shape.rows)], default=0)
        self.sought = [view.at(words["contains"]) for view, words in seen if "contains" in words]
        self.sought += [located for located, _, _ in shape.contains]
        self.needed = sum(least for _, least, _ in shape.contains)

    def lengths(self, hints: list[dict[str, Any]]) -> list[int]:
        """Around each limit of both sides, as far as the shape allows."""
        words = ("minItems", "maxItems", "minContains", "maxContains")
        wanted = {said[word] + shift for said in hints for word in words if word in said for shift in (-1, 0, 1)}
        least = max([self.shape.least, *(count for _, count, _ in self.shape.contains)])
        further = self.positions
        wanted |= {0, 1, 2, least, least + 1, further, further + 1, further + 2}
        wanted |= {self.needed + 1, self.needed + further} if self.needed else set()
        most = _LONGEST_ARRAY if self.shape.most is None else min(self.shape.most, 500)
        return sorted(n for n in wanted if least <= n <= most)

    def of_reader(self, index: int) -> tuple[Located, ...]:
        """What the reader says of the item at a position."""
        at = (row.prefix[index] if index < len(row.prefix) else row.rest for row in self.rows)
        return tuple(located for located in at if located is not None)

    def choices(self, index: int) -> list[Any]:
        """The values of a position."""
        place = min(index, self.positions)
        return list(self.tries.values(self.shape.item(place), self.of_reader(place), self.depth + 1))

    def calm(self, index: int, values: list[Any]) -> list[Any]:
        """One of them that the reader does not mind; under ``uniqueItems`` another one for each position."""
        skip = index if self.shape.unique else 0
        return _calm(self.tries, values, self.of_reader(min(index, self.positions)), skip)

    def matching(self, index: int, located: Located, read: tuple[Located, ...]) -> list[Any]:
        """The values of a position that are what ``contains`` asks for."""
        place = min(index, self.positions)
        return list(self.tries.values((*self.shape.item(place), located), read, self.depth + 1))

    def others(self, index: int) -> list[Any]:
        """The values of a position that are nothing that ``contains`` asks for, if there are any."""
        values = self.choices(index)
        return [value for value in values if not any(self.tries.fits((one,), value) for one in self.sought)] or values


def _beside(items: _Items, n: int) -> Iterator[Any]:
    """What ``contains`` asks for, at the end or at the start, and beside it each value of each position.

    The rest is nothing that is asked for, so that there is not too much of it.
    """
    filling = [items.calm(index, items.others(index)) for index in range(n)]
    if not all(filling):
        return
    rest = [values[0] for values in filling]
    for start in (n - items.needed, 0):
        whole, seat = list(rest), start
        for located, least, _ in items.shape.contains:
            found = items.matching(seat, located, ())
            if not found or (items.shape.unique and len(found) < least):
                break
            whole[seat : seat + least] = found[:least] if items.shape.unique else found[:1] * least
            seat += least
        else:
            free = [index for index in range(n) if not start <= index < seat][: items.positions + 2]
            tried = [(index, items.choices(index)) for index in free]
            first, more = ([(at, value) for at, values in tried for value in values[part]] for part in _FIRST)
            for index, value in (*first, *more):
                yield [*whole[:index], value, *whole[index + 1 :]]
            yield whole


def _distinct(values: list[Any], n: int) -> list[Any]:
    return list(islice(values, n))


def _calm(tries: Any, values: list[Any], read: tuple[Located, ...], skip: int) -> list[Any]:
    """A value that the reader does not mind, if there is one: so that only one part breaks at a time."""
    calm = list(islice((value for value in values if tries.fits(read, value)), skip + 1)) or values
    return [calm[skip % len(calm)]] if calm else []


def objects(tries: Any, shape: Shape, hints: list[dict[str, Any]], met: list[Located], depth: int) -> Iterator[Any]:
    """Each property there, not there, and with each value of its own; names that somebody or nobody mentions."""
    seen = [(view, view.words()) for view in met]
    groups = [group for view, words in seen if (group := hinted_group(view, words)) is not None]
    named = [view.at(words["propertyNames"]) for view, words in seen if "propertyNames" in words]
    spelled = tries.values((*shape.names, _STRING), tuple(named), depth + 1) if shape.names or named else []
    names = _names(shape, hints, spelled)

    def of_reader(name: str) -> tuple[Located, ...]:
        return tuple(located for group in groups for located in said_of(group, name))

    choices: dict[str, list[Any]] = {}
    calm: dict[str, Any] = {}
    lively: list[str] = []
    for name in names:
        mine, theirs = shape.of(name), of_reader(name)
        if any(located.schema is False for located in mine) or not tries.fits(shape.names, name):
            continue
        settled = bool(theirs) and all(tries.prover.below(mine, located) for located in theirs)
        values = tries.values(mine, () if settled else theirs, depth + 1, *((2,) if settled else ()))
        if values:
            choices[name] = values
            calm[name] = _calm(tries, values, theirs, 0)[0]
            if not settled:
                lively.append(name)
    needed = [name for name in shape.required if name in calm]
    least = {name: calm[name] for name in needed}
    declared = [name for group in shape.groups for name in group.properties if name in calm]
    full = least | {name: calm[name] for name in declared}
    busy = least | {name: calm[name] for name in lively[:_MOST_SINGLE]}
    bases = [base for at, base in enumerate((least, full, busy)) if base not in (least, full)[:at]]
    yield from bases
    yield from _one_at_a_time(bases, lively, choices)
    yield from (least | {name: calm[name]} for name in [*spelled, *islice(choices, _MOST_SINGLE)] if name in calm)
    yield from _presence(least, full, calm, hints)
    yield from _counts(shape, hints, least, calm)


def _one_at_a_time(bases: list[dict[str, Any]], names: list[str], choices: dict[str, list[Any]]) -> Iterator[Any]:
    for name in names:
        for base in bases:
            for value in choices[name]:
                yield {**base, name: value}
            yield {key: value for key, value in base.items() if key != name}


def _presence(
    least: dict[str, Any], full: dict[str, Any], calm: dict[str, Any], hints: list[dict[str, Any]]
) -> Iterator[Any]:
    """Pairs and triples of the names that dependencies, requirements and branches speak of."""
    spoken = dict.fromkeys(
        name
        for said in hints
        for name in (
            *said.get("required", ()),
            *said.get("dependentRequired", {}),
            *(n for names in said.get("dependentRequired", {}).values() for n in names),
            *said.get("dependentSchemas", {}),
        )
        if name in calm
    )
    some = list(spoken)[:10]
    for size in (1, 2, 3):
        for chosen in combinations(some, size):
            yield least | {name: calm[name] for name in chosen}
            yield {name: value for name, value in full.items() if name not in chosen}
    yield {name: value for name, value in full.items() if name not in spoken}


def _counts(shape: Shape, hints: list[dict[str, Any]], least: dict[str, Any], calm: dict[str, Any]) -> Iterator[Any]:
    """As many properties as around each limit on their number."""
    limits = {
        said[word] + shift
        for said in hints
        for word in ("minProperties", "maxProperties")
        if word in said
        for shift in (-1, 0, 1)
    }
    for count in sorted({shape.fewest, *limits}):
        if count > _MOST_NAMES:
            continue
        whole = dict(least)
        for name in [*calm, *(f"p{index}" for index in range(count))]:
            if len(whole) >= count:
                break
            whole.setdefault(name, calm.get(name, calm.get("p0", 1)))
        yield whole


def _names(shape: Shape, hints: list[dict[str, Any]], spelled: list[str]) -> Iterable[str]:
    """Names that either side declares, requires or matches, and names that nobody does."""
    names = dict.fromkeys(shape.declared())
    for said in hints:
        for word in ("properties", "required", "dependentRequired", "dependentSchemas"):
            names |= dict.fromkeys(said.get(word, ()))
        for listed in said.get("dependentRequired", {}).values():
            names |= dict.fromkeys(listed)
        for pattern in said.get("patternProperties", {}):
            names |= dict.fromkeys(samples(pattern, 8)[:4])
        for example in (*said.get("enum", ()), said.get("const")):
            names |= dict.fromkeys(example if isinstance(example, dict) else ())
    names |= dict.fromkeys(spelled)
    names |= dict.fromkeys(_NOBODY)
    return names
