"""What passes is what was sent, byte for byte, unless an address stands in it; and garbage is called garbage."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from kio.schema.errors import ErrorCode
from kio.static.primitive import i32Timedelta

from stream_contracts.errors import HarnessError
from stream_contracts.wire.kafka import (
    API_KEYS,
    API_VERSIONS,
    Address,
    Header,
    decode_request,
    decode_response,
    encode_response,
    header_of,
    known_versions,
    redirected,
)
from stream_contracts.wire.membership import errors_in
from stream_contracts.wire.moment import TELLING
from tests.wire.drawing import (
    Pair,
    answer_frame,
    fields_below,
    header_to,
    nodes,
    pairs,
    request_frame,
    request_of,
    requests,
    response_of,
    responses,
)

QUICK = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
"""There are hundreds of pairs of API and version, so a few examples of each."""

NAMING = ("Metadata", "FindCoordinator", "DescribeCluster", "Produce", "Fetch", "ShareFetch", "ShareAcknowledge")
"""The answers that tell a client where brokers are."""
NOT_FOR_CLIENTS = {
    "BeginQuorumEpoch": "between controllers",
    "EndQuorumEpoch": "between controllers",
    "Vote": "between controllers",
    "FetchSnapshot": "between controllers",
    "UpdateRaftVoter": "between controllers",
    "DescribeQuorum": "controllers, told to people; no client connects to them by it",
    "StreamsGroupHeartbeat": "the instances of the application, not brokers",
    "StreamsGroupDescribe": "the instances of the application, not brokers",
}
"""Answers with a host and a port that are nobody's business of ours, and why."""


def moved(address: Address) -> Address:
    """Told apart from every address that is drawn: those are never as long."""
    return f"tap-of-{address[0]}-{address[1]}", 1 + address[1] % 65_535


def named(pair: Pair) -> str:
    return f"{pair[0]}-{pair[1]}"


def test_every_answer_that_names_a_host_and_a_port_is_accounted_for() -> None:
    found = set()
    for pair in pairs():
        paths = {path for path, _ in fields_below(response_of(pair))}
        if any(path[-1] == "host" and (*path[:-1], "port") in paths for path in paths):
            found.add(pair[0])
    assert found == {*NAMING, *NOT_FOR_CLIENTS}


@pytest.mark.parametrize("pair", pairs(*NAMING), ids=named)
@QUICK
@given(data=st.data())
def test_addresses_are_replaced_and_nothing_else(pair: Pair, data: st.DataObject) -> None:
    body = data.draw(responses(pair))
    frame, found = redirected(header_to(body), answer_frame(body), moved, decode=True)
    assert decode_response(header_to(body), frame) == found
    before, after = list(nodes(body)), list(nodes(found))
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        wanted = {field.name: getattr(old, field.name) for field in dataclasses.fields(old)}
        if "host" in wanted and not (pair[0] == "FindCoordinator" and old.port <= 0):
            wanted["host"], wanted["port"] = moved((old.host, old.port))
        for name, value in wanted.items():
            if not (dataclasses.is_dataclass(value) or isinstance(value, tuple)):
                assert getattr(new, name) == value, name
    if not any(hasattr(node, "host") for node in before):
        assert frame == answer_frame(body)


@pytest.mark.parametrize("pair", [pair for pair in pairs() if pair[0] not in (*NAMING, "ApiVersions")], ids=named)
@QUICK
@given(data=st.data())
def test_what_names_no_address_passes_as_it_is(pair: Pair, data: st.DataObject) -> None:
    body = data.draw(responses(pair))
    sent = answer_frame(body)
    for decode in (True, False):
        frame, found = redirected(header_to(body), sent, moved, decode=decode)
        assert frame is sent
        assert found == (body if decode else None)


@settings(max_examples=25, deadline=None)
@given(st.integers(-1, 32_767), st.integers(-1, 32_767), st.binary(max_size=64))
def test_an_unknown_api_passes_as_it_is(api_key: int, version: int, rest: bytes) -> None:
    known = known_versions(api_key)
    if known is None:
        frame = b"\0\0\0\7" + rest
        assert redirected(Header(api_key, version, 7, ""), frame, moved, decode=False) == (frame, None)


@pytest.mark.parametrize("pair", pairs(), ids=named)
@QUICK
@given(data=st.data())
def test_requests_are_read_in_every_version(pair: Pair, data: st.DataObject) -> None:
    body = data.draw(requests(pair))
    frame = request_frame(body, 11, "a client")
    header = header_of(frame)
    assert (header.api, header.version, header.correlation_id, header.client_id) == (*pair, 11, "a client")
    assert decode_request(header, frame) == body


def test_a_client_may_have_no_name() -> None:
    assert header_of(b"\0\x12\0\0\0\0\0\7\xff\xff") == Header(18, 0, 7, "")


OFFERS = st.lists(
    st.tuples(st.integers(0, 120), st.integers(0, 20), st.integers(0, 20)), max_size=8, unique_by=lambda offer: offer[0]
)


