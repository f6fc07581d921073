"""Error answers: each that is legal is what a broker would send, in every version; each that is not is refused."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kio.schema.errors import ErrorCode

from stream_contracts.errors import UsageError
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.kafka import API_KEYS, decode_response, encode_response
from stream_contracts.wire.membership import errors_in
from stream_contracts.wire.moment import ONLY_AFTER, PHASES, TELLING, Moment, Phase, role_of
from stream_contracts.wire.refusals import ABORTABLE_SINCE, LEGAL, Refuse, answer, check, knows, spoilt
from tests.wire.drawing import Pair, header_to, nodes, pairs, requests, responses

QUICK = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


def moment(api: str, phase: Phase) -> Moment:
    return Moment("app", role_of(api), api, 1, phase)


def named(pair: Pair) -> str:
    return f"{pair[0]}-{pair[1]}"


def things(body: object) -> list[object]:
    """What topics, ids and partitions a body speaks of, in order."""
    names = ("name", "topic_id", "partition_index", "index")
    return [value for node in nodes(body) for name in names if (value := getattr(node, name, None)) is not None]


@pytest.mark.parametrize("pair", pairs(*sorted(TELLING - {"Fetch", "AddPartitionsToTxn"})), ids=named)
@QUICK
@given(data=st.data())
def test_a_refusal_speaks_of_all_that_was_asked_and_of_nothing_else(pair: Pair, data: st.DataObject) -> None:
    request = data.draw(requests(pair))
    code = data.draw(st.sampled_from(LEGAL[pair[0], "before"]))
    header = header_to(request)
    body = answer(header, request, Refuse(code.value))
    assert decode_response(header, encode_response(7, body)) == body
    assert things(body) == (things(request) if hasattr(body, "topics") or hasattr(body, "responses") else [])
    codes = [value for node in nodes(body) if isinstance(value := getattr(node, "error_code", None), ErrorCode)]
    assert set(codes) <= {code}
    if not hasattr(body, "topics") and not hasattr(body, "responses"):
        assert errors_in(body) == code.value


@pytest.mark.parametrize("pair", pairs("AddPartitionsToTxn"), ids=named)
@QUICK
@given(data=st.data())
def test_a_refusal_names_each_partition_that_was_to_be_added(pair: Pair, data: st.DataObject) -> None:
    request = data.draw(requests(pair))
    body = answer(header_to(request), request, Refuse("CONCURRENT_TRANSACTIONS"))
    assert decode_response(header_to(request), encode_response(7, body)) == body
    asked = [
        (str(node.name), int(number)) for node in nodes(request) if hasattr(node, "partitions")
        for number in node.partitions
    ]  # fmt: skip
    told = [
        (str(node.name), int(part.partition_index)) for node in nodes(body) if hasattr(node, "results_by_partition")
        for part in node.results_by_partition
    ]  # fmt: skip
    assert told == asked
    assert errors_in(body) == (ErrorCode.concurrent_transactions.value if asked else 0)


@pytest.mark.parametrize("pair", pairs("Produce", "Fetch"), ids=named)
@QUICK
@given(data=st.data())
def test_a_spoilt_answer_keeps_its_places_and_loses_its_records(pair: Pair, data: st.DataObject) -> None:
    response = data.draw(responses(pair).filter(lambda body: body.responses))
    code = data.draw(st.sampled_from(LEGAL[pair[0], "after"]))
    body = spoilt(response, Refuse(code.name))
    assert decode_response(header_to(body), encode_response(7, body)) == body
    assert things(body) == things(response)
    for topic in body.responses:
        for part in getattr(topic, "partitions", None) or getattr(topic, "partition_responses", ()):
            assert part.error_code is code
            assert not getattr(part, "records", None)
            assert getattr(part, "base_offset", -1) == -1


def test_every_moment_has_its_legal_errors() -> None:
    assert {(api, phase) for api in TELLING for phase in PHASES if phase == "after" or api not in ONLY_AFTER} == set(
        LEGAL
    )
    for (api, phase), codes in LEGAL.items():
        for code in codes:
            for spelt in (code.value, code.name, code.name.upper()):
                check(moment(api, phase), Refuse(spelt))


@pytest.mark.parametrize(
    ("api", "phase", "code"),
    [("EndTxn", "before", 6), ("Produce", "after", "INVALID_PRODUCER_EPOCH"), ("Produce", "before", 9_999),
     ("EndTxn", "before", "NONE"), ("EndTxn", "before", 0), ("Heartbeat", "before", 15), ("JoinGroup", "after", "OUT")],
)  # fmt: skip
def test_an_error_that_no_broker_gives_is_refused_and_the_legal_ones_are_named(
    api: str, phase: Phase, code: int | str
) -> None:
    with pytest.raises(UsageError, match=f"with {code!r}; legal there: ") as told:
        check(moment(api, phase), Refuse(code))
    for legal in LEGAL.get((api, phase), ()):
        assert f"{legal.name} ({legal.value})" in str(told.value)


def test_a_fate_that_there_is_not_lists_those_there_are() -> None:
    loop = asyncio.new_event_loop()
    hold = Hold(loop, moment("EndTxn", "before"), threading.Event(), 1)
    with pytest.raises(UsageError, match="cannot be settled as 'forget'; known: release, drop, swallow, late"):
        hold.settle("forget")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="coordinator_not_available"):
        hold.settle(Refuse("NOT_ENOUGH_REPLICAS"))
    loop.close()


def test_the_codes_are_those_of_the_protocol() -> None:
    assert [ErrorCode[name].value for name in ("not_leader_or_follower", "not_enough_replicas", "not_coordinator")] == [
        6, 19, 16,
    ]  # fmt: skip
    assert API_KEYS["EndTxn"] == 26


@pytest.mark.parametrize(("api", "first"), ABORTABLE_SINCE.items())
def test_an_error_that_came_later_is_given_only_to_who_knows_it(api: str, first: int) -> None:
    new, old = Refuse("transaction_abortable"), Refuse("concurrent_transactions")
    assert knows(api, first, new)
    assert not knows(api, first - 1, new)
    assert not knows(api, None, new)
    assert knows(api, first - 1, old)


@pytest.mark.parametrize(("version", "settled"), [(3, "release"), (4, Refuse("transaction_abortable"))])
def test_a_frame_whose_client_is_too_old_for_the_answer_passes_on(version: int, settled: object) -> None:
    async def stood() -> tuple[bool, object]:
        hold = Hold(asyncio.get_running_loop(), moment("TxnOffsetCommit", "before"), threading.Event(), 5.0)
        hold.version = version
        known = hold.settle(Refuse("transaction_abortable"))
        return known, await hold.stand()

    assert asyncio.run(stood()) == (settled != "release", settled)
