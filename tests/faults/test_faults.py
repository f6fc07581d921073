"""Every fault of the shelf on real processes: what it does, whether it says truly that it took effect, and its healing."""

from __future__ import annotations

import pytest

from stream_contracts.errors import StackError, UsageError
from stream_contracts.faults import FAULTS, fault_named, faults_named
from stream_contracts.faults.refuse_request import USUAL
from stream_contracts.wire.moment import ONLY_AFTER, Moment, Phase, role_of
from stream_contracts.wire.refusals import Refuse, check
from tests.faults.conftest import Theatre
from tests.waiting import until


def test_kill_app_the_living_die_with_the_frame_and_are_started_anew(theatre: Theatre) -> None:
    with fault_named("kill-app").applied(theatre) as struck:
        assert struck.effect
        assert struck.until()
        assert not theatre.victim.alive
        assert theatre.told == ["victim kill", "frame drop"]
    assert theatre.told[2:] == ["victim replace"]
    assert theatre.victim.alive


def test_kill_app_who_survives_was_not_struck(theatre: Theatre) -> None:
    theatre.victim.hardy = True
    with fault_named("kill-app").applied(theatre) as struck:
        assert not struck.effect
    assert theatre.told == ["victim kill", "frame drop"]


def test_kill_app_lets_the_frame_go_even_where_the_kill_fails(theatre: Theatre) -> None:
    theatre.victim.stuck = True
    with pytest.raises(StackError), fault_named("kill-app").applied(theatre):
        pass
    assert theatre.told == ["victim kill", "frame drop"]


def test_stop_app_lets_the_frame_pass_so_that_there_can_be_a_goodbye(theatre: Theatre) -> None:
    with fault_named("stop-app").applied(theatre) as struck:
        assert struck.effect
        assert theatre.told == ["frame release", "victim stop"]
    assert theatre.told[2:] == ["victim replace"]


def test_stop_app_may_find_its_sink_away(theatre: Theatre) -> None:
    theatre.what = "postgres"
    with fault_named("stop-app").applied(theatre) as struck:
        assert struck.effect
        assert theatre.told == ["refused True", "frame drop", "victim stop"]
    assert theatre.told[3:] == ["refused False", "victim replace"]


def test_restart_database_may_kill_it(theatre: Theatre) -> None:
    theatre.what = "kill"
    with fault_named("restart-database").applied(theatre) as struck:
        assert struck.effect
    assert theatre.told == ["postgres kill", "frame drop", "postgres start", "whole"]


def test_pause_app_thaws_the_zombie_once_the_stand_in_has_caught_up_and_only_then_lets_the_frame_go(
    theatre: Theatre,
) -> None:
    with fault_named("pause-app").applied(theatre) as struck:
        assert struck.effect
        assert until(lambda: theatre.victim.state == "T")
        assert theatre.told == ["victim pause", "victim retire", "victim evict", "stand-in comes"]
        assert not struck.until()
        theatre.all_read = True
        assert struck.until()
        assert 0 < struck.limit_s < 30
    assert theatre.told[4:] == ["victim resume", "frame release"]
    assert until(lambda: theatre.victim.state != "T")


@pytest.mark.parametrize(("what", "ends"), [("", "newcomer stop"), ("die", "newcomer kill")])
def test_join_app_takes_its_share_and_goes(theatre: Theatre, what: str, ends: str) -> None:
    theatre.what = what
    with fault_named("join-app").applied(theatre) as struck:
        assert struck.effect
        assert theatre.told == ["newcomer comes", "frame release", "newcomer retire"]
        assert not struck.until()
    assert theatre.told[3:] == [ends, "newcomer evict"]
    assert theatre.victim.alive


def test_cut_link_loses_the_frame_and_the_process_lives(theatre: Theatre) -> None:
    with fault_named("cut-link").applied(theatre) as struck:
        assert struck.effect
    assert theatre.told == ["frame drop", "cut"]
    assert theatre.victim.alive


def test_hold_frame_lets_it_go_after_a_while(theatre: Theatre) -> None:
    with fault_named("hold-frame").applied(theatre) as struck:
        assert struck.effect
        assert not struck.until()
        assert theatre.told == []
        theatre.now = struck.limit_s
        assert struck.until()
    assert theatre.told == ["frame release"]


@pytest.mark.parametrize(
    ("name", "during", "after"),
    [
        ("kill-broker", ["broker-1 kill", "frame drop"], ["broker-1 start", "whole"]),
        ("restart-broker", ["frame release", "broker-1 stop"], ["broker-1 start", "whole"]),
        ("pause-broker", ["broker-1 pause", "frame release"], ["broker-1 resume", "whole"]),
        ("isolate-broker", ["broker-1 isolate", "frame release"], ["broker-1 rejoin", "whole"]),
        (
            "kill-ahead",
            [
                "broker-2 pause", "broker-3 pause", "wait", "frame release", "wait", "broker-1 kill",
                "broker-3 resume", "broker-2 resume",
            ],
            ["broker-1 start", "whole"],
        ),
        (
            "kill-last",
            ["broker-2 stop", "broker-3 stop", "frame release", "wait", "broker-1 kill", "broker-3 start", "broker-2 start"],
            ["broker-1 start", "whole"],
        ),
        ("fence-producer", ["fence", "frame release"], []),
        ("late-request", ["detached"], ["frame late"]),
        ("silence-link", ["silent True", "frame release"], ["silent False"]),
        ("refuse-link", ["refused True", "frame drop"], ["refused False"]),
        ("restart-database", ["postgres stop", "frame drop"], ["postgres start", "whole"]),
        ("registry-error", ["registry answers 503", f"frame {Refuse(503)}"], ["registry is well"]),
        ("registry-mistake", ["registry mistakes", "frame release"], ["registry is well"]),
        ("slow-link", ["slow 0.2 65536", "frame release"], ["slow 0 0"]),
    ],
)  # fmt: skip
def test_what_is_done_and_how_it_is_healed(theatre: Theatre, name: str, during: list[str], after: list[str]) -> None:
    with fault_named(name).applied(theatre) as struck:
        assert struck.effect
        assert theatre.told == during
    assert theatre.told[len(during) :] == after
    assert theatre.victim.alive


