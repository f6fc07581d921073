"""What the installed plugin costs a pytest run that does not ask for it: pairs of runs with and without it, in turn."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.figures import figure

PAIRS = 15


def main() -> None:
    """Print the median of the differences, pair by pair, and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
        pairs = [(_run(folder), _run(folder, "-p", "no:stream_contracts")) for _ in range(PAIRS)]
    extra = median(on - off for on, off in pairs) * 1000
    without = median(off for _, off in pairs) * 1000
    print(f"an empty run without the plugin: {without:.0f} ms; the differences of {PAIRS} pairs, and their median:")
    figure("plugin installed and off, added to an empty run", extra, "ms", ("an empty run without it", without), 30)


def _run(folder: str, *arguments: str) -> float:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    return time.perf_counter() - began
