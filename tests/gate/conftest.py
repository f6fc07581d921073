"""Fixtures of the gate's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_contracts.registry.server import Running, running_registry
from tests.gate.project import Project, project


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the verdicts of another one, or of the user; git reads no settings of the machine."""
    monkeypatch.setenv("STREAM_CONTRACTS_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """The base project in a git repository."""
    return project(tmp_path)


@pytest.fixture
def registry() -> Iterator[Running]:
    """A real registry over HTTP."""
    with running_registry() as running:
        yield running