@pytest.mark.parametrize("version", range(5))
@settings(max_examples=20, deadline=None)
@given(offers=OFFERS)
@example(offers=[(0, 0, 13), (1, 4, 18), (3, 0, 99), (3 + 90, 0, 1), (18, 0, 4)])
def test_versions_are_capped_to_what_we_decode_and_never_raised(
    version: int, offers: list[tuple[int, int, int]]
) -> None:
    schema = response_of(("ApiVersions", version))
    row = next(hint for path, hint in fields_below(schema) if path == ("api_keys",)).__args__[0]
    keys = tuple(row(api_key=key, min_version=low, max_version=high) for key, low, high in offers)
    throttle = {"throttle_time": i32Timedelta.parse(timedelta(0))} if version else {}
    body = schema(error_code=ErrorCode.none, api_keys=keys, **throttle)
    frame, found = redirected(header_to(body), answer_frame(body), moved, decode=False)
    assert decode_response(header_to(body), frame) == found
    offered = {key: (low, high) for key, low, high in offers}
    for told in found.api_keys:
        low, high = offered.pop(int(told.api_key))
        known = known_versions(int(told.api_key))
        assert known is not None
        assert (told.min_version, told.max_version) == (low, min(high, known[1]))
    for key, (_, high) in offered.items():  # withheld: not one version of it could be decoded
        known = known_versions(key)
        assert known is None or high < known[0]
    assert dataclasses.replace(found, api_keys=keys) == body
    if found == body:
        assert frame == answer_frame(body)


@pytest.mark.parametrize("asked", [3, 4, 5, 99])
def test_a_broker_that_does_not_know_our_version_answers_in_version_0(asked: int) -> None:
    """KIP-511: error 35, and the versions of ApiVersions itself."""
    frame = bytes.fromhex("00000007 0023 00000001 0012 0000 0004")
    header = Header(API_VERSIONS, asked, 7, "me")
    passed, body = redirected(header, frame, moved, decode=True)
    assert passed is frame
    assert (int(body.error_code), body.__version__) == (35, 0)
    assert [(int(key.api_key), key.max_version) for key in body.api_keys] == [(18, 4)]


def test_a_broker_that_knows_more_than_we_do_is_capped_in_version_0_too() -> None:
    frame = bytes.fromhex("00000007 0023 00000001 0012 0000 0063")
    passed, _ = redirected(Header(API_VERSIONS, 99, 7, "me"), frame, moved, decode=True)
    assert passed == bytes.fromhex("00000007 0023 00000001 0012 0000 0004")


@pytest.mark.parametrize("decode", [header_of, lambda frame: decode_request(header_of(frame), frame)])
@settings(max_examples=300, deadline=None)
@given(frame=st.binary(max_size=80))
@example(frame=b"")
@example(frame=b"GET / HTTP/1.1\r\n\r\n")
@example(frame=b"\0\0\0\3\0\0\0\7\xff\xfe")
@example(frame=b"\0\0\0\3\0\0\0\7\x7f\xff")
def test_garbage_is_a_harness_error_in_a_request(decode: Any, frame: bytes) -> None:
    with contextlib.suppress(HarnessError):  # any other exception fails the test
        decode(frame)


@pytest.mark.parametrize("pair", pairs(*NAMING, *sorted(TELLING), "ApiVersions", "OffsetFetch"), ids=named)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_garbage_is_a_harness_error_in_an_answer(pair: Pair, data: st.DataObject) -> None:
    header = Header(API_KEYS[pair[0]], pair[1], 7, "me")
    frame = data.draw(st.binary(max_size=60))
    with contextlib.suppress(HarnessError):  # any other exception fails the test
        redirected(header, b"\0\0\0\7" + frame, moved, decode=True)


@pytest.mark.parametrize("pair", pairs(*NAMING, *sorted(TELLING)), ids=named)
@QUICK
@given(data=st.data())
def test_a_frame_that_is_cut_off_or_too_long_is_never_understood(pair: Pair, data: st.DataObject) -> None:
    answer = data.draw(responses(pair))
    asked = data.draw(requests(pair))
    whole, request = answer_frame(answer), request_frame(asked)
    cut = data.draw(st.integers(4, len(whole) - 1)) if len(whole) > 4 else 4
    for frame in (whole[:cut], whole + b"\0"):
        if frame != whole:
            with pytest.raises(HarnessError, match="could not be decoded"):
                decode_response(header_to(answer), frame)
    for frame in (request[: data.draw(st.integers(0, len(request) - 1))], request + b"\0"):
        with pytest.raises(HarnessError):
            decode_request(header_of(frame), frame)


@pytest.mark.parametrize("api", ["Produce", "Fetch", "Metadata"])
def test_a_version_beyond_our_codec_is_said_to_be_so(api: str) -> None:
    header = Header(API_KEYS[api], 99, 7, "me")
    for decode in (decode_request, decode_response):
        with pytest.raises(HarnessError, match=f"our codec does not know version 99 of {api}"):
            decode(header, b"\0" * 40)


def test_an_unknown_api_has_a_name_all_the_same() -> None:
    assert Header(999, 0, 7, "").api == "Api999"
    with pytest.raises(HarnessError, match="our codec does not know version 0 of API 999"):
        decode_request(Header(999, 0, 7, ""), b"")


@pytest.mark.parametrize("pair", pairs(*sorted(TELLING), "LeaveGroup", "ConsumerGroupHeartbeat"), ids=named)
@QUICK
@given(data=st.data())
def test_an_error_is_seen_wherever_it_stands(pair: Pair, data: st.DataObject) -> None:
    body = data.draw(responses(pair))
    codes = [
        int(getattr(node, field.name))
        for node in nodes(body)
        for field in dataclasses.fields(node)
        if isinstance(getattr(node, field.name), ErrorCode)
    ]
    assert (errors_in(body) != 0) is any(codes)
    assert errors_in(body) in {0, *codes}


@pytest.mark.parametrize("pair", pairs("Metadata", "EndTxn"), ids=named)
@QUICK
@given(data=st.data())
def test_encoding_is_what_a_broker_would_have_sent(pair: Pair, data: st.DataObject) -> None:
    body = data.draw(responses(pair))
    assert encode_response(7, body) == answer_frame(body)


def test_every_request_is_one_of_the_codec_s() -> None:
    assert all(request_of(pair).__version__ == pair[1] for pair in pairs())
