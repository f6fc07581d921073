"""The service around the store: what it says when a format is missing, a verb crashes, or it stops."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stream_contracts.registry import requests as ask
from stream_contracts.registry.errors import Refusal
from stream_contracts.registry.formats import judge
from stream_contracts.registry.service import Service
from tests.registry.schemas import ONE, TWO


def test_a_format_that_is_not_there_is_said() -> None:
    service = Service(replace(judge(), kinds=("AVRO",)))
    try:
        given = service.call(ask.Register("a", ask.Draft("{}", "JSON")))
        assert (given.status, given.body["error_code"]) == (501, 501)
        assert "it reads AVRO" in given.body["message"]
    finally:
        service.close()


def test_a_crash_is_an_answer_and_leaves_the_state_alone(caplog: pytest.LogCaptureFixture) -> None:
    def crash(*_: object) -> tuple[str, ...]:
        raise ZeroDivisionError

    service = Service(replace(judge(), clashes=crash))
    try:
        assert service.call(ask.Register("a", ask.Draft(ONE))).status == 200
        given = service.call(ask.Register("a", ask.Draft(TWO)))
        assert (given.status, given.body["error_code"]) == (500, 500)
        assert service.call(ask.ListVersions("a")).body == [1]
        assert "could not answer Register" in caplog.text
    finally:
        service.close()


def test_a_stopped_service_says_so() -> None:
    service = Service(judge())
    service.close()
    service.close()
    given = service.call(ask.Register("a", ask.Draft(ONE)))
    assert (given.status, given.body["error_code"]) == (503, 503)


def test_a_refusal_is_no_crash() -> None:
    assert Refusal(40403, id=7).body == {"error_code": 40403, "message": "Schema 7 not found."}
