"""The pytest11 entry point: options and hooks. Imports only pytest and the standard library until it is asked for.

Everything else is in `stream_contracts.plugin`, which is imported when a run has ``--stream-contracts``; an ordinary run
pays for this file alone.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

# A conftest imports its factories and names it as a plugin as well; unmarked, pytest would warn of that.
pytest.register_assert_rewrite("stream_contracts.stack_fixtures")

CONTRACT_FILE = "contract.yaml"
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class Option(NamedTuple):
    """A row of the table below: ``--stream-NAME`` and ``stream_NAME``. A default that is a truth value makes a switch.

    ``variable`` is what the machine may say in the environment: it beats the ini file, and the command line beats it.
    """

    name: str
    help: str
    default: str | bool
    metavar: str = ""
    variable: str = ""

    @property
    def flag(self) -> str:
        """As it is written on the command line."""
        return f"--stream-{self.name}"

    @property
    def setting(self) -> str:
        """As it is written in the ini file."""
        return self.flag[2:].replace("-", "_")


OPTIONS = (
    Option("contracts", "collect contract.yaml files and judge every promise in them, on a real broker", False),
    Option(
        "backend",
        "what runs the brokers: auto, local, docker, external",
        "auto",
        "NAME",
        "STREAM_CONTRACTS_BACKEND",
    ),
    Option(
        "reuse",
        "take the stack that an earlier run with the same configuration left, and leave it for the next one",
        False,
        variable="STREAM_CONTRACTS_REUSE",
    ),
    Option("seed", "seed of the generated input", "1", "N"),
    Option(
        "moments",
        "where more than 64 moments were seen: first, second and last of each class (classes), or all",
        "classes",
        "WHICH",
    ),
    Option(
        "budget",
        "how long the faults of one pipeline may take, such as 60s or 10m; every moment is killed at all the same",
        "60s",
        "TIME",
    ),
    Option("workers", "how many trials run side by side; 0: one a core, 4 at most", "0", "N"),
    Option(
        "faults",
        "try these faults and no others, such as kill-broker,late-request; each has to take effect",
        "",
        "NAMES",
    ),
    Option("replay", "run the plan of a failing trial again, and nothing else", "", "FILE"),
    Option("allow-unknown", "report a promise of which nothing could be said as skipped instead of failed", False),
)
"""Everything that a run can be told; what a value may be is checked by whoever uses it, wherever it came from."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Every option begins with ``--stream``; command line beats environment beats ini file."""
    group = parser.getgroup("stream-contracts", "contract tests for Kafka pipelines")
    for option in OPTIONS:
        if isinstance(option.default, bool):
            action = argparse.BooleanOptionalAction if option.variable else "store_true"
            group.addoption(option.flag, action=action, default=None, help=option.help)
            parser.addini(option.setting, f"as {option.flag}", type="bool", default=option.default)
        else:
            told = f"{option.help} (default: {option.default})" if option.default else option.help
            group.addoption(option.flag, metavar=option.metavar, default=None, help=told)
            parser.addini(option.setting, f"as {option.flag}", default=option.default)


def setting(config: pytest.Config, name: str) -> Any:
    """An option by its name in the ini file: from the command line, else from the environment, else from that file."""
    given = config.getoption(name)
    if given is not None:
        return given
    option = next(option for option in OPTIONS if option.setting == name)
    told = os.environ.get(option.variable, "")
    if not told:
        return config.getini(name)
    return _yes(option.variable, told) if isinstance(option.default, bool) else told


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

        settings = {option.setting: setting(config, option.setting) for option in OPTIONS}
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
