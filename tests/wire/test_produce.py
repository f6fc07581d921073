"""What a Produce says beside its records: read past them, it is what the codec finds by decoding them."""

from __future__ import annotations

import contextlib
import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_contracts.errors import HarnessError
from stream_contracts.wire.kafka import PRODUCE, Header, decode_request, header_of
from stream_contracts.wire.kafka_produce import without_records
from tests.wire.drawing import Pair, pairs, request_frame, requests

SOME = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
PRODUCES = pytest.mark.parametrize("pair", pairs("Produce"), ids=lambda pair: f"v{pair[1]}")


@PRODUCES
@SOME
@given(data=st.data(), client_id=st.one_of(st.none(), st.text(max_size=5)))
def test_it_tells_what_the_codec_tells(pair: Pair, data: st.DataObject, client_id: str | None) -> None:
    frame = request_frame(data.draw(requests(pair)), 7, client_id)
    header = header_of(frame)
    assert without_records(header, frame) == dataclasses.replace(decode_request(header, frame), topic_data=())


@PRODUCES
@SOME
@given(data=st.data())
def test_what_is_cut_off_or_too_long_or_garbage_is_a_harness_error(pair: Pair, data: st.DataObject) -> None:
    frame = request_frame(data.draw(requests(pair)))
    header = header_of(frame)
    with pytest.raises(HarnessError):
        without_records(header, frame + b"\0")
    with pytest.raises(HarnessError):
        without_records(header, frame[: data.draw(st.integers(14, len(frame) - 1))])
    with contextlib.suppress(HarnessError):  # any other exception fails the test
        without_records(header, frame[:14] + data.draw(st.binary(max_size=60)))


def test_a_version_beyond_our_codec_is_said_to_be_so() -> None:
    with pytest.raises(HarnessError, match="our codec does not know version 99 of Produce"):
        without_records(Header(PRODUCE, 99, 7, "me"), bytes(40))
