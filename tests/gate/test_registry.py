"""The gate against a real registry over HTTP, and against servers that answer what none should."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from stream_contracts.errors import BaselineError, UsageError
from stream_contracts.findings import Verdict
from stream_contracts.gate.publish import levels, pull, register
from stream_contracts.gate.remote import Remote
from stream_contracts.gate.review import loaded
from stream_contracts.gate.subjects import tree
from stream_contracts.gate.verdicts import exit_code
from stream_contracts.registry.server import Running
from tests.gate.project import Project, only, rules


def filled(shop: Project, registry: Running) -> Remote:
    """The registry with everything that the base holds."""
    remote = Remote.at(registry.url)
    steps = list(register(tree(loaded([shop.contracts])), remote))
    assert {step.outcome for step in steps} == {"registered"}, steps
    return remote


def test_what_is_registered_may_ship(shop: Project, registry: Running) -> None:
    filled(shop, registry)
    review = shop.review(f"registry:{registry.url}")
    assert (review.verdict, rules(review)) == (Verdict.PASS, set())
    assert not any(each.new for each in review.judged)


def test_a_subject_that_the_registry_lacks_is_new_and_passes(shop: Project, registry: Running) -> None:
    review = shop.review(f"registry:{registry.url}")
    assert review.verdict is Verdict.PASS
    assert all(each.new for each in review.judged)


def test_a_break_is_found_at_the_level_of_the_registry(shop: Project, registry: Running) -> None:
    remote = filled(shop, registry)
    remote.ask("PUT", "/config/orders-enriched-value", {"compatibility": "FORWARD"})
    shop.replace("shop/enriched.json", '{"type": "integer"}', '{"type": "string"}')
    review = shop.review(f"registry:{registry.url}")
    found = only(review, "TYPE_CHANGED")
    judged = next(each for each in review.judged if each.name == "shop/orders-enriched-value")
    assert judged.told.startswith(f"FORWARD (the subject's config at {registry.url})")
    assert "says incompatible, too" in judged.judgement.note
    assert found.facts["registry"].endswith("FORWARD)")
    assert str(found.place).endswith("enriched.json:6")


def test_the_level_of_the_registry_is_told_where_it_differs(shop: Project, registry: Running) -> None:
    """level-differs: the case; the near miss is a contract that says nothing of a level."""
    filled(shop, registry)
    review = shop.review(f"registry:{registry.url}")
    told = {each.subject for each in review.findings if each.rule == "level-differs"}
    assert told == {"orders-key", "orders-value", "orders-enriched-value", "payments-value", "shop.Money"}
    assert "invoices-value" not in told


def test_references_come_from_the_registry_in_their_versions(shop: Project, registry: Running) -> None:
    remote = filled(shop, registry)
    shop.replace("shop/money.avsc", '"type": "long"', '"type": "int"')
    review = shop.review(f"registry:{registry.url}")
    broken = {each.subject for each in review.findings if each.counts}
    assert broken == {"shop.Money", "orders-value", "invoices-value"}
    of_orders = next(each for each in review.findings if each.subject == "orders-value" and each.counts)
    assert of_orders.facts["changed through"] == "shop.Money"
    assert remote.version("orders-value", 1).references == (("shop.Money", "shop.Money", 1),)  # type: ignore[union-attr]


class Liar(BaseHTTPRequestHandler):
    """A registry that holds one version of every subject, and says of compatibility what the test wants."""

    said: ClassVar[Any] = {}
    status: ClassVar[int] = 200
    everywhere: ClassVar[bool] = False
    numbers: ClassVar[list[Any]] = [1]

    def do_GET(self) -> None:
        if self.everywhere:
            self.answer(self.status, json.dumps(self.said))
            return
        schema = {"subject": "s", "version": 1, "id": 1, "schemaType": "AVRO", "schema": '"string"'}
        answers = {
            "subjects": ["s"],
            "versions": self.numbers,
            "1": schema,
            "config": {"compatibilityLevel": "BACKWARD"},
        }
        last = self.path.rpartition("/")[2].partition("?")[0]
        self.answer(200, json.dumps(answers.get(last, {"compatibilityLevel": "BACKWARD"})))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(self.status, self.said if isinstance(self.said, str) else json.dumps(self.said))

    def answer(self, status: int, text: str) -> None:
        raw = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def lying(said: Any, status: int = 200, **more: Any) -> Iterator[str]:
    handler = type("Liar", (Liar,), {"said": said, "status": status, **more})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def one(tmp_path: Path) -> Project:
    """One subject, the same as the liar's."""
    project = Project(tmp_path)
    project.write("a/contract.yaml", "contract: a\nowner: me\ntopics:\n  t: {value: {schema: s.avsc, subject: s}}\n")
    return project.write("a/s.avsc", '"string"')


