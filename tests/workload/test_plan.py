"""A plan is a file: it reads back as it was written, under the same name, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_contracts.errors import UsageError
from stream_contracts.workload.plan import FEEDS, MOST_DELAY_S, PHASES, Plan, Strike

STRIKES = st.builds(
    Strike,
    st.text(),
    st.text(),
    st.text(),
    st.text(),
    st.integers(min_value=1),
    st.sampled_from(PHASES),
    st.floats(0, MOST_DELAY_S),
    st.text(),
)
PLANS = st.builds(
    Plan,
    st.text(),
    st.text(),
    st.integers(),
    st.booleans(),
    st.lists(STRIKES, max_size=3).map(tuple),
    st.sampled_from(FEEDS),
    st.lists(st.integers(min_value=0)).map(tuple),
)
STRIKE = Strike("kill-app", "enrich-0", "producer", "EndTxn", 2, "after")
PLAN = Plan("orders", "enrich", 7, with_aborted=True, strikes=(STRIKE,))


@given(PLANS)
def test_it_reads_back_as_it_was_written(plan: Plan) -> None:
    text = plan.to_json()
    assert "\n" not in text
    again = Plan.from_json(text)
    assert again == plan
    assert (again.to_json(), again.digest) == (text, plan.digest)


@given(PLANS, PLANS)
def test_two_plans_have_two_names(one: Plan, other: Plan) -> None:
    assert (one.digest == other.digest) is (one == other)


def test_the_name_of_a_plan_is_the_same_everywhere_and_always() -> None:
    assert PLAN.digest == "d9c4055a2e70"


def test_the_order_of_the_keys_in_a_file_does_not_matter() -> None:
    fields = json.loads(PLAN.to_json())
    assert Plan.from_json(json.dumps(dict(reversed(fields.items())), indent=2)) == PLAN


def test_what_has_a_default_may_be_left_out() -> None:
    assert Plan.from_json('{"contract": "c", "pipeline": "p", "seed": 1}') == Plan("c", "p", 1)


def changed(**fields: object) -> str:
    return json.dumps({**json.loads(PLAN.to_json()), **fields})


def struck(**fields: object) -> str:
    (strike,) = json.loads(PLAN.to_json())["strikes"]
    return changed(strikes=[{**strike, **fields}])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a plan"),
        ("contract: orders", "not a plan"),
        ("null", "not a plan"),
        ("[]", "not a plan"),
        ("17", "not a plan"),
        ("{}", "contract"),
        ("[" * 100_000, "not a plan"),
        ('{"contract": "c", "pipeline": "p"}', "seed"),
        (changed(colour="red"), "colour"),
        (changed(seed="7"), "seed is '7', which is no int"),
        (changed(seed=True), "seed is True"),
        (changed(seed=7.0), "seed is 7.0"),
        (changed(contract=None), "contract is None"),
        (changed(with_aborted="no"), "with_aborted is 'no'"),
        (changed(strikes="kill-app"), "not a plan"),
        (changed(strikes=[7]), "not a plan"),
        (changed(strikes=None), "not a plan"),
        (changed(strikes=[{}]), "fault"),
        (struck(phase="during"), "phase is 'during'; known: before, after"),
        (struck(nth=0), "nth is 0"),
        (struck(nth="1"), "nth is '1'"),
        (struck(api=7), "api is 7"),
        (struck(delay_s=1), "delay_s"),
        (struck(delay_s=-0.5), "delay_s is -0.5; allowed: 0 to 60"),
        (struck(colour="red"), "colour"),
        (changed(feed="slowly"), "feed is 'slowly'; known: at-once, paced, after-start"),
        (changed(events=["1"]), "events holds '1', which is no number of an event"),
        (changed(events=[-1]), "events holds -1"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(UsageError, match="this is not a plan") as refused:
        Plan.from_json(text)
    assert says in str(refused.value)
    assert "A plan is a file that a failing trial saved" in str(refused.value)
