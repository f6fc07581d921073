"""One benchmark by the name of its module, as a script: what runs with ``-c`` is taken for a person's session by DuckDB."""

from __future__ import annotations

import sys
from importlib import import_module

if __name__ == "__main__":
    sys.exit(import_module(f"benchmarks.{sys.argv[1]}").main())
