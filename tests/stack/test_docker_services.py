"""PostgreSQL, Connect and registries in containers: the tests of the local backend, run again over this one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_contracts.errors import StackError, UnsupportedError, UsageError
from stream_contracts.stack.blueprint import REGISTRIES, Blueprint
from stream_contracts.stack.capabilities import Isolatable, Killable, Pausable
from stream_contracts.stack.docker import roles
from stream_contracts.stack.docker_brokers import broker_environment
from stream_contracts.stack.docker_brokers import variable as broker_variable
from stream_contracts.stack.docker_connect import variable, worker_environment
from stream_contracts.stack.docker_postgres import command
from stream_contracts.stack.docker_registries import PROGRAMS
from stream_contracts.stack.model import Stack
from tests.stack.docker_lane import docker_stack
from tests.stack.test_connect import (
    test_a_configuration_that_connect_refuses_is_told_in_its_words,
    test_a_killed_worker_comes_back_and_a_killed_database_is_followed_on,
    test_a_snapshot_and_streamed_changes_arrive,
    test_each_service_has_its_address_and_its_time,
)
from tests.stack.test_postgres import (
    rows,
    session,
    test_a_kill_loses_no_committed_row_and_the_address_stays,
    test_logical_decoding_works,
    test_stop_does_not_wait_for_clients_to_leave,
    test_what_the_blueprint_does_not_have_has_no_address,
)
from tests.stack.test_registries import test_confluents_client_registers_and_reads

__all__ = [
    "test_a_configuration_that_connect_refuses_is_told_in_its_words",
    "test_a_kill_loses_no_committed_row_and_the_address_stays",
    "test_a_killed_worker_comes_back_and_a_killed_database_is_followed_on",
    "test_a_snapshot_and_streamed_changes_arrive",
    "test_confluents_client_registers_and_reads",
    "test_each_service_has_its_address_and_its_time",
    "test_logical_decoding_works",
    "test_stop_does_not_wait_for_clients_to_leave",
    "test_what_the_blueprint_does_not_have_has_no_address",
]

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def everything(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    blueprint = Blueprint(registry="embedded", postgres=True, connect=True)
    with docker_stack(engine, blueprint, tmp_path_factory.mktemp("run")) as stack:
        yield stack


@pytest.fixture(scope="module")
def postgres(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with docker_stack(engine, Blueprint(brokers=0, postgres=True), tmp_path_factory.mktemp("run")) as stack:
        yield stack


@pytest.fixture(scope="module")
def registry(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with docker_stack(engine, Blueprint(brokers=0, registry="apicurio"), tmp_path_factory.mktemp("run")) as stack:
        yield stack


def test_a_paused_database_answers_nobody_until_it_is_resumed(postgres: Stack) -> None:
    service = postgres.service("postgres", can=Pausable)
    with session(postgres) as made:
        service.pause()
        with pytest.raises(StackError, match=r"waited 0\.5 s until PostgreSQL takes sessions"):
            postgres.await_ready(0.5)
        service.resume()
        service.resume()
        cursor = made.cursor()
        cursor.execute("select 1")
        assert cursor.fetchall()


def test_what_has_no_peers_cannot_be_cut_from_them(postgres: Stack) -> None:
    with pytest.raises(UnsupportedError, match=r"postgres cannot be cut from its peers: .* a container of postgres:18"):
        postgres.service("postgres", can=Isolatable)


def test_the_users_settings_win_over_ours_but_for_the_address(engine: str, tmp_path: Path) -> None:
    wanted = {"wal_level": "replica", "application_name": "it's", "port": "1"}
    blueprint = Blueprint(brokers=0, postgres=True, postgres_config=wanted)
    assert "port=1" not in command(blueprint)
    with docker_stack(engine, blueprint, tmp_path) as stack:
        assert rows(stack, "show wal_level") == [("replica",)]
        assert rows(stack, "show fsync") == [("off",)]


def test_one_that_does_not_come_up_says_why(engine: str, tmp_path: Path) -> None:
    blueprint = Blueprint(brokers=0, postgres=True, postgres_config={"max_connections": "many"})
    with pytest.raises(StackError) as error, docker_stack(engine, blueprint, tmp_path):
        pytest.fail("it came up with a setting that PostgreSQL refuses")
    text = str(error.value)
    assert "postgres ended with status 1 before PostgreSQL takes sessions" in text
    assert "max_connections" in text.partition("end of its log:")[2]
    assert "command: docker start --attach stream-contracts-" in text
    assert "what to do:" in text
    assert list(tmp_path.iterdir()) == []


def test_a_registry_in_a_container_can_be_killed(registry: Stack) -> None:
    registry.service("registry", can=Killable).kill()
    assert not registry.service("registry").alive


def test_what_the_image_of_kafka_is_told() -> None:
    blueprint = Blueprint(brokers=2, config={"log.retention.ms": "9"})
    told = broker_environment(blueprint, 2, host="build-7", port=20_001, cluster_id="c")
    assert told["KAFKA_ADVERTISED_LISTENERS"].startswith("CLIENT://build-7:20001,INSIDE://broker-2:")
    assert told["KAFKA_CONTROLLER_QUORUM_VOTERS"] == "1@peer-1:9095,2@peer-2:9095"
    assert "REPLICATION://peer-2:" in told["KAFKA_ADVERTISED_LISTENERS"], "peers talk on a network of their own"
    assert told["KAFKA_LOG_RETENTION_MS"] == "9", "the user's settings win"
    assert told["CLUSTER_ID"] == "c"
    assert broker_variable("a_b-c.d") == "KAFKA_A__B___C_D"


def test_a_registry_that_keeps_its_schemas_in_a_topic_needs_brokers() -> None:
    assert roles(Blueprint(registry="confluent")) == ["kafka", "confluent"]
    assert roles(Blueprint(brokers=0, registry="apicurio")) == ["apicurio"]
    assert roles(Blueprint(registry="embedded", postgres=True)) == ["kafka", "postgres"]
    with pytest.raises(UsageError, match=r"the confluent registry; .* Blueprint\(brokers=1\)"):
        roles(Blueprint(brokers=0, registry="confluent"))


def test_every_registry_that_has_an_image_is_known_how_to_run() -> None:
    assert set(PROGRAMS) == {name for name, image in REGISTRIES.items() if image}


def test_what_the_image_of_connect_is_told() -> None:
    told = worker_environment(Blueprint(brokers=2, connect=True), "run", "broker-1:9093,broker-2:9093")
    assert told["BOOTSTRAP_SERVERS"] == "broker-1:9093,broker-2:9093"
    assert told["GROUP_ID"] == "run.connect"
    assert told["CONNECT_CONFIG_STORAGE_REPLICATION_FACTOR"] == "2"
    assert "CONNECT_LISTENERS" not in told, "where it listens is the image's to say"
    assert variable("key.converter") == "KEY_CONVERTER", "the general one is overwritten by it"
    assert variable("session.timeout.ms") == "CONNECT_SESSION_TIMEOUT_MS"


def test_a_setting_that_the_image_cannot_be_told_is_refused() -> None:
    blueprint = Blueprint(connect=True, connect_config={"config.providers.file_1.class": "x"})
    with pytest.raises(UsageError, match=r"cannot be told config.providers.file_1.class"):
        worker_environment(blueprint, "run", "b:1")
