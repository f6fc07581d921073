"""Fixtures for people: one stack per session, shared by the workers of pytest-xdist, gone with the session."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from stream_contracts.stack.model import Stack
from stream_contracts.stack.warden import RUN_TAG
from tests.waiting import until

CONFTEST = """
import pytest
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack_fixtures import stack_fixture

another = stack_fixture(Blueprint(brokers=0, registry="embedded"), "local", "another")

@pytest.fixture(scope="session")
def stream_blueprint():
    return Blueprint(brokers=0, registry="embedded", postgres=True)

@pytest.fixture(scope="session")
def stream_backend():
    return "local"
"""

TESTS = """
import os
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen
import pytest
from stream_contracts.errors import UnsupportedError, UsageError
from stream_contracts.stack.capabilities import Killable

@pytest.mark.parametrize("number", range(4))
def test_addresses(number, postgres_dsn, schema_registry_url, stream_stack):
    Path("seen", f"{number}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}").write_text(postgres_dsn + " " + stream_stack.run_id)
    assert urlopen(schema_registry_url + "/subjects", timeout=10).read() == b"[]"
    if Path("wait").exists():
        import time
        time.sleep(600)

def test_what_is_not_there_is_told(stream_stack):
    with pytest.raises(UsageError, match="Blueprint"):
        stream_stack.bootstrap

def test_capabilities(stream_stack):
    if "PYTEST_XDIST_WORKER" in os.environ:
        with pytest.raises(UnsupportedError):
            stream_stack.service("postgres", can=Killable)
    else:
        assert stream_stack.service("postgres", can=Killable)

def test_that_fails(stream_stack):
    if "PYTEST_XDIST_WORKER" in os.environ:
        from pg8000.dbapi import connect
        where = urlsplit(stream_stack.postgres_dsn)
        session = connect(where.username, where.hostname, where.path[1:], where.port, where.password)
        with pytest.raises(Exception):
            session.cursor().execute("select meanwhile")
        session.close()
        assert False

def test_another_stack_beside_it(another, stream_stack):
    assert another.schema_registry_url != stream_stack.schema_registry_url
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STREAM_CONTRACTS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "tmp").mkdir()
    folder = tmp_path / "project"
    (folder / "seen").mkdir(parents=True)
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    return folder


def command(*more: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", "-p", "stream_contracts.stack_fixtures", *more]


def left(project: Path) -> list[Path]:
    """Folders of stacks that are still there; the keeper of a shared one ends a moment after the session."""
    return list((project.parent / "tmp").glob("stack-*"))


def seen(project: Path) -> dict[str, tuple[str, str]]:
    """Test and worker -> DSN and run id."""
    return {path.name: tuple(path.read_text().split()) for path in (project / "seen").iterdir()}  # type: ignore[misc]


def test_a_session_has_one_stack_and_leaves_nothing(project: Path) -> None:
    done = subprocess.run(command(), cwd=project, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout
    assert "8 passed" in done.stdout
    assert len({dsn for dsn, _ in seen(project).values()}) == 1
    assert left(project) == []


def test_the_workers_of_a_run_share_one_stack_in_namespaces_of_their_own(project: Path) -> None:
    done = subprocess.run(command("-n", "2"), cwd=project, capture_output=True, text=True, timeout=120, check=False)
    assert "1 failed, 7 passed" in done.stdout, done.stdout
    assert 'column "meanwhile" does not exist' in done.stdout.partition("log of postgres during call")[2]
    assert "PostgreSQL at" in done.stdout.partition("stream stacks")[2], "workers hand over what they ran on"
    by_worker = {name.partition("-")[2]: told for name, told in seen(project).items()}
    assert len(by_worker) == 2, "both workers had work"
    assert len({dsn for dsn, _ in by_worker.values()}) == 1
    assert all(run_id.startswith(f"{worker}-") for worker, (_, run_id) in by_worker.items())
    assert until(lambda: not left(project))
    assert until(lambda: [path.name for path in (project.parent / "cache" / "up").iterdir()] == [".lock"])


def test_a_killed_run_takes_the_shared_stack_with_it(project: Path) -> None:
    (project / "wait").touch()
    process = subprocess.Popen(command("-n", "2"), cwd=project, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        assert until(lambda: seen(project), 60)
        assert left(project)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
    assert until(lambda: not left(project), 30)
    assert not [pid for pid in Path("/proc").iterdir() if pid.name.isdigit() and ours(pid, project)]


def ours(pid: Path, project: Path) -> bool:
    try:
        environment = (pid / "environ").read_bytes()
    except OSError:
        return False
    return f"TMPDIR={project.parent / 'tmp'}".encode() in environment and RUN_TAG.encode() in environment


THEIRS = """
import pytest
from stream_contracts.errors import UnsupportedError
from stream_contracts.stack.capabilities import Killable
from stream_contracts.stack_fixtures import existing_stack_fixture

pytest_plugins = ["stream_contracts.stack_fixtures"]
theirs = existing_stack_fixture("ours-", bootstrap="${THEIRS}", kafka={"client.id": "of-the-fixture"})
nothing = existing_stack_fixture("ours-")
"""

TALK = """
import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from stream_contracts.errors import UnsupportedError
from stream_contracts.stack.capabilities import Killable

def test_it_is_used_and_not_broken(theirs):
    assert theirs.client_config["client.id"] == "of-the-fixture"
    admin = AdminClient(dict(theirs.client_config))
    assert theirs.run_id.startswith("ours-")
    admin.create_topics([NewTopic(f"{theirs.run_id}.t", 1, 1)])[f"{theirs.run_id}.t"].result(10)
    with pytest.raises(UnsupportedError):
        theirs.service("broker-1", can=Killable)

def test_without_an_address(nothing):
    pass
"""


@pytest.mark.broker
def test_a_stack_that_runs_already_is_taken_by_a_fixture(
    broker: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THEIRS", broker.bootstrap)
    (tmp_path / "conftest.py").write_text(THEIRS, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TALK, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False)
    assert "1 passed, 1 error" in done.stdout, done.stdout
    assert "give an address; known are bootstrap, schema_registry_url, postgres_dsn, connect_url" in done.stdout
    assert "external (told by a fixture)" in done.stdout
    admin = AdminClient(dict(broker.client_config))
    assert not [name for name in admin.list_topics(timeout=10).topics if name.startswith("ours-")]
