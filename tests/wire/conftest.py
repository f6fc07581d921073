"""What the tests of the tap share: a tap, the rows that it wrote, and a lane before an end that does as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from stream_contracts.history.model import Row
from stream_contracts.wire.lane import Lane
from stream_contracts.wire.tap import Tap
from tests.wire.peers import Reply, Server

Serve = Callable[[Reply], tuple[Server, Lane]]


@pytest.fixture
def tap() -> Iterator[Tap]:
    with Tap() as tap:
        yield tap


@pytest.fixture
def rows() -> list[Row]:
    return []


@pytest.fixture
def serve(tap: Tap, rows: list[Row]) -> Iterator[Serve]:
    servers: list[Server] = []

    def served(reply: Reply) -> tuple[Server, Lane]:
        servers.append(Server(reply))
        lane = tap.open_lane(
            "app", [servers[-1].address], lambda row: rows.append(row), time.monotonic, threading.Event()
        )
        return servers[-1], lane

    yield served
    for server in servers:
        server.close()
