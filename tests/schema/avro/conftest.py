"""The Java oracle, started once for all tests that ask it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.schema.avro.oracle import Oracle


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    """Avro's own Java checker."""
    oracle = Oracle(tmp_path_factory.mktemp("avro-oracle"))
    try:
        yield oracle
    finally:
        oracle.close()
