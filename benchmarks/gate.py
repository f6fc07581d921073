"""The gate on a large repository: 1,000 subjects × 20 former versions, transitive; cold, and when nothing changed."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SUBJECTS, VERSIONS, CONTRACTS = 1000, 20, 50
TYPES = ("string", "long", "double", {"type": "array", "items": "string"}, ["null", "int"])


def schema(name: str, version: int) -> str:
    """Eight fields in the first version, one optional field more in every second one: 18 in the newest."""
    fields = [{"name": f"f{at}", "type": TYPES[at % len(TYPES)]} for at in range(8)]
    fields += [{"name": f"added{at}", "type": ["null", "string"], "default": None} for at in range(version // 2)]
    return json.dumps({"type": "record", "name": name, "namespace": "bench", "fields": fields}, indent=1)


def write(root: Path, subjects: int, versions: int) -> None:
    """Write the contracts: subjects spread over 50 folders, every former version kept."""
    for number in range(CONTRACTS):
        folder = root / f"team{number:02d}"
        (folder / "former").mkdir(parents=True)
        head = f"contract: team{number:02d}\nowner: bench\nregistry: {{compatibility: BACKWARD_TRANSITIVE}}\ntopics:\n"
        names = [f"t{at:04d}" for at in range(number, subjects, CONTRACTS)]
        topics = "".join(f"  {name}: {{value: {{schema: {name}.avsc}}}}\n" for name in names)
        (folder / "contract.yaml").write_text(head + topics)
        for name in names:
            (folder / f"{name}.avsc").write_text(schema(name, versions + 1))
            for version in range(1, versions + 1):
                (folder / "former" / f"{name}.v{version}.avsc").write_text(schema(name, version))


def timed(root: Path, cache: Path) -> tuple[float, float, str]:
    """Run the command in a process of its own: seconds on the wall, seconds of processor, and its last line."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", "from stream_contracts.cli import main; main()", "check", str(root)],
        env={**os.environ, "STREAM_CONTRACTS_CACHE": str(cache)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"the gate ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, used, done.stdout.splitlines()[-1]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as folder:
        root, cache = Path(folder) / "contracts", Path(folder) / "cache"
        write(root, SUBJECTS, VERSIONS)
        print(f"gate: {SUBJECTS} subjects x {VERSIONS} former versions, BACKWARD_TRANSITIVE, 8 to 18 fields")
        for name, target_s in (("cold", 3.0), ("unchanged", 0.5), ("unchanged again", 0.5)):
            wall, used, last = timed(root, cache)
            print(f"  {name:16} {wall:6.2f} s wall, {used:6.2f} s processor (target {target_s} s) - {last}")


if __name__ == "__main__":
    main()
