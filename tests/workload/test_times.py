"""Events with times of their own: for who promises what becomes of late ones."""

from __future__ import annotations

from pathlib import Path

from stream_contracts.contract.load import load
from stream_contracts.workload.events import Event, draw
from stream_contracts.workload.times import timed

ROOT = Path(__file__).parents[2]
ALLOWED_S = 300.0


def lateness(events):
    """How late each event is for whoever reads its key, and for whoever reads everything."""
    found = []
    for place, event in enumerate(events):
        before = events[:place]
        of_key = max((each.time_s for each in before if each.key == event.key), default=event.time_s)
        of_all = max((each.time_s for each in before), default=event.time_s)
        found.append((of_key - event.time_s, of_all - event.time_s))
    return found


def test_some_come_late_by_less_and_some_by_more_than_is_allowed_for_every_reader():
    events = timed(
        [Event(number, "visits", b"ab"[number % 2 : number % 2 + 1], b"") for number in range(24)], ALLOWED_S
    )
    late = [of_key for of_key, _ in lateness(events) if of_key > 0]
    assert sum(each > ALLOWED_S for each in late) >= 3
    assert sum(each <= ALLOWED_S for each in late) >= 3
    assert all(of_all >= of_key for of_key, of_all in lateness(events) if of_key > 0)


def test_no_two_have_the_same_millisecond():
    events = timed([Event(number, "visits", b"a", b"") for number in range(200)], ALLOWED_S)
    assert len({round(event.time_s * 1000) for event in events}) == 200


def test_the_first_of_a_key_is_never_late():
    events = timed([Event(number, "visits", b"%d" % number, b"") for number in range(9)], ALLOWED_S)
    assert all(of_key <= 0 for of_key, _ in lateness(events))


def test_only_who_promises_what_becomes_of_late_events_gets_them():
    visits, orders = load(ROOT / "contracts/visits"), load(ROOT / "contracts/orders")
    assert None not in {event.time_s for event in draw(visits, "count", seed=1)}
    assert {event.time_s for event in draw(orders, "enrich", seed=1)} == {None}
    assert draw(visits, "count", seed=7) == draw(visits, "count", seed=7)


def test_the_rows_of_a_table_come_before_the_stream_that_meets_them():
    pricing = load(ROOT / "contracts/pricing")
    for seed in range(1, 6):
        topics = [event.topic for event in draw(pricing, "price", seed=seed)]
        assert topics == sorted(topics)  # prices, sales
        assert set(topics) == {"prices", "sales"}
