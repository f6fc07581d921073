"""Fixtures for people's own tests: a stack for the session, and the address of each thing in it.

Overriding ``stream_blueprint`` in a conftest says what runs; ``stream_backend``, how. Another stack beside that one is
made by ``stack_fixture``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from stream_contracts.stack import AUTO, open_stack, to_stderr
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.model import Stack

RUN, WORKER = "PYTEST_XDIST_TESTRUNUID", "PYTEST_XDIST_WORKER"
"""What pytest-xdist tells its workers: the run that all of them share, and which of them one is."""


@contextmanager
def session_stack(
    backend: str, blueprint: Blueprint, name: str = "", progress: Callable[[str], None] = to_stderr
) -> Iterator[Stack]:
    """Yield a stack for the test session; the workers of pytest-xdist share one.

    In a worker it is a foreign stack in a namespace of the worker's own: no worker can break what the others use, so
    every capability is unsupported there. It ends with the session, whatever ends that.
    """
    run = os.environ.get(RUN)
    if run is None:
        with open_stack(backend, blueprint, progress=progress) as stack:
            yield stack
        return
    from stream_contracts.stack import kept
    from stream_contracts.stack.external import opened
    from stream_contracts.stack.external_file import Elsewhere

    found = kept.shared(f"{run}{name}", backend, blueprint, os.getppid(), progress)
    bootstrap, registry, postgres, connect = (found.addresses.get(name, "") for name, _ in kept.ADDRESSES.values())
    elsewhere = Elsewhere(f"{os.environ[WORKER]}-", bootstrap, registry, postgres, connect)
    why = f"shared by the workers of this run: {found.description}"
    with opened(elsewhere, blueprint, run_dir=None, progress=progress, keep=False, why=why) as stack:
        yield stack


def stack_fixture(blueprint: Blueprint, backend: str = AUTO, name: str = "") -> Any:
    """Return a session fixture with a stack of its own, to be given a name in a conftest.

    ``name`` tells it from others with the same run under pytest-xdist.
    """

    @pytest.fixture(scope="session")
    def stack() -> Iterator[Stack]:
        with session_stack(backend, blueprint, name) as opened:
            yield opened

    return stack


@pytest.fixture(scope="session")
def stream_blueprint() -> Blueprint:
    """What runs for this session: one broker. Override it to have more."""
    return Blueprint()


@pytest.fixture(scope="session")
def stream_backend() -> str:
    """How it runs. Override it, or leave it to the machine."""
    return AUTO


@pytest.fixture(scope="session")
def stream_stack(stream_backend: str, stream_blueprint: Blueprint) -> Iterator[Stack]:
    """The session's stack, started at first need."""
    with session_stack(stream_backend, stream_blueprint) as stack:
        yield stack


@pytest.fixture(scope="session")
def kafka_bootstrap(stream_stack: Stack) -> str:
    """The brokers' addresses, ``host:port`` separated by commas."""
    return stream_stack.bootstrap


@pytest.fixture(scope="session")
def schema_registry_url(stream_stack: Stack) -> str:
    """Where the Confluent API of the registry begins."""
    return stream_stack.schema_registry_url


@pytest.fixture(scope="session")
def postgres_dsn(stream_stack: Stack) -> str:
    """``postgresql://user:password@host:port/database``."""
    return stream_stack.postgres_dsn


@pytest.fixture(scope="session")
def connect_url(stream_stack: Stack) -> str:
    """Where the REST API of Kafka Connect begins."""
    return stream_stack.connect_url
