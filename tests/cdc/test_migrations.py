"""Each rule about migrations: a change that it finds, at the line of the statement, and a near miss that passes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from stream_contracts.cdc.changes import CHANGES, FOUND_BY_GATE
from stream_contracts.findings import Finding, Review, Severity, Verdict
from stream_contracts.gate.review import Options, review
from tests.cdc.test_advice import GOOD
from tests.gate.project import Project

CONTRACT = """contract: shop
owner: me
registry: {compatibility: BACKWARD}
migrations: [one.sql, two.sql]
cdc:
  customers: {table: public.customers, topic: shop.public.customers, connector: c.json}
"""
ONE = """create type mood as enum ('sad', 'ok', 'happy');
create table customers (
    id int primary key,
    email text,
    total numeric(10, 2),
    feeling mood,
    visits int not null default 0,
    born date
);
create table others (id int);
create publication shop for table customers, others;
"""


@dataclass(frozen=True)
class Case:
    """Statements in the second file, or an edit of the first one; the line where ``<`` stands is the one to be named."""

    sql: str = ""
    edit: tuple[str, str] = ("", "")
    at: str = "two.sql:1"
    level: str = "BACKWARD"


CASES: dict[str, list[tuple[Case, Case]]] = {
    "cdc-table-renamed": [
        (Case("alter table customers rename to clients;"), Case("alter table others rename to clients;")),
    ],
    "cdc-table-dropped": [
        (Case("select 1;\n\ndrop table customers cascade;", at="two.sql:3"), Case("drop table others;")),
    ],
    "cdc-table-unpublished": [
        (Case("alter publication shop drop table customers;"), Case("alter publication shop drop table others;")),
        (Case(edit=("for table customers, others", "for table others"), at="one.sql:11"),
         Case(edit=("for table customers, others", "for all tables"))),
    ],
    "cdc-column-dropped": [
        (Case("alter table others add x int;\nalter table customers\n  drop column email;", at="two.sql:3"),
         Case("alter table customers add x int; alter table customers drop x;")),
        (Case(edit=("    email text,\n", ""), at="one.sql:2"), Case(edit=("    email text,\n", "    email  text ,\n"))),
    ],
    "cdc-column-renamed": [
        (Case("alter table customers rename email to mail;"), Case("alter table customers add mail text;")),
    ],
    "cdc-column-required": [
        (Case("alter table customers alter email set not null;"),
         Case("alter table customers add check (email is not null);")),
        (Case(edit=("email text", "email text not null"), at="one.sql:4"), Case("alter table others alter id set not null;")),
    ],
    "cdc-column-type": [
        (Case("alter table others alter id type text;\nalter table customers alter visits type text;", at="two.sql:2"),
         Case("alter table customers alter email type varchar(20);")),
        (Case("alter table customers alter born type timestamp;"), Case("alter table customers alter visits type bigint;")),
    ],
    "cdc-numeric-precision": [
        (Case("alter table customers alter total type numeric(10, 4);"),
         Case("alter table customers alter total type numeric(12, 2);")),
        (Case("alter table customers alter total type numeric(8, 2);"), Case("alter table customers alter total set default 1;")),
    ],
    "cdc-enum-label-removed": [
        (Case("alter type mood rename value 'sad' to 'blue';"), Case("alter type mood add value 'blue';")),
        (Case(edit=("'sad', 'ok', 'happy'", "'sad', 'happy'"), at="one.sql:1"),
         Case(edit=("'sad', 'ok', 'happy'", "'ok', 'sad', 'happy'"))),
    ],
    "cdc-key-changed": [
        (Case("alter table customers drop constraint customers_pkey, add primary key (id, visits);"),
         Case("alter table customers add unique (visits);")),
        (Case("alter table customers drop constraint customers_pkey;"),
         Case("alter table customers rename constraint customers_pkey to pk;")),
    ],
    "cdc-identity-changed": [
        (Case("alter table customers replica identity nothing;"), Case("alter table customers replica identity full;")),
    ],
    "cdc-schema-refused": [
        (Case("alter table customers add country text not null;"),
         Case("alter table customers add country text not null default 'de';")),
        (Case("alter table customers alter visits drop not null;", level="FORWARD"),
         Case("alter table customers alter visits drop not null;")),
    ],
    "cdc-migration-refused": [
        (Case("select 1;\nalter table custmers add x int;", at="two.sql:2"),
         Case("select 1;\nalter table customers add x int;\ncreate index concurrently i on customers (x);")),
        (Case("create index concurrently i on customers (email);\nselect x;", at="two.sql:2"), Case("do $$ begin end $$;")),
    ],
}  # fmt: skip
PAIRS = [(rule, number) for rule, pairs in CASES.items() for number in range(len(pairs))]


def settled(at: Path, **more: str) -> None:
    """Give the connector of a folder further settings."""
    file = at / "c.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **{key.replace("_", "."): more[key] for key in more}}))


def folder(at: Path, case: Case) -> Path:
    at.mkdir(parents=True)
    (at / "contract.yaml").write_text(CONTRACT.replace("BACKWARD", case.level))
    (at / "c.json").write_text(json.dumps({**GOOD, "heartbeat.interval.ms": "1000"}))
    assert case.edit[0] in ONE
    (at / "one.sql").write_text(ONE.replace(*case.edit) if case.edit[0] else ONE)
    (at / "two.sql").write_text(case.sql)
    return at


def judged(tmp_path: Path, case: Case, postgres: str) -> Review:
    former = folder(tmp_path / "former", Case(level=case.level))
    try:
        now = folder(tmp_path / "now", case)
        return review([now], Options(date(2026, 2, 1), str(former), postgres=postgres))
    finally:
        shutil.rmtree(former)


def errors(told: Review) -> list[Finding]:
    return [each for each in told.findings if each.counts]


@pytest.mark.parametrize(("rule", "number"), PAIRS)
def test_the_change_is_found_at_its_line(tmp_path: Path, postgres: str, rule: str, number: int) -> None:
    case, _ = CASES[rule][number]
    told = judged(tmp_path, case, postgres)
    found = errors(told)
    assert [each.rule for each in found] == [rule], [(each.rule, each.what) for each in told.findings]
    assert str(found[0].place) == f"{tmp_path}/now/{case.at}"
    assert found[0].subject == "shop.public.customers"
    assert found[0].why
    assert found[0].remedy


@pytest.mark.parametrize(("rule", "number"), PAIRS)
def test_the_near_miss_passes(tmp_path: Path, postgres: str, rule: str, number: int) -> None:
    told = judged(tmp_path, CASES[rule][number][1], postgres)
    assert told.verdict is Verdict.PASS, [(each.rule, each.what) for each in told.findings]
    assert not errors(told)


def test_every_rule_has_its_case() -> None:
    assert {rule.id for rule, _ in CHANGES} | {rule.id for rule in FOUND_BY_GATE} == CASES.keys() | {"cdc-capture-gone"}


def test_a_capture_that_is_gone_is_told_and_a_new_one_is_new(tmp_path: Path) -> None:
    folder(tmp_path / "now", Case())
    folder(tmp_path / "former", Case())
    at = tmp_path / "former/contract.yaml"
    at.write_text(at.read_text() + "  more: {table: public.others, topic: shop.public.others, connector: c.json}\n")
    back, forth = Options(date(2026, 2, 1), str(tmp_path / "former")), Options(date(2026, 2, 1), str(tmp_path / "now"))
    assert [each.rule for each in errors(review([tmp_path / "now"], back))] == ["cdc-capture-gone"]
    told = review([tmp_path / "former"], forth)
    assert not errors(told)
    assert [each.name for each in told.judged if each.new] == ["shop/shop.public.others"]


def test_the_engine_s_verdict_is_told_with_the_finding(tmp_path: Path, postgres: str) -> None:
    [found] = errors(judged(tmp_path, Case("alter table customers alter email set not null;"), postgres))
    assert found.facts["registry"].startswith("incompatible")
    assert found.facts["decoder"].startswith("fails")
    assert found.facts["at"] == "email"


def test_what_only_widens_is_a_warning(tmp_path: Path, postgres: str) -> None:
    told = judged(tmp_path, Case("alter table customers alter visits type bigint;"), postgres)
    assert [(each.rule, each.severity) for each in told.findings] == [("cdc-column-type", Severity.WARNING)]


def test_settings_of_the_connector_count_as_the_table_does(tmp_path: Path, postgres: str) -> None:
    """A column that is not told may go; what the settings leave out from now on, or tell otherwise, is a change."""

    def told(was: dict[str, str], now: dict[str, str], sql: str = "") -> list[str]:
        for name, settings in (("former", was), ("now", now)):
            shutil.rmtree(tmp_path / name, ignore_errors=True)
            settled(folder(tmp_path / name, Case(sql if name == "now" else "")), **settings)
        options = Options(date(2026, 2, 1), str(tmp_path / "former"), postgres=postgres)
        return [each.rule for each in errors(review([tmp_path / "now"], options))]

    without = {"column_exclude_list": r"public\.customers\.email"}
    assert told(without, without, "alter table customers drop email;") == []
    assert told({}, without) == ["cdc-column-dropped"]
    assert told({}, {"message_key_columns": "public.customers:email"}) == ["cdc-key-changed"]
    assert told({}, {"decimal_handling_mode": "double"}) == ["cdc-schema-refused"]


def test_a_contract_without_captures_imports_nothing_of_them(tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text("contract: a\nowner: me\ntopics: {t: {}}\n")
    code = (
        "import sys; from datetime import date; from pathlib import Path; from stream_contracts.gate.review import *;"
        "review([Path(sys.argv[1])], Options(date(2026, 1, 1), sys.argv[1]));"
        "print([name for name in sys.modules if name.startswith(('stream_contracts.cdc', 'stream_contracts.stack', 'pg8000'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_nothing_is_started_where_nothing_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("PostgreSQL is not needed")

    monkeypatch.setattr("stream_contracts.cdc.scratch.open_stack", refuse)
    assert judged(tmp_path, Case(), "").verdict is Verdict.PASS


def test_without_a_server_nothing_can_be_told(tmp_path: Path) -> None:
    told = judged(tmp_path, Case("drop table others;"), "postgresql://nobody@127.0.0.1:1/x")
    assert told.verdict is Verdict.UNKNOWN
    assert "could not be tried" in told.unknown[0].judgement.note


def test_a_server_is_started_where_none_is_named_and_git_has_the_former_migrations(tmp_path: Path) -> None:
    """The whole way: git objects, the wheel's PostgreSQL, --since, and a waiver."""
    shop = Project(tmp_path)
    folder(shop.contracts, Case())
    shop.git("init", "-q", "-b", "main")
    shop.commit("base")
    shop.write("two.sql", "alter table customers drop email;")
    shop.commit("drop it")
    shop.git("branch", "dropped")
    assert [each.rule for each in errors(shop.review("git:=main~1"))] == ["cdc-column-dropped"]
    assert not errors(shop.review("git:=main~1", since="=main"))
    waiver = (
        "{rule: cdc-column-dropped, subject: shop.public.customers, reason: agreed, owner: me, expires: 2027-01-01}"
    )
    shop.write("contract.yaml", f"{CONTRACT}waivers: [{waiver}]\n")
    assert shop.review("git:=main~1").verdict is Verdict.PASS
