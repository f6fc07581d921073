"""The pytest11 entry point: options and hooks. Imports only pytest and the standard library until it is asked for.

Everything else is in `stream_contracts.plugin`, which is imported when a run has ``--stream-contracts``; an ordinary run
pays for this file alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CONTRACT_FILE = "contract.yaml"
SETTINGS = ("stream_backend", "stream_seed", "stream_moments", "stream_allow_unknown")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Every option begins with ``--stream``; command line beats ini file."""
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
        "--stream-seed", metavar="N", type=int, default=None, help="seed of the generated input (default: 1)"
    )
    group.addoption(
        "--stream-moments",
        choices=["classes", "all"],
        default=None,
        help="where more than 64 moments were seen: first, second and last of each class, or all (default: classes)",
    )
    group.addoption(
        "--stream-allow-unknown",
        action="store_true",
        default=None,
        help="report a promise of which nothing could be said as skipped instead of failed",
    )
    parser.addini("stream_contracts", "as --stream-contracts", type="bool", default=False)
    parser.addini("stream_backend", "as --stream-backend", default="auto")
    parser.addini("stream_seed", "as --stream-seed", default="1")
    parser.addini("stream_moments", "as --stream-moments", default="classes")
    parser.addini("stream_allow_unknown", "as --stream-allow-unknown", type="bool", default=False)


def setting(config: pytest.Config, name: str) -> Any:
    """An option by its name without dashes: from the command line if it is there, else from the ini file."""
    given = config.getoption(name)
    return config.getini(name) if given is None else given


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the plugin proper, if it was asked for."""
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
