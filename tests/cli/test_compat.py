"""The compat command: exit codes, human text, JSON, and the line protocol."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-c", "from stream_contracts.cli import main; main()", "compat"]
OLD = {"type": "record", "name": "Order", "fields": [{"name": "id", "type": "long"}]}
WIDER = {"type": "record", "name": "Order", "fields": [{"name": "id", "type": "double"}]}
MORE = {"type": "record", "name": "Order", "fields": [*OLD["fields"], {"name": "qty", "type": "int"}]}


def run(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=120)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The schemas as files."""
    found = {}
    for name, schema in (("old", OLD), ("wider", WIDER), ("more", MORE)):
        found[name] = tmp_path / f"{name}.avsc"
        found[name].write_text(json.dumps(schema))
    (tmp_path / "bad.avsc").write_text('{"type": "array"}')
    return found | {"bad": tmp_path / "bad.avsc"}


def test_a_compatible_change(files: dict[str, Path]) -> None:
    """Exit 0 and the deploy order."""
    done = run(files["old"], files["wider"])
    assert (done.returncode, done.stderr) == (0, "")
    assert "registry (confluent-8.3, BACKWARD): compatible" in done.stdout
    assert "decoder: reads-but-changes" in done.stdout
    assert "9007199254740993" in done.stdout
    assert "consumers first" in done.stdout


def test_the_decoder_may_decide(files: dict[str, Path]) -> None:
    """The same change, judged by what becomes of the data."""
    assert run(files["old"], files["wider"], "--verdict", "decoder").returncode == 1


def test_an_incompatible_change_is_explained(files: dict[str, Path]) -> None:
    """Exit 1: what, where, who breaks, what to do instead, and a message."""
    done = run(files["old"], files["more"], "--level", "full")
    assert done.returncode == 1
    for part in (
        "READER_FIELD_MISSING_DEFAULT_VALUE at /fields/1",
        "breaks new readers",
        'Give the field a "default"',
        '{"id": 1}',
        "No default value for field qty",
        "producers first",
    ):
        assert part in done.stdout, done.stdout


def test_json(files: dict[str, Path]) -> None:
    """One object with both verdicts."""
    done = run(files["old"], files["more"], "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert (answer["compatible"], answer["decoder"]) == (False, "fails")
    assert answer["differences"][0]["kind"] == "READER_FIELD_MISSING_DEFAULT_VALUE"
    assert answer["witness"]["value"] == {"id": 1}


def test_a_history_under_a_transitive_level(files: dict[str, Path]) -> None:
    """Oldest first; the version that breaks is named by its file."""
    done = run(files["old"], files["more"], files["more"], "--level", "BACKWARD_TRANSITIVE")
    assert done.returncode == 1
    assert "old.avsc (version 1)" in done.stdout


def test_bad_usage_and_bad_schemas_exit_2(files: dict[str, Path], tmp_path: Path) -> None:
    """With a message that names file and cause, and no traceback."""
    text = tmp_path / "schema.thrift"
    text.write_text("")
    for arguments, said in (
        ((files["old"],), "at least two files"),
        ((files["old"], files["bad"]), 'bad.avsc at /: an array needs "items"'),
        ((files["old"], tmp_path / "none.avsc"), "none.avsc: No such file"),
        ((text, text), "known suffixes: .avsc"),
        ((files["old"], files["more"], "--level", "BACK"), "BACK"),
        ((files["old"], files["more"], "--reference", "x"), "NAME=FILE"),
    ):
        done = run(*arguments)
        assert done.returncode == 2, (arguments, done)
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_references(tmp_path: Path) -> None:
    """Types of other subjects."""
    (tmp_path / "money.avsc").write_text(json.dumps({"type": "record", "name": "Money", "fields": []}))
    using = tmp_path / "order.avsc"
    using.write_text(json.dumps({"type": "array", "items": "Money"}))
    assert run(using, using).returncode == 2
    assert run(using, using, "--reference", f"Money={tmp_path / 'money.avsc'}").returncode == 0


def question(**fields: Any) -> str:
    return json.dumps({"id": "q", "format": "AVRO", "old": '"int"', "new": '"long"', "mode": "BACKWARD"} | fields)


def test_the_line_protocol_answers_every_line() -> None:
    """In order, one line each, whatever the line is; the exit code is 0."""
    deep = '{"type":"array","items":' * 1000 + '"int"' + "}" * 1000
    lines = [
        (question(), True, "reads"),
        (question(mode="FORWARD"), False, "fails"),
        (question(mode="FULL"), False, "fails"),
        (question(old='"bytes"', new='"string"'), True, "fails"),
        (question(old='"long"', new='"double"'), True, "reads-but-changes"),
        (question(new="{"), None, "unknown"),
        (question(new=deep), None, "unknown"),
        (question(new=None), None, "unknown"),
        (question(mode="SIDEWAYS"), None, "unknown"),
        (question(format="THRIFT"), None, "unknown"),
        (question(edition="confluent-1"), None, "unknown"),
        (question(new_refs=[{"name": "n.X", "subject": "x", "version": 1, "schema": None}]), None, "unknown"),
        (question(old='"n.X"', old_refs=[5]), None, "unknown"),
        ("[1]", None, "unknown"),
        ("no json", None, "unknown"),
        ("[" * 100_000, None, "unknown"),
    ]
    done = run("--jsonl", stdin="\n".join(line for line, _, _ in lines) + "\n\n")
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["compatible"], each["decoder"]) for each in answers] == [(yes, reads) for _, yes, reads in lines]
    for each in answers:
        assert each.keys() >= {"id", "compatible", "decoder", "differences", "witness", "error"}
        assert (each["error"] is None) == (each["compatible"] is not None)
        assert (each["witness"] is None) == (each["decoder"] in {"reads", "unknown"})
    assert [each["id"] for each in answers[:13]] == ["q"] * 13


def test_the_line_protocol_flushes_each_answer() -> None:
    """A program may wait for an answer before it asks again."""
    with subprocess.Popen(
        [*COMMAND, "--jsonl", "--verdict", "decoder"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for new, compatible in (('"long"', True), ('"string"', False), ('"double"', True)):
            process.stdin.write(question(new=new) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["compatible"] is compatible
        process.stdin.close()
        assert process.wait(timeout=30) == 0
