"""Flink jobs as pipelines: what is started, and what is said where Flink is not installed."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.errors import StackError
from stream_contracts.pipelines import flink, kind_of
from stream_contracts.pipelines._java import Program
from stream_contracts.pipelines.launch import Launch
from stream_contracts.stack.runtime import Runtime

PAGEVIEWS = Path(__file__).parents[2] / "contracts/pageviews"


def started(folder: Path, instance: str, monkeypatch: pytest.MonkeyPatch):
    """The service of one process of the example, without compiling anything."""
    program = Program(Runtime(folder, folder, ()), folder / "program.jar", "PageViews", None, flink.FLAGS)
    monkeypatch.setattr(flink, "_program", lambda _: program)
    scratch = folder / f"{instance}.tmp"
    scratch.mkdir()
    contract = load(PAGEVIEWS)
    addresses = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "TMPDIR": str(scratch)}
    launch = Launch(
        contract.pipelines["count"], instance, contract.folder, addresses, names={"INPUT": "views"}, topics={},
        group="g", log_path=folder / "log", run_id="run",
    )  # fmt: skip
    return flink.service(launch)


def test_the_first_process_is_the_job_manager_and_every_other_one_a_task_manager(tmp_path, monkeypatch):
    lead, worker, stand_in = (started(tmp_path, f"run.count-{each}", monkeypatch) for each in ("0", "1", "1+2"))
    assert lead.command[-8:] == (
        "FlinkProcess", str(tmp_path / "checkpoints"), "--configDir", str(tmp_path / "run.count-0.tmp"),
        "--job-classname", "PageViews", "--job-id", flink.JOB_ID,
    )  # fmt: skip
    for each, name in ((worker, "run.count-1.tmp"), (stand_in, "run.count-1+2.tmp")):
        assert each.command[-3:] == (flink.TASK_MANAGER, "--configDir", str(tmp_path / name))
    assert (worker.env["INPUT"], worker.env["KAFKA_BOOTSTRAP_SERVERS"]) == ("views", "127.0.0.1:1")


def test_all_processes_share_the_port_of_the_job_manager_and_the_checkpoints(tmp_path, monkeypatch):
    for number in (0, 1):
        started(tmp_path, f"run.count-{number}", monkeypatch)
    port = (tmp_path / "jobmanager.port").read_text("utf-8")
    for number in (0, 1):
        written = (tmp_path / f"run.count-{number}.tmp/config.yaml").read_text("utf-8")
        assert f'jobmanager.rpc.port: "{port}"\n' in written
        assert f'execution.checkpointing.dir: "{(tmp_path / "checkpoints").as_uri()}"\n' in written


def test_without_its_wheel_it_is_said_what_to_install(monkeypatch):
    def absent(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    contract = load(PAGEVIEWS)
    with pytest.raises(StackError) as caught:
        kind_of(contract.pipelines["count"]).prepare(contract, "count", lambda _: None)
    assert "apache-flink-libraries" in str(caught.value)
    assert "pip install 'pytest-stream-contracts[local,flink]'" in str(caught.value)
