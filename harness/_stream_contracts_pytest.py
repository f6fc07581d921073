"""The pytest11 entry point: options and hooks. Imports only pytest and the standard library until it is asked for.

Everything else is in `stream_contracts.plugin`, which is imported when a run has ``--stream-contracts``; an ordinary run
pays for this file alone.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# A conftest imports its factories and names it as a plugin as well; unmarked, pytest would warn of that.
pytest.register_assert_rewrite("stream_contracts.stack_fixtures")

CONTRACT_FILE = "contract.yaml"
SETTINGS = (
    "stream_backend",
    "stream_reuse",
    "stream_seed",
    "stream_moments",
    "stream_budget",
    "stream_workers",
    "stream_faults",
    "stream_replay",
    "stream_allow_unknown",
)
VARIABLES = {"stream_backend": "STREAM_CONTRACTS_BACKEND", "stream_reuse": "STREAM_CONTRACTS_REUSE"}
"""What the machine may say in the environment: it beats the ini file, and the command line beats it."""
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Every option begins with ``--stream``; command line beats environment beats ini file."""
    group = parser.getgroup("stream-contracts", "contract tests for Kafka pipelines")
    group.addoption(
        "--stream-contracts",
        action="store_true",
        default=None,
        help="collect contract.yaml files and judge every promise in them, on a real broker",
    )
    group.addoption(
        "--stream-backend",
        metavar="NAME",
        default=None,
        help="what runs the brokers: auto, local, docker, external (default: auto)",
    )
    group.addoption(
        "--stream-reuse",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="take the stack that an earlier run with the same configuration left, and leave it for the next one",
    )
    group.addoption(
        "--stream-seed", metavar="N", type=int, default=None, help="seed of the generated input (default: 1)"
    )
    group.addoption(
        "--stream-moments",
        choices=["classes", "all"],
        default=None,
        help="where more than 64 moments were seen: first, second and last of each class, or all (default: classes)",
    )
    group.addoption(
        "--stream-budget",
        metavar="TIME",
        default=None,
        help="how long the faults of one pipeline may take, such as 60s or 10m; every moment is killed at all the same "
        "(default: 60s)",
    )
    group.addoption(
        "--stream-workers",
        metavar="N",
        type=int,
        default=None,
        help="how many trials run side by side (default: one a core, 4 at most)",
    )
    group.addoption(
        "--stream-faults",
        metavar="NAMES",
        default=None,
        help="try these faults and no others, such as kill-broker,late-request; each has to take effect",
    )
    group.addoption(
        "--stream-replay",
        metavar="FILE",
        default=None,
        help="run the plan of a failing trial again, and nothing else",
    )
    group.addoption(
        "--stream-allow-unknown",
        action="store_true",
        default=None,
        help="report a promise of which nothing could be said as skipped instead of failed",
    )
    parser.addini("stream_contracts", "as --stream-contracts", type="bool", default=False)
    parser.addini("stream_backend", "as --stream-backend", default="auto")
    parser.addini("stream_reuse", "as --stream-reuse", type="bool", default=False)
    parser.addini("stream_seed", "as --stream-seed", default="1")
    parser.addini("stream_moments", "as --stream-moments", default="classes")
    parser.addini("stream_budget", "as --stream-budget", default="60s")
    parser.addini("stream_workers", "as --stream-workers", default="0")
    parser.addini("stream_faults", "as --stream-faults", default="")
    parser.addini("stream_replay", "as --stream-replay", default="")
    parser.addini("stream_allow_unknown", "as --stream-allow-unknown", type="bool", default=False)


def setting(config: pytest.Config, name: str) -> Any:
    """An option by its name without dashes: from the command line, else from the environment, else from the ini file."""
    given = config.getoption(name)
    if given is not None:
        return given
    told = os.environ.get(VARIABLES.get(name, ""), "")
    if not told:
        return config.getini(name)
    return _yes(VARIABLES[name], told) if name == "stream_reuse" else told


def _yes(variable: str, told: str) -> bool:
    if told.lower() not in (*YES, *NO):
        raise pytest.UsageError(f"${variable} is {told!r}; known are {', '.join((*YES, *NO))}")
    return told.lower() in YES


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the plugin proper, if it was asked for."""
    config.addinivalue_line(
        "markers", "stream_contracts(folder, pipeline='', seed=1): the contract whose pipeline `stream_case` is about"
    )
    if setting(config, "stream_contracts"):
        from stream_contracts import plugin

        settings = {name: setting(config, name) for name in SETTINGS}
        config.pluginmanager.register(plugin.Plugin(config, settings), "stream-contracts")


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """A ``contract.yaml`` is a test file, if contracts were asked for."""
    if file_path.name != CONTRACT_FILE or not setting(parent.config, "stream_contracts"):
        return None
    from stream_contracts.plugin import ContractFile

    return ContractFile.from_parent(parent, path=file_path)


@pytest.fixture(scope="session")
def schema_registry() -> Iterator[str]:
    """The URL of an embedded, Confluent-compatible schema registry, empty at first, for the whole session.

    It runs in this process, on loopback, in memory. Works with and without ``--stream-contracts``; a run that does not
    use it does not pay for it.
    """
    from stream_contracts.registry.server import running_registry

    with running_registry() as running:
        yield running.url


@pytest.fixture(scope="session")
def stream_trial(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Trials of pipelines by hand: `case`, `sweep` and `replay` (`stream_contracts.trial.in_hand.StreamTrial`).

    What runs is started at first need and ended with the session. Works with and without ``--stream-contracts``.
    """
    from stream_contracts.trial.in_hand import StreamTrial
    from stream_contracts.trial.session import Session, Settings

    config = request.config
    settings = Settings(
        backend=setting(config, "stream_backend"),
        reuse=setting(config, "stream_reuse"),
        keep_in=config.rootpath / ".stream-contracts",
    )
    with Session(settings, lambda _: None) as session:
        yield StreamTrial(session)


@pytest.fixture
def stream_case(request: pytest.FixtureRequest, stream_trial: Any) -> Any:
    """One trial of the pipeline that ``@pytest.mark.stream_contracts("contracts/orders", pipeline="enrich")`` names.

    ``stream_case.moment("EndTxn", nth=2, phase="before").kill("app").expect_kept()``
    """
    marker = request.node.get_closest_marker("stream_contracts")
    if marker is None:
        raise pytest.UsageError(
            f"{request.node.nodeid} asks for stream_case and does not say of which contract: mark it with "
            "@pytest.mark.stream_contracts('contracts/orders', pipeline='enrich')"
        )
    folder, *rest = marker.args
    return stream_trial.case(request.config.rootpath / folder, *rest, **marker.kwargs)
