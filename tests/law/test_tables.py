"""Law 3: every row of a shelf is a file of its own, and every file is a row."""

import json
import re
from pathlib import Path

from ruamel.yaml import YAML

from stream_contracts.anomalies import ADVICE, ANOMALIES, PROMISES, anomaly
from stream_contracts.cli import COMMANDS, group
from stream_contracts.contract.promises import Delivery, Promises
from stream_contracts.faults import FAULTS, INPUT_FAULTS
from stream_contracts.schema import FORMATS
from stream_contracts.schema.explain import explanations

CORPUS = Path(__file__).parents[1] / "corpus"
HARNESS = Path(__file__).parents[2] / "harness/stream_contracts"
DOCS = Path(__file__).parents[2] / "docs"


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
    assert {*FAULTS, *INPUT_FAULTS} == files
    assert not set(FAULTS) & set(INPUT_FAULTS)


def test_every_command_is_there():
    context = group.make_context("stream-contracts", [], resilient_parsing=True)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        assert command.help, f"stream-contracts {name} says nothing about itself"


def test_every_schema_kind_and_rule_has_its_case_and_its_near_miss():
    """One file or one folder for each, named after it, with both parts in it, in all three formats alike."""
    for form in FORMATS:
        rows = set(explanations(form)) - NEVER_FOUND
        cases = _corpus(form)
        assert {row for row in rows if not row.startswith("json-")} == set(cases), form
        short = [name for name, parts in cases.items() if parts != {"case", "near_miss"}]
        assert not short, f"{form}: a case or a near miss is missing in {short}"


NEVER_FOUND = {"RESERVED_PROPERTY_REMOVED", "RESERVED_PROPERTY_CONFLICTS_WITH_PROPERTY", "protobuf-unexplained"}


def _corpus(form: str) -> dict[str, set[str]]:
    """The kinds and rules in a format's part of the corpus, each with the parts that it has."""
    if form == "AVRO":
        folders = [folder for folder in (CORPUS / "avro").iterdir() if not folder.name.startswith("trap-")]
        return {each.name: {part.stem.replace("-", "_") for part in each.iterdir()} for each in folders}
    if form == "JSON":
        files = (CORPUS / "jsonschema").glob("*.json")
        return {each.stem.upper(): set(json.loads(each.read_text(encoding="utf-8"))) & PARTS for each in files}
    files = (CORPUS / "protobuf").glob("*/*.yaml")
    return {each.stem: set(YAML(typ="safe").load(each)) & PARTS for each in files}


PARTS = {"case", "near_miss"}


def test_every_fault_is_in_the_documents() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", (DOCS / "faults.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted({*FAULTS, *INPUT_FAULTS})


def test_what_lies_beyond_is_marked_in_the_documents_and_never_part_of_a_sweep() -> None:
    text = (DOCS / "faults.md").read_text("utf-8")
    for name, fault in FAULTS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert (f"*Beyond: {fault.beyond}*" in row) is bool(fault.beyond)
        assert row.endswith("| never |") is bool(fault.beyond)


def test_what_is_stood_by_promise_names_the_promises_in_the_documents() -> None:
    text = (DOCS / "faults.md").read_text("utf-8")
    for name, fault in INPUT_FAULTS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert row.endswith(f"| {' or '.join(f'`{promise}`' for promise in fault.stands)} |")
        assert all(f"`{kind}`" in row for kind in fault.kinds if kind)
