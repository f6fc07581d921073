"""What a sweep says of faults that never took effect: asked for, it is no pass; otherwise it is told."""

from __future__ import annotations

from collections import Counter

from stream_contracts.findings import Judgement, Reason, Verdict
from stream_contracts.trial.proof import Proof


def proof(**given: object) -> Proof:
    made = Proof(Judgement.of([]), 1, moments=2, exercised=2)
    for name, value in given.items():
        setattr(made, name, value)
    return made


def test_a_fault_that_was_asked_for_and_took_no_effect_is_unknown_with_the_reason() -> None:
    tried = proof(attempts=Counter({"fence-producer": 2, "cut-link": 1}), effects=Counter({"cut-link": 1}))
    judged = tried.in_vain(["cut-link", "fence-producer", "restart-database"])
    assert judged is not None
    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert judged.note == (
        "asked for, and never took effect: fence-producer (tried 2 times in vain), "
        "restart-database (no request of its kind was seen)"
    )
    assert tried.in_vain(["cut-link"]) is None


def test_what_the_budget_did_not_allow_is_no_pass_either() -> None:
    judged = proof(spent=True).in_vain(["cut-link"])
    assert judged is not None
    assert judged.note.endswith("cut-link (the budget was spent before its turn)")


def test_what_does_not_apply_is_told_by_its_reason() -> None:
    told = proof(
        out_of_place={"kill-broker": "fewer than 3 brokers", "kill-ahead": "fewer than 3 brokers"},
        attempts=Counter({"fence-producer": 2, "cut-link": 1}),
        effects=Counter({"cut-link": 1}),
    ).idle
    assert told == "kill-broker, kill-ahead (fewer than 3 brokers); fence-producer (tried 2 times in vain)"
    assert proof().idle == ""


def test_a_moment_that_did_not_come_again_is_unknown() -> None:
    judged = proof().missed(["before EndTxn#1"])
    assert judged is not None
    assert judged.note == "1 of 2 moments did not come again: before EndTxn#1"
    assert proof().missed([]) is None


def test_a_promised_replay_that_was_not_made_is_unknown_and_leaves_the_other_promises_alone() -> None:
    idle = proof(not_again="only the pipeline could")
    judged = idle.of("replay").judgement
    assert (judged.verdict, judged.reason, judged.note) == (
        Verdict.UNKNOWN, Reason.NOT_EXERCISED, "only the pipeline could",
    )  # fmt: skip
    assert idle.of("delivery").judgement.verdict is Verdict.PASS
    assert proof().of("replay").judgement.verdict is Verdict.PASS
