"""A promise that is weaker, or gone, is told by its name; one that is stronger, or said otherwise, is not."""

from __future__ import annotations

from typing import Any

import pytest

from stream_contracts.contract.promises import Promises
from stream_contracts.gate.promised import weaker


def promises(**given: Any) -> Promises:
    return Promises.model_validate({"delivery": "at-least-once", **{k.replace("_", "-"): v for k, v in given.items()}})


LAG, LATE = {"max": 10, "within": "1m"}, {"allowed": "5m", "then": "side-output"}


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ({"delivery": "exactly-once"}, {}, "promises delivery: at-least-once instead of exactly-once"),
        ({"order": "per-key"}, {}, "does not promise order any more (it was per-key)"),
        ({"recovers_within": "30s"}, {"recovers_within": "1m"}, "promises recovers-within: 1m instead of 30s"),
        ({"lag": LAG}, {"lag": {**LAG, "max": 11}}, "promises lag: max 11, within 1m instead of max 10, within 1m"),
        (
            {"lag": LAG},
            {"lag": {**LAG, "within": "2m"}},
            "promises lag: max 10, within 2m instead of max 10, within 1m",
        ),
        ({"late": LATE}, {"late": {**LATE, "allowed": "4m"}}, "promises late: allowed 4m, then side-output instead of"),
        ({"late": LATE}, {"late": {**LATE, "then": "drop"}}, "promises late: allowed 5m, then drop instead of"),
        (
            {"late": {**LATE, "to": "late", "counts": "$.n"}},
            {"late": {**LATE, "to": "late"}},
            "promises late: allowed 5m, then side-output, to late instead of",
        ),
        ({"dead_letter": "dlq"}, {}, "does not promise dead-letter any more (it was dlq)"),
        ({"atomic": True}, {"atomic": False}, "does not promise atomic any more (it was true)"),
        ({"replay": True}, {}, "does not promise replay any more (it was true)"),
    ],
)
def test_a_weaker_promise_is_told_and_its_reverse_is_not(was: dict[str, Any], now: dict[str, Any], told: str) -> None:
    [(_, found)] = weaker(promises(**was), promises(**now))
    assert found.startswith(told)
    assert not list(weaker(promises(**now), promises(**was)))


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({"recovers_within": "60s"}, {"recovers_within": "1m"}),
        ({"dead_letter": "dlq"}, {"dead_letter": "letters"}),
        ({"late": {**LATE, "then": "drop"}}, {"late": {**LATE, "allowed": "6m"}}),
        ({"late": {**LATE, "to": "late", "counts": "$.n"}}, {"late": {**LATE, "to": "other", "counts": "$.n"}}),
        ({"lag": LAG}, {"lag": {**LAG, "within": "60s"}}),
    ],
)
def test_what_is_only_said_otherwise_is_not_weaker(was: dict[str, Any], now: dict[str, Any]) -> None:
    assert not list(weaker(promises(**was), promises(**now)))
