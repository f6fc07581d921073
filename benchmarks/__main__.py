"""Run the benchmarks by name, all of them by default, each in a process of its own and no longer than its bound.

``python -m benchmarks [NAME…]`` prints what they print. Where all are run, docs/benchmarks.md is written after each.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic

from benchmarks.document import BENCHMARKS, ROOT, Done, read_figures, written
from benchmarks.figures import FIGURES


def main() -> int:
    """Run, print, write; 1 where one failed."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"no benchmark {', '.join(unknown)}; known: {', '.join(BENCHMARKS)}\n")
        return 2
    done: list[Done] = []
    for name in names:
        print(f"\n== {name} (load {os.getloadavg()[0]:.1f})", flush=True)
        done.append(ran(name))
        print(done[-1].output, flush=True)
        if done[-1].failed:
            print(f"{name} FAILED: {done[-1].failed}", flush=True)
        if not sys.argv[1:]:
            (ROOT / "docs/benchmarks.md").write_text(written(done), encoding="utf-8")
    return 1 if any(each.failed for each in done) else 0


def ran(name: str) -> Done:
    """Run one benchmark; what it printed, its figures, and why it failed, if it did."""
    bench, load, began = BENCHMARKS[name], os.getloadavg()[0], monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.jsonl"
        command = [sys.executable, "-m", "benchmarks.one", bench.module]
        env = {**os.environ, FIGURES: str(figures)}
        with subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as child:
            try:
                output, failed = child.communicate(timeout=bench.bound_s)[0], ""
                if child.returncode:
                    failed = f"it ended with {child.returncode}"
            except subprocess.TimeoutExpired:
                child.terminate()
                output, failed = child.communicate()[0], f"it did not end within {bench.bound_s:g} s"
        return Done(name, output, read_figures(figures), failed, load, monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
