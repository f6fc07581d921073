"""The lane in which the docker backend is run for real: an engine of its own with stand-in images, or what the user has.

``STREAM_CONTRACTS_DOCKER_LANE`` says which: ``standin`` (the default) starts an engine and builds the images, and fails,
loudly, where that cannot be; ``official`` takes the engine that answers and its images; ``off`` skips the lane by name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

from stream_contracts.stack import open_stack
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.locks import locked
from stream_contracts.stack.model import Stack
from tests.stack.images import standin

VARIABLE = "STREAM_CONTRACTS_DOCKER_LANE"
LANES = ("standin", "official", "off")
SCRIPT = Path(standin.__file__).with_name("engine.sh")
STOP_S = 90


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an engine that has the images; one for all workers of a run."""
    lane = os.environ.get(VARIABLE, "standin")
    if lane not in LANES:
        pytest.fail(f"${VARIABLE} is {lane!r}; known are {', '.join(LANES)}")
    if lane == "off":
        pytest.skip(f"switched off by name: ${VARIABLE}=off")
    if lane == "official":
        yield os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        return
    place = tmp_path_factory.getbasetemp()
    shared = "PYTEST_XDIST_WORKER" in os.environ
    with locked(place.parent if shared else place, "starting a container engine", print):
        process, folder, keep = _found_or_started((place.parent if shared else place) / "engine")
    try:
        yield f"unix://{folder}/docker.sock"
    finally:
        # It reads from a pipe that every worker holds open, and ends with the last of them, whatever ends that one.
        os.close(keep)
        if process is not None and not shared:
            process.wait(STOP_S)


@contextmanager
def docker_stack(engine: str, blueprint: Blueprint, folder: Path, progress: Progress = print) -> Iterator[Stack]:
    """The blueprint in containers of that engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", engine)
        with open_stack("docker", blueprint, run_dir=folder, progress=progress) as stack:
            yield stack


def _found_or_started(pointer: Path) -> tuple[subprocess.Popen[str] | None, Path, int]:
    """Return the engine's process, if it is this worker's, its folder, which ``pointer`` names to the others, and its pipe."""
    if pointer.exists():
        folder = Path(pointer.read_text())
        # Without a reader there is no engine behind the pipe any more.
        with contextlib.suppress(OSError):
            return None, folder, os.open(folder / "in", os.O_WRONLY | os.O_NONBLOCK)
    # A short path: a socket's may have 107 characters.
    folder = Path(mkdtemp(prefix="engine-", dir="/tmp"))
    process, keep = _started(folder)
    pointer.write_text(str(folder))
    return process, folder, keep


def _started(folder: Path) -> tuple[subprocess.Popen[str], int]:
    import docker

    os.mkfifo(folder / "in")
    reader = os.open(folder / "in", os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(folder / "in", os.O_WRONLY)
    os.set_blocking(reader, True)
    try:
        process = subprocess.Popen(
            [SCRIPT, folder], stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        if process.stdout.readline().split()[:1] != ["ready"]:
            _, why = process.communicate(timeout=STOP_S)
            shutil.rmtree(folder, ignore_errors=True)
            pytest.fail(why, pytrace=False)
        client = docker.DockerClient(base_url=f"unix://{folder}/docker.sock", timeout=300)
        for role in standin.STAND_INS:
            standin.build(role, client)
        client.close()
    except BaseException:
        os.close(writer)
        raise
    finally:
        os.close(reader)
    return process, writer
