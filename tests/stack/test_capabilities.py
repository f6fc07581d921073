"""Capabilities: a fault gets a service that can do it, or the reason why none can."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_contracts.errors import UnsupportedError, UsageError
from stream_contracts.stack.capabilities import CAPABILITIES, Isolatable, Pausable, capable, named
from stream_contracts.stack.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service("broker-1", ["true"], cwd=tmp_path, env={}, log_path=tmp_path / "log", run_id="r")


def test_what_a_service_can_do_it_is_given_for(service: Service) -> None:
    assert capable(service, Pausable, "local") is service


def test_what_a_service_cannot_do_is_unsupported_with_the_reason(service: Service) -> None:
    with pytest.raises(UnsupportedError) as error:
        capable(service, Isolatable, "local")
    assert "broker-1 cannot be cut from its peers" in str(error.value)
    assert "loopback" in str(error.value)
    assert "be paused" in str(error.value), "and what it can do is told"


def test_an_unknown_name_lists_the_known_ones(service: Service) -> None:
    assert named({"broker-1": service}, "broker-1") is service
    with pytest.raises(UsageError, match=r"no service 'postgres'; it has broker-1"):
        named({"broker-1": service}, "postgres")


def test_every_capability_is_told_from_the_others() -> None:
    assert len(set(CAPABILITIES.values())) == len(CAPABILITIES) == 4
