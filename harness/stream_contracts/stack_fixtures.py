"""Fixtures for people's own tests: a stack for the session, and the address of each thing in it.

Overriding ``stream_blueprint`` in a conftest says what runs; ``stream_backend``, how. Another stack beside that one is
made by ``stack_fixture``; one that runs already is taken by ``existing_stack_fixture``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from _stream_contracts_pytest import setting
from stream_contracts.errors import UsageError
from stream_contracts.stack import AUTO, open_stack, to_stderr
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.model import Stack
from stream_contracts.stack_reports import StackReports, progress

RUN, WORKER = "PYTEST_XDIST_TESTRUNUID", "PYTEST_XDIST_WORKER"
"""What pytest-xdist tells its workers: the run that all of them share, and which of them one is."""

REPORTS = pytest.StashKey[StackReports]()


def pytest_configure(config: pytest.Config) -> None:
    """Let the reports tell of the stacks."""
    config.stash[REPORTS] = StackReports()
    config.pluginmanager.register(config.stash[REPORTS], "stream-stack-reports")


@contextmanager
def session_stack(
    backend: str,
    blueprint: Blueprint,
    name: str = "",
    progress: Callable[[str], None] = to_stderr,
    *,
    reuse: bool = False,
) -> Iterator[Stack]:
    """Yield a stack for the test session; the workers of pytest-xdist share one.

    In a worker, and with ``reuse``, it is a foreign stack in a namespace of its own: no one can break what others use, so
    every capability is unsupported there. It ends with the session, whatever ends that, or stays for the next one.
    """
    run = os.environ.get(RUN)
    if run is None or reuse:
        with open_stack(backend, blueprint, progress=progress, reuse=reuse) as stack:
            yield stack
        return
    from stream_contracts.stack import kept
    from stream_contracts.stack.attached import attached

    found = kept.shared(f"{run}{name}", backend, blueprint, os.getppid(), progress)
    why = f"shared by the workers of this run: {found.description}"
    with attached(found, blueprint, f"{os.environ[WORKER]}-", progress, why) as stack:
        yield stack


def stack_fixture(blueprint: Blueprint, backend: str = "", name: str = "") -> Any:
    """Return a session fixture with a stack of its own, to be given a name in a conftest.

    Without ``backend`` it runs as ``stream_backend`` says. ``name`` tells it from others with the same run under
    pytest-xdist.
    """

    @pytest.fixture(scope="session")
    def stack(request: pytest.FixtureRequest, stream_backend: str, stream_reuse: bool) -> Iterator[Stack]:
        yield from _told(request, backend or stream_backend, blueprint, name, stream_reuse)

    return stack


def existing_stack_fixture(
    namespace: str,
    *,
    bootstrap: str = "",
    schema_registry_url: str = "",
    postgres_dsn: str = "",
    connect_url: str = "",
    kafka: Mapping[str, str] | None = None,
) -> Any:
    """Return a session fixture with a stack that runs already and is not ours, to be given a name in a conftest.

    The addresses, and the librdkafka settings ``kafka``, are those of the external backend's file, which is not read.
    ``${NAME}`` in them is taken from the environment when the fixture is used. What is made there begins with
    ``namespace``, and only that is removed again.
    """

    @pytest.fixture(scope="session")
    def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
        from stream_contracts.stack import external
        from stream_contracts.stack.external_file import parsed

        addresses = {
            "bootstrap": bootstrap,
            "schema_registry_url": schema_registry_url,
            "postgres_dsn": postgres_dsn,
            "connect_url": connect_url,
        }
        table = {name: text for name, text in addresses.items() if text} | {
            "namespace": namespace,
            "kafka": kafka or {},
        }
        elsewhere = parsed(table, os.environ, "existing_stack_fixture")
        if not any(addresses.values()):
            raise UsageError(f"existing_stack_fixture: give an address; known are {', '.join(addresses)}")
        asked = Blueprint(
            brokers=1 if bootstrap else 0,
            # Any name will do: it is not we who run it.
            registry="confluent" if schema_registry_url else "",
            postgres=bool(postgres_dsn),
            connect=bool(connect_url),
        )
        say = progress(request.config, "stack")
        with external.opened(
            elsewhere, asked, run_dir=None, progress=say, keep=False, why="told by a fixture"
        ) as opened:
            say("")
            request.config.stash[REPORTS].opened(opened)
            yield opened

    return stack


def _told(
    request: pytest.FixtureRequest, backend: str, blueprint: Blueprint, name: str, reuse: bool
) -> Iterator[Stack]:
    """A session stack, and what people are told of it: progress, and a line in the summary."""
    say = progress(request.config, "stack")
    try:
        with session_stack(backend, blueprint, name, say, reuse=reuse) as stack:
            say("")
            request.config.stash[REPORTS].opened(stack)
            yield stack
    finally:
        say("")


def _asked(config: pytest.Config, name: str, default: Any) -> Any:
    """What the options say; the default where the plugin with the options is switched off."""
    try:
        return setting(config, name)
    except ValueError:
        return default


@pytest.fixture(scope="session")
def stream_blueprint() -> Blueprint:
    """What runs for this session: one broker. Override it to have more."""
    return Blueprint()


@pytest.fixture(scope="session")
def stream_backend(pytestconfig: pytest.Config) -> str:
    """How it runs: ``--stream-backend``, or where that is not given ``$STREAM_CONTRACTS_BACKEND``, or the ini file."""
    return str(_asked(pytestconfig, "stream_backend", AUTO))


@pytest.fixture(scope="session")
def stream_reuse(pytestconfig: pytest.Config) -> bool:
    """Whether the stack is kept for the next run: ``--stream-reuse``, ``$STREAM_CONTRACTS_REUSE``, or the ini file."""
    return bool(_asked(pytestconfig, "stream_reuse", False))


@pytest.fixture(scope="session")
def stream_stack(
    request: pytest.FixtureRequest, stream_backend: str, stream_blueprint: Blueprint, stream_reuse: bool
) -> Iterator[Stack]:
    """The session's stack, started at first need."""
    yield from _told(request, stream_backend, stream_blueprint, "", stream_reuse)


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
