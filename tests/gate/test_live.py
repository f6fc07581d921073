"""A cluster beside its contracts: each row with a cluster that it is about, and one that it is not; and a real one."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stream_contracts.cli.doctor import doctor
from stream_contracts.contract.load import load
from stream_contracts.gate.live import LIVE, Live, differences, look
from stream_contracts.stack.model import Stack

CONTRACT = """contract: shop
owner: me
topics:
  live-orders:
    partitions: 3
    replication: 2
    config: {retention.ms: 600000, cleanup.policy: "compact,delete", min.insync.replicas: 1}
"""
SETTINGS = {"retention.ms": "600000", "cleanup.policy": "delete,compact", "min.insync.replicas": "1", "other": "x"}
GOOD = Live(3, 2, 0, SETTINGS)
CASES: dict[str, tuple[dict[str, Live], Live]] = {
    "live-topic-missing": ({"live-orders2": GOOD}, GOOD),
    "live-partitions-differ": ({"live-orders": GOOD._replace(partitions=4)}, GOOD),
    "live-replication-low": ({"live-orders": GOOD._replace(replication=1)}, GOOD._replace(replication=3)),
    "live-setting-differs": (
        {"live-orders": GOOD._replace(settings={**SETTINGS, "retention.ms": "600001"})},
        GOOD._replace(settings={**SETTINGS, "retention.ms": "600000.0", "cleanup.policy": "compact, delete"}),
    ),
    "live-out-of-sync": ({"live-orders": GOOD._replace(behind=1)}, GOOD._replace(settings={**SETTINGS, "more": "1"})),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    return tmp_path


@pytest.mark.parametrize("rule", [rule.id for rule, _ in LIVE])
def test_a_difference_is_told_where_there_is_one(folder: Path, rule: str) -> None:
    contract, (bad, good) = load(folder), CASES[rule]
    assert [each.rule for each in differences([contract], bad)] == [rule]
    assert differences([contract], {"live-orders": good}) == []


@pytest.mark.broker
def test_a_real_cluster_is_compared_with_its_contracts(folder: Path, stack: Stack) -> None:
    admin = AdminClient({"bootstrap.servers": stack.bootstrap})
    text = CONTRACT.replace("replication: 2", "replication: 1")
    (folder / "contract.yaml").write_text(text + "  live-nowhere: {}\n")
    topic = NewTopic("live-orders", 2, 1, config={"retention.ms": "60000", "cleanup.policy": "compact,delete"})
    admin.create_topics([topic])["live-orders"].result(20)
    try:
        found = differences([load(folder)], look(stack.bootstrap, ["live-orders", "live-nowhere"]))
        told = CliRunner().invoke(doctor, ["--bootstrap", stack.bootstrap, str(folder)])
    finally:
        admin.delete_topics(["live-orders"])["live-orders"].result(20)
    assert [(each.rule, each.what) for each in found] == [
        ("live-topic-missing", "live-nowhere is declared, and the cluster does not have it"),
        ("live-partitions-differ", "live-orders is declared with 3 partitions and has 2"),
        ("live-setting-differs", "live-orders: retention.ms is declared as 600000 and is 60000"),
    ]
    assert told.exit_code == 1, told.output
    assert "1 of the 2 that 1 contract declares are there, 3 differences" in told.output
    assert f"has 2 [live-partitions-differ] ({folder}/contract.yaml:5:5)" in told.output


def test_contracts_without_a_cluster_are_bad_usage(folder: Path) -> None:
    assert CliRunner().invoke(doctor, [str(folder)]).exit_code == 2


def test_a_cluster_that_does_not_answer_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_contracts.gate.live.PATIENCE_S", 0.5)
    told = CliRunner().invoke(doctor, ["--bootstrap", "127.0.0.1:1", str(folder)])
    assert told.exit_code == 3
    assert "MISSING topics: 127.0.0.1:1 does not tell what its topics are like" in told.output
