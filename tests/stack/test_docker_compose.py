"""docker-compose.yml is what its first line says: the same services, by hand."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from stream_contracts.stack.connectors import create_connector
from stream_contracts.stack.ports import reserved
from stream_contracts.stack.postgres_question import talks
from stream_contracts.stack.readiness import Question, cluster_complete
from stream_contracts.stack.rest import answers, ask
from tests.waiting import until

ROOT = Path(__file__).parents[2]
RUN = ("kafka", "postgres", "connect")
"""The registry is Confluent's, for which nothing stands in."""


class Compose:
    """Compose, in its present form or its old one, for one project of its own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
        if not plugin and shutil.which("docker-compose") is None:
            pytest.skip("neither `docker compose` nor docker-compose is here (engine.sh installs one)")
        self.words = ["docker", "compose"] if plugin else ["docker-compose"]
        self.project, self.environment = f"stream-contracts-{uuid4().hex[:8]}", {**os.environ, **environment}

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self.words, "-f", str(ROOT / "docker-compose.yml"), "-p", self.project, *arguments],
            env=self.environment, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def compose(engine: str) -> Iterator[Compose]:
    with reserved(3) as (kafka, postgres, connect):
        ports = {"KAFKA_PORT": kafka, "POSTGRES_PORT": postgres, "CONNECT_PORT": connect}
        made = Compose({"DOCKER_HOST": engine, **{name: str(port) for name, port in ports.items()}})
        try:
            yield made
        finally:
            made("down", "-v")


def test_compose_accepts_the_file(compose: Compose) -> None:
    assert compose("config", "--services").split()


@pytest.mark.broker
def test_its_services_come_up_and_find_each_other(compose: Compose) -> None:
    compose("up", "-d", *RUN)
    kafka, postgres, connect = (int(compose.environment[f"{name.upper()}_PORT"]) for name in RUN)
    url = f"http://127.0.0.1:{connect}"
    questions: list[Question] = [
        cluster_complete([(1, "127.0.0.1", kafka)]),
        talks("127.0.0.1", postgres, "contracts"),
        answers("Connect is a member of its group", f"{url}/health"),
    ]
    for question in questions:
        assert until(lambda question=question: question.ask() == "", 90), f"{question.name}: {question.ask()}"
    config = {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "plugin.name": "pgoutput",
        "database.hostname": "postgres",
        "database.user": "contracts",
        "database.password": "contracts",
        "database.dbname": "contracts",
        "topic.prefix": "t",
    }
    create_connector(url, "c", config, timeout_s=60)
    assert ask("GET", f"{url}/connectors") == (200, ["c"])
