"""Our answers beside those of Apicurio Registry 3.3.3, run from its jars and recorded through its Confluent API (v7)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream_contracts.stack import open_stack
from stream_contracts.stack.blueprint import Blueprint
from tests.registry.conftest import Http
from tests.registry.foreign import STEPS, answers

RECORDED = json.loads((Path(__file__).parent / "apicurio-3.3.3.json").read_text(encoding="utf-8"))

DIFFERENT = {
    "GET /subjects/a/versions/x": "Confluent says 42202 for what is no version; Apicurio looks for it",
    "GET /config/a": "Confluent says 40408 for a subject without settings; Apicurio gives the global ones",
    "DELETE /subjects/a/versions/1?permanent=true": "Confluent's 404xx codes come with HTTP 404; Apicurio sends 409",
    "DELETE /subjects/a/versions/1": "as above",
    "DELETE /subjects/b?permanent=true": "as above",
}
"""Step → why the two differ, in at least one of its turns; everything else is the same."""


def test_the_recording_is_of_these_steps() -> None:
    assert [each["step"] for each in RECORDED] == [f"{method} {path}" for method, path, _ in STEPS]


def test_only_the_known_differences(old_http: Http) -> None:
    """Edition 7.4, because Apicurio answers as the releases before 8.0.4 do."""
    ours = answers(old_http.url)
    different = {mine["step"] for mine, theirs in zip(ours, RECORDED, strict=True) if mine != theirs}
    assert different == set(DIFFERENT)


@pytest.mark.parametrize("step", ["DELETE /subjects/a/versions/1?permanent=true", "DELETE /subjects/b?permanent=true"])
def test_the_error_code_is_the_same_where_the_status_is_not(old_http: Http, step: str) -> None:
    at = next(index for index, each in enumerate(RECORDED) if each["step"] == step)
    assert answers(old_http.url)[at]["error_code"] == RECORDED[at]["error_code"]


@pytest.mark.soak
def test_the_recording_is_what_apicurio_says_today(tmp_path: Path) -> None:
    """Apicurio from its jars, asked again; what it says is kept beside the recording where the two differ."""
    with open_stack("local", Blueprint(brokers=0, registry="apicurio"), run_dir=tmp_path) as stack:
        told = answers(stack.schema_registry_url)
    assert told == RECORDED, json.dumps(told, indent=1)
