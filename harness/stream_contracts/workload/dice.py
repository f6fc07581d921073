"""Choices of a series of values, from a hash: the same seed gives the same choices everywhere and always.

Why not Hypothesis: what it draws for a seed changes with its version, and it mixes in constants that it finds in the
modules that happen to be imported (``hypothesis.internal.constants_ast``). A plan is replayed by another person on
another machine, so each choice here is the SHAKE-256 hash of the seed, the place in the schema and a count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import shake_256
from typing import TypeVar

T = TypeVar("T")

FIRST_VISITS = 24
"""How often a place is visited before boundary values become rare."""
STRINGS = ("", "a", 'say "no"\n\\', "Łódź", "日本語", "🙂 e\u0301")
BYTES = (b"", b"\x00", b"\xff\xfe", b"\x00" * 32)
FLOATS = (0.0, 1.5, -1.5, 3.4028234663852886e38, 1.401298464324817e-45)
DOUBLES = (0.0, 0.1, -1.5, 1.7976931348623157e308, 5e-324)
"""Boundary values, all of which appear in twelve draws; no NaN or infinity, since JSON has neither."""

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_.äßñçğžλЖ中🙂"
HUGE_BYTES = 100_000
"""The text of the one huge value of a series: more than a socket's buffer, less than what Kafka takes by default."""
HUGE_AMONG = 6
"""The huge value is due with one of the first six."""


class Undrawable(Exception):  # noqa: N818 - it names the schema, which is what the reader asks
    """The schema has no value of a sensible size, such as a record that contains itself with no way to stop."""


def below(bound: int, *where: object) -> int:
    """A whole number from 0 to ``bound - 1`` that depends on ``where`` and on nothing else."""
    width = bound.bit_length() // 8 + 9
    text = "\x1f".join(map(str, where))
    return int.from_bytes(shake_256(text.encode()).digest(width), "big") % bound


class Dice:
    """The choices for one series of values. A place is named by its path in the schema; each counts its visits.

    Boundary values come in turn, with random values between. One of the first values of a series is huge: a text or
    bytes in it, in the place of random ones, have about ``huge_bytes`` characters; 0 leaves that out.
    """

    def __init__(self, *where: object, huge_bytes: int = 0) -> None:
        self._where = where
        self._visits: Counter[str] = Counter()
        self._huge_bytes, self._values = huge_bytes, 0
        self._huge_due = self._huge_given = False

    def begin(self) -> None:
        """The next value of the series begins."""
        if self._huge_bytes and self._values == below(HUGE_AMONG, *self._where, "huge"):
            self._huge_due = True
        self._values += 1

    def turn(self, path: str, bound: int) -> int:
        """Take turns, from a start that the seed decides."""
        self._visits[path] += 1
        return (self._visits[path] + below(bound, *self._where, path)) % bound

    def on_edge(self, path: str) -> bool:
        """Count a visit; the first ones alternate between boundary and random values, later ones are mostly random."""
        self._visits[path] += 1
        visit = self._visits[path]
        if visit > FIRST_VISITS:
            return below(8, *self._where, path, visit, "edge") == 0
        # Half of the places begin with a boundary, so that they do not all come in the same few records.
        return (visit + below(2, *self._where, path, "start")) % 2 == 1

    def edge(self, path: str, edges: Sequence[T]) -> T:
        """The boundary value whose turn it is."""
        visit = self._visits[path]
        if visit > FIRST_VISITS:
            return edges[self.roll(len(edges), path, "which")]
        return edges[(visit // 2 + below(len(edges), *self._where, path)) % len(edges)]

    def roll(self, bound: int, path: str, *more: object) -> int:
        """A number from 0 to ``bound - 1`` for this visit of a place."""
        return below(bound, *self._where, path, self._visits[path], *more)

    def whole(self, path: str, least: int, most: int) -> int:
        """A whole number between two bounds, both included."""
        if self.on_edge(path):
            return self.edge(path, tuple(n for n in (0, 1, -1, least, most) if least <= n <= most))
        # Every other random number is a small one, as most numbers in life are.
        if self.roll(2, path, "small") and least <= 0 <= 1000 <= most:
            return self.roll(1000, path)
        return least + self.roll(most - least + 1, path)

    def real(self, path: str, edges: Sequence[float]) -> float:
        """A finite number that a single-precision float holds too, or one of the boundary values."""
        return self.edge(path, edges) if self.on_edge(path) else self.roll(2_000_001, path) / 8 - 125_000

    def text(self, path: str, edges: Sequence[str] = STRINGS) -> str:
        """A text."""
        self._huge_given = False
        if self.on_edge(path):
            return self.edge(path, edges)
        if self._is_huge():
            return "".join(ALPHABET[self.roll(len(ALPHABET), path, n)] for n in range(64)) * (self._huge_bytes // 64)
        size = 1 + self.roll(12, path)
        return "".join(ALPHABET[self.roll(len(ALPHABET), path, n)] for n in range(size))

    def data(self, path: str, edges: Sequence[bytes] = BYTES) -> bytes:
        """Some bytes."""
        self._huge_given = False
        if self.on_edge(path):
            return self.edge(path, edges)
        if self._is_huge():
            return bytes(self.roll(256, path, n) for n in range(64)) * (self._huge_bytes // 64)
        return bytes(self.roll(256, path, n) for n in range(1 + self.roll(12, path)))

    def refused(self) -> None:
        """The last text was not taken: if it was the huge one, it is still due."""
        self._huge_due, self._huge_given = self._huge_due or self._huge_given, False

    def _is_huge(self) -> bool:
        """Whether the huge value is due; true once in a series, if nobody refuses it."""
        self._huge_given, self._huge_due = self._huge_due, False
        return self._huge_given
