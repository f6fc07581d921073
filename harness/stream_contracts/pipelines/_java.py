"""Java sources as a program: compiled by ecj on the JRE of the stack, kept as a jar, started with an AOT cache."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from stream_contracts.errors import StackError
from stream_contracts.stack.artefacts import ECJ_LOCK, Progress, read_lock
from stream_contracts.stack.derived import derived
from stream_contracts.stack.runtime import Runtime, jvm_environment, runtime

LEVEL = "21"
"""The release of Java that sources may use; ecj compiles against the library of the JRE that it runs on."""
FLAGS = ("--enable-native-access=ALL-UNNAMED",)
"""State stores are native code; an AOT cache is good for exactly these flags."""
COMPILE_S = 120.0
TRAIN_S = 120.0
TRAINING = Path(__file__).with_name("Training.java")
"""What the AOT cache is made of: an application that finds no broker, and ends."""

_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)


class NotCompiledError(Exception):
    """The sources are no program; the text is what the compiler says."""


class Trained(NamedTuple):
    """An AOT cache, and the class path that it was made with: one that begins with it can use the cache."""

    cache: Path
    class_path: str


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled program: what it runs on, its jar, its main class, and the AOT cache of what it runs on."""

    runtime: Runtime
    jar: Path
    main: str
    trained: Trained | None = None
    flags: tuple[str, ...] = FLAGS

    def command(self, scratch: str | None = None) -> list[str]:
        """Return the command that starts it; ``scratch`` is where it puts temporary files and native libraries."""
        own = [] if scratch is None else [f"-Djava.io.tmpdir={scratch}"]
        if self.trained is None:
            path, flags = self.runtime.class_path, []
        else:
            path, flags = self.trained.class_path, [f"-XX:AOTCache={self.trained.cache}"]
        return self.runtime.java([*self.flags, *own, *flags, "-cp", f"{path}{os.pathsep}{self.jar}", self.main])


def ready(
    lock: Path,
    progress: Progress,
    *,
    training: Path = TRAINING,
    more: Sequence[Path] = (),
    flags: Sequence[str] = FLAGS,
    thorough: bool = False,
) -> None:
    """Fetch what programs on the jars of ``lock`` run on and are compiled with, and make their AOT cache, ahead of the first.

    ``thorough`` compares every file's sha256 anew. Raises StackError where Java or a jar cannot be had.
    """
    runtime(progress, thorough=thorough, lock=read_lock(ECJ_LOCK))
    found = replace(runtime(progress, thorough=thorough, lock=read_lock(lock)), more=tuple(more))
    _trained(found, lock.name.partition(".")[0], training, progress, flags)


def program(
    lock: Path,
    sources: Sequence[Path],
    progress: Progress,
    *,
    training: Path | None = TRAINING,
    more: Sequence[Path] = (),
    flags: Sequence[str] = FLAGS,
) -> Program:
    """Return the sources as a program on the jars of ``lock``; what is fetched, compiled or trained already is kept.

    ``more`` are jars that were not fetched. The main class is the one that the first source is named after. Raises
    NotCompiledError, and StackError where Java or a jar cannot be had. Without an AOT cache, which is told, it starts slowly.
    """
    found = replace(runtime(progress, lock=read_lock(lock)), more=tuple(more))
    main = _main(sources[0])
    jar = _compiled(found, sources, progress)
    trained = None if training is None else _trained(found, lock.name.partition(".")[0], training, progress, flags)
    return Program(found, jar, main, trained, tuple(flags))


def _main(source: Path) -> str:
    package = _PACKAGE.search(source.read_text(encoding="utf-8"))
    return f"{package[1]}.{source.stem}" if package else source.stem


def _compiled(found: Runtime, sources: Sequence[Path], progress: Progress) -> Path:
    """The jar with the classes of these sources, compiled when there is none of the same text."""
    texts = [f"{source.name}\0{source.read_text(encoding='utf-8')}" for source in sources]
    compiler = runtime(progress, lock=read_lock(ECJ_LOCK))

    def build(folder: Path) -> None:
        progress(f"compiling {', '.join(source.name for source in sources)}")
        with TemporaryDirectory() as classes:
            command = [
                *compiler.java(["-cp", compiler.class_path, "org.eclipse.jdt.internal.compiler.batch.Main"]),
                f"-{LEVEL}", "-nowarn", "-encoding", "UTF-8", "-proc:none",
                "-cp", found.class_path, "-d", classes, *map(str, sources),
            ]  # fmt: skip
            done = _run(command, folder, COMPILE_S)
            if done.returncode:
                raise NotCompiledError(f"it does not compile:\n{(done.stdout + done.stderr).strip()}")
            with zipfile.ZipFile(folder / "program.jar", "w") as jar:
                for file in sorted(Path(classes).rglob("*.class")):
                    jar.write(file, file.relative_to(classes))

    key = hashlib.sha256("\0".join((found.key(LEVEL, compiler.class_path), *texts)).encode()).hexdigest()[:20]
    return derived(found.home / "programs", key, build, progress) / "program.jar"


def _trained(
    found: Runtime, name: str, training: Path, progress: Progress, flags: Sequence[str] = FLAGS
) -> Trained | None:
    """The AOT cache of programs on these jars, made when there is none; None where it cannot be made."""
    try:
        jar = _compiled(found, [training], progress)
        path = f"{jar}{os.pathsep}{found.class_path}"

        def build(folder: Path) -> None:
            progress(f"training the AOT cache of {name} (once per version of it and of Java, takes half a minute)")
            cache = folder / f"{name}.aot"
            command = found.java([*flags, f"-XX:AOTCacheOutput={cache}", "-cp", path, _main(training)])
            with TemporaryDirectory() as work:
                done = _run(command, Path(work), TRAIN_S)
            if not cache.exists():
                tail = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
                raise StackError(f"the training run ended with status {done.returncode} and wrote no cache:\n{tail}")

        place = derived(found.home / "aot", found.key("aot", path, *flags), build, progress)
    except (StackError, NotCompiledError) as error:
        progress(f"{name} will start without an AOT cache, more slowly: {error}")
        return None
    return Trained(place / f"{name}.aot", path)


def _run(command: Sequence[str], folder: Path, timeout_s: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, env=jvm_environment(os.environ), cwd=folder, capture_output=True, text=True, timeout=timeout_s,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise StackError(f"{command[-1]}: Java did not end within {timeout_s:g} s") from error
