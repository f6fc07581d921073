"""The OpenAPI document is true: it is served, it is valid, and schemathesis cannot make the registry break it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from stream_contracts.registry.openapi import document
from stream_contracts.registry.routes import ROWS
from stream_contracts.registry.server import Running
from tests.registry.conftest import Http
from tests.registry.schemas import ONE, TWO


def test_it_is_served_and_lists_every_endpoint(http: Http) -> None:
    served = http.get("/openapi.json").body
    assert served == json.loads(json.dumps(document()))
    listed = {(method.upper(), path) for path, methods in served["paths"].items() for method in methods}
    assert listed == {(row.method, row.path) for row in ROWS}
    operations = [each["operationId"] for methods in served["paths"].values() for each in methods.values()]
    assert len(operations) == len(set(operations))


def test_schemathesis_finds_nothing(running: Running, http: Http, tmp_path: Path) -> None:
    """A bounded run: no 5xx, no undocumented status, type or shape; the registry answers afterwards."""
    for text in (ONE, TWO):
        http.register("orders-value", text)
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{running.url}/openapi.json"]
    command += ["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"]
    command += ["--checks", "response_schema_conformance,unsupported_method"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--workers", "1"]
    command += ["--generation-deterministic", "--no-color", "--request-timeout", "10", "--max-time", "25"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    http.put("/mode?force=true", {"mode": "READWRITE"})
    assert http.register("afterwards", ONE).status == 200
