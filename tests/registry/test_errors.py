"""Each row of the table of error codes, caused over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stream_contracts.registry.errors import CODES, Refusal
from tests.registry.conftest import Asked, Http
from tests.registry.schemas import BROKEN, NO_SCHEMA, ONE, record

Cause = Callable[[Http], Asked]


def after(*steps: Cause) -> Cause:
    """Do the steps and give back the last answer."""

    def run(http: Http) -> Asked:
        return [step(http) for step in steps][-1]

    return run


def one(http: Http) -> Asked:
    return http.register("a", ONE)


def referred(http: Http) -> Asked:
    http.register("m", record("x", name="M"))
    links = [{"name": "M", "subject": "m", "version": 1}]
    return http.register("r", '{"type": "array", "items": "M"}', references=links)


CAUSES: dict[int, Cause] = {
    40401: lambda http: http.get("/subjects/none/versions"),
    40402: after(one, lambda http: http.get("/subjects/a/versions/9")),
    40403: lambda http: http.get("/schemas/ids/9"),
    40404: after(one, lambda http: http.delete("/subjects/a"), lambda http: http.delete("/subjects/a")),
    40405: after(one, lambda http: http.delete("/subjects/a?permanent=true")),
    40406: after(
        one, lambda http: http.delete("/subjects/a/versions/1"), lambda http: http.delete("/subjects/a/versions/1")
    ),
    40407: after(one, lambda http: http.delete("/subjects/a/versions/1?permanent=true")),
    40408: lambda http: http.get("/config/a"),
    40409: lambda http: http.get("/mode/a"),
    40901: after(one, lambda http: http.register("a", BROKEN)),
    42201: lambda http: http.register("a", NO_SCHEMA),
    42202: after(one, lambda http: http.get("/subjects/a/versions/first")),
    42203: lambda http: http.put("/config", {"compatibility": "MAYBE"}),
    42204: lambda http: http.put("/mode", {"mode": "MAYBE"}),
    42205: after(lambda http: http.put("/mode", {"mode": "READONLY"}), one),
    42206: after(referred, lambda http: http.delete("/subjects/m")),
    42207: after(
        one, lambda http: http.put("/mode/a?force=true", {"mode": "IMPORT"}), lambda http: http.register("a", ONE, id=5)
    ),
    42208: lambda http: http.register("__GLOBAL", ONE),
    42210: lambda http: http.register("a", ONE, ruleSet={"domainRules": [{}]}),
    42211: after(lambda http: http.register(":.x:a", ONE), lambda http: http.delete("/contexts/.x")),
    400: lambda http: http.ask("POST", "/subjects/a/versions", raw=b"{"),
    404: lambda http: http.get("/nothing"),
    405: lambda http: http.put("/subjects"),
    413: lambda http: http.ask("POST", "/subjects/a/versions", raw=b" " * (8 * 1024 * 1024 + 1)),
    415: lambda http: http.ask("POST", "/subjects/a/versions", raw=b"{}", **{"Content-Encoding": "gzip"}),
    422: lambda http: http.ask("POST", "/subjects/a/versions", raw=b'{"schema": 5}'),
}
ELSEWHERE = {409, 401, 408, 500, 501, 503, 50001}
"""Caused in the tests of editions, of trust and of durability."""


@pytest.mark.parametrize("code", CAUSES)
def test_each_code_with_its_status(http: Http, code: int) -> None:
    answer = CAUSES[code](http)
    status, _ = CODES[code]
    assert answer.refused == (status, code)
    assert answer.headers["content-type"] == "application/vnd.schemaregistry.v1+json"
    assert answer.body["message"]


def test_every_code_is_caused_somewhere() -> None:
    assert set(CODES) == set(CAUSES) | ELSEWHERE
    assert not set(CAUSES) & ELSEWHERE


def test_a_code_without_a_row_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Refusal(49999)
