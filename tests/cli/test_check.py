"""``stream-contracts check`` and the commands around it, as a script sees them: real processes, git and registry."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from stream_contracts.cli import COMMANDS
from stream_contracts.registry.server import Running, running_registry
from tests.gate.project import Project, project
from tests.reports.conftest import published

ROOT = Path(__file__).parents[2]
PROGRAM = str(Path(sys.executable).with_name("stream-contracts"))
BREAK = ("shop/enriched.json", '{"type": "integer"}', '{"type": "string"}')


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return project(tmp_path / "work")


@pytest.fixture
def registry() -> Iterator[Running]:
    with running_registry() as running:
        yield running


def run(shop: Project, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    where = {"STREAM_CONTRACTS_CACHE": str(shop.root.parent / "cache"), "GIT_CONFIG_GLOBAL": "/dev/null", **env}
    return subprocess.run(
        [PROGRAM, *words],
        cwd=shop.root,
        env={**os.environ, **where},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def check(shop: Project, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    done = run(shop, "check", "contracts", *words, **env)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_0_may_ship(shop: Project) -> None:
    done = check(shop, "--against", "git:main")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("May ship: 6 schemas; against git main, merge base ")


def test_1_may_not(shop: Project) -> None:
    done = check(shop.replace(*BREAK), "--against", "git:main")
    assert done.returncode == 1
    assert "contracts/shop/enriched.json:6" in done.stdout
    assert check(shop, "--against", "git:main", "--exit-zero").returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        ["--against", "nowhere"],
        ["--format", "pdf"],
        ["--baseline", "nowhere.json"],
        ["nowhere"],
        ["--update-baseline"],
        ["--against", "registry:nowhere"],
        ["--since", "-x"],
    ],
)
def test_2_bad_usage(shop: Project, words: list[str]) -> None:
    done = check(shop, *words)
    assert done.returncode == 2
    assert done.stderr
    assert not done.stdout


def test_2_no_contract(shop: Project) -> None:
    shutil.rmtree(shop.contracts)
    shop.contracts.mkdir()
    done = check(shop)
    assert (done.returncode, done.stdout) == (2, "")
    assert "stream-contracts init" in done.stderr


def test_2_a_wrong_contract(shop: Project) -> None:
    done = check(shop.replace("shop/contract.yaml", "partitions: 6", "partitions: many"))
    assert done.returncode == 2
    assert "contracts/shop/contract.yaml:6:5" in done.stderr
    assert check(shop, "--exit-zero").returncode == 2


def test_2_a_wrong_schema_and_what_else_was_found(shop: Project) -> None:
    shop.replace(*BREAK).write("shop/order_id.avsc", '{"type": "record"}')
    done = check(shop, "--against", "git:main")
    assert done.returncode == 2
    assert "schema-unreadable" in done.stdout
    assert "TYPE_CHANGED" in done.stdout


def test_3_no_such_commit_and_no_registry(shop: Project) -> None:
    for against in ("git:nowhere", "registry:http://127.0.0.1:1"):
        done = check(shop, "--against", against)
        assert (done.returncode, done.stdout) == (3, ""), against
        assert done.stderr
        assert check(shop, "--against", against, "--exit-zero").returncode == 3


def test_4_could_not_tell(shop: Project) -> None:
    shop.replace("shop/order_id.avsc", '"name": "OrderId", ', "").commit("wrong")
    shop.replace("shop/order_id.avsc", '{"type": "record", ', '{"type": "record", "name": "OrderId", ')
    done = check(shop, "--against", "git:main")
    assert done.returncode == 4
    assert "Could not tell" in done.stdout
    assert check(shop, "--against", "git:main", "--exit-zero").returncode == 4


def test_an_unknown_decoder_verdict_is_said_and_the_registry_decides(shop: Project) -> None:
    """The second run tells it from the cache."""
    before, clash = "string id = 1;", "string id = 1; string id_ = 77;"
    shop.replace("shop/payment.proto", before, clash).commit()
    shop.replace("shop/payment.proto", clash, before)
    for _ in range(2):
        done = check(shop, "--against", "git:=HEAD")
        assert done.returncode == 0, done.stdout
        assert "the decoder's verdict is unknown: HEAD:contracts/shop/payment.proto" in done.stdout
        assert "May ship" in done.stdout


@pytest.mark.parametrize("words", [["check", "contracts"], ["lint", "contracts"], ["diff", "contracts"]])
@pytest.mark.parametrize("file", ["shop/order.avsc", "shop/payment.proto", "shop/enriched.json"])
def test_a_byte_order_mark_is_told_in_plain_words(shop: Project, words: list[str], file: str) -> None:
    path = shop.contracts / file
    path.write_text(f"\ufeff{path.read_text()}")
    done = run(shop, *words)
    assert done.returncode == 2
    assert f"contracts/{file}: it begins with a byte order mark (BOM)" in done.stderr
    assert "save the file as UTF-8 without BOM" in done.stderr
    assert "utf-8-sig" not in done.stderr


def test_a_kept_verdict_is_the_same_verdict(shop: Project) -> None:
    shop.replace(*BREAK)
    first, second, fresh = (check(shop, "--against", "git:main", *more) for more in ([], [], ["--no-cache"]))
    assert first.stdout == second.stdout == fresh.stdout
    assert (first.returncode, second.returncode, fresh.returncode) == (1, 1, 1)
    assert len(list((shop.root.parent / "cache/verdicts").glob("*.json"))) == 1
    shop.replace("shop/enriched.json", '{"type": "string"}\n', '{"type": "integer"}\n')
    assert check(shop, "--against", "git:main").returncode == 0


def test_a_commit_that_moves_is_another_verdict(shop: Project) -> None:
    assert check(shop, "--against", "git:=main").returncode == 0
    shop.replace(*BREAK).commit()
    shop.git("branch", "feature", "HEAD~1")
    shop.git("checkout", "-q", "feature")
    assert check(shop, "--against", "git:=main").returncode == 1


def test_each_format_is_written_to_its_file(shop: Project) -> None:
    shop.replace(*BREAK)
    for form in ("json", "sarif", "junit", "gitlab", "github", "markdown", "text"):
        done = check(shop, "--against", "git:main", "--format", form, "--output", f"out/{form}")
        assert done.returncode == 1
        assert done.stdout.splitlines()[-1] == f"wrote out/{form}"
    out = shop.root / "out"
    assert json.loads((out / "json").read_text())["verdict"] == "fail"
    sarif = json.loads((out / "sarif").read_text())
    Draft7Validator(published("https://json.schemastore.org/sarif-2.1.0.json")).validate(sarif)
    uri = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "contracts/shop/enriched.json"
    assert ET.parse(out / "junit").getroot().get("failures") == "1"
    assert json.loads((out / "gitlab").read_text())[0]["location"]["lines"]["begin"] == 6
    assert (out / "github").read_text().startswith("::error file=contracts/shop/enriched.json,line=6,")


def test_adoption_by_a_baseline_file(shop: Project) -> None:
    shop.replace(*BREAK)
    assert (
        "wrote 1 finding to known.json"
        in check(shop, "--against", "git:main", "--baseline", "known.json", "--update-baseline").stdout
    )
    assert check(shop, "--against", "git:main", "--baseline", "known.json").returncode == 0
    (shop.root / "known.json").write_text('{"findings": []}')
    assert check(shop, "--against", "git:main", "--baseline", "known.json").returncode == 1


def test_nothing_is_left_behind(shop: Project) -> None:
    check(shop.replace(*BREAK), "--against", "git:main", TMPDIR=str(shop.root.parent))
    assert shop.git("status", "--porcelain") == "M contracts/shop/enriched.json"
    assert [path.name for path in shop.root.parent.glob("stream-contracts-*")] == []


def test_neither_network_nor_java_nor_docker_is_asked_for(shop: Project) -> None:
    """With a PATH that holds git alone, and every socket refused, the gate judges as always."""
    folder = shop.root.parent / "bin"
    folder.mkdir()
    (folder / "git").symlink_to(shutil.which("git") or "")
    refuse = folder.parent / "refuse"
    refuse.mkdir()
    (refuse / "sitecustomize.py").write_text(
        "import socket\n\n\ndef refuse(*_, **__):\n    raise AssertionError('a socket was opened')\n\n\n"
        "socket.socket.connect = socket.create_connection = refuse\n"
    )
    done = check(shop.replace(*BREAK), "--against", "git:main", "--no-cache", PATH=str(folder), PYTHONPATH=str(refuse))
    assert done.returncode == 1, done.stderr
    probe = run(shop, "check", "contracts", "--against", "registry:http://127.0.0.1:1", PYTHONPATH=str(refuse))
    assert "a socket was opened" in probe.stderr


def test_register_check_and_pull_with_a_real_registry(shop: Project, registry: Running) -> None:
    asked = run(shop, "register", "contracts", "--to", registry.url, "--dry-run")
    assert (asked.returncode, asked.stdout.count("would be registered")) == (0, 6)
    done = run(shop, "register", "contracts", "--to", registry.url)
    assert (done.returncode, done.stdout.count(": registered")) == (0, 6), done.stdout
    assert check(shop, "--against", f"registry:{registry.url}").returncode == 0
    shop.replace(*BREAK)
    assert check(shop, "--against", f"registry:{registry.url}").returncode == 1
    refused = run(shop, "register", "contracts", "--to", registry.url)
    assert (refused.returncode, "refused" in refused.stdout) == (1, True)
    (shop.contracts / "shop/former/order.v1.avsc").unlink()
    pulled = run(shop, "pull", "contracts", "--from", registry.url)
    assert (pulled.returncode, pulled.stdout.count(": written")) == (0, 6), pulled.stdout
    assert check(shop, "--against", "kept").returncode == 1
    for words in (["register", "--to"], ["pull", "--from"]):
        assert run(shop, *words, "http://127.0.0.1:1").returncode == 3


def test_diff_lint_explain_and_doctor(shop: Project, registry: Running) -> None:
    shop.replace(*BREAK)
    told = run(shop, "diff", "contracts", "--against", "git:main")
    assert (told.returncode, "REFUSED TYPE_CHANGED" in told.stdout) == (0, True)
    advice = run(shop, "lint", "contracts")
    assert (advice.returncode, "topic-one-partition" in advice.stdout) == (0, True)
    assert run(shop, "lint", "contracts", "--strict").returncode == 1
    words = run(shop, "explain", "TYPE_CHANGED")
    assert (words.returncode, "before:" in words.stdout) == (0, True)
    assert "partitions-changed" in run(shop, "explain").stdout
    unknown = run(shop, "explain", "partition-changed")
    assert (unknown.returncode, "did you mean partitions-changed" in unknown.stderr) == (2, True)
    well = run(shop, "doctor", "--registry", registry.url)
    assert (well.returncode, "ok      registry" in well.stdout) == (0, True)
    ill = run(shop, "doctor", "--registry", "http://127.0.0.1:1")
    assert (ill.returncode, "MISSING registry" in ill.stdout) == (3, True)


def test_every_command_has_help(shop: Project) -> None:
    for name in COMMANDS:
        done = run(shop, name, "--help")
        assert done.returncode == 0, name
        assert done.stdout.startswith("Usage: stream-contracts")


@pytest.mark.parametrize(
    ("shell", "begin"), [("bash", "_stream_contracts_completion"), ("zsh", "#compdef"), ("fish", "function")]
)
def test_shells_can_complete(shop: Project, shell: str, begin: str) -> None:
    done = run(shop, _STREAM_CONTRACTS_COMPLETE=f"{shell}_source")
    assert begin in done.stdout
    at = "che" if shell == "fish" else "1"
    words = {"COMP_WORDS": "stream-contracts che", "COMP_CWORD": at, "_STREAM_CONTRACTS_COMPLETE": f"{shell}_complete"}
    assert "check" in run(shop, **words).stdout


def test_the_hooks_name_commands_that_are_there() -> None:
    hooks = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text())
    for hook in hooks:
        program, command = hook["entry"].split()
        assert (program, command in COMMANDS) == ("stream-contracts", True)
        assert {"id", "name", "language", "files"} <= hook.keys()


def test_the_action_is_what_github_takes(shop: Project) -> None:
    action = YAML(typ="safe").load((ROOT / "action.yml").read_text())
    Draft7Validator(published("https://json.schemastore.org/github-action.json")).validate(
        json.loads(json.dumps(action))
    )
    script = next(step["run"] for step in action["runs"]["steps"] if step.get("id") == "check")
    home = shop.root.parent / "runner"
    (home / "stream-contracts").mkdir(parents=True)
    (home / "stream-contracts/bin").symlink_to(Path(PROGRAM).parent)
    shop.git("remote", "add", "origin", str(shop.root))
    shop.git("checkout", "-q", "-b", "feature")
    shop.replace(*BREAK).commit()
    given = {
        "RUNNER_TEMP": str(home), "PATHS": "contracts", "AGAINST": "", "SINCE": "", "BASELINE": "", "SARIF": "out.sarif",
        "GITHUB_BASE_REF": "main", "GITHUB_OUTPUT": str(home / "output"), "GITHUB_STEP_SUMMARY": str(home / "summary"),
        "STREAM_CONTRACTS_CACHE": str(home / "cache"),
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=shop.root,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=contracts/shop/enriched.json,line=6")
    assert (home / "output").read_text() == "exit-code=1\n"
    assert (home / "summary").read_text().startswith("### ❌")
    assert json.loads((shop.root / "out.sarif").read_text())["version"] == "2.1.0"
