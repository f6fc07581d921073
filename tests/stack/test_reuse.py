"""A stack that is kept for the next run with the same configuration; and who decides which backend runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from _stream_contracts_pytest import setting
from stream_contracts.cli.stack import stack as stack_command
from stream_contracts.errors import UnsupportedError, UsageError
from stream_contracts.stack import kept, open_stack
from stream_contracts.stack.attached import REUSED, configuration
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.capabilities import Killable
from stream_contracts.stack.warden import tagged
from tests.waiting import until

SMALL = Blueprint(brokers=0, registry="embedded", postgres=True)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of our own: nobody else's kept stack is touched."""
    monkeypatch.setenv("STREAM_CONTRACTS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for name in (
        "PYTEST_XDIST_WORKER",
        "PYTEST_XDIST_TESTRUNUID",
        "STREAM_CONTRACTS_BACKEND",
        "STREAM_CONTRACTS_REUSE",
    ):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path
    for name in kept.names(REUSED):
        kept.down(name)
    assert list(tmp_path.glob("stack-*")) == []


@pytest.mark.usefixtures("place")
def test_the_next_run_takes_the_stack_of_the_one_before() -> None:
    seen = []
    for _ in range(2):
        with open_stack("local", SMALL, progress=print, reuse=True) as stack:
            seen.append((stack.postgres_dsn, stack.run_id, stack.describe()))
            with pytest.raises(UnsupportedError, match="postgres cannot be killed"):
                stack.service("postgres", can=Killable)
            assert "ready to accept connections" in stack.service("postgres").log_tail()
    (first, one, told), (second, other, told_again) = seen
    assert first == second
    assert one != other
    assert one.startswith(REUSED)
    assert "kept for the next run" in told
    assert "kept by an earlier run" in told_again
    shown = CliRunner().invoke(stack_command, ["status"])
    assert "kept for the next run with --stream-reuse" in shown.output
    assert first in shown.output
    assert CliRunner().invoke(stack_command, ["down", "--reused"]).exit_code == 0
    assert kept.names(REUSED) == []
    assert isinstance(CliRunner().invoke(stack_command, ["down", "--reused"]).exception, UsageError)


@pytest.mark.usefixtures("place")
def test_another_configuration_is_another_stack() -> None:
    asked = Blueprint(brokers=0, postgres=True, postgres_config={"work_mem": "8MB"})
    assert configuration("local", asked) != configuration("local", SMALL)
    assert configuration("docker", SMALL) != configuration("local", SMALL)
    assert configuration("local", Blueprint(brokers=0, registry="embedded", postgres=True)) == configuration(
        "local", SMALL
    )
    with (
        open_stack("local", asked, progress=print, reuse=True) as one,
        open_stack("local", SMALL, progress=print, reuse=True) as other,
    ):
        assert one.postgres_dsn != other.postgres_dsn


@pytest.mark.usefixtures("place")
def test_one_that_has_lost_a_service_is_replaced() -> None:
    with open_stack("local", SMALL, progress=print, reuse=True) as stack:
        before = stack.postgres_dsn
    [name] = kept.names(REUSED)
    found = kept.read(name)
    assert found is not None
    run_id = Path(found.logs["postgres"]).parents[1].name.removeprefix("stack-")
    for pid in tagged("STREAM_CONTRACTS_SERVICE", f"{run_id}/postgres"):
        os.kill(pid, signal.SIGKILL)
    assert until(lambda: not (kept.read(name) or found).alive["postgres"])
    lines: list[str] = []
    with open_stack("local", SMALL, progress=lines.append, reuse=True) as stack:
        assert stack.postgres_dsn != before
    assert any("not whole (postgres has died); starting another one" in line for line in lines)


CONFTEST = """
import pytest
from stream_contracts.stack.blueprint import Blueprint
pytest_plugins = ["stream_contracts.stack_fixtures"]

@pytest.fixture(scope="session")
def stream_blueprint():
    return Blueprint(brokers=0, postgres=True)
"""

TEST = """
def test_it(stream_stack, stream_reuse, stream_backend):
    print(f"<{stream_backend} {stream_reuse} {stream_stack.backend}>")
"""


def test_the_fixtures_ask_the_options(place: Path) -> None:
    (place / "pytest.ini").write_text("[pytest]\nstream_backend = local\nstream_reuse = true\n", encoding="utf-8")
    (place / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (place / "test_it.py").write_text(TEST, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=90, check=False)
    assert "<local True external>" in done.stdout, done.stdout + done.stderr
    assert len(kept.names(REUSED)) == 1


@pytest.mark.parametrize(
    ("ini", "environment", "options", "backend", "reuse"),
    [
        ("", {}, (), "auto", False),
        ("stream_backend = local\nstream_reuse = true", {}, (), "local", True),
        ("stream_backend = local\nstream_reuse = true", {"BACKEND": "docker", "REUSE": "no"}, (), "docker", False),
        (
            "stream_backend = local",
            {"BACKEND": "docker", "REUSE": "1"},
            ("--stream-backend=external",),
            "external",
            True,
        ),
        ("", {"REUSE": "1"}, ("--no-stream-reuse",), "auto", False),
        ("", {"REUSE": "0"}, ("--stream-reuse",), "auto", True),
    ],
    ids=["default", "ini", "environment-beats-ini", "option-beats-both", "option-says-no", "option-says-yes"],
)
@pytest.mark.usefixtures("place")
def test_command_line_before_environment_before_ini(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    ini: str,
    environment: dict[str, str],
    options: tuple[str, ...],
    backend: str,
    reuse: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"STREAM_CONTRACTS_{name}", value)
    pytester.makeini(f"[pytest]\n{ini}\n")
    config = pytester.parseconfig(*options)
    assert (setting(config, "stream_backend"), setting(config, "stream_reuse")) == (backend, reuse)


@pytest.mark.usefixtures("place")
def test_what_is_neither_yes_nor_no_is_refused(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_CONTRACTS_REUSE", "perhaps")
    with pytest.raises(pytest.UsageError, match=r"\$STREAM_CONTRACTS_REUSE is 'perhaps'; known are 1, true"):
        setting(pytester.parseconfig(), "stream_reuse")
