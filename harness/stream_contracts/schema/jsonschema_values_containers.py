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
_STRING = made({"type": "string"})


def arrays(tries: Any, shape: Shape, hints: list[dict[str, Any]], met: list[Located], depth: int) -> Iterator[Any]:
    """Lengths around each limit, each position with each value of its own, counts around each ``contains``."""
    seen = [(view, view.words()) for view in met]
    rows = [row for view, words in seen if (row := hinted_row(view, words)) is not None]
    positions = max([len(row.prefix) for row in (*rows, *shape.rows)], default=0)
    lengths = {
        said[word] + shift
        for said in hints
        for word in ("minItems", "maxItems", "minContains", "maxContains")
        if word in said
        for shift in (-1, 0, 1)
    }
    lengths |= {0, 1, 2, shape.least, shape.least + 1, positions, positions + 1, positions + 2}
    lengths = {
        n for n in lengths if shape.least <= n <= (_LONGEST_ARRAY if shape.most is None else min(shape.most, 500))
    }

    def of_reader(index: int) -> tuple[Located, ...]:
        at = (row.prefix[index] if index < len(row.prefix) else row.rest for row in rows)
        return tuple(located for located in at if located is not None)

    def choices(index: int) -> list[Any]:
        place = min(index, positions)
        return list(tries.values(shape.item(place), of_reader(place), depth + 1))

    wanted = [view.at(words["contains"]) for view, words in seen if "contains" in words]
    wanted += [located for located, _, _ in shape.contains]
    for n in sorted(lengths):
        plain = [
            _calm(tries, choices(index), of_reader(min(index, positions)), index if shape.unique else 0)
            for index in range(n)
        ]
        if any(not one for one in plain):
            break
        whole = [one[0] for one in plain]
        yield whole
        for index in range(min(n, positions + 1)):
            for value in choices(index):
                yield [*whole[:index], value, *whole[index + 1 :]]
                if n <= 3:
                    yield [value] * n
        for located in wanted:
            for place in {0, positions}:
                matching = tries.values((*shape.item(place), located), of_reader(place), depth + 1)[:3]
                for value in matching:
                    for count in range(1, min(n, 8) + 1):
                        yield [value] * count + whole[count:]
                        yield whole[: n - count] + [value] * count
                    yield _distinct(matching, n) or [value]


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
