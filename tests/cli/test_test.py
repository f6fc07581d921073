"""``stream-contracts test``: exit codes and words, as a script sees them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = str(Path(sys.executable).with_name("stream-contracts"))


def run(*arguments, cwd, **env):

    return subprocess.run(
        [PROGRAM, *arguments],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def contract_in(folder: Path, text: str | None = None) -> Path:
    """The first example, or another contract.yaml beside its schemas."""
    for name in ("order.avsc", "enriched.avsc", "enrich.py", "contract.yaml", "former/order.v1.avsc"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / "contracts/orders" / name).read_bytes())
    if text is not None:
        (folder / "contract.yaml").write_text(text)
    return folder / "contract.yaml"


def test_wrong_contracts_end_with_2_and_every_complaint_of_every_file(tmp_path):
    good = (ROOT / "contracts/orders/contract.yaml").read_text()
    contract_in(tmp_path / "one", good.replace("owner:", "ovner:"))
    contract_in(tmp_path / "two", good.replace("partitions: 2", "partitions: many"))
    done = run("test", cwd=tmp_path)
    assert done.returncode == 2
    assert "one/contract.yaml:3:1" in done.stderr
    assert done.stderr.count("two/contract.yaml:") == 2
    assert "Traceback" not in done.stderr
    assert "Kafka" not in done.stdout, "nothing is started"


def test_no_contract_at_all_is_bad_usage(tmp_path):
    done = run("test", cwd=tmp_path)
    assert (done.returncode, "stream-contracts init" in done.stderr) == (2, True)


def test_an_unknown_backend_is_bad_usage_and_lists_the_known(tmp_path):
    contract_in(tmp_path)
    done = run("test", "--backend", "cloud", cwd=tmp_path)
    assert done.returncode == 2
    assert "local" in done.stderr


def test_shared_schemas_are_judged_as_pytest_judges_them(tmp_path):
    contract_in(tmp_path, "contract: addresses\nowner: o\nshared: {address: {schema: order.avsc}}\n")
    done = run("test", cwd=tmp_path)
    assert (done.returncode, done.stdout.count("addresses/address: kept")) == (0, 1), done.stdout + done.stderr


def test_of_contracts_without_a_promise_nothing_can_be_said(tmp_path):
    contract_in(tmp_path, "contract: bare\nowner: o\ntopics: {orders: {partitions: 2}}\n")
    done = run("test", cwd=tmp_path)
    assert (done.returncode, "0 promises judged" in done.stdout) == (4, True), done.stdout + done.stderr


def test_a_missing_stack_ends_with_3_and_says_what_to_do(tmp_path):
    """An empty cache and no network: an error, never a silent skip."""
    contract_in(tmp_path)
    done = run("test", cwd=tmp_path, STREAM_CONTRACTS_CACHE=str(tmp_path / "empty"), STREAM_CONTRACTS_OFFLINE="1")
    assert done.returncode == 3, done.stderr
    assert "stream-contracts stack prepare" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_stack_fails_the_item_in_pytest(pytester, monkeypatch):
    contract_in(pytester.path)
    monkeypatch.setenv("STREAM_CONTRACTS_CACHE", str(pytester.path / "empty"))
    monkeypatch.setenv("STREAM_CONTRACTS_OFFLINE", "1")
    done = pytester.runpytest_subprocess("--stream-contracts", "-k", "delivery")
    done.assert_outcomes(failed=1, deselected=2)
    done.stdout.fnmatch_lines(["*stream-contracts stack prepare*"])


@pytest.mark.broker
def test_a_broken_promise_ends_with_1_and_a_replay_too(tmp_path):
    done = run("test", str(ROOT / "examples/bugs/produce-flush-commit"), cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "delivery: exactly-once: BROKEN" in done.stdout
    assert "duplicate-effect" in done.stdout
    plan = tmp_path / ".stream-contracts/produce-flush-commit-enrich/plan.json"
    again = run("replay", str(plan), str(ROOT / "examples/bugs/produce-flush-commit"), cwd=tmp_path)
    assert again.returncode == 1, again.stdout + again.stderr


@pytest.mark.broker
def test_a_failing_promise_in_pytest_shows_the_finding_and_junit_has_it(pytester):
    folder = ROOT / "examples/bugs/produce-flush-commit"
    for path in folder.iterdir():
        if path.is_file():
            (pytester.path / path.name).write_bytes(path.read_bytes())
    done = pytester.runpytest_subprocess("--stream-contracts", "-k", "delivery", "--junit-xml=out.xml")
    done.assert_outcomes(failed=1, deselected=2)
    done.stdout.fnmatch_lines(["*event * has 2 effects, expected 1: orders-enriched-*@* and again orders-enriched-*@*"])
    done.stdout.no_fnmatch_line("*plugin.py*")
    assert "duplicate-effect" in (pytester.path / "out.xml").read_text()
    assert (pytester.path / ".stream-contracts/produce-flush-commit-enrich/plan.json").is_file()
