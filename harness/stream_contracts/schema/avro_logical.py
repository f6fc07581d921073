"""The logical types that fastavro turns into Python values, and the range in which it can."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from stream_contracts.schema.avro_model import Fixed, Node

_MILLI: Final = dt.timedelta(milliseconds=1)
_FIRST: Final = dt.datetime.fromisoformat("0001-01-01")
_LAST_MILLI: Final = dt.datetime.fromisoformat("9999-12-31T23:59:59.999")
_LAST_MICRO: Final = dt.datetime.fromisoformat("9999-12-31T23:59:59.999999")
_EPOCH: Final = dt.datetime.fromisoformat("1970-01-01")


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of one logical type are drawn, and which stand at its edges.

    ``strategy`` is given ``hypothesis.strategies``: its import takes as long as the judgement of fifty subjects, and only
    who draws values pays for it.
    """

    strategy: Callable[[Any], Any]
    edges: tuple[Any, ...]


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)


def _milli(moment: dt.datetime) -> dt.datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _milli_of_day(moment: dt.time) -> dt.time:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


_MILLIS: Final = (_EPOCH, _EPOCH - _MILLI, dt.datetime.fromisoformat("2001-02-03T04:05:06.789"), _LAST_MILLI, _FIRST)
_MICROS: Final = (
    _EPOCH,
    _EPOCH - dt.timedelta(microseconds=1),
    dt.datetime.fromisoformat("2001-02-03T04:05:06.789012"),
    _LAST_MICRO,
    _FIRST,
)

KINDS: Final[dict[tuple[str, str], Kind]] = {
    ("long", "timestamp-millis"): Kind(lambda st: st.datetimes().map(_milli).map(_utc), tuple(map(_utc, _MILLIS))),
    ("long", "timestamp-micros"): Kind(lambda st: st.datetimes().map(_utc), tuple(map(_utc, _MICROS))),
    ("long", "local-timestamp-millis"): Kind(lambda st: st.datetimes().map(_milli), _MILLIS),
    ("long", "local-timestamp-micros"): Kind(lambda st: st.datetimes(), _MICROS),
    ("int", "date"): Kind(
        lambda st: st.dates(), (dt.date(1970, 1, 1), dt.date(1969, 12, 31), dt.date.max, dt.date.min)
    ),
    ("int", "time-millis"): Kind(
        lambda st: st.times().map(_milli_of_day), (dt.time(), dt.time(12, 34, 56, 789000), dt.time(23, 59, 59, 999000))
    ),
    ("long", "time-micros"): Kind(lambda st: st.times(), (dt.time(), dt.time(12, 34, 56, 789012), dt.time.max)),
    ("string", "uuid"): Kind(lambda st: st.uuids(), (uuid.UUID(int=0), uuid.UUID(int=2**128 - 1))),
}
"""Type and logical type -> its values. ``decimal`` needs its precision, so it is not a row."""


def kind(node: Node) -> Kind | None:
    """The logical type of a node as fastavro knows it; None where its values are those of the plain type."""
    logical = node.logical
    if logical is None:
        return None
    if logical.name == "decimal" and node.type in {"bytes", "fixed"}:
        return _decimal(node)
    return KINDS.get((node.type, logical.name))


def _decimal(node: Node) -> Kind | None:
    """Decimals of the schema's precision and scale, as far as a fixed has room for them."""
    assert node.logical is not None
    precision, scale = node.logical.precision, node.logical.scale or 0
    if not isinstance(precision, int) or not isinstance(scale, int) or precision < 1 or not 0 <= scale <= precision:
        return None
    largest: int = 10**precision - 1
    if isinstance(node, Fixed):
        largest = min(largest, 2 ** max(8 * node.size - 1, 0) - 1)

    def scaled(unscaled: int) -> Decimal:
        return Decimal((int(unscaled < 0), tuple(map(int, str(abs(unscaled)))), -scale))

    edges = tuple(scaled(unscaled) for unscaled in dict.fromkeys((1, largest, -largest, 0)) if abs(unscaled) <= largest)
    return Kind(lambda st: st.integers(-largest, largest).map(scaled), edges)
