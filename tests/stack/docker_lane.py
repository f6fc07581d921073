"""The lane in which the docker backend is run for real: an engine of its own with stand-in images, or what the user has.

``STREAM_CONTRACTS_DOCKER_LANE`` says which: ``standin`` (the default) starts an engine and builds the images, and fails,
loudly, where that cannot be; ``official`` takes the engine that answers and its images; ``off`` skips the lane by name.
"""

from __future__ import annotations

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
def engine() -> Iterator[str]:
    """The address of an engine that has the images."""
    lane = os.environ.get(VARIABLE, "standin")
    if lane not in LANES:
        pytest.fail(f"${VARIABLE} is {lane!r}; known are {', '.join(LANES)}")
    if lane == "off":
        pytest.skip(f"switched off by name: ${VARIABLE}=off")
    if lane == "official":
        yield os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        return
    # Two engines at once would tread on each other's packet filter.
    with locked(Path("/tmp/stream-contracts-engine"), "running a container engine", print):
        yield from _own()


@contextmanager
def docker_stack(engine: str, blueprint: Blueprint, folder: Path, progress: Progress = print) -> Iterator[Stack]:
    """The blueprint in containers of that engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", engine)
        with open_stack("docker", blueprint, run_dir=folder, progress=progress) as stack:
            yield stack


def _own() -> Iterator[str]:
    import docker

    # A short path: a socket's may have 107 characters.
    folder = Path(mkdtemp(prefix="engine-", dir="/tmp"))
    process = subprocess.Popen(
        [SCRIPT, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = process.stdout.readline().split()
        if said[:1] != ["ready"]:
            _, why = process.communicate(timeout=STOP_S)
            pytest.fail(why, pytrace=False)
        client = docker.DockerClient(base_url=said[1], timeout=300)
        for role in standin.STAND_INS:
            standin.build(role, client)
        client.close()
        yield said[1]
    finally:
        process.stdin.close()
        process.wait(STOP_S)
        shutil.rmtree(folder, ignore_errors=True)
