"""Law 3: every row of a shelf is a file of its own, and every file is a row."""

from pathlib import Path

from stream_contracts.anomalies import ADVICE, ANOMALIES, PROMISES, anomaly
from stream_contracts.cli import COMMANDS, group
from stream_contracts.contract.promises import Delivery, Promises
from stream_contracts.faults import FAULTS

HARNESS = Path(__file__).parents[2] / "harness/stream_contracts"


def test_every_anomaly_is_a_file_and_every_file_an_anomaly():
    assert sorted(ANOMALIES) == sorted(path.stem for path in (HARNESS / "anomalies").glob("*.sql"))
    assert sorted(ADVICE) == sorted(path.stem for path in (HARNESS / "anomalies/advice").glob("*.sql"))


def test_what_anomalies_break_is_what_contracts_promise():
    promises = {*Delivery.__args__, *(field.alias or name for name, field in Promises.model_fields.items())} - {
        "delivery"
    }
    assert set(PROMISES) == promises
    assert set().union(*(anomaly(name).breaks for name in ANOMALIES)) == promises, "a promise that nothing breaks"


def test_every_fault_is_a_file_and_every_file_a_fault():
    files = {path.stem.replace("_", "-") for path in (HARNESS / "faults").glob("[!_]*.py")}
    assert set(FAULTS) == files


def test_every_command_is_there():
    context = group.make_context("stream-contracts", [], resilient_parsing=True)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        assert command.help, f"stream-contracts {name} says nothing about itself"
