"""Drawn plans: one seed gives one series, byte for byte; every plan is one that can be read back and run."""

from __future__ import annotations

from itertools import islice, product

from stream_contracts.workload.drawing import MOST_STRIKES, drawn
from stream_contracts.workload.plan import FEEDS, Plan, Strike

BASE = Plan("orders", "enrich", 7, with_aborted=True)
PLACES = {
    fault: [
        Strike(fault, "enrich-0", "producer", api, nth, phase)
        for api, nth, phase in product(("EndTxn", "Produce"), (1, 2, 3), ("before", "after"))
    ]
    for fault in ("kill-app", "cut-link", "pause-app")
}


def series(base: Plan, count: int = 60) -> list[Plan]:
    return list(islice(drawn(base, PLACES), count))


def test_the_same_seed_gives_the_same_plans_byte_for_byte() -> None:
    one, other = series(BASE), series(BASE)
    assert [plan.to_json() for plan in one] == [plan.to_json() for plan in other]


def test_another_seed_gives_others() -> None:
    assert not {plan.digest for plan in series(BASE)} & {plan.digest for plan in series(Plan("orders", "enrich", 8))}


def test_no_plan_comes_twice_and_every_one_reads_back() -> None:
    plans = series(BASE)
    assert len({plan.digest for plan in plans}) == len(plans) == 60
    assert all(Plan.from_json(plan.to_json()) == plan for plan in plans)


def test_input_feeding_instances_and_faults_vary() -> None:
    plans = series(BASE)
    assert {plan.feed for plan in plans} == set(FEEDS)
    assert {len(plan.strikes) for plan in plans} == set(range(1, MOST_STRIKES + 1))
    assert {strike.fault for plan in plans for strike in plan.strikes} == set(PLACES)
    assert len({plan.seed for plan in plans}) > 10
    assert {plan.instances for plan in plans} >= {0, 2}
    assert any(strike.delay_s for plan in plans for strike in plan.strikes)


def test_where_no_fault_has_a_place_nothing_is_drawn() -> None:
    assert list(drawn(BASE, {})) == []
