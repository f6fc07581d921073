"""How long ``make demo`` takes for a newcomer: in a fresh clone with an empty cache, and then once more."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.figures import figure

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Clone, run twice, print both totals; pip's own cache of wheels is left as it is."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True, timeout=120)
        env = {**os.environ, "STREAM_CONTRACTS_CACHE": str(Path(folder, "cache"))}
        took: list[float] = []
        for name in ("cold: new virtual environment, empty cache", "warm"):
            began = time.monotonic()
            subprocess.run(["make", "demo"], cwd=clone, env=env, check=True, capture_output=True, timeout=900)
            took.append(time.monotonic() - began)
            print(f"make demo, {name}: {took[-1]:.0f} s")
    figure("make demo, cold: new virtual environment, empty cache", took[0], "s", ("the same, warm", took[1]))
