"""The programme is pure: what is tried, in which order, and that nothing is tried twice or left out."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice, product

import pytest

from stream_contracts.faults import FAULTS
from stream_contracts.pipelines import PIPELINES
from stream_contracts.trial.alike import shown_again
from stream_contracts.trial.capture_sweep import BEYOND, PROGRAMME
from stream_contracts.trial.programme import (
    ALL_UP_TO,
    BESIDES,
    OF_BROKERS,
    besides,
    debts,
    kills,
    pairs,
    places,
    programme,
    representatives,
)
from stream_contracts.trial.special import ASKED_FOR, asked_for, out_of_place
from stream_contracts.wire.moment import PHASES, Moment, role_of
from stream_contracts.wire.refusals import Refuse, check
from stream_contracts.workload.plan import INPUT, Plan, Strike

BASE = Plan("orders", "enrich", 1, with_aborted=True)
APIS = (("producer", "Produce"), ("producer", "EndTxn"), ("consumer", "JoinGroup"))


def moments(times: int) -> list[Moment]:
    seen = [
        Moment("enrich-0", role, api, nth, phase)
        for nth, (role, api), phase in product(range(1, times + 1), APIS, PHASES)
    ]
    return [*seen, Moment("enrich-0", "consumer", "Fetch", 1, "after")]


def test_every_moment_is_killed_once_transaction_control_first() -> None:
    steps = list(islice(programme(BASE, moments(4)), 150))
    killed = [step.moment for step in steps if step.moment]
    assert sorted(killed) == sorted(moments(4))
    assert [moment.api for moment in killed[:8]] == ["EndTxn"] * 8
    assert all(step.owed for step in steps if step.moment)


def test_of_several_instances_one_stands_for_the_others() -> None:
    """Who gets which partition is chance; the kill that is owed may strike any of those to whom the moment came."""
    shared, later = (Moment("enrich-0", "producer", "EndTxn", nth, "before") for nth in (1, 2))
    twin, others = replace(shared, instance="enrich-2"), Moment("enrich-1", "consumer", "JoinGroup", 3, "before")
    own = replace(others, nth=2)
    seen = [shared, later, twin, own, others]
    assert kills(seen, every_moment=False) == [shared, own]
    owed = [step for step in islice(programme(BASE, seen), 20) if step.moment]
    assert [[plan.strikes[0].instance for plan in step.plans] for step in owed] == [
        ["enrich-0", "enrich-2"],
        ["enrich-1"],
    ]
    assert shown_again(seen, [twin]) == [shared, twin]
    alone = [replace(moment, instance="enrich-0") for moment in (shared, later, others)]
    assert sorted(kills(alone, every_moment=False)) == sorted(alone), "alone, all moments are its own"


def test_above_the_bound_the_classes_stand_for_all() -> None:
    seen = moments(20)
    assert len(seen) > ALL_UP_TO
    chosen = kills(seen, every_moment=False)
    assert sorted(chosen) == sorted(representatives(seen))
    assert {moment.nth for moment in chosen if moment.api == "EndTxn"} == {1, 2, 20}
    assert len(kills(seen, every_moment=True)) == len(seen)


def test_every_other_fault_comes_early_and_all_classes_of_it_come() -> None:
    steps = list(islice(programme(BASE, moments(4)), 150))
    faults = [step.plans[0].strikes[0].fault for step in steps if len(step.plans[0].strikes) == 1]
    assert set(BESIDES) - {"registry-error"} <= set(faults[:24])  # no moment of a registry was seen
    paused = {(step.plans[0].strikes[0].api, step.plans[0].strikes[0].phase) for step in besides(BASE, moments(4))
              if step.plans[0].strikes[0].fault == "pause-app"}  # fmt: skip
    assert paused == {(api, phase) for api in ("EndTxn", "Produce") for phase in PHASES} | {("Fetch", "after")}


def test_a_class_that_was_not_seen_is_not_tried() -> None:
    only = [Moment("enrich-0", "consumer", "OffsetCommit", 1, "before")]
    tried = {step.plans[0].strikes[0].fault for step in besides(BASE, only)}
    assert tried == {"kill-app", "pause-app", "cut-link", "join-app", "hold-frame", "refuse-link", "refuse-request"}


def test_brokers_are_struck_where_others_can_take_over() -> None:
    one, three = (
        {step.plans[0].strikes[0].fault for step in islice(programme(BASE, moments(4), brokers=brokers), 80)}
        for brokers in (1, 3)
    )
    assert three - one == set(OF_BROKERS)


def test_where_recovery_is_promised_one_kill_is_waited_for_before_all() -> None:
    (first, second, *_) = islice(programme(BASE, moments(4), recovers=True), 2)
    assert str(first.plans[0]) == "kill-app before EndTxn#2 of enrich-0 (producer), without compressing time"
    assert not second.plans[0].patient
    assert not any(plan.patient for step in islice(programme(BASE, moments(4)), 100) for plan in step.plans)


def test_a_step_has_other_moments_of_its_class_to_fall_back_on() -> None:
    (step, *_) = besides(BASE, moments(4))
    assert [plan.strikes[0].nth for plan in step.plans] == [2, 1, 3, 4]


def test_a_pair_goes_on_where_the_first_left_off() -> None:
    (pair, *_) = pairs(BASE, [Moment("enrich-0", "producer", "EndTxn", 2, "after")])
    assert str(pair.plans[0]) == (
        "kill-app after EndTxn#2 of enrich-0 (producer), then kill-app after EndTxn#3 of enrich-0 (producer)"
    )


def test_drawn_plans_come_in_turn_with_pairs_and_choose_from_what_makes_sense() -> None:
    later = [step for step in islice(programme(BASE, moments(4)), 240) if step.moment is None][
        len(list(besides(BASE, moments(4)))) :
    ]
    strikes = [len(step.plans[0].strikes) for step in later]
    assert strikes[0::2].count(2) >= 40, "pairs"
    assert {plan.feed for step in later for plan in step.plans} > {"at-once"}
    known = {(moment.api, moment.phase, moment.nth) for moment in moments(4)}
    drawn = [strike for step in later for plan in step.plans for strike in plan.strikes if plan.seed != BASE.seed]
    assert {(strike.api, strike.phase, strike.nth) for strike in drawn} <= known


def test_nothing_is_tried_twice() -> None:
    plans = [plan for step in islice(programme(BASE, moments(4)), 250) for plan in step.plans[:1]]
    assert len({plan.digest for plan in plans}) == len(plans)


def test_only_faults_of_the_shelf_are_tried_and_none_beyond_what_anybody_promises() -> None:
    of_captures = {fault for fault, *_ in (*PROGRAMME, *BEYOND.values())}
    assert {*BESIDES, *OF_BROKERS, *ASKED_FOR, "kill-app", *of_captures} == set(FAULTS)
    assert not [name for name in (*BESIDES, *OF_BROKERS) if FAULTS[name].beyond]


def test_what_a_sweep_says_of_a_fault_is_something_that_there_is() -> None:
    for fault, where in {**BESIDES, **OF_BROKERS}.items():
        for api, phase, *what in where:
            if what and fault == "refuse-request":
                role = "database" if api.isupper() else role_of(api)
                check(Moment("app-0", role, api, 1, "before" if phase == "before" else "after"), Refuse(what[0]))
            elif what:
                assert what[0] in {"stop-app": ("kafka", "postgres"), "join-app": ("die",)}[fault]


POISON = Strike("poison-record", "orders", INPUT, "event", 3, "before")


def test_faults_of_the_input_come_early_alone_and_then_with_a_kill() -> None:
    steps = list(islice(programme(BASE, moments(4), inputs=[POISON]), 20))
    told = [str(step.plans[0]) for step in steps if POISON in step.plans[0].strikes]
    assert told == [
        "poison-record before event#3 of orders (input)",
        "poison-record before event#3 of orders (input), then kill-app before EndTxn#2 of enrich-0 (producer)",
    ]
    assert not any(step.alone for step in steps)


def test_who_asks_for_faults_gets_these_and_no_others_also_what_lies_beyond() -> None:
    steps = list(asked_for(BASE, moments(4), ["late-request", "poison-record", "kill-broker"], [POISON]))
    faults = {strike.fault for step in steps for strike in step.plans[0].strikes}
    assert faults == {"late-request", "poison-record", "kill-broker", "kill-app"}
    assert {step.plans[0].strikes[0].fault for step in steps[:3]} == {"late-request", "kill-broker", "poison-record"}
    assert not [step for step in steps if step.moment], "a kill is not owed where it was not asked for"
    asked = list(asked_for(BASE, moments(4), ["kill-app"], []))
    assert sorted(step.moment for step in asked if step.moment) == sorted(moments(4))
    assert list(asked_for(BASE, moments(4), ["restart-database"], [])) == []


def test_what_does_not_apply_is_told_with_the_reason() -> None:
    found = out_of_place(moments(4), [], {"delivery", "late"}, 1, {})
    assert found == {
        "registry-error": "nothing is asked of a registry",
        "kill-broker": "fewer than 3 brokers",
        "kill-ahead": "fewer than 3 brokers",
        "kill-last": "fewer than 3 brokers",
        "pause-broker": "fewer than 3 brokers",
        "poison-record": "no promise of dead-letter or poison",
        "duplicate-record": "no promise of duplicates",
        "late-record": "no event of the input has a place for it",
    }
    seen = [*moments(4), Moment("enrich-0", "registry", "GET /schemas/ids/{id}", 1, "before")]
    assert set(out_of_place(seen, [POISON], {"poison"}, 3, {})) == {"duplicate-record", "late-record"}


@pytest.mark.parametrize("fault", ["fence-producer", "kill-broker"])
def test_what_is_beyond_a_kind_of_pipeline_is_tried_only_where_it_is_asked_for(fault: str) -> None:
    seen = moments(4)

    def tried(*beyond: str) -> set[str]:
        steps = islice(programme(BASE, seen, brokers=3, beyond=beyond), 300)
        return {strike.fault for step in steps for plan in step.plans for strike in plan.strikes}

    assert tried() - tried(fault) == {fault}
    assert set(places(seen)) - set(places(seen, beyond=[fault])) == {fault} - set(OF_BROKERS)
    owed, left = (debts(BASE, seen, every_moment=False, brokers=3, beyond=beyond) for beyond in ((), (fault,)))
    assert owed - left == 1
    assert out_of_place(seen, [], (), 3, {fault: "why"})[fault] == "why"
    assert {step.plans[0].strikes[0].fault for step in asked_for(BASE, seen, [fault], [])} == {fault}


def test_what_a_successor_commits_cannot_be_kept_from_whoever_takes_its_id() -> None:
    assert {name for name, kind in PIPELINES.items() if "fence-producer" in kind.beyond} == {"flink"}
    assert {fault for kind in PIPELINES.values() for fault in kind.beyond} <= set(FAULTS)
    assert "whoever takes its id" in PIPELINES["flink"].beyond["fence-producer"]


@pytest.mark.parametrize(("version", "tried"), [(3, False), (4, True)])
def test_an_error_is_tried_where_the_client_is_new_enough_to_know_it(version: int, tried: bool) -> None:
    seen = [Moment("app-0", "producer", "TxnOffsetCommit", nth, phase) for nth in (1, 2) for phase in PHASES]
    steps = list(islice(programme(BASE, seen, versions={"TxnOffsetCommit": version}), 60))
    said = {strike.what for step in steps for plan in step.plans for strike in plan.strikes}
    assert ("transaction_abortable" in said) == tried
