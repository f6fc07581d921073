"""What a person sees of the stacks of a session: progress on a terminal, times in the summary, the logs of a failing test."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stream_contracts.stack.logs import MOST_LINES, since

CONFTEST = """
import pytest
from stream_contracts.stack.blueprint import Blueprint

pytest_plugins = ["stream_contracts.stack_fixtures"]

@pytest.fixture(scope="session")
def stream_blueprint():
    return Blueprint(brokers=0, postgres=True)

@pytest.fixture(scope="session")
def stream_backend():
    return "local"
"""

TESTS = """
from urllib.parse import urlsplit
from pg8000.dbapi import connect

def complain(dsn, what):
    where = urlsplit(dsn)
    session = connect(where.username, where.hostname, where.path[1:], where.port, where.password)
    try:
        session.cursor().execute(f"select {what}")
    except Exception:
        pass
    session.close()

def test_that_passes(postgres_dsn):
    complain(postgres_dsn, "earlier")

def test_that_fails(postgres_dsn):
    complain(postgres_dsn, "during")
    assert False

def test_that_fails_without_a_stack():
    assert False
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    return folder


def test_a_failing_test_has_the_logs_of_its_time_and_the_summary_has_the_times(project: Path) -> None:
    """Under pytest-xdist as well: that is shown beside, where workers share a stack."""
    command = [sys.executable, "-m", "pytest", "-q"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120, check=False)
    assert "2 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    _, _, failures = done.stdout.partition("FAILURES")
    assert failures.count("log of postgres during call") == 1, "only the test that used it has its log"
    assert 'column "during" does not exist' in failures
    assert "earlier" not in failures, "and only what was written meanwhile"
    _, told, summary = failures.partition("stream stacks")
    assert told
    assert "PostgreSQL" in summary
    assert "ready in" in summary


def test_progress_is_told_on_a_terminal_and_wiped_away(project: Path) -> None:
    said = on_a_terminal([sys.executable, "-m", "pytest", "-q", "-k", "passes"], project)
    assert "stack: local (asked for): PostgreSQL" in said
    assert "1 passed" in said


def on_a_terminal(command: list[str], folder: Path, timeout_s: float = 90) -> str:
    """Run it on a terminal of its own, and return all that it wrote there."""
    ours, its = pty.openpty()
    environment = {**os.environ, "COLUMNS": "200", "STREAM_CONTRACTS_OFFLINE": "1"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=its, stdout=its, stderr=its)
    os.close(its)
    said, deadline = b"", time.monotonic() + timeout_s
    try:
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    said += os.read(ours, 65536)
                except OSError:  # the other side is closed
                    break
    finally:
        os.close(ours)
        assert process.wait(20) == 0
    return said.decode("utf-8", "replace")


def test_of_a_long_log_the_end_is_shown_and_the_file_named(tmp_path: Path) -> None:
    log = tmp_path / "broker.log"
    log.write_text("before\n" + "".join(f"line {number}\n" for number in range(100)), encoding="utf-8")
    shown = since(log, len("before\n")).splitlines()
    assert len(shown) == MOST_LINES + 1
    assert shown[0] == f"({100 - MOST_LINES} earlier lines are in {log})"
    assert shown[-1] == "line 99"
    assert since(log, log.stat().st_size) == ""
    assert since(tmp_path / "gone.log", 0) == ""
