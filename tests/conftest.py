"""What the tests of several rooms share: one real broker for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.model import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One broker, started at first need, for the tests that use topics of their own."""
    with open_stack("auto", Blueprint(), run_dir=tmp_path_factory.mktemp("stack"), progress=print) as stack:
        yield stack
