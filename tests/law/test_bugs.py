"""Law 7: the harness does not know the wrong pipelines that it is tried on, and each of them says where it comes from."""

import re
from pathlib import Path

import pytest

from stream_contracts.anomalies import ANOMALIES
from stream_contracts.contract.load import load

ROOT = Path(__file__).parents[2]
BUGS = sorted(folder for folder in (ROOT / "examples/bugs").iterdir() if folder.is_dir())
HARNESS = [path for path in (ROOT / "harness").rglob("*") if path.suffix in {".py", ".sql", ".json", ".toml", ".yaml"}]
ROW = re.compile(r"^\| \[([a-z-]+)\]\(\1\) \| .+ \| .*\[.+\]\(https://\S+\).* \| ([a-z-]+)(, [a-z-]+)* \|$")


@pytest.mark.parametrize("folder", BUGS, ids=lambda folder: folder.name)
def test_the_harness_does_not_know_a_wrong_pipeline(folder):
    knowing = [path for path in HARNESS if folder.name in path.read_text("utf-8") or folder.name in str(path)]
    assert not knowing, f"{knowing[0]} knows {folder.name}: what is found there proves nothing"
    assert load(folder).name == folder.name


def test_every_wrong_pipeline_has_its_row_with_a_link_and_an_anomaly():
    lines = (ROOT / "examples/bugs/README.md").read_text("utf-8").splitlines()
    rows = [ROW.match(line) for line in lines if line.startswith("| [")]
    assert all(rows), "a row is: folder, mistake, link, anomalies"
    assert sorted(row[1] for row in rows) == [folder.name for folder in BUGS]
    assert {row[2] for row in rows} <= set(ANOMALIES)
