"""Every fault of the input: what it puts there, that it changes nothing else, and where it has no place."""

from __future__ import annotations

from typing import Any

import pytest

from stream_contracts.contract.model import Topic
from stream_contracts.faults import INPUT_FAULTS, Feed
from stream_contracts.schema.framing import unframe
from stream_contracts.workload.events import FIRST_ADDED_ID, Event

BARE = Topic.model_validate({"value": {"schema": "order.avsc"}})
FRAMED = Topic.model_validate({"value": {"schema": "order.avsc", "framing": "confluent"}})
LATE = {"late": {"allowed": 60.0, "then": "drop"}}


def feed(at: int = 2, topic: Topic = BARE, promises: dict[str, Any] | None = None, head: bytes = b"") -> Feed:
    events = tuple(Event(n, "orders", b"ab"[n % 2 : n % 2 + 1], head + b"v%d" % n) for n in range(6))
    return Feed(events, at, topic, promises or {})


def test_poison_stands_before_the_struck_event_with_its_key() -> None:
    struck = feed(promises={"dead-letter": "letters"})
    found = INPUT_FAULTS["poison-record"].altered(struck, "")
    assert found is not None
    assert [event for event in found if event.drawn] == list(struck.events)
    assert found[2] == Event(FIRST_ADDED_ID, "orders", b"a", b"\xff\xff\xff", kind="poison")


def test_poison_is_to_be_left_out_where_no_dead_letters_are_promised() -> None:
    found = INPUT_FAULTS["poison-record"].altered(feed(promises={"poison": "skip"}), "")
    assert found is not None
    assert found[2].kind == "skip"


def test_poison_may_be_in_the_frame() -> None:
    good = feed(topic=FRAMED, head=b"\0\0\0\0\7")
    spoiled = {kind: INPUT_FAULTS["poison-record"].altered(good, kind) for kind in ("", "magic", "unknown-id")}
    values = {kind: found[2].value for kind, found in spoiled.items() if found}
    assert values[""] == b"\0\0\0\0\7\xff\xff\xff"
    assert values["magic"] == b"\x7f\0\0\0\7v2"
    framed = unframe(values["unknown-id"] or b"")
    assert (framed.schema_id, framed.data) == (2**31 - 1, b"v2")


@pytest.mark.parametrize("kind", ["magic", "unknown-id"])
def test_without_a_frame_there_is_none_to_be_spoiled(kind: str) -> None:
    assert INPUT_FAULTS["poison-record"].altered(feed(), kind) is None


def test_a_tombstone_has_nothing_to_be_spoiled() -> None:
    buried = Feed((Event(0, "orders", b"a", None),), 0, BARE, {})
    assert INPUT_FAULTS["poison-record"].altered(buried, "") is None


@pytest.mark.parametrize(("kind", "place"), [("", 3), ("later", 6)])
def test_a_duplicate_is_the_same_bytes_behind_the_first(kind: str, place: int) -> None:
    found = INPUT_FAULTS["duplicate-record"].altered(feed(), kind)
    assert found is not None
    assert found[place] == Event(FIRST_ADDED_ID, "orders", b"a", b"v2", kind="again", again=2)
    assert [event.id for event in found if event.drawn] == [0, 1, 2, 3, 4, 5]


def test_a_late_event_is_later_than_allowed_by_every_measure_and_the_others_are_in_order() -> None:
    found = INPUT_FAULTS["late-record"].altered(feed(at=4, promises=LATE), "")
    assert found is not None
    times = [event.time_s for event in found]
    others = [time for place, time in enumerate(times) if place != 4 and time is not None]
    assert others == sorted(others)
    assert others[-1] - others[0] < 60.0 / 4
    assert times[4] is not None
    assert min(others) - times[4] > 60.0, "later than what is allowed behind every other event"
    assert max(others) < 0, "a broker may refuse records from the future"
    assert [event.value for event in found] == [event.value for event in feed().events]


def test_an_event_out_of_order_may_be_in_time() -> None:
    found = INPUT_FAULTS["late-record"].altered(feed(at=4, promises=LATE), "in-time")
    assert found is not None
    late = max(event.time_s or 0.0 for event in found[:4]) - (found[4].time_s or 0.0)
    assert 0 < late < 60.0


def test_the_first_of_its_key_is_late_for_nobody() -> None:
    assert INPUT_FAULTS["late-record"].altered(feed(at=1, promises=LATE), "") is None


def test_several_are_numbered_apart() -> None:
    once = feed()
    found = INPUT_FAULTS["duplicate-record"].altered(once, "")
    assert found is not None
    again = INPUT_FAULTS["poison-record"].altered(Feed(tuple(found), 0, BARE, {}), "")
    assert again is not None
    assert sorted(event.id for event in again if not event.drawn) == [FIRST_ADDED_ID, FIRST_ADDED_ID + 1]
