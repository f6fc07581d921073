"""What the wire tells of groups: who is a member, who has gone, and which offsets were granted."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kio.schema.errors import ErrorCode

from stream_contracts.wire.membership import Member, committed, joined, left
from tests.wire.drawing import Pair, entities, pairs, request_of, requests, response_of, responses

QUICK = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


def named(pair: Pair) -> str:
    return f"{pair[0]}-{pair[1]}"


@pytest.mark.parametrize("pair", pairs("JoinGroup"), ids=named)
@QUICK
@given(data=st.data())
def test_a_member_has_the_id_that_its_coordinator_gave_it(pair: Pair, data: st.DataObject) -> None:
    asked, answer = data.draw(requests(pair)), data.draw(responses(pair))
    member = joined("JoinGroup", asked, answer)
    wanted = answer.member_id or asked.member_id
    if not wanted:
        assert member is None
    else:
        assert member == Member(asked.group_id, wanted, getattr(asked, "group_instance_id", None))


@pytest.mark.parametrize("pair", pairs("ConsumerGroupHeartbeat"), ids=named)
@pytest.mark.parametrize("epoch", [-2, -1, 0, 7])
@QUICK
@given(data=st.data())
def test_a_negative_epoch_is_a_goodbye(pair: Pair, epoch: int, data: st.DataObject) -> None:
    asked = dataclasses.replace(data.draw(requests(pair)), member_epoch=epoch)
    answer = data.draw(responses(pair))
    member = joined(pair[0], asked, answer)
    assert (member is None) is (epoch < 0)
    assert left(pair[0], asked) == ((asked.member_id,) if epoch < 0 else ())
    if member is not None:
        assert member == Member(asked.group_id, answer.member_id or asked.member_id, asked.instance_id, epochs=True)


@pytest.mark.parametrize("pair", pairs("LeaveGroup"), ids=named)
@QUICK
@given(data=st.data())
def test_who_leaves_is_named_in_every_version(pair: Pair, data: st.DataObject) -> None:
    asked = data.draw(requests(pair))
    members = asked.members if pair[1] >= 3 else (asked,)
    assert left("LeaveGroup", asked) == tuple(member.member_id for member in members)


def part_of(schema: Any, name: str) -> Any:
    """The class of the entities in a list of this class."""
    return get_args(get_type_hints(schema)[name])[0]


CODES = st.lists(st.sampled_from([ErrorCode.none, ErrorCode.illegal_generation]), min_size=1, max_size=4)


@pytest.mark.parametrize("pair", pairs("OffsetCommit", "TxnOffsetCommit"), ids=named)
@QUICK
@given(data=st.data(), codes=CODES)
def test_only_what_was_granted_was_committed(pair: Pair, data: st.DataObject, codes: list[ErrorCode]) -> None:
    asked_topic, told_topic = part_of(request_of(pair), "topics"), part_of(response_of(pair), "topics")
    topic = data.draw(entities(asked_topic))
    identity = {name: getattr(topic, name) for name in ("name", "topic_id") if hasattr(topic, name)}
    part, told_part = data.draw(entities(part_of(asked_topic, "partitions"))), part_of(told_topic, "partitions")
    asked_parts = tuple(
        dataclasses.replace(part, partition_index=number, committed_offset=10 + number) for number in range(len(codes))
    )
    told_parts = tuple(told_part(partition_index=number, error_code=code) for number, code in enumerate(codes))
    asked = dataclasses.replace(data.draw(requests(pair)), topics=(dataclasses.replace(topic, partitions=asked_parts),))
    answer = dataclasses.replace(data.draw(responses(pair)), topics=(told_topic(partitions=told_parts, **identity),))
    (name,) = map(str, identity.values())
    wanted = [(asked.group_id, name, n, 10 + n) for n, code in enumerate(codes) if code is ErrorCode.none]
    assert committed(asked, answer) == wanted
    assert committed(asked, None) == []
