"""What the tests of captured tables share: one PostgreSQL for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint


@pytest.fixture(scope="package")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of a PostgreSQL with logical replication."""
    blueprint = Blueprint(brokers=0, postgres=True, postgres_config={"max_slot_wal_keep_size": "2MB"})
    with open_stack("local", blueprint, run_dir=tmp_path_factory.mktemp("run"), progress=print) as stack:
        yield stack.postgres_dsn
