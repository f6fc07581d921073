"""``stream-contracts stack prepare``, as a shell runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from stream_contracts.errors import StackError
from stream_contracts.stack.home import cache_home
from stream_contracts.stack.runtime import runtime


def prepare(*more: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from stream_contracts.cli import main; main()", "stack", "prepare", *more]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=120, check=False)


def test_prepare_says_what_is_there_and_how_long_it_took() -> None:
    done = prepare()
    assert done.returncode == 0, done.stderr
    assert "ready after" in done.stderr
    assert f"Kafka with an AOT cache, 46 verified files, 45 MB, in {cache_home()}" in done.stderr
    assert done.stdout == ""


def test_prepare_without_a_network_is_the_environments_fault_and_no_traceback(tmp_path: Path) -> None:
    done = prepare(STREAM_CONTRACTS_CACHE=str(tmp_path), STREAM_CONTRACTS_MAVEN_URL="http://127.0.0.1:1")
    assert done.returncode == StackError.exit_code == 3
    assert "Traceback" not in done.stderr
    assert "46 of the files that the local stack needs are missing" in done.stderr
    assert "org.apache.kafka:kafka_2.13:4.3.1" in done.stderr


def test_what_is_prepared_needs_no_network() -> None:
    runtime(print)
    assert prepare(STREAM_CONTRACTS_OFFLINE="1").returncode == 0


def test_every_service_that_is_asked_for_is_prepared() -> None:
    done = prepare("--postgres", "--connect")
    assert done.returncode == 0, done.stderr
    for name in ("Kafka with an AOT cache", "PostgreSQL 18.4", "Kafka Connect with an AOT cache, 57 verified files"):
        assert name in done.stderr


def test_what_cannot_be_prepared_is_told() -> None:
    done = prepare("--registry", "karapace")
    assert done.returncode == 3
    assert "the local backend cannot run the karapace registry" in done.stderr
