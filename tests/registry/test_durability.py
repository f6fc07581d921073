"""What was acknowledged survives: restarts, kill -9 under load, and no id is given twice."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import pytest

from stream_contracts.errors import StackError
from stream_contracts.registry.server import Settings, running_registry
from stream_contracts.registry.sqlite import SqliteKeeper
from stream_contracts.registry.state import State, fold
from tests.registry.conftest import Http
from tests.registry.schemas import ONE, TWO, record


def everything(http: Http) -> list[object]:
    """All that a client can read."""
    bodies = [http.get(path).body for path in ("/schemas?deleted=true", "/subjects?deleted=true", "/config", "/mode")]
    return [*bodies, http.get("/config/a").body, http.get("/contexts").body, http.get("/subjects").body]


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "registry.sqlite")
    with running_registry(settings) as registry:
        http = Http(registry.url)
        http.register("money", record("cents", name="Money"))
        links = [{"name": "Money", "subject": "money", "version": 1}]
        http.register("a", '{"type": "array", "items": "Money"}', references=links, metadata={"properties": {"o": "ü"}})
        http.register(":.shop:a", ONE)
        http.register("gone", ONE)
        http.delete("/subjects/gone")
        http.register("buried", TWO)
        http.delete("/subjects/buried")
        http.delete("/subjects/buried?permanent=true")
        http.put("/config/a", {"compatibility": "FULL", "compatibilityGroup": "g"})
        http.put("/mode", {"mode": "READONLY"})
        before = everything(http)
    with running_registry(settings) as registry:
        http = Http(registry.url)
        assert everything(http) == before
        http.put("/mode", {"mode": "READWRITE"})
        assert http.delete("/subjects/money").refused == (422, 42206)
        assert http.register("new", record("new")).body["id"] == 5


@contextmanager
def process(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as a user starts it, on a free port."""
    command = [sys.executable, "-c", "from stream_contracts.cli import main; main()"]
    command += ["registry", "serve", "--port", "0", "--data", str(data)]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stderr is not None
        said = child.stderr.readline()
        assert " at http" in said, said
        yield child, said.rpartition(" at ")[2].strip()
    finally:
        child.kill()
        child.wait(10)
        if child.stderr is not None:
            child.stderr.close()


def load(url: str, client: int, acknowledged: dict[str, tuple[int, str]], enough: threading.Event) -> None:
    """Register until the server is gone; only what was answered counts."""
    http = Http(url)
    for number in range(100_000):
        subject, text = f"s-{client}-{number}", record("x", name=f"R{client}_{number}")
        try:
            answer = http.register(subject, text)
        except (OSError, HTTPException):
            return
        assert answer.status == 200
        acknowledged[subject] = (answer.body["id"], json.dumps(json.loads(text), separators=(",", ":")))
        if len(acknowledged) >= 200:
            enough.set()


def test_kill_9_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    data = tmp_path / "registry.sqlite"
    acknowledged: dict[str, tuple[int, str]] = {}
    for life in range(3):
        enough = threading.Event()
        known = dict(acknowledged)
        born: dict[str, tuple[int, str]] = {}
        with process(data) as (child, url):
            http = Http(url)
            for subject, (number, text) in list(known.items())[:: max(1, len(known) // 100)]:
                found = http.get(f"/subjects/{subject}/versions/1").body
                assert (found["id"], found["schema"]) == (number, text)
            assert set(http.get("/subjects").body) >= set(known)
            threads = [threading.Thread(target=load, args=(url, life * 10 + each, born, enough)) for each in range(4)]
            for thread in threads:
                thread.start()
            assert enough.wait(60)
            os.kill(child.pid, signal.SIGKILL)
            for thread in threads:
                thread.join(30)
        assert not {number for number, _ in born.values()} & {number for number, _ in known.values()}
        acknowledged |= born
    with running_registry(Settings(data=data)) as registry:
        http = Http(registry.url)
        found = {each["subject"]: (each["id"], each["schema"]) for each in http.get("/schemas").body}
        assert acknowledged.items() <= found.items()
        assert len({number for number, _ in found.values()}) == len(found)


def test_a_second_registry_on_the_same_file_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "registry.sqlite"
    with process(data), pytest.raises(StackError, match="another registry"):
        SqliteKeeper(data)


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at as one" * 50, None])
def test_what_is_no_registry_file_is_said(tmp_path: Path, content: bytes | None) -> None:
    data = tmp_path / "registry.sqlite"
    if content is None:
        data.mkdir()
    else:
        data.write_bytes(content)
    with pytest.raises(StackError, match="registry"):
        SqliteKeeper(data)


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "registry.sqlite"
    connection = sqlite3.connect(data)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StackError, match="layout 99"):
        SqliteKeeper(data)


def test_a_change_that_cannot_be_kept_is_not_acknowledged_nor_seen(tmp_path: Path) -> None:
    with running_registry(Settings(data=tmp_path / "registry.sqlite")) as registry:
        http = Http(registry.url)
        http.register("a", ONE)
        keeper = registry.service.keeper
        assert isinstance(keeper, SqliteKeeper)
        keeper._connection.execute("PRAGMA query_only = ON")
        assert http.register("a", TWO).refused == (500, 50001)
        assert http.get("/subjects/a/versions").body == [1]
        keeper._connection.execute("PRAGMA query_only = OFF")
        assert http.register("a", TWO).body["id"] == 2


def test_every_kind_of_row_reads_back(tmp_path: Path) -> None:
    with running_registry(Settings(data=tmp_path / "r.sqlite")) as registry:
        http = Http(registry.url)
        http.register("a", ONE, metadata={"sensitive": ["x"]})
        http.put("/config", {"compatibility": "NONE"})
        http.put("/mode/a", {"mode": "READONLY"})
        state = registry.service.state
    keeper = SqliteKeeper(tmp_path / "r.sqlite")
    assert fold(State(), keeper.load()) == state
    keeper.close()
