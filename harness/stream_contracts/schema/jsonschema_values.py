"""Values that are worth trying: valid for the writer, and near everything that either schema says.

From each part of the writer's schema, with what the reader says of the same part: the values around every bound of
both sides, each constant and branch, each property there and not there, names that somebody or nobody mentions,
lengths and counts around every limit. Parts that the reader refuses come first, and are built into the whole, so that a
break deep inside is carried up to the root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain, islice
from typing import Any

from stream_contracts.schema.jsonschema_expansion import expand
from stream_contracts.schema.jsonschema_identity import equal_key, exact, spelled_key
from stream_contracts.schema.jsonschema_located import Located, distinct, views
from stream_contracts.schema.jsonschema_rules import Prover
from stream_contracts.schema.jsonschema_samples import samples
from stream_contracts.schema.jsonschema_shapes import Shape, number, type_of
from stream_contracts.schema.jsonschema_validation import Undecided
from stream_contracts.schema.jsonschema_values_containers import arrays, objects

_DEEPEST = 80
_MOST_SHAPES = 24
_MOST_HINTS = 400
_OF_SETTLED = 3
"""Values of each shape in which nothing can break; they are there to build others from."""
_SHARE = 3
"""A part may use a third of the patience that is left, so that its neighbours get their turn."""
_GRACE = 6
"""Values of a part that are still looked at when the patience is spent: so that what was found below gets up."""
_LONGEST_TEXT = 5_000
_EXACT_FLOATS = 2**53
_NUMBERS = tuple(Fraction(n) for n in (0, 1, -1, 2, 7, 100, 2**31, -(2**31), 2**53, 10**18, -(10**18)))
_TEXTS = ("", "a", "0", "ab", " ", "A-1", "é", "😀", "2020-01-01", "x" * 40)


class Tries:
    """Generates values, with an eye on how much it has done; ``patience`` bounds the checks of parts."""

    def __init__(self, patience: int, prover: Prover | None = None, *, spelled: bool = False) -> None:
        self.patience = patience
        self.prover = prover or Prover()
        self.memo: dict[tuple[frozenset[int], frozenset[int]], list[Any]] = {}
        self.doing: set[tuple[frozenset[int], frozenset[int]]] = set()
        self.undecided = 0
        self.cut = False
        self.key: Callable[[Any], Any] = spelled_key if spelled else equal_key
        self.spelled = spelled

    def values(self, written: tuple[Located, ...], read: tuple[Located, ...], depth: int, most: int = 12) -> list[Any]:
        """Values of a part: what the reader refuses first, then others; none where the part cannot be."""
        written, read = distinct(written), distinct(read)
        key = (frozenset(located.key for located in written), frozenset(located.key for located in read))
        if key in self.memo:
            return self.memo[key]
        if key in self.doing:
            return []
        if depth > _DEEPEST or (self.patience <= 0 and depth):
            self.cut = True
            return self.plain(written)
        self.doing.add(key)
        try:
            found = self.sift(self.raw(written, read, depth), written, read, most, self.patience // _SHARE)
        finally:
            self.doing.discard(key)
        self.memo[key] = found
        return found

    def plain(self, written: tuple[Located, ...]) -> list[Any]:
        """Simple values, for parts too deep to look into."""
        finite = [value for shape in expand(written, most=4, partial=True) for value in shape.values or ()]
        simple: tuple[Any, ...] = ("a", 1, 0.5, True, None, [], {})
        return [value for value in (*finite, *simple) if self.fits(written, value)][:2]

    def raw(self, written: tuple[Located, ...], read: tuple[Located, ...], depth: int) -> Iterable[Any]:
        """All values that come to mind, valid or not."""
        shapes = expand(written, most=_MOST_SHAPES, partial=True)
        settled = [bool(read) and all(self.prover.implied(shape, located) for located in read) for shape in shapes]
        loose = [shape for shape, sure in zip(shapes, settled, strict=True) if not sure]
        sure = [shape for shape, sure in zip(shapes, settled, strict=True) if sure]
        return chain(
            _in_turn([self.of_shape(shape, written, read, depth) for shape in loose]),
            *(islice(self.of_shape(shape, written, (), depth), _OF_SETTLED) for shape in sure),
        )

    def of_shape(
        self, shape: Shape, written: tuple[Located, ...], read: tuple[Located, ...], depth: int
    ) -> Iterator[Any]:
        """Values of one shape: the constants of both sides first."""
        if shape.values is not None:
            yield from shape.values
            return

        def meets(branch: Located) -> bool:
            return not self.prover.disjoint(shape, branch)

        met = list(views(*read, most=_MOST_HINTS, keep=meets))
        hints = [view.words() for view in (*met, *views(*written, most=_MOST_HINTS, keep=meets))]
        constants: list[Any] = [value for words in hints for value in (*words.get("enum", ()), *_const(words))]
        constants = [constant for constant in constants if type_of(constant) == shape.type]
        yield from constants
        match shape.type:
            case "number":
                for value in numbers(shape, hints, constants):
                    yield value
                    if self.spelled and isinstance(value, int) and abs(value) < _EXACT_FLOATS:
                        yield float(value)
            case "string":
                yield from strings(shape, hints)
            case "array":
                yield from arrays(self, shape, hints, met, depth)
            case "object":
                yield from objects(self, shape, hints, met, depth)

    def sift(
        self, values: Iterable[Any], written: tuple[Located, ...], read: tuple[Located, ...], most: int, share: int
    ) -> list[Any]:
        """The valid ones, each once, what the reader refuses first; ``share`` is the patience it may use up."""
        refused: list[Any] = []
        accepted: list[Any] = []
        seen: set[Any] = set()
        grace, end = _GRACE, max(self.patience - share, 0)
        for value in values:
            if self.patience <= end and (grace := grace - 1) < 0:
                break
            key = self.key(value)
            if key in seen or not self.fits(written, value):
                continue
            seen.add(key)
            if self.fits(read, value):
                accepted.append(value)
            else:
                refused.append(value)
            if len(refused) >= most or (not read and len(accepted) >= most):
                break
        half = max(1, most // 2)
        return refused[:most] + varied(accepted, half)

    def fits(self, conjunction: tuple[Located, ...], value: Any) -> bool:
        """Whether a value is valid for all of these; an undecided one is not."""
        self.patience -= max(1, len(conjunction))
        try:
            return all(located.accepts(value) for located in conjunction)
        except Undecided:
            self.undecided += 1
            return False


def _in_turn(sources: list[Iterator[Any]]) -> Iterator[Any]:
    """One of each in turn, so that a budget is not spent on the first type alone."""
    while sources:
        going = []
        for source in sources:
            for value in source:
                yield value
                going.append(source)
                break
        sources = going


def varied(values: list[Any], most: int) -> list[Any]:
    """A few of many, from all over the list and of every type."""
    if len(values) <= most:
        return values
    first = {type_of(value): at for at, value in reversed(list(enumerate(values)))}.values()
    step = len(values) / most
    chosen = dict.fromkeys([*first, *(int(index * step) for index in range(most))])
    return [values[at] for at in chosen]


def _const(words: dict[str, Any]) -> Sequence[Any]:
    return (words["const"],) if "const" in words else ()


def numbers(shape: Shape, hints: list[dict[str, Any]], constants: Iterable[Any]) -> Iterable[Any]:
    """Around each bound and constant of both sides, and the multiples next to them."""
    words = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    anchors = [exact(value) for value in constants if not isinstance(value, bool)]
    anchors += [exact(said[word]) for said in hints for word in words if word in said]
    steps = [Fraction(1), Fraction(1, 2), Fraction(1, 1000)]
    near = [anchor + sign * step for anchor in anchors for step in (Fraction(0), *steps) for sign in (1, -1)]
    near += [*_NUMBERS, Fraction(1, 2), Fraction(-3, 2), Fraction(1, 1000)]
    divisors = dict.fromkeys([*shape.multiples, *(exact(said["multipleOf"]) for said in hints if "multipleOf" in said)])
    if divisors:
        turns = [Fraction(1), *divisors]
        joint = _common(shape.multiples)
        turns += [joint] if joint else []
        there = [anchor // step * step + k * step for anchor in near for step in turns for k in (0, 1, -1)]
        there += [k * step for step in turns for k in range(1, 8)]
        halves = [k * step / 2 for step in divisors for k in (1, 3, -1)]
        near = there if shape.multiples else [*halves, *near, *there]
    if shape.integer:
        near = [value for value in near if value.denominator == 1] + [Fraction(anchor // 1 + 1) for anchor in anchors]
    return [number(value) for value in dict.fromkeys(near)]


def _common(multiples: Sequence[Fraction]) -> Fraction | None:
    """The least common multiple, which is what several divisors leave."""
    from math import gcd, lcm

    if not multiples:
        return None
    joint = multiples[0]
    for other in multiples[1:]:
        joint = Fraction(
            lcm(joint.numerator * other.denominator, other.numerator * joint.denominator),
            joint.denominator * other.denominator,
        )
    return joint if gcd(joint.numerator, joint.denominator) else None


def strings(shape: Shape, hints: list[dict[str, Any]]) -> Iterable[str]:
    """Of each length around a limit, of each pattern of both sides, and of each sort of character."""
    lengths = {
        said[word] + shift
        for said in hints
        for word in ("minLength", "maxLength")
        if word in said
        for shift in (-1, 0, 1)
    }
    lengths |= {shape.shortest, shape.shortest + 1}
    fitting = sorted(n for n in lengths if 0 <= n <= _LONGEST_TEXT)
    texts = [text for pattern in sorted(shape.patterns) for text in samples(pattern, 60)]
    texts += [text for said in hints if "pattern" in said for text in samples(said["pattern"])]
    texts += _TEXTS
    texts += [letter * n for n in fitting for letter in ("a", "0", "é")]
    seeds = [text for text in texts[:40] if text]
    texts += [(text * (n // len(text) + 1))[:n] for text in seeds for n in fitting if len(text) < n <= 200]
    texts += [text + extra for text in seeds[:20] for extra in ("x", "0", " ")] + ["x" + text for text in seeds[:20]]
    return texts