def test_a_yes_is_a_pass(one: Project) -> None:
    """registry-refuses: the near miss."""
    with lying({"is_compatible": True}) as url:
        assert exit_code(one.review(f"registry:{url}")) == 0


@pytest.mark.parametrize("messages", [[], ["because"], None, "odd"])
def test_a_200_that_says_no_is_never_a_pass(one: Project, messages: Any) -> None:
    """registry-refuses: the case; our own rules find nothing between two equal schemas."""
    with lying({"is_compatible": False, "messages": messages}) as url:
        review = one.review(f"registry:{url}")
    assert rules(review) == {"registry-refuses"}
    assert exit_code(review) == 1


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 200),
        ([], 200),
        ({"is_compatible": "true"}, 200),
        ({"is_compatible": None}, 200),
        ({"is_compatible": 1}, 200),
        ({"is_compatible": True}, 500),
        ({"is_compatible": True}, 404),
        ({"error_code": 42201, "message": "no"}, 422),
    ],
)
def test_anything_else_is_no_answer(one: Project, said: Any, status: int) -> None:
    with lying(said, status) as url:
        review = one.review(f"registry:{url}")
    assert review.verdict is Verdict.UNKNOWN
    assert exit_code(review) == 4
    assert "gave none" in review.judged[0].judgement.note


@pytest.mark.parametrize("said", ["", "<html>welcome to the hotel</html>", "{"])
def test_what_is_no_json_is_an_unreachable_registry(one: Project, said: str) -> None:
    with lying(said) as url, pytest.raises(BaselineError, match="no JSON"):
        one.review(f"registry:{url}")


@pytest.mark.parametrize(("said", "status"), [("a", 200), ({}, 200), ({"error_code": 404, "message": "no"}, 404)])
def test_what_lists_no_subjects_is_no_registry(one: Project, said: Any, status: int) -> None:
    """A wrong path in the URL: to take each of its 404 for "new" would be a silent yes."""
    with lying(said, status, everywhere=True) as url:
        with pytest.raises(BaselineError, match="that is no registry"):
            one.review(f"registry:{url}")
        with pytest.raises(BaselineError, match="does not say its compatibility level"):
            Remote.at(url).level("s")


@pytest.mark.parametrize("said", [{}, [], 7, {"id": "1"}])
def test_a_200_without_an_id_is_not_there_already(one: Project, said: Any) -> None:
    with lying(said) as url:
        (step,) = register(tree(loaded([one.contracts])), Remote.at(url))
    assert (step.outcome, step.good) == ("no answer", False)


def test_versions_that_are_no_numbers_are_told(one: Project) -> None:
    with lying({}, numbers=["a", 1]) as url, pytest.raises(BaselineError, match="does not list the versions of s"):
        one.review(f"registry:{url}")


def test_a_registry_that_wants_a_password_says_where_to_give_it() -> None:
    with lying({"error_code": 401, "message": "who are you"}, 401) as url:
        remote = Remote.at(url)
        with pytest.raises(BaselineError, match=r"who are you .give user and password in the URL"):
            remote.compatible("s", {})


