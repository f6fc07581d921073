"""Law 5: the blueprint, the lock file and docker-compose.yml speak of the same versions."""

import tomllib
from pathlib import Path

from ruamel.yaml import YAML

from stream_contracts import __version__
from stream_contracts.stack.blueprint import KAFKA_IMAGE, KAFKA_VERSION

ROOT = Path(__file__).parents[2]


def test_compose_runs_the_image_of_the_blueprint():
    services = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
    assert services["kafka"]["image"] == KAFKA_IMAGE == f"apache/kafka:{KAFKA_VERSION}"


def test_the_locked_jars_are_of_that_version():
    lock = tomllib.loads((ROOT / "harness/stream_contracts/stack/kafka.lock.toml").read_text())
    kafka = [coordinates for coordinates in lock["jars"] if coordinates.startswith("org.apache.kafka:")]
    assert kafka
    assert all(coordinates.split(":")[-1] == KAFKA_VERSION for coordinates in kafka)
    assert all(len(jar["sha256"]) == 64 for jar in lock["jars"].values())


def test_the_package_and_the_changelog_know_the_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert (
        "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()
        or f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
    )