@pytest.mark.parametrize(
    ("what", "code"), [("", "coordinator_load_in_progress"), ("not_coordinator", "not_coordinator")]
)
def test_refuse_request_answers_with_what_was_asked_for_or_with_the_usual(
    theatre: Theatre, what: str, code: str
) -> None:
    theatre.what = what
    with fault_named("refuse-request").applied(theatre) as struck:
        assert struck.effect
    assert theatre.told == [f"frame {Refuse(code)}"]


def test_a_refusal_that_its_client_is_too_old_for_takes_no_effect(theatre: Theatre) -> None:
    theatre.what, theatre.knows = "transaction_abortable", False
    with fault_named("refuse-request").applied(theatre) as struck:
        assert not struck.effect


@pytest.mark.parametrize("api", USUAL)
def test_the_usual_refusal_is_one_that_a_broker_gives(api: str) -> None:
    phase: Phase = "after" if api in ONLY_AFTER else "before"
    role = "database" if api.isupper() else role_of(api)
    check(Moment("app-0", role, api, 1, phase), Refuse(USUAL[api]))


def test_drop_slot_while_nobody_reads_it_and_makes_it_anew(theatre: Theatre) -> None:
    with fault_named("drop-slot").applied(theatre) as struck:
        assert struck.effect
        assert theatre.told == ["frame drop", "victim stop", "slot dropped"]
        assert not struck.until()
    assert theatre.told[3:] == ["slot made", "victim replace"]


def test_drop_slot_for_good(theatre: Theatre) -> None:
    theatre.what = "gone"
    with fault_named("drop-slot").applied(theatre):
        pass
    assert "slot made" not in theatre.told


def test_take_over_kills_once_the_newcomer_is_there_and_brings_the_first_back(theatre: Theatre) -> None:
    with fault_named("take-over").applied(theatre) as struck:
        assert struck.effect
        assert theatre.told == ["newcomer comes", "newcomer retire", "victim kill", "victim evict"]
        assert not struck.until()
        theatre.all_read = True
        assert struck.until()
    assert theatre.told[4:] == ["frame drop", "newcomer stop", "victim replace"]


def test_take_over_from_a_frozen_one_ends_with_a_zombie(theatre: Theatre) -> None:
    theatre.what = "pause"
    with fault_named("take-over").applied(theatre) as struck:
        assert struck.effect
        assert until(lambda: theatre.victim.state == "T")
    assert theatre.told[4:] == [
        "victim resume",
        "frame release",
        "wait",
        "victim stop",
        "newcomer stop",
        "victim replace",
    ]


def test_offsets_behind_writes_records_and_no_offsets_before_it_kills(theatre: Theatre) -> None:
    with fault_named("offsets-behind").applied(theatre) as struck:
        assert struck.effect
        assert theatre.told == ["offsets False", "frame release"]
        assert not struck.until()
    assert theatre.told[2:] == ["victim kill", "offsets True", "victim replace"]


def test_offsets_behind_needs_somebody_who_keeps_offsets_of_his_own(theatre: Theatre) -> None:
    theatre.keeps_offsets = False
    with fault_named("offsets-behind").applied(theatre) as struck:
        assert not struck.effect
    assert theatre.told == ["offsets False", "frame release"]


@pytest.mark.parametrize(
    "name", ["kill-app", "stop-app", "pause-app", "cut-link", "hold-frame", "take-over", "offsets-behind"]
)
def test_who_is_dead_already_was_not_struck(theatre: Theatre, name: str) -> None:
    theatre.victim.end()
    with fault_named(name).applied(theatre) as struck:
        assert not struck.effect
    assert not [told for told in theatre.told if told.startswith("victim")]
    assert [told for told in theatre.told if told.startswith("frame")], "nobody may keep the frame"


@pytest.mark.parametrize("name", FAULTS)
def test_whatever_happens_meanwhile_it_is_healed(theatre: Theatre, name: str) -> None:
    with pytest.raises(RuntimeError), fault_named(name).applied(theatre):
        raise RuntimeError
    assert theatre.victim.alive
    assert theatre.victim.state != "T"
    assert [told for told in theatre.told if told.startswith("frame")]


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'kill-ap'; known: cut-link, .*kill-app"):
        fault_named("kill-ap")


def test_a_list_of_names_is_taken_apart_and_each_has_to_be_known() -> None:
    assert faults_named(" kill-app, poison-record,") == ("kill-app", "poison-record")
    assert faults_named("") == ()
    with pytest.raises(UsageError, match=r"'poison'; known: .*poison-record"):
        faults_named("kill-app,poison")
