"""The engine: whether one answers, where its ports are, which images it runs, and that nothing is left on it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from stream_contracts.errors import StackError, UsageError
from stream_contracts.stack import chosen, docker_engine, local_stack
from stream_contracts.stack.blueprint import KAFKA_IMAGE, POSTGRES_IMAGE, Blueprint
from stream_contracts.stack.docker_engine import Reach, absent, connect, reach
from stream_contracts.stack.docker_images import IMAGES, ensure, image
from stream_contracts.stack.docker_warden import KEPT_S, RUN_LABEL, gone, owner
from stream_contracts.stack.ports import reserved
from stream_contracts.stack.warden import RUN_TAG, tagged
from tests.stack.docker_lane import SCRIPT, docker_stack
from tests.stack.test_postgres import rows
from tests.waiting import until

ALONE = Blueprint(brokers=0, postgres=True)
"""The lightest thing that can be run."""

HARNESS = """
import sys
from pathlib import Path
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint

with open_stack("docker", Blueprint(brokers=0, postgres=True), run_dir=Path(sys.argv[1])) as stack:
    print(stack.run_id, stack._docker_warden.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def client(engine: str) -> Iterator[Any]:
    import docker

    made = docker.DockerClient(base_url=engine)
    yield made
    made.close()


class Traces:
    """What a run has on the engine; other runs are on it at the same time."""

    def __init__(self, client: Any, run_id: str) -> None:
        self.client, self.filters = client, {"label": f"{RUN_LABEL}={run_id}"}
        mounts = (mount for container in self.containers() for mount in container.attrs["Mounts"])
        # A volume that the image asks for bears no label of ours.
        self.volumes = {mount["Name"] for mount in mounts if mount["Type"] == "volume"}

    def containers(self) -> list[Any]:
        return list(self.client.containers.list(all=True, filters=self.filters, ignore_removed=True))

    def left(self) -> list[str]:
        networks = self.client.networks.list(filters=self.filters)
        volumes = [volume for volume in self.client.volumes.list() if volume.name in self.volumes]
        return [f"{type(found).__name__} {found.id}" for found in (*self.containers(), *networks, *volumes)]


@pytest.mark.parametrize(
    ("address", "override", "inside", "same_host", "expected"),
    [
        ("unix:///var/run/docker.sock", "", False, True, Reach("127.0.0.1", "127.0.0.1")),
        ("unix:///var/run/docker.sock", "", True, True, Reach("127.0.0.1", "127.0.0.1")),
        ("unix:///var/run/docker.sock", "", True, False, Reach("172.17.0.1", "172.17.0.1")),
        ("tcp://build-7:2376", "", False, False, Reach("build-7", "0.0.0.0")),
        ("ssh://me@build-7", "", True, False, Reach("build-7", "0.0.0.0")),
        ("tcp://localhost:2375", "", False, True, Reach("127.0.0.1", "127.0.0.1")),
        ("unix:///var/run/docker.sock", "host.docker.internal", True, False, Reach("host.docker.internal", "0.0.0.0")),
    ],
)
def test_where_published_ports_are_reached(
    address: str, override: str, inside: bool, same_host: bool, expected: Reach
) -> None:
    assert reach(address, override=override, inside=inside, same_host=same_host, gateway="172.17.0.1") == expected


def test_without_an_engine_auto_is_local_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(docker_engine, "DEFAULT_SOCKET", tmp_path / "docker.sock")
    why = f"no container engine answers: $DOCKER_HOST is not set, and there is no {tmp_path}/docker.sock"
    assert absent() == why
    assert chosen("auto") == ("local", f"auto: {why}")


def test_an_engine_that_does_not_answer_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "d.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}")
    assert absent() == f"no container engine answers at unix://{place}: there is no such socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
    assert absent() == f"no container engine answers at unix://{place}: nobody listens there"
    with pytest.raises(StackError, match=r"what to do: start Docker .*--stream-backend local"):
        connect()
    assert chosen("auto")[0] == "local"
    assert chosen("docker") == ("docker", "asked for"), "who asks for it by name gets the error, not another backend"


def test_a_silent_engine_does_not_hold_anybody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "d.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}")
    monkeypatch.setattr(docker_engine, "PROBE_S", 0.5)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        begin = time.monotonic()
        assert "timed out" in absent()
        assert time.monotonic() - begin < 10


def test_with_an_engine_auto_is_docker(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine)
    assert chosen("auto") == ("docker", "auto: a container engine answers")


