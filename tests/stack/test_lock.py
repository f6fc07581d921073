"""The lock files are what their own writer would write: hand-made edits and a forgotten regeneration show."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_contracts.stack.artefacts import APICURIO_LOCK, CONNECT_LOCK, Jar, read_lock
from stream_contracts.stack.blueprint import DEBEZIUM_VERSION, KAFKA_VERSION
from stream_contracts.stack.lock import ROOTS, text


@pytest.mark.parametrize("file", ROOTS, ids=lambda file: file.name)
def test_the_committed_file_is_what_the_writer_writes(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == text(ROOTS[file], read_lock(file))


@pytest.mark.parametrize("file", ROOTS, ids=lambda file: file.name)
def test_every_root_is_locked(file: Path) -> None:
    assert set(ROOTS[file]) <= {jar.coordinates for jar in read_lock(file)}


def test_connect_is_of_the_brokers_version_and_debezium_of_the_blueprints() -> None:
    names = [jar.coordinates for jar in read_lock(CONNECT_LOCK)]
    ours = [name for name in names if name.startswith("org.apache.kafka:")]
    assert ours
    assert all(name.endswith(f":{KAFKA_VERSION}") for name in ours)
    assert [name for name in names if "debezium" in name] == [
        f"io.debezium:debezium-connector-postgres:{DEBEZIUM_VERSION}:plugin@tar.gz"
    ]


def test_an_archive_is_kept_under_a_name_that_says_what_it_is() -> None:
    [archive] = read_lock(APICURIO_LOCK)
    assert archive.packaging == "tar.gz"
    assert archive.file_name == "io.apicurio-apicurio-registry-app-3.3.3-all.tar.gz"
    assert Jar("g:a:1", "", 0).file_name == "g-a-1.jar"
