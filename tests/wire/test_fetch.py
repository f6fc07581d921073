"""What a Fetch brought: read past its records, it is what the codec finds by decoding them."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kio.schema.types import TopicName

from stream_contracts.errors import HarnessError
from stream_contracts.wire.kafka import FETCH, Header, header_of
from stream_contracts.wire.kafka_fetch import Asked, asked, look
from stream_contracts.wire.membership import errors_in
from tests.wire.drawing import (
    Pair,
    answer_frame,
    entities,
    fields_below,
    header_to,
    pairs,
    request_frame,
    requests,
    responses,
)

SOME = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
FETCHES = pytest.mark.parametrize("pair", pairs("Fetch"), ids=lambda pair: f"v{pair[1]}")


@FETCHES
@SOME
@given(data=st.data())
def test_it_tells_what_the_codec_tells(pair: Pair, data: st.DataObject) -> None:
    body = data.draw(responses(pair))
    frame = answer_frame(body)
    found = look(header_to(body), frame, len(frame))
    assert found is not None
    parts = [part for topic in body.responses for part in topic.partitions]
    assert found.brought == any(part.records for part in parts)
    if not any(int(part.error_code) for part in parts) or not int(getattr(body, "error_code", 0)):
        assert found.error == errors_in(body)
    assert (found.error != 0) == (errors_in(body) != 0)
    assert found.addresses or not getattr(body, "node_endpoints", ())


@FETCHES
@SOME
@given(data=st.data())
def test_a_beginning_tells_the_same_as_the_whole_or_nothing(pair: Pair, data: st.DataObject) -> None:
    body = data.draw(responses(pair))
    if data.draw(st.booleans()):  # what a load looks like: one partition, full of records
        body = dataclasses.replace(body, responses=body.responses[:1])
    frame = answer_frame(body)
    cut = data.draw(st.integers(4, len(frame)))
    told, whole = look(header_to(body), frame[:cut], len(frame)), look(header_to(body), frame, len(frame))
    assert told in (None, whole)


@FETCHES
@SOME
@given(data=st.data())
def test_what_is_cut_off_or_too_long_or_garbage_is_a_harness_error(pair: Pair, data: st.DataObject) -> None:
    body = data.draw(responses(pair))
    frame = answer_frame(body) + b"\0"
    with pytest.raises(HarnessError, match="could not be decoded"):
        look(header_to(body), frame, len(frame))
    cut = data.draw(st.integers(4, len(frame) - 2))
    with contextlib.suppress(HarnessError):  # any other exception fails the test
        found = look(header_to(body), frame[:cut], cut)
        assert found is None
    garbage = b"\0\0\0\7" + data.draw(st.binary(max_size=80))
    with contextlib.suppress(HarnessError):
        look(header_to(body), garbage, len(garbage))


@FETCHES
@SOME
@given(data=st.data())
def test_one_full_partition_is_told_by_its_head(pair: Pair, data: st.DataObject) -> None:
    body = data.draw(responses(pair))
    hints = dict(fields_below(type(body)))
    topic = data.draw(entities(get_args(hints["responses",])[0]))
    part = data.draw(entities(get_args(hints["responses", "partitions"])[0]))
    part = _plain(part, "diverging_epoch", "current_leader", "snapshot_id")
    part = dataclasses.replace(part, records=bytes(100_000), aborted_transactions=())
    topic = dataclasses.replace(topic, partitions=(part,), **({"topic": TopicName("t")} if pair[1] < 13 else {}))
    body = dataclasses.replace(_plain(body, "node_endpoints"), responses=(topic,))
    frame = answer_frame(body)
    found = look(header_to(body), frame[:300], len(frame))
    assert found is not None
    assert (found.brought, found.addresses) == (True, False)


def test_a_version_beyond_our_codec_is_said_to_be_so() -> None:
    with pytest.raises(HarnessError, match="our codec does not know version 99 of Fetch"):
        look(Header(FETCH, 99, 7, "me"), bytes(40), 40)


def _plain(entity: Any, *names: str) -> Any:
    """The entity with its defaults in these fields, where it has such fields."""
    defaults = {
        field.name: field.default
        for field in dataclasses.fields(entity)
        if field.name in names and field.default is not dataclasses.MISSING
    }
    return dataclasses.replace(entity, **defaults)


@FETCHES
@SOME
@given(data=st.data())
def test_the_terms_of_a_request_are_those_that_the_codec_reads(pair: Pair, data: st.DataObject) -> None:
    body = data.draw(requests(pair))
    client = data.draw(st.none() | st.text(max_size=20))
    frame = request_frame(body, client_id=client)
    header = header_of(frame)
    told = asked(header, frame)
    wait_ms = round(body.max_wait.total_seconds() * 1000)
    assert told == Asked(wait_ms, int(body.isolation_level))
    assert asked(header, frame[: 10 + len((client or "").encode())]) is None
