"""The jars of the local backend: what the lock file names, fetched once, verified, kept per user."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from stream_contracts.errors import StackError
from stream_contracts.stack.locks import locked

KAFKA_LOCK = Path(__file__).with_name("kafka.lock.toml")
CONNECT_LOCK = Path(__file__).with_name("connect.lock.toml")
APICURIO_LOCK = Path(__file__).with_name("apicurio.lock.toml")
SINK_LOCK = Path(__file__).with_name("sink.lock.toml")
STREAMS_LOCK = Path(__file__).with_name("streams.lock.toml")
FLINK_LOCK = Path(__file__).with_name("flink.lock.toml")
ECJ_LOCK = Path(__file__).with_name("ecj.lock.toml")
INSTALL = "pip install 'pytest-stream-contracts[local]'"
PREPARE = "stream-contracts stack prepare"

VERIFIED_MTIME = 1_500_000_000
"""The modification time that a jar gets once its sha256 was found right: whoever writes to it later changes it."""

FETCHERS = 4
"""Downloads at a time; more would not be polite to a public repository."""

Progress = Callable[[str], None]
"""Told one line of text whenever there is something to tell a person who waits."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One row of a lock file: sha256 in hexadecimal, size in bytes.

    ``coordinates`` are ``group:artifact:version``, with ``:classifier@type`` behind it for what is no plain jar.
    """

    coordinates: str
    sha256: str
    size: int

    @property
    def packaging(self) -> str:
        """What kind of file it is: ``jar``, ``tar.gz``."""
        return self.coordinates.partition("@")[2] or "jar"

    @property
    def file_name(self) -> str:
        """The name in the cache; it holds the group too, because artifact names repeat."""
        return self.coordinates.partition("@")[0].replace(":", "-") + f".{self.packaging}"

    def resolved(self, context: Any) -> Path:
        """Fetch it into the repository of jgo's context."""
        group, artifact, version, *classifier = self.coordinates.partition("@")[0].split(":")
        found = context.project(group, artifact).at_version(version)
        return Path(found.artifact("".join(classifier), self.packaging).resolve())


def read_lock(path: Path = KAFKA_LOCK) -> tuple[Jar, ...]:
    """Return what the lock file names, by coordinates."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["jars"]
    return tuple(Jar(coordinates, row["sha256"], row["size"]) for coordinates, row in sorted(rows.items()))


def maven_context(repository: Path) -> Any:
    """Return jgo's view of Maven Central, or of the mirror named by ``$STREAM_CONTRACTS_MAVEN_URL``."""
    try:
        from jgo.maven import MavenContext
    except ImportError as error:
        raise StackError(f"jgo, which fetches the jars, is not installed: {INSTALL}") from error
    mirror = os.environ.get("STREAM_CONTRACTS_MAVEN_URL")
    remotes = {"mirror": mirror.rstrip("/")} if mirror else None
    return MavenContext(repo_cache=repository, remote_repos=remotes, timeout=30)


def sound(jar: Jar, path: Path, *, thorough: bool = False) -> bool:
    """Tell whether the file is the jar: by size and stamp, or by its sha256 where these do not say or ``thorough``.

    A jar that is found right by its sha256 is stamped, so that the next look is cheap.
    """
    try:
        stat = path.stat()
    except FileNotFoundError:
        return False
    if stat.st_size != jar.size:
        return False
    if not thorough and stat.st_mtime == VERIFIED_MTIME:
        return True
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != jar.sha256:
        return False
    if stat.st_mtime != VERIFIED_MTIME:
        with contextlib.suppress(OSError):  # a cache that was prepared may be read-only
            os.utime(path, (VERIFIED_MTIME, VERIFIED_MTIME))
    return True


@dataclass(frozen=True, slots=True)
class JarCache:
    """The folder in which verified jars stay, shared by every run of this user."""

    folder: Path

    def path(self, jar: Jar) -> Path:
        """Where that jar is, or will be."""
        return self.folder / jar.file_name

    def missing(self, jars: Sequence[Jar], *, thorough: bool = False) -> list[Jar]:
        """Return the jars that are not there, or are not what the lock file says."""
        return [jar for jar in jars if not sound(jar, self.path(jar), thorough=thorough)]

    def ensure(self, jars: Sequence[Jar], progress: Progress, *, thorough: bool = False) -> list[Jar]:
        """Fetch what is missing, and return what was fetched. StackError where that cannot be done.

        Safe when several processes do it at once: one fetches, the others wait and find everything there.
        """
        if not self.missing(jars, thorough=thorough):
            return []
        with locked(self.folder, "fetching jars", progress):
            missing = self.missing(jars, thorough=thorough)
            try:
                self._fetch_all(missing, progress)
            except OSError as error:
                raise self._incomplete(missing, error.strerror or str(error)) from error
        return missing

    def _fetch_all(self, missing: Sequence[Jar], progress: Progress) -> None:
        if not missing:
            return
        if os.environ.get("STREAM_CONTRACTS_OFFLINE", "0") not in ("", "0"):
            raise self._incomplete(missing, "STREAM_CONTRACTS_OFFLINE forbids to fetch them")
        progress(f"fetching {len(missing)} files, {sum(jar.size for jar in missing) / 1e6:.0f} MB, into {self.folder}")
        failures: dict[Jar, str] = {}
        with TemporaryDirectory(dir=self.folder, prefix=".fetch-") as scratch, _pool() as pool:
            context = maven_context(Path(scratch))
            pending = {pool.submit(self._fetch, jar, context): jar for jar in missing}
            for number, done in enumerate(as_completed(pending), 1):
                jar = pending[done]
                error = done.exception()
                if error is None:
                    progress(f"[{number}/{len(missing)}] {jar.coordinates}")
                else:
                    failures[jar] = f"{error}"
        if failures:
            raise self._incomplete(list(failures), next(iter(failures.values())))

    def _fetch(self, jar: Jar, context: Any) -> None:
        fetched = jar.resolved(context)
        if not sound(jar, fetched, thorough=True):
            digest = hashlib.sha256(fetched.read_bytes()).hexdigest()
            raise StackError(
                f"what was fetched for {jar.coordinates} is not what the lock file names: {fetched.stat().st_size} "
                f"bytes with sha256 {digest} instead of {jar.size} bytes with sha256 {jar.sha256}"
            )
        fetched.replace(self.path(jar))

    def _incomplete(self, missing: Sequence[Jar], why: str) -> StackError:
        names = "\n".join(f"  {jar.coordinates} ({jar.size / 1e6:.1f} MB)" for jar in missing)
        return StackError(
            f"{len(missing)} of the files that the local stack needs are missing:\n{names}\n"
            f"looked in: {self.folder}\nwhy: {why}\n"
            f"what to do: run `{PREPARE}` where Maven Central, or the mirror named by $STREAM_CONTRACTS_MAVEN_URL, can "
            f"be reached; or point $STREAM_CONTRACTS_CACHE at a folder that was prepared"
        )


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """A pool that drops what has not begun when the caller is interrupted."""
    pool = ThreadPoolExecutor(FETCHERS, "fetch-jar")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