def test_images_are_the_blueprints_unless_somebody_names_another() -> None:
    assert image("kafka", {}) == KAFKA_IMAGE
    assert image("kafka", {"STREAM_CONTRACTS_KAFKA_IMAGE": "mirror/kafka:4.3.1"}) == "mirror/kafka:4.3.1"
    assert image("kafka", {"STREAM_CONTRACTS_KAFKA_IMAGE": "mirror/kafka@sha256:0"}) == "mirror/kafka@sha256:0"
    mirror = {"TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX": "mirror.example:5000/"}
    assert image("postgres", mirror) == f"mirror.example:5000/{POSTGRES_IMAGE}"
    assert image("connect", mirror).startswith("quay.io/"), "only Docker Hub is mirrored by it"
    with pytest.raises(
        UsageError, match=r"\$STREAM_CONTRACTS_KAFKA_IMAGE: 'host:5000/kafka' has neither tag nor digest"
    ):
        image("kafka", {"STREAM_CONTRACTS_KAFKA_IMAGE": "host:5000/kafka"})
    with pytest.raises(UsageError, match=rf"no image plays 'redis'; known are {', '.join(sorted(IMAGES))}"):
        image("redis")


def test_an_image_that_cannot_be_had_is_told_with_what_to_do(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine)
    monkeypatch.setenv("STREAM_CONTRACTS_KAFKA_IMAGE", "127.0.0.1:9/none:1")
    lines: list[str] = []
    with pytest.raises(StackError, match=r"127.0.0.1:9/none:1 is not on the engine and cannot be pulled") as error:
        ensure(connect(), "kafka", lines.append)
    assert "`docker pull 127.0.0.1:9/none:1`" in str(error.value)
    assert "$STREAM_CONTRACTS_KAFKA_IMAGE" in str(error.value)
    assert lines == ["pulling 127.0.0.1:9/none:1 (once per engine)"]


def test_an_owner_is_gone_when_its_process_is() -> None:
    process = subprocess.Popen(["sleep", "600"])
    label = owner(process.pid)
    assert not gone(label, running=False, age_s=10 * KEPT_S)
    process.kill()
    process.wait()
    assert gone(label, running=True, age_s=0)
    assert not gone(owner(), running=True, age_s=10 * KEPT_S), "we are here"


def test_of_an_owner_elsewhere_only_what_is_old_and_does_not_run_is_swept() -> None:
    elsewhere = "another-boot/pid:[1]/1/1"
    assert not gone(elsewhere, running=True, age_s=10 * KEPT_S)
    assert not gone(elsewhere, running=False, age_s=60)
    assert gone(elsewhere, running=False, age_s=KEPT_S + 1)
    assert not gone("", running=False, age_s=10 * KEPT_S), "made where the system does not tell"


