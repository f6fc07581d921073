"""Nothing is left on the engine: a process that removes a run's containers once the harness is gone, and a broom.

Two nets, because each has a hole. The process waits for the end of the harness, whatever end that is, and removes what
carries the run's label; it does not survive a crash of this machine. The broom goes through the engine when the next
run begins and removes what belongs to a harness of this machine that is no more.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from stream_contracts.stack.warden import watch

RUN_LABEL = "stream-contracts.run"
"""On every container and network of a run: the run's id."""
OWNER_LABEL = "stream-contracts.owner"
"""On them too: which process runs it, as :func:`owner` writes it."""

REMOVE_S = 60.0
IN_FLIGHT_S = 1.0
KEPT_S = 24 * 3600
"""How old a container that does not run must be, before one that another boot of some machine left is thrown away."""


def owner(pid: int | None = None) -> str:
    """Return who runs something, so that a later run can tell whether it still does: boot, PID namespace, pid, start.

    Linux; empty where the system does not tell, and then nobody's containers are swept by this rule.
    """
    pid = os.getpid() if pid is None else pid
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 – not a path
        started = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()[19]
    except OSError:
        return ""
    return f"{boot}/{space}/{pid}/{started}"


def gone(label: str, *, running: bool, age_s: float) -> bool:
    """Tell whether the process that a label names is surely no more.

    Of a process on another machine, or in another container, nothing is known: what it left runs until somebody stops
    it, and is thrown away only when it is old and does not run.
    """
    mine = owner().split("/")
    parts = label.split("/")
    if len(parts) != 4 or len(mine) != 4 or parts[:2] != mine[:2]:
        return bool(label) and not running and age_s > KEPT_S
    return owner(int(parts[2])) != label


def remove(client: Any, run_id: str, timeout_s: float = REMOVE_S) -> list[str]:
    """Remove the containers and networks of a run until a look finds none; return the ids of what is left in the end."""
    deadline = time.monotonic() + timeout_s
    label = f"{RUN_LABEL}={run_id}"
    while True:
        containers = client.containers.list(all=True, filters={"label": label}, ignore_removed=True, sparse=True)
        _each(containers, lambda container: container.remove(force=True, v=True))
        networks = client.networks.list(filters={"label": label})
        _each(networks, lambda network: network.remove())
        if not containers and not networks:
            return []
        if time.monotonic() > deadline:
            return [found.short_id for found in (*containers, *networks)]


def sweep(client: Any) -> list[str]:
    """Remove what harnesses that are no more left behind; return the run ids."""
    runs: dict[str, bool] = {}
    for container in client.containers.list(all=True, filters={"label": OWNER_LABEL}, ignore_removed=True, sparse=True):
        labels = container.attrs["Labels"]
        age_s = time.time() - float(container.attrs["Created"])
        dead = gone(labels[OWNER_LABEL], running=container.attrs["State"] in ("running", "paused"), age_s=age_s)
        run_id = labels.get(RUN_LABEL, "")
        runs[run_id] = dead and runs.get(run_id, True)
    for network in client.networks.list(filters={"label": OWNER_LABEL}):
        labels = network.attrs["Labels"]
        # A network has no state; its containers decide, and without any only a harness of this machine is known to be gone.
        runs.setdefault(labels.get(RUN_LABEL, ""), gone(labels[OWNER_LABEL], running=True, age_s=0))
    dead_runs = [run_id for run_id, dead in runs.items() if dead and run_id]
    for run_id in dead_runs:
        remove(client, run_id)
    return dead_runs


def _each(found: Iterable[Any], do: Any) -> None:
    """Do it to all at once; an engine takes half a second for each removal."""
    import docker.errors

    def one(item: Any) -> None:
        # Somebody else may be at it too: the warden, the harness, a person.
        with contextlib.suppress(docker.errors.APIError):
            do(item)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, found))


class DockerWarden:
    """The harness's end of the pipe: as long as it is open, the process only waits."""

    def __init__(self, run_id: str, docker_host: str) -> None:
        self._process = subprocess.Popen(
            # -P: this folder holds a docker.py, which must not stand for the SDK.
            [sys.executable, "-P", "-m", __name__, run_id, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "DOCKER_HOST": docker_host, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            cwd="/",
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def dismiss(self, *, clean: bool) -> None:
        """Let it go: at once where the harness removed everything itself (``clean``), else when it has."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            if clean:
                self._process.kill()
            self._process.stdin.close()
        try:
            self._process.wait(REMOVE_S + 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def main(run_id: str, parent: str) -> None:
    """Wait for the harness to be gone, then remove what carries its run's label."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watch(0, lambda: os.getppid() != int(parent))
    import docker

    ssh = os.environ.get("DOCKER_HOST", "").startswith("ssh://")
    client = docker.from_env(timeout=30, version="auto", use_ssh_client=ssh)
    remove(client, run_id)
    # The engine may still have been at work on the harness's last request.
    time.sleep(IN_FLIGHT_S)
    remove(client, run_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
