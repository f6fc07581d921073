"""The slot watch: each row with a state that it is about and one that it is not, then a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from click.testing import CliRunner

from stream_contracts.cdc.postgres import RefusedError, Session
from stream_contracts.cdc.slots import LAG_MAX, MEGABYTE, WATCHED, Publication, Slot, Watch, findings, look, size
from stream_contracts.cli.doctor import doctor

SLOT = Slot("shop", "pgoutput", active=True, status="reserved", lag=0, kept=1000, safe=5)
WELL = Watch("db", (SLOT,), (Publication("shop", 1),), 100 * MEGABYTE)


def slot(**more: object) -> Watch:
    return replace(WELL, slots=(replace(SLOT, **more),))  # type: ignore[arg-type]


CASES: dict[str, tuple[Watch, Watch]] = {
    "slot-lost": (slot(status="lost", active=False, kept=None), slot(status="extended")),
    "slot-unreserved": (slot(status="unreserved"), slot(status="reserved", kept=200 * MEGABYTE)),
    "slot-inactive": (slot(active=False), slot(active=False, temporary=True)),
    "slot-lagging": (slot(lag=LAG_MAX + 1), slot(lag=LAG_MAX)),
    "slot-wal-unlimited": (replace(WELL, limit=None), replace(WELL, limit=None, slots=())),
    "publication-empty": (replace(WELL, publications=(Publication("a", 0),)), replace(WELL, publications=())),
    "wal-not-logical": (replace(WELL, level="replica"), WELL),
}


@pytest.mark.parametrize("rule", [rule.id for rule, _ in WATCHED])
def test_each_row_has_its_case_and_its_near_miss(rule: str) -> None:
    case, near_miss = CASES[rule]
    assert [each.rule for each in findings(case, "db:5432")] == [rule]
    assert findings(near_miss, "db:5432") == []


@pytest.fixture
def session(postgres: str) -> Iterator[Session]:
    with Session(postgres) as running:
        running.run("drop table if exists filled; create table filled (a text)")
        yield running
        running.run(
            "drop publication if exists nothing; select pg_drop_replication_slot(slot_name) from pg_replication_slots"
        )


def test_a_slot_that_nobody_reads_is_lost_in_the_end(session: Session, postgres: str) -> None:
    """Real WAL, a limit of 2 MB, real checkpoints: inactive first, then given up."""
    assert findings(look(session.run), "") == []
    session.run("create publication nothing")
    session.run("select pg_create_logical_replication_slot('left', 'pgoutput')")
    assert [each.rule for each in findings(look(session.run), "")] == ["slot-inactive", "publication-empty"]
    told = CliRunner().invoke(doctor, ["--postgres", postgres])
    assert told.exit_code == 0, told.output
    assert "left (reserved, " in told.output
    assert "warning: left: nobody reads it (pgoutput)" in told.output
    for _ in range(20):
        session.run("insert into filled select repeat(md5(g::text), 30) from generate_series(1, 4000) g")
        session.run("select pg_switch_wal(); checkpoint")
        if look(session.run).slots[0].status == "lost":
            break
    seen = look(session.run)
    assert [each.rule for each in findings(seen, "")] == ["slot-lost", "publication-empty"]
    assert "wal_removed" in findings(seen, "")[0].what
    told = CliRunner().invoke(doctor, ["--postgres", postgres])
    assert told.exit_code == 1
    assert "error: left: wal_status is lost" in told.output
    assert "snapshot.mode=when_needed" in told.output


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    told = CliRunner().invoke(doctor, ["--postgres", "postgresql://me:secret@127.0.0.1:1/x"])
    assert told.exit_code == 3
    assert "127.0.0.1:1" in told.output
    assert "secret" not in told.output


def test_a_refusal_says_where(postgres: str) -> None:
    with Session(postgres) as session, pytest.raises(RefusedError, match="syntax error") as raised:
        session.run("select 1;\nselec 2")
    assert (raised.value.state, raised.value.position) == ("42601", 10)


@pytest.mark.parametrize(
    ("count", "told"), [(None, "nothing known"), (5, "5 bytes"), (2048, "2.0 kB"), (3 * MEGABYTE, "3.0 MB")]
)
def test_sizes_for_people(count: int | None, told: str) -> None:
    assert size(count) == told
