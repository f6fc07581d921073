"""A contract folder that loads, to be broken one line at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = """\
contract: orders
owner: team-orders
registry: {compatibility: BACKWARD}
topics:
  orders:
    partitions: 2
    config: {retention.ms: 1000}
    value: {schema: order.avsc}
  enriched: {}
pipelines:
  enrich:
    command: [python, enrich.py]
    env:
      INPUT: "${topic:orders}"
    reads: [orders]
    writes: [{topic: enriched}]
    promises: {delivery: exactly-once}
    compare: {ignore: [$.at]}
    workload: {events: 12}
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a contract.yaml beside a schema ``order.avsc``; return its path."""

    def written(text: str) -> Path:
        (tmp_path / "order.avsc").write_text('"string"')
        file = tmp_path / "contract.yaml"
        file.write_text(text, "utf-8")
        return file

    return written
