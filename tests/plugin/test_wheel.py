"""What users install: the wheel holds every data file, both entry points, and nothing that is not ours."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=180, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as opened:
        yield opened


def test_every_file_of_the_package_is_in_it(wheel):
    package = ROOT / "harness/stream_contracts"
    wanted = {
        str(path.relative_to(ROOT / "harness"))
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted <= set(wheel.namelist())
    assert {"stream_contracts/py.typed", "_stream_contracts_pytest.py"} <= set(wheel.namelist())


def test_nothing_else_is_in_it(wheel):
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "stream_contracts",
        "_stream_contracts_pytest.py",
    }


def test_it_is_found_by_pytest_and_by_the_shell(wheel):
    points = wheel.read(next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))).decode()
    assert "[pytest11]\nstream_contracts = _stream_contracts_pytest" in points
    assert "stream-contracts = stream_contracts.cli:main" in points