@pytest.mark.parametrize(
    ("sent", "silent_s", "whole_s", "told"),
    [
        (b"", 0.3, 20, "it was silent for"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[", 20, 0.3, "not whole after"),
        (b"\x15\x03\x01", 20, 20, "does not speak HTTP"),
    ],
)
def test_a_registry_that_never_finishes_does_not_hold_us_up(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, silent_s: float, whole_s: float, told: str
) -> None:
    monkeypatch.setattr("stream_contracts.gate.remote.TIMEOUT_S", silent_s)
    monkeypatch.setattr("stream_contracts.gate.remote.LONGEST_S", whole_s)
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def answer() -> None:
            connection = server.accept()[0]
            held.append(connection)
            connection.recv(4096)
            connection.sendall(sent)
            if "HTTP" in told:
                connection.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with pytest.raises(BaselineError, match=told):
            Remote.at(f"http://127.0.0.1:{server.getsockname()[1]}").subjects()
        thread.join(5)
        for connection in held:
            connection.close()


def test_https_where_there_is_none_is_told(registry: Running) -> None:
    with pytest.raises(BaselineError, match="is it http, not https"):
        Remote.at(registry.url.replace("http:", "https:")).subjects()


def test_a_registry_that_is_not_there(one: Project) -> None:
    with pytest.raises(BaselineError, match="cannot be reached") as caught:
        one.review("registry:http://127.0.0.1:1")
    assert caught.value.exit_code == 3


def test_the_password_is_not_shown(one: Project) -> None:
    with pytest.raises(BaselineError) as caught:
        one.review("registry:http://me:secret@127.0.0.1:1")
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(Remote.at("http://me:secret@127.0.0.1:1"))


@pytest.mark.parametrize("url", ["", "localhost:8081", "ftp://x", "http://"])
def test_what_is_no_url_is_bad_usage(one: Project, url: str) -> None:
    with pytest.raises(UsageError, match="registry:http"):
        one.review(f"registry:{url}")


def test_nothing_is_registered_where_one_is_refused(shop: Project, registry: Running) -> None:
    remote = filled(shop, registry)
    shop.replace("shop/enriched.json", '{"type": "integer"}', '{"type": "string"}')
    shop.replace("shop/payment.proto", "int64 amount = 2;", "int64 amount = 2; string note = 3;")
    steps = {step.name: step.outcome for step in register(tree(loaded([shop.contracts])), remote)}
    assert steps["shop/orders-enriched-value"] == "refused"
    assert steps["shop/payments-value"] == "would be registered"
    assert len(remote.versions("payments-value")) == 1


def test_registering_twice_changes_nothing(shop: Project, registry: Running) -> None:
    remote = filled(shop, registry)
    steps = list(register(tree(loaded([shop.contracts])), remote))
    assert {step.outcome for step in steps} == {"there already"}


def test_a_dry_run_registers_nothing(shop: Project, registry: Running) -> None:
    remote = Remote.at(registry.url)
    steps = list(register(tree(loaded([shop.contracts])), remote, dry_run=True))
    assert {step.outcome for step in steps} == {"would be registered"}
    assert remote.get("/subjects") == []


def test_the_levels_of_the_contract_are_set_on_request_and_once(shop: Project, registry: Running) -> None:
    now, remote = tree(loaded([shop.contracts])), Remote.at(registry.url)

    def outcomes(**how: bool) -> set[str]:
        return {step.outcome for step in levels(now, remote, **how) if step.name == "shop/orders-enriched-value"}

    assert outcomes() == {"level differs"}
    assert outcomes(put=True, dry_run=True) == {"level would be set"}
    assert remote.get("/config/orders-enriched-value") is None
    assert outcomes(put=True) == {"level set"}
    assert remote.level("orders-enriched-value")[0] == "BACKWARD_TRANSITIVE"
    assert outcomes(put=True) == {"level there already"}
    assert outcomes() == set()


def test_a_contract_that_names_no_level_sets_none(shop: Project, registry: Running) -> None:
    shop.write("plain/contract.yaml", "contract: plain\nowner: us\ntopics:\n  plain: {value: {schema: plain.avsc}}\n")
    shop.write("plain/plain.avsc", '"string"')
    remote = Remote.at(registry.url)
    assert list(levels(tree(loaded([shop.contracts / "plain"])), remote, put=True)) == []
    assert remote.get("/config/plain-value") is None


def test_pulled_versions_are_what_is_compared_offline(shop: Project, registry: Running) -> None:
    remote = filled(shop, registry)
    now = tree(loaded([shop.contracts]))
    steps = {Path(step.words).name: step.outcome for step in pull(now, remote)}
    assert steps["order_id.v1.avsc"] == "written"
    assert steps["payment.v1.proto"] == "written"
    assert next(outcome for name, outcome in steps.items() if name.startswith("order.v1")) == "not written"
    shop.replace("shop/payment.proto", "int64 amount", "string amount")
    assert rules(shop.review("kept")) == {"FIELD_SCALAR_KIND_CHANGED"}
    assert {step.outcome for step in pull(now, remote, overwrite=True)} == {"there already", "written"}