def harness(engine: str, folder: Path) -> tuple[subprocess.Popen[str], str, int]:
    """Start a harness in a process of its own, and return it with its run id and its warden's process id."""
    process = subprocess.Popen(
        [sys.executable, "-c", HARNESS, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DOCKER_HOST": engine},
    )
    assert process.stdout is not None
    run_id, warden = process.stdout.readline().split()
    return process, run_id, int(warden)


@pytest.mark.broker
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_harness_leaves_nothing_on_the_engine(
    number: signal.Signals, engine: str, client: Any, tmp_path: Path
) -> None:
    process, run_id, _ = harness(engine, tmp_path)
    traces = Traces(client, run_id)
    assert len(traces.left()) >= 3, "a container, a network, a volume"
    process.send_signal(number)
    process.wait(20)
    assert until(lambda: not traces.left(), 60), traces.left()
    assert until(lambda: not list(tmp_path.iterdir()))


@pytest.mark.broker
def test_what_a_killed_harness_and_its_killed_warden_left_is_removed_by_the_next_run(
    engine: str, client: Any, tmp_path: Path
) -> None:
    process, run_id, warden = harness(engine, tmp_path / "one")
    traces = Traces(client, run_id)
    os.kill(warden, signal.SIGKILL)
    process.kill()
    process.wait(20)
    assert traces.containers()
    with docker_stack(engine, ALONE, tmp_path / "two"):
        # Whichever run begins next removes it, and says so; here that may be another worker's.
        assert traces.left() == []


@pytest.mark.broker
def test_another_run_is_not_swept(engine: str, client: Any, tmp_path: Path) -> None:
    process, run_id, _ = harness(engine, tmp_path / "one")
    try:
        with docker_stack(engine, ALONE, tmp_path / "two"):
            pass
        traces = Traces(client, run_id)
        assert traces.containers()
    finally:
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert traces.left() == []


@pytest.mark.broker
@pytest.mark.parametrize(
    ("blueprint", "times"),
    [(ALONE, 5), pytest.param(Blueprint(postgres=True), 50, marks=pytest.mark.soak)],
    ids=["a-few", "fifty"],
)
def test_starts_and_stops_in_a_row_leave_nothing_behind(
    engine: str, tmp_path: Path, blueprint: Blueprint, times: int
) -> None:
    """No container, network, volume, file, port, process of ours, thread or handle."""
    import docker

    counted, ports, runs = list[tuple[int, int]](), set[int](), list[str]()
    for _ in range(times):
        # The SDK keeps a connection for each of the last 25 addresses it asked: the observer's must not be counted.
        with closing(docker.DockerClient(base_url=engine)) as client:
            with docker_stack(engine, blueprint, tmp_path) as stack:
                assert rows(stack, "select 1") == [(1,)]
                traces = Traces(client, stack.run_id)
                runs.append(stack.run_id)
                ports |= {urlsplit(stack.postgres_dsn).port or 0, *(broker.port for broker in stack.brokers)}
            assert traces.left() == []
        assert list(tmp_path.iterdir()) == []
        counted.append((len(list(Path("/proc/self/fd").iterdir())), threading.active_count()))
    assert counted[-1] <= counted[1], f"handles and threads grew: {counted}"
    assert [pid for run_id in runs for pid in tagged(RUN_TAG, run_id, tmp_path)] == []
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


@pytest.mark.broker
def test_a_kept_folder_holds_the_log(engine: str, tmp_path: Path) -> None:
    with docker_stack(engine, ALONE, tmp_path) as stack:
        stack.keep()
    assert "ready to accept connections" in (stack.run_dir / "postgres" / "postgres.log").read_text()


@pytest.mark.broker
def test_a_port_that_was_taken_in_the_meantime_is_not_the_end(
    engine: str, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's program binds the port between our look and the container's start."""
    lines: list[str] = []
    with reserved(1) as ports, socket.create_server(("127.0.0.1", ports[0])):
        offers = iter([ports])

        @contextmanager
        def stale(count: int, *, host: str) -> Iterator[tuple[int, ...]]:
            offer = next(offers, None)
            if offer is not None:
                yield offer
                return
            with reserved(count, host=host) as fresh:
                yield fresh

        monkeypatch.setattr(local_stack, "reserved", stale)
        with docker_stack(engine, ALONE, tmp_path, lines.append) as stack:
            assert f":{ports[0]}/" not in stack.postgres_dsn
            assert rows(stack, "select 1") == [(1,)]
            traces = Traces(client, stack.run_id)
    assert any("a port was taken" in line for line in lines)
    assert traces.left() == []


def test_where_no_engine_can_be_had_the_script_says_so_loudly(tmp_path: Path) -> None:
    """An ordinary user on a machine without dockerd: the few programs that the script needs to find that out."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "env", "mkdir", "tr", "tail"):
        (programs / name).symlink_to(str(shutil.which(name)))
    (programs / "id").write_text("#!/bin/bash\necho 1000\n")
    (programs / "id").chmod(0o755)
    done = subprocess.run(
        [SCRIPT, tmp_path / "engine"],
        env={"PATH": str(programs)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 3
    assert re.search(r"no container engine: dockerd docker .*not found, and only root may install them", done.stderr)
    assert "STREAM_CONTRACTS_DOCKER_LANE=off" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("lane", "outcome", "told"),
    [
        ("off", "1 skipped", "switched off by name: $STREAM_CONTRACTS_DOCKER_LANE=off"),
        ("of", "1 error", "$STREAM_CONTRACTS_DOCKER_LANE is 'of'; known are standin, official, off"),
    ],
)
def test_the_lane_is_switched_off_by_its_name_alone(tmp_path: Path, lane: str, outcome: str, told: str) -> None:
    (tmp_path / "test_it.py").write_text(
        "from tests.stack.docker_lane import engine\n\ndef test_it(engine):\n    assert False\n", encoding="utf-8"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rs",
            "-p",
            "no:cacheprovider",
            str(tmp_path),
            "--rootdir",
            str(tmp_path),
        ],
        env={**os.environ, "STREAM_CONTRACTS_DOCKER_LANE": lane, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome in done.stdout, done.stdout + done.stderr
    assert told in done.stdout
