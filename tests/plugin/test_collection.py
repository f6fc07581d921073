"""Contracts as pytest items: names, lines, complaints; nothing here starts a broker."""

import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def orders(pytester):
    """A project with the first example in it."""
    shutil.copytree(ROOT / "contracts/orders", pytester.path / "contracts/orders")
    return pytester.path / "contracts/orders"


def run(pytester, *arguments):
    return pytester.runpytest_subprocess("--stream-contracts", "--strict-markers", "--strict-config", *arguments)


@pytest.mark.usefixtures("orders")
def test_each_promise_is_an_item_of_its_own(pytester):
    done = run(pytester, "--collect-only", "-q")
    assert [line for line in done.outlines if "::" in line] == [
        "contracts/orders/contract.yaml::orders-value::compatibility",
        "contracts/orders/contract.yaml::orders-enriched-value::compatibility",
        "contracts/orders/contract.yaml::enrich::delivery",
    ]


@pytest.mark.usefixtures("orders")
def test_items_are_chosen_by_keyword_and_by_node_id(pytester):
    run(pytester, "-k", "compatibility").assert_outcomes(passed=2, deselected=1)
    run(pytester, "contracts/orders/contract.yaml::orders-value::compatibility").assert_outcomes(passed=1)


@pytest.mark.usefixtures("orders")
def test_the_ini_file_switches_it_on(pytester):
    pytester.makeini("[pytest]\nstream_contracts = true\n")
    pytester.runpytest_subprocess("-k", "compatibility").assert_outcomes(passed=2, deselected=1)


@pytest.mark.usefixtures("orders")
def test_the_command_line_beats_the_ini_file(pytester):
    pytester.makeini("[pytest]\nstream_seed = 3\n")
    run(pytester, "-k", "compatibility").stdout.fnmatch_lines(["stream contracts: *seed 3"])
    run(pytester, "-k", "compatibility", "--stream-seed", "4").stdout.fnmatch_lines(["stream contracts: *seed 4"])


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        ("stream_seed = abc", "--stream-seed is 'abc'; allowed: a whole number, 0 or more"),
        ("stream_workers = -1", "--stream-workers is '-1'; allowed: a whole number, 0 or more"),
        ("stream_moments = some", "--stream-moments is 'some'; allowed: all, classes"),
        ("stream_backend = cloud", "--stream-backend is 'cloud'; allowed: auto, docker, external, local"),
        ("stream_budget = 5", "--stream-budget is '5'; allowed: a time with its unit*"),
        ("stream_replay = gone.json", "--stream-replay gone.json: *No such file*"),
    ],
)
def test_what_nobody_can_mean_is_bad_usage_wherever_it_came_from(pytester, setting, allowed):
    pytester.makeini(f"[pytest]\n{setting}\n")
    done = run(pytester, "-k", "compatibility")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: {allowed}"])


def test_junit_knows_where_the_promise_stands(pytester, orders):
    run(pytester, "-k", "orders-value", "--junit-xml=out.xml", "-o", "junit_family=xunit1")
    case = next(ET.parse(pytester.path / "out.xml").iter("testcase"))
    line = next(
        i for i, text in enumerate((orders / "contract.yaml").read_text().splitlines()) if "order.avsc}" in text
    )
    assert case.get("file") == "contracts/orders/contract.yaml"
    assert int(case.get("line")) == line


@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ("owner: team-orders", "ovner: team-orders", "contract.yaml:3:1: *ovner*owner*"),
        ("order.avsc}", "oder.avsc}", "contract.yaml:*oder.avsc*"),
        ("BACKWARD_TRANSITIVE}", "BACKWARDS}", "contract.yaml:*BACKWARDS*BACKWARD*"),
        ("partitions: 2", "partitions: two", "contract.yaml:*two*"),
        ("delivery: exactly-once", "delivery: once", "contract.yaml:*once*exactly-once*"),
    ],
)
def test_a_wrong_contract_is_a_collection_error_with_its_line(pytester, orders, written, instead, complaint):
    contract = orders / "contract.yaml"
    contract.write_text(contract.read_text().replace(written, instead, 1))
    done = run(pytester)
    assert done.ret == pytest.ExitCode.INTERRUPTED
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines([f"*{complaint}"])
    done.stdout.no_fnmatch_line("*Traceback*")
    done.stdout.no_fnmatch_line("*Apache Kafka*")  # nothing was started


def test_an_incompatible_schema_fails_with_the_finding(pytester, orders):
    schema = orders / "order.avsc"
    schema.write_text(schema.read_text().replace('"type": "int"', '"type": "string"'))
    done = run(pytester, "-k", "orders-value")
    done.assert_outcomes(failed=1, deselected=2)
    done.stdout.fnmatch_lines(["*BROKEN*", "*TYPE_MISMATCH*", "*order.v2.avsc*", "*a message that shows it*"])
    done.stdout.no_fnmatch_line("*plugin.py*")
    run(pytester, "--lf", "-k", "compatibility").assert_outcomes(failed=1)


def test_a_shared_schema_is_an_item_too(pytester):
    """It has a subject and versions of its own; a change of it also fails in what refers to it."""
    folder = pytester.path / "shop"
    (folder / "former").mkdir(parents=True)
    (folder / "contract.yaml").write_text(
        "contract: shop\nowner: us\ntopics:\n  bills: {value: {schema: bill.avsc, references: {Money: money}}}\n"
        "shared:\n  money: {schema: money.avsc}\n"
    )
    money = '{"type": "record", "name": "Money", "fields": [{"name": "cents", "type": "%s"}]}'
    (folder / "bill.avsc").write_text('{"type": "array", "items": "Money"}')
    (folder / "former/bill.v1.avsc").write_text('{"type": "array", "items": "Money"}')
    (folder / "money.avsc").write_text(money % "long")
    (folder / "former/money.v1.avsc").write_text(money % "int")
    done = run(pytester, "-v")
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["shop/contract.yaml::money::compatibility*PASSED*"])
    (folder / "money.avsc").write_text(money % "string")
    done = run(pytester, "-rf")
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines(["*shop/money at BACKWARD*", "*TYPE_MISMATCH*"])


def test_a_schema_that_cannot_be_read_fails_without_our_stack(pytester, orders):
    (orders / "former/order.v1.avsc").write_text('{"type": "record", "name": "Order", "fields": [{"name": "a"}]}')
    done = run(pytester, "-k", "orders-value")
    done.assert_outcomes(failed=1, deselected=2)
    done.stdout.fnmatch_lines(["*order.v1.avsc*"])
    done.stdout.no_fnmatch_line("*Traceback*")
