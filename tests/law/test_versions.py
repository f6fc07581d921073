"""Law 5: the blueprint, the lock file and docker-compose.yml speak of the same versions."""

import tomllib
from pathlib import Path

from ruamel.yaml import YAML

from stream_contracts import __version__
from stream_contracts.stack.blueprint import (
    CONNECT_IMAGE,
    KAFKA_IMAGE,
    KAFKA_VERSION,
    POSTGRES_IMAGE,
    REGISTRIES,
)
from stream_contracts.stack.docker_images import IMAGES
from tests.stack.images.standin import STAND_INS

ROOT = Path(__file__).parents[2]


def compose():
    return YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]


def test_compose_runs_the_images_of_the_blueprint():
    images = {name: service["image"] for name, service in compose().items()}
    assert images == {
        "kafka": KAFKA_IMAGE,
        "registry": REGISTRIES["confluent"],
        "postgres": POSTGRES_IMAGE,
        "connect": CONNECT_IMAGE,
    }


def test_the_docker_backend_runs_the_images_of_the_blueprint():
    official = {role: image.official for role, image in IMAGES.items()}
    plain = {"kafka": KAFKA_IMAGE, "postgres": POSTGRES_IMAGE, "connect": CONNECT_IMAGE}
    assert official == {**plain, **{name: image for name, image in REGISTRIES.items() if image}}
    assert f"apache/kafka:{KAFKA_VERSION}" == KAFKA_IMAGE


def test_the_stand_ins_bear_the_names_of_the_official_images():
    assert {role: stand_in.name for role, stand_in in STAND_INS.items()}.items() <= {
        role: image.official for role, image in IMAGES.items()
    }.items()


def test_compose_listens_on_the_loopback_only():
    ports = [port for service in compose().values() for port in service["ports"]]
    assert len(ports) == len(compose())
    assert all(port.startswith("127.0.0.1:") for port in ports)


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
