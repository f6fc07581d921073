"""``stream-contracts init``: what it writes works, and nothing that is there is touched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fastavro
import pytest

from stream_contracts.contract.load import find, load
from stream_contracts.workload.events import draw

WRITTEN = ["contract.yaml", "enrich.py", "enriched.avsc", "former/order.v1.avsc", "former/order.v2.avsc", "order.avsc"]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as its user would."""
    command = [sys.executable, "-c", "from stream_contracts.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def files(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("arguments", "below"), [([], "."), (["project/new"], "project/new")])
def test_it_writes_a_contract_that_loads(arguments: list[str], below: str, tmp_path: Path) -> None:
    done = run("init", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / below / "contracts" / "orders"
    assert files(folder) == WRITTEN
    contract = load(folder)
    assert find(tmp_path) == [folder / "contract.yaml"]
    assert [path.name for path in contract.former(contract.schemas()[0][2])] == ["order.v1.avsc", "order.v2.avsc"]
    assert len(draw(contract, "enrich", seed=1)) == 12
    for schema in folder.rglob("*.avsc"):
        fastavro.schema.load_schema(schema)
    commands = [line.split("#")[0].strip() for line in done.stdout.splitlines()[-2:]]
    where = str(Path(below) / "contracts")
    assert commands == ["stream-contracts stack prepare", f"pytest --stream-contracts {where}"]


def test_it_overwrites_nothing_and_lists_what_is_in_the_way(tmp_path: Path) -> None:
    folder = tmp_path / "contracts" / "orders"
    folder.mkdir(parents=True)
    (folder / "order.avsc").write_text("mine")
    (folder / "enrich.py").symlink_to("nowhere")
    done = run("init", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "  contracts/orders/enrich.py\n  contracts/orders/order.avsc\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert files(folder) == ["order.avsc"]
    assert (folder / "order.avsc").read_text() == "mine"


def test_a_file_of_another_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "other.txt").write_text("mine")
    assert run("init", cwd=tmp_path).returncode == 0
    assert (tmp_path / "contracts" / "other.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "contracts").write_text("a file, not a folder")
    done = run("init", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot write contracts/orders/" in done.stderr
    assert "Traceback" not in done.stderr
