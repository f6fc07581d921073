"""Two Go clients, Confluent's own and franz-go's, built from the module proxy and run against the registry.

A soak test, since it needs a Go toolchain (1.24 or newer), which is no dependency of ours: `pytest -m soak
tests/registry/test_go_clients.py`. Confluent's Java client is not on Maven Central, so no test can install it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stream_contracts.registry.server import Running

HERE = Path(__file__).parent / "go"
GO_ONE = '{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}'
EXPECTED: dict[str, Any] = {
    "Register": True,
    "RegisterFullResponse": [True, True],
    "Register broken": {"refused": 40901},
    "Register unreadable": {"refused": 42201},
    "Register PROTOBUF": None,
    "Register with a reference": None,
    "GetLatestSchemaMetadata": [1, "PROTOBUF", [{"name": "money.proto", "subject": "go-money", "version": 1}]],
    "GetBySubjectAndID": GO_ONE,
    "GetByGUID": True,
    "GetSubjectsAndVersionsByID": [{"subject": "go-value", "version": 1}],
    "GetID": True,
    "GetVersion": 2,
    "GetAllVersions": [1, 2],
    "GetAllSubjects": ["go-bill", "go-money", "go-value"],
    "GetAllContexts": ["."],
    "TestCompatibility": False,
    "TestSubjectCompatibility": True,
    "GetDefaultCompatibility": "BACKWARD",
    "UpdateCompatibility": "FULL",
    "GetConfig": "FULL",
    "GetLatestSchemaMetadata of nothing": {"refused": 40401},
    "DeleteSubject permanently at once": {"refused": 40405},
    "DeleteSubjectVersion": 1,
    "DeleteSubject": [2],
    "GetSchemaMetadataIncludeDeleted": True,
    "CreateSchema": ["franz-value", 1, GO_ONE],
    "CreateSchema broken": {"refused": 40901, "status": 409},
    "SupportedTypes": 3,
    "SchemaTextByID": GO_ONE,
    "SubjectsByID": ["franz-value"],
    "LookupSchema": True,
    "SchemaByVersion latest": 1,
    "SchemaTextByVersion": GO_ONE,
    "AllSchemas": True,
    "CheckCompatibility": [False, False],
    "SetCompatibility": "NONE",
    "Compatibility": "NONE",
    "ResetCompatibility": None,
    "SetMode": "READONLY",
    "CreateSchema read only": {"refused": 42205, "status": 422},
    "ResetMode": None,
    "SchemaReferences": 1,
    "DeleteSchema": None,
    "DeleteSubject hard": [1],
}


@pytest.mark.soak
def test_two_go_clients_get_what_they_ask_for(running: Running, tmp_path: Path) -> None:
    """Every call of both clients that our registry has an endpoint for, with its answer or its error code."""
    go = shutil.which("go")
    assert go, "there is no go command; install Go 1.24 or newer (https://go.dev/dl) for this test"
    program = tmp_path / "ask"
    subprocess.run([go, "build", "-o", program, "."], cwd=HERE, check=True, timeout=500)
    done = subprocess.run([program, running.url], capture_output=True, text=True, timeout=60, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert {each["call"]: each["value"] for each in told} == EXPECTED
