"""The gate on a large repository: 1,000 subjects × 20 former versions, transitive; cold, and when nothing changed.

Once for each format: the target is for the repository of Avro schemas, the other two are printed beside it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fastavro

from benchmarks.figures import figure

SUBJECTS, VERSIONS, CONTRACTS = 1000, 20, 50
TYPES = ("string", "long", "double", {"type": "array", "items": "string"}, ["null", "int"])


PROTO = ("string", "int64", "double", "repeated string", "optional int32")
JSON = ("string", "integer", "number", {"type": "array", "items": {"type": "string"}}, ["null", "integer"])


def avro(name: str, more: int) -> str:
    """Eight fields, and optional ones."""
    fields = [{"name": f"f{at}", "type": TYPES[at % len(TYPES)]} for at in range(8)]
    fields += [{"name": f"added{at}", "type": ["null", "string"], "default": None} for at in range(more)]
    return json.dumps({"type": "record", "name": name, "namespace": "bench", "fields": fields}, indent=1)


def protobuf(name: str, more: int) -> str:
    """The same as a message."""
    fields = [f"  {PROTO[at % len(PROTO)]} f{at} = {at + 1};" for at in range(8)]
    fields += [f"  optional string added{at} = {at + 20};" for at in range(more)]
    return "\n".join(['syntax = "proto3";', "package bench;", f"message {name} {{", *fields, "}", ""])


def json_schema(name: str, more: int) -> str:
    """The same as a closed object."""
    types = [each if isinstance(each, dict) else {"type": each} for each in JSON]
    known = {f"f{at}": types[at % len(types)] for at in range(8)} | {
        f"added{at}": {"type": "string"} for at in range(more)
    }
    draft = "http://json-schema.org/draft-07/schema#"
    closed = {"title": name, "type": "object", "properties": known, "additionalProperties": False}
    return json.dumps({"$schema": draft, **closed}, indent=1)


FORMATS = {"avsc": avro, "proto": protobuf, "json": json_schema}
"""Suffix -> the schema of a name with so many fields more than eight."""


def write(root: Path, subjects: int, versions: int, suffix: str = "avsc") -> None:
    """Write the contracts: subjects spread over 50 folders, every former version kept, every second one a field wider."""
    for number in range(CONTRACTS):
        folder = root / f"team{number:02d}"
        (folder / "former").mkdir(parents=True)
        head = f"contract: team{number:02d}\nowner: bench\nregistry: {{compatibility: BACKWARD_TRANSITIVE}}\ntopics:\n"
        names = [f"t{at:04d}" for at in range(number, subjects, CONTRACTS)]
        topics = "".join(f"  {name}: {{value: {{schema: {name}.{suffix}}}}}\n" for name in names)
        (folder / "contract.yaml").write_text(head + topics)
        for name in names:
            (folder / f"{name}.{suffix}").write_text(FORMATS[suffix](name, (versions + 1) // 2))
            for version in range(1, versions + 1):
                (folder / "former" / f"{name}.v{version}.{suffix}").write_text(FORMATS[suffix](name, version // 2))


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


def parsed(root: Path, suffix: str) -> float:
    """Seconds in which one process reads every file, and parses it as anybody would: by fastavro, protoc's text, json."""
    begin = time.monotonic()
    for path in root.rglob(f"*.{suffix}"):
        text = path.read_text()
        if suffix == "avsc":
            fastavro.parse_schema(json.loads(text))
        elif suffix == "json":
            json.loads(text)
    return time.monotonic() - begin


def main() -> None:
    """Measure and print."""
    print(f"gate: {SUBJECTS} subjects x {VERSIONS} former versions, BACKWARD_TRANSITIVE, 8 to 18 fields")
    for suffix in FORMATS:
        with tempfile.TemporaryDirectory(prefix="gate-bench-") as folder:
            root, cache = Path(folder) / "contracts", Path(folder) / "cache"
            write(root, SUBJECTS, VERSIONS, suffix)
            plain = parsed(root, suffix)
            for name, target_s in (("cold", 3.0), ("unchanged", 0.5)):
                wall, used, last = timed(root, cache)
                load = os.getloadavg()[0]
                print(f"  {suffix:5} {name:9} {used:6.2f} s of processor at load {load:.1f} - {last}")
                figure(f"gate, {suffix}, {name}", wall, "s", ("reading and parsing the files once", plain), target_s)


if __name__ == "__main__":
    main()
