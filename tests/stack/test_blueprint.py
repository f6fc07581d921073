"""The blueprint is data: what it refuses, and what each broker is told."""

from __future__ import annotations

import pytest

from stream_contracts.errors import UsageError
from stream_contracts.stack.blueprint import OURS, Blueprint, Ports, broker_properties, controller_properties, voters

NODES = [Ports(20_000, 20_001, 20_002), Ports(20_003, 20_004, 20_005), Ports(20_006, 20_007, 20_008)]


def properties(blueprint: Blueprint, node: int = 1) -> dict[str, str]:
    quorum = {voter: NODES[voter - 1].controller for voter in voters(blueprint)}
    return broker_properties(blueprint, node, NODES[node - 1], quorum, host="127.0.0.1", log_dir="/data")


def test_one_broker_can_run_transactions() -> None:
    """Kafka's own defaults ask for three replicas of the transaction log, and hang with one broker."""
    told = properties(Blueprint())
    assert told["transaction.state.log.replication.factor"] == "1"
    assert told["transaction.state.log.min.isr"] == "1"
    assert told["controller.quorum.voters"] == "1@127.0.0.1:20002"


def test_three_brokers_survive_one() -> None:
    told = properties(Blueprint(brokers=3), node=2)
    assert told["offsets.topic.replication.factor"] == "3"
    assert told["transaction.state.log.min.isr"] == "2"
    assert told["listeners"] == "CLIENT://127.0.0.1:20003,REPLICATION://127.0.0.1:20004,CONTROLLER://127.0.0.1:20005"
    assert "CONTROLLER" not in told["advertised.listeners"]
    assert told["controller.quorum.voters"] == "1@127.0.0.1:20002,2@127.0.0.1:20005,3@127.0.0.1:20008"


def test_beside_a_separate_controller_a_broker_is_none() -> None:
    asked = Blueprint(controllers=1)
    assert voters(asked) == {101: "controller-1"}
    told = broker_properties(asked, 1, NODES[0], {101: 20_009}, host="127.0.0.1", log_dir="/data")
    assert told["process.roles"] == "broker"
    assert told["controller.quorum.voters"] == "101@127.0.0.1:20009"
    assert "CONTROLLER" not in told["listeners"]
    other = controller_properties(asked, 101, Ports(0, 0, 20_009), {101: 20_009}, host="127.0.0.1", log_dir="/data")
    assert other["process.roles"] == "controller"
    assert other["listeners"] == "CONTROLLER://127.0.0.1:20009"
    assert other["controller.quorum.voters"] == told["controller.quorum.voters"]
    assert asked.needs() == {"brokers": "1 broker and 1 controller"}


@pytest.mark.parametrize(("brokers", "controllers"), [(0, 1), (1, -1), (1, 10)])
def test_a_number_of_controllers_that_cannot_be_run(brokers: int, controllers: int) -> None:
    with pytest.raises(UsageError, match=f"controllers: {controllers} cannot be run beside {brokers} brokers"):
        Blueprint(brokers=brokers, controllers=controllers, postgres=True)


def test_the_users_settings_win_over_ours() -> None:
    assert properties(Blueprint(config={"broker.session.timeout.ms": "9000"}))["broker.session.timeout.ms"] == "9000"


@pytest.mark.parametrize("setting", OURS)
def test_who_a_broker_is_cannot_be_set(setting: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be set.*listeners") as error:
        Blueprint(config={setting: "x"})
    assert setting in str(error.value)


@pytest.mark.parametrize("brokers", [-1, 0, 10])
def test_a_number_of_brokers_that_cannot_be_run(brokers: int) -> None:
    with pytest.raises(UsageError, match=f"brokers: {brokers} "):
        Blueprint(brokers=brokers)


def test_it_says_what_it_needs_and_how_to_ask_for_more() -> None:
    blueprint = Blueprint(postgres=True)
    assert blueprint.needs() == {"brokers": "1 broker", "postgres": "PostgreSQL"}
    blueprint.require("postgres")
    with pytest.raises(UsageError, match=r"has 1 broker, PostgreSQL; .*Blueprint\(connect=True\)"):
        blueprint.require("connect")


@pytest.mark.parametrize("need", ["registry", "postgres"])
def test_a_stack_without_brokers_is_one_if_something_else_runs(need: str) -> None:
    asked = Blueprint(brokers=0, registry="embedded") if need == "registry" else Blueprint(brokers=0, postgres=True)
    assert list(asked.needs()) == [need]


def test_connect_cannot_run_without_a_broker() -> None:
    with pytest.raises(UsageError, match=r"brokers: 0 cannot be run; between 1 and 9 can"):
        Blueprint(brokers=0, postgres=True, connect=True)


def test_an_unknown_registry_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'apicuroi'; known are apicurio, confluent, embedded, karapace"):
        Blueprint(registry="apicuroi")
