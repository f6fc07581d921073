"""Nothing outlives us: however the harness ends, its processes and its folder go with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.local_stack import watched
from stream_contracts.stack.service import Service
from stream_contracts.stack.warden import RUN_TAG, tagged
from tests.waiting import until

LIGHT = """
import os, signal, sys, time
from pathlib import Path
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.local_stack import watched
from stream_contracts.stack.service import Service

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a test run under nohup, or in the background of a shell, hands down
signal.signal(signal.SIGINT, signal.default_int_handler)  # that these are ignored
with watched(Blueprint(), Path(sys.argv[1]), keep="keep" in sys.argv, why="test") as stack:
    command = ["sh", "-c", "trap '' TERM INT HUP; setsid sleep 600 & sleep 600 & wait; sleep 600"]
    Service("loop", command, cwd=stack.run_dir, env=dict(os.environ), log_path=stack.run_dir / "log",
            run_id=stack.run_id).start()
    if "fork" in sys.argv and os.fork() == 0:
        time.sleep(600)
    print(stack.run_id, flush=True)
    sys.stdin.read()
"""

REAL = """
import sys
from pathlib import Path
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint

with open_stack("local", Blueprint(), run_dir=Path(sys.argv[1])) as stack:
    print(stack.run_id, flush=True)
    sys.stdin.read()
"""


def harness(script: str, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start a harness in a process of its own, and return it with its run id."""
    command = [sys.executable, "-c", script, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_whatever_ends_the_harness_ends_what_it_started(number: signal.Signals, tmp_path: Path) -> None:
    process, run_id = harness(LIGHT, str(tmp_path))
    assert until(lambda: len(tagged(RUN_TAG, run_id)) == 3)
    process.send_signal(number)
    process.wait(10)
    assert until(lambda: not tagged(RUN_TAG, run_id))
    assert until(lambda: not list(tmp_path.iterdir()))


def test_a_normal_end_waits_until_all_is_gone(tmp_path: Path) -> None:
    process, run_id = harness(LIGHT, str(tmp_path))
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert tagged(RUN_TAG, run_id) == []
    assert list(tmp_path.iterdir()) == []


def test_a_kept_folder_stays_and_the_processes_go(tmp_path: Path) -> None:
    process, run_id = harness(LIGHT, str(tmp_path), "keep")
    assert until(lambda: len(tagged(RUN_TAG, run_id)) == 3)
    process.kill()
    process.wait(10)
    assert until(lambda: not tagged(RUN_TAG, run_id))
    assert (tmp_path / f"stack-{run_id}" / "log").exists()


def test_a_forked_child_of_the_harness_does_not_hold_the_warden_back(tmp_path: Path) -> None:
    """The fork inherits the pipe, so its end is not seen; that the parent is gone is seen all the same."""
    process, run_id = harness(LIGHT, str(tmp_path), "fork")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        fork = int(children.read_text(encoding="utf-8").split()[-1])
        process.kill()
        process.wait(10)
        assert until(lambda: not tagged(RUN_TAG, run_id))
        assert until(lambda: not list(tmp_path.iterdir()))
    finally:
        os.kill(fork, signal.SIGKILL)


def test_the_warden_does_not_touch_another_run(tmp_path: Path) -> None:
    with watched(Blueprint(), tmp_path, keep=False, why="test") as one:
        service = Service(
            "loop", ["sleep", "600"], cwd=tmp_path, env={}, log_path=one.run_dir / "log", run_id=one.run_id
        )
        service.start()
        with watched(Blueprint(), tmp_path, keep=False, why="test") as other:
            pass
        assert not other.run_dir.exists()
        assert service.alive
        assert one.run_dir.exists()
    assert service.exit_status == -9


@pytest.mark.broker
def test_a_killed_harness_leaves_no_broker_and_no_file(tmp_path: Path) -> None:
    process, run_id = harness(REAL, str(tmp_path))
    assert len(tagged(RUN_TAG, run_id)) == 1
    process.kill()
    process.wait(10)
    assert until(lambda: not tagged(RUN_TAG, run_id))
    assert until(lambda: not list(tmp_path.iterdir()))
