"""Arrays that claim more than a frame can hold: told before the codec makes room for them, and nobody else is accused."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_contracts.errors import HarnessError
from stream_contracts.wire.kafka import Header, decode_response
from stream_contracts.wire.kafka_counts import ImpossibleCountError, _passed, reject_impossible
from tests.wire.drawing import Pair, encoded, pairs, requests, responses

FEW = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: "-".join(map(str, pair)))
@FEW
@given(data=st.data())
def test_what_a_client_or_a_broker_says_is_walked_to_its_end(pair: Pair, data: st.DataObject) -> None:
    for body in (data.draw(requests(pair)), data.draw(responses(pair))):
        frame = memoryview(encoded(body))
        assert _passed(type(body), frame, 0) == len(frame)
        reject_impossible(type(body), frame, 0)


@pytest.mark.parametrize(
    ("version", "rest"),
    [
        (10, b"\0\xff\xff\xff\xff\x0f"),
        (10, b"\0\x80\x80\x80\x80\x04" + bytes(30)),
        (10, b"\0\x02\x02a\xff\xff\xff\xff\x0f" + bytes(20)),
        (8, b"\x7f\xff\xff\xff"),
        (8, b"\0\0\0\1\0\1a\x7f\xff\xff\xff"),
    ],
)
def test_a_claim_of_thousands_of_millions_is_a_harness_error(version: int, rest: bytes) -> None:
    """The codec alone would end the process for want of memory."""
    with pytest.raises(HarnessError, match="an array claims") as told:
        decode_response(Header(0, version, 7, "me"), b"\0\0\0\7" + rest)
    assert isinstance(told.value.__cause__, ImpossibleCountError)
