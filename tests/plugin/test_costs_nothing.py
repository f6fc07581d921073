"""Without ``--stream-contracts`` an ordinary pytest run must not notice that the plugin is installed."""

import subprocess
import sys

HEAVY = [
    "pydantic",
    "fastavro",
    "confluent_kafka",
    "google.protobuf",
    "hypothesis",
    "duckdb",
    "stream_contracts",
    "kio",
]

SPY = """
import sys

def pytest_unconfigure(config):
    print("LOADED:", sorted(set({heavy!r}) & set(sys.modules)))
"""


def test_an_ordinary_run_imports_nothing_of_ours(pytester):
    pytester.makeconftest(SPY.format(heavy=HEAVY))
    pytester.makepyfile("def test_one(): assert True\ndef test_two(): assert 1 == 1")
    # hypothesis and schemathesis bring plugins of their own, which are not what is measured here
    others = ("hypothesispytest", "schemathesis", "anyio")
    done = pytester.runpytest_subprocess(*(f"-pno:{name}" for name in others))
    done.assert_outcomes(passed=2)
    assert "LOADED: []" in done.stdout.str()


def test_the_spy_can_see(pytester):
    """The same run with the plugin on does import them: the test above can fail."""
    pytester.makeconftest(SPY.format(heavy=HEAVY))
    pytester.makepyfile("def test_one(): assert True")
    done = pytester.runpytest_subprocess("--stream-contracts")
    assert "'pydantic'" in done.stdout.str().partition("LOADED:")[2]


def test_the_entry_point_imports_only_pytest_and_the_standard_library():
    code = (
        "import sys, pytest; before = set(sys.modules); import _stream_contracts_pytest;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names) - {'_stream_contracts_pytest'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_a_contract_is_left_alone_when_it_was_not_asked_for(pytester):
    pytester.path.joinpath("contract.yaml").write_text("this: is not even a contract")
    pytester.makepyfile("def test_one(): assert True")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
