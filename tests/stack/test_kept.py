"""``stream-contracts stack up``, ``status``, ``logs`` and ``down``: a stack that outlives its command, and not more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from stream_contracts.stack import kept
from stream_contracts.stack.warden import RUN_TAG, tagged
from tests.stack.conftest import segment, segments
from tests.waiting import until

UP = ("up", "--backend", "local", "--brokers", "0", "--registry", "embedded", "--postgres")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of our own: a stack that a person keeps up is not ours to take down."""
    monkeypatch.setenv("STREAM_CONTRACTS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield tmp_path / "cache"
    if kept.read() is not None:
        kept.down()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("stack-")] == []


def stack(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from stream_contracts.cli import main; main()", "stack", *arguments]
    return subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False)


def up(*more: str) -> dict[str, str]:
    done = stack(*UP, *more)
    assert done.returncode == 0, done.stderr
    return dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())


def run_of(found: kept.Kept) -> tuple[str, Path]:
    """The run's id and folder, from where its logs are."""
    folder = Path(found.logs["postgres"]).parents[1]
    return folder.name.removeprefix("stack-"), folder


@pytest.mark.usefixtures("cache")
def test_it_outlives_the_command_and_is_taken_down() -> None:
    addresses = up()
    assert set(addresses) == {"SCHEMA_REGISTRY_URL", "DATABASE_URL"}
    found = kept.read()
    assert found is not None
    with urlopen(f"{addresses['SCHEMA_REGISTRY_URL']}/subjects", timeout=10) as answer:
        assert answer.read() == b"[]"
    told = stack("status")
    assert told.returncode == 0
    assert addresses["DATABASE_URL"] in told.stdout
    assert "postgres: runs" in told.stdout
    again = stack(*UP)
    assert again.returncode == 2
    assert "a stack is up already" in again.stderr
    assert "ready to accept connections" in stack("logs", "postgres").stdout
    assert "no log of 'broker-7'; there are logs of postgres" in stack("logs", "broker-7").stderr
    run_id, folder = run_of(found)
    held = segment(folder)
    assert stack("down").returncode == 0
    assert tagged(RUN_TAG, run_id, folder) == []
    assert not folder.exists()
    assert held not in segments()
    assert stack("status").returncode == 2
    assert stack("down").returncode == 2


@pytest.mark.usefixtures("cache")
def test_a_service_that_died_is_told() -> None:
    up()
    found = kept.read()
    assert found is not None
    for pid in tagged("STREAM_CONTRACTS_SERVICE", f"{run_of(found)[0]}/postgres"):
        os.kill(pid, signal.SIGKILL)
    assert until(lambda: "postgres: has died" in stack("status").stdout)


@pytest.mark.usefixtures("cache")
def test_a_keeper_that_is_killed_leaves_nothing() -> None:
    up()
    found = kept.read()
    assert found is not None
    run_id, folder = run_of(found)
    held = segment(folder)
    os.kill(found.pid, signal.SIGKILL)
    assert until(lambda: not folder.exists())
    assert tagged(RUN_TAG, run_id, folder) == []
    assert held not in segments()
    assert kept.read() is None
    assert up(), "and another one can be started"


@pytest.mark.usefixtures("cache")
def test_it_ends_by_itself_when_its_time_is_over() -> None:
    up("--hours", "0.0005")
    assert until(lambda: kept.read() is None)


@pytest.mark.usefixtures("cache")
def test_one_that_cannot_come_up_says_why_and_leaves_nothing() -> None:
    done = stack("up", "--backend", "local", "--brokers", "0", "--registry", "karapace")
    assert done.returncode == 3
    assert "cannot run the karapace registry" in done.stderr
    assert "Traceback" not in done.stderr
    assert kept.read() is None


@pytest.mark.usefixtures("cache")
def test_the_environment_may_say_which_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_CONTRACTS_BACKEND", "nowhere")
    done = stack("up", "--brokers", "0", "--postgres")
    assert done.returncode != 0
    assert "'nowhere' is not one of 'auto', 'local', 'docker', 'external'" in done.stderr
