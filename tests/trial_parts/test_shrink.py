"""The shrinker on made-up pipelines that fail for a known reason: what is left is that reason, within the budget."""

from __future__ import annotations

from time import monotonic

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_contracts.trial.shrink import shrink
from stream_contracts.workload.plan import Plan, Strike


def strike(fault: str, nth: int = 1, delay_s: float = 0.0) -> Strike:
    return Strike(fault, "app-0", "producer", "EndTxn", nth, "after", delay_s)


PLAN = Plan(
    "c", "p", 1, with_aborted=True, feed="paced", strikes=tuple(map(strike, ("kill-app", "cut-link", "join-app")))
)
KEYS = {event: f"key-{event % 4}" for event in range(40)}


def events_of(plan: Plan) -> set[int]:
    return set(plan.events or KEYS)


def test_forty_events_and_three_faults_come_down_to_the_one_event_and_the_one_fault_that_matter() -> None:
    runs = 0

    def fails(plan: Plan) -> bool:
        nonlocal runs
        runs += 1
        return 17 in events_of(plan) and any(each.fault == "cut-link" for each in plan.strikes)

    small = shrink(PLAN, fails, KEYS)
    assert small == Plan("c", "p", 1, strikes=(strike("cut-link"),), events=(17,))
    assert runs < 40


def test_what_needs_two_events_of_one_key_keeps_both() -> None:
    def fails(plan: Plan) -> bool:
        return {3, 7} <= events_of(plan)

    assert shrink(PLAN, fails, KEYS).events == (3, 7)


def test_delays_and_late_moments_go_where_they_do_not_matter() -> None:
    plan = Plan("c", "p", 1, strikes=(strike("kill-app", 3, 0.5),))
    assert shrink(plan, lambda _: True, {0: "k"}).strikes == (strike("kill-app"),)
    kept = shrink(plan, lambda tried: tried.strikes[0].nth == 3 and tried.strikes[0].delay_s == 0.5, {0: "k"})
    assert kept == plan


def test_a_plan_that_fails_only_mostly_is_given_a_second_chance() -> None:
    calls: list[Plan] = []

    def fails(plan: Plan) -> bool:
        calls.append(plan)
        return len(calls) % 2 == 0

    small = shrink(PLAN, fails, KEYS)
    assert len(small.strikes) == 1
    assert len(small.events) == 1


def test_without_a_smaller_one_it_stays_and_nothing_is_tried_twice() -> None:
    tried: list[Plan] = []

    def fails(plan: Plan) -> bool:
        tried.append(plan)
        return False

    assert shrink(PLAN, fails, KEYS) == PLAN
    assert max(tried.count(plan) for plan in tried) <= 2


def test_the_budget_ends_it() -> None:
    assert shrink(PLAN, lambda _: True, KEYS, budget_s=0) == PLAN
    began = monotonic()
    shrink(PLAN, lambda _: monotonic() - began < 0.05, KEYS, budget_s=0.1)
    assert monotonic() - began < 5


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 39), min_size=1, max_size=3), st.sets(st.integers(0, 2), min_size=1))
def test_what_is_left_still_fails_and_no_event_of_it_can_go(needed: set[int], faults: set[int]) -> None:
    wanted = {PLAN.strikes[number].fault for number in faults}

    def fails(plan: Plan) -> bool:
        return needed <= events_of(plan) and wanted <= {each.fault for each in plan.strikes}

    small = shrink(PLAN, fails, KEYS)
    assert fails(small)
    assert set(small.events) == needed
    assert {each.fault for each in small.strikes} == wanted
