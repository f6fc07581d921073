"""Run the benchmarks by name, all of them by default; each prints its own figures."""

from __future__ import annotations

import os
import platform
import sys
from importlib import import_module

BENCHMARKS = {
    "stack": "benchmarks.stack_all",
    "sweep": "benchmarks.sweep",
    "shrink": "benchmarks.shrinking",
    "tap": "benchmarks.tap",
    "judge": "benchmarks.judge",
    "mutants": "benchmarks.mutants",
    "off": "benchmarks.plugin_off",
    "avro": "benchmarks.avro_checks",
    "json": "benchmarks.jsonschema_checks",
    "protobuf": "benchmarks.protobuf_checks",
    "gate": "benchmarks.gate",
    "migrations": "benchmarks.migrations",
    "demo": "benchmarks.demo",
    "registry": "benchmarks.registry_load",
}


def main() -> int:
    """Say on what machine, then run."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"no benchmark {', '.join(unknown)}; known: {', '.join(BENCHMARKS)}\n")
        return 2
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load}"
    )
    for name in names:
        print(f"\n== {name}")
        import_module(BENCHMARKS[name]).main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
