"""Images that stand in for the official ones: same names, same contract, put together from what the package registries have.

Nothing of the official images is in them. The programs are the same (Kafka's jars from the lock file, the same
PostgreSQL release), and so is the contract by which they are started; the user land is busybox and the host's C library.
What is proven with them is our side of the contract, on the same Kafka.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from stream_contracts.stack.blueprint import KAFKA_IMAGE
from stream_contracts.stack.brokers import Prepared
from stream_contracts.stack.runtime import Runtime
from stream_contracts.stack.training import prepare

HERE = Path(__file__).parent
APP_UID = 1000
"""The official Kafka image runs as an ordinary user too."""


@dataclass
class Root:
    """A root file system that is being written as a tar archive."""

    archive: tarfile.TarFile
    _folders: set[str] = field(default_factory=set)

    def folder(self, path: str, mode: int = 0o755, uid: int = 0) -> None:
        """Make a folder and those above it."""
        above = path.rpartition("/")[0]
        if above and above not in self._folders:
            self.folder(above)
        if path in self._folders:
            return
        self._folders.add(path)
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, uid, uid
        self.archive.addfile(entry)

    def text(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file with this text."""
        self.folder(path.rpartition("/")[0])
        entry = tarfile.TarInfo(path)
        content = text.encode()
        entry.size, entry.mode = len(content), mode
        self.archive.addfile(entry, io.BytesIO(content))

    def copy(self, source: Path, path: str, mode: int | None = None) -> None:
        """Copy one file; what a link points at, not the link."""
        self.folder(path.rpartition("/")[0])
        real = source.resolve()
        entry = tarfile.TarInfo(path)
        stat = real.stat()
        # The JVM takes an AOT cache only with the jars and the modules it was made for, by size and time.
        entry.size, entry.mode, entry.mtime = stat.st_size, mode or stat.st_mode & 0o777, int(stat.st_mtime)
        with real.open("rb") as file:
            self.archive.addfile(entry, file)

    def tree(self, source: Path, path: str, leave_out: Iterable[str] = ()) -> None:
        """Copy a folder with what is in it."""
        left_out = set(leave_out)
        for entry in sorted(source.rglob("*")):
            relative = entry.relative_to(source)
            if entry.is_file() and left_out.isdisjoint(relative.parts):
                self.copy(entry, f"{path}/{relative}")

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link."""
        self.folder(path.rpartition("/")[0])
        entry = tarfile.TarInfo(path)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self.archive.addfile(entry)


def user_land(root: Root, users: Mapping[str, int]) -> None:
    """Write a shell, the small programs, and who is who."""
    busybox = _program("busybox")
    root.copy(busybox, "bin/busybox")
    for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if applet != "busybox":
            root.link(f"bin/{applet}", "busybox")
    root.copy(_program("bash-static"), "bin/bash")
    root.link("usr/bin/env", "/bin/busybox")
    root.folder("tmp", 0o1777)
    everyone = {"root": 0, **users}
    root.text("etc/passwd", "".join(f"{name}:x:{uid}:{uid}::/tmp:/bin/bash\n" for name, uid in everyone.items()))
    root.text("etc/group", "".join(f"{name}:x:{uid}:\n" for name, uid in everyone.items()))
    root.text("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")


def libraries(root: Root, programs: Iterable[Path]) -> None:
    """Write the C library and the loader as this machine has them, and whatever else these programs link to."""
    needed: set[Path] = set()
    own = {folder for program in programs for folder in (program.parent, program.parent.parent / "lib")}
    for program in programs:
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        words = (word for line in listed.splitlines() for word in line.split())
        needed.update(Path(word) for word in words if word.startswith("/"))
    libc = next(path for path in needed if path.name == "libc.so.6")
    # The resolver's parts are opened by name at run time, so nothing links to them.
    needed.update(libc.parent / name for name in ("libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"))
    for path in sorted(needed):
        if path.exists() and not any(path.is_relative_to(folder) for folder in own):
            root.copy(path, str(path).lstrip("/"))


def kafka(root: Root, prepared: Prepared) -> None:
    """``apache/kafka``: KAFKA_* variables become properties, the storage is formatted, and the broker runs as appuser."""
    found = prepared.runtime
    user_land(root, {"appuser": APP_UID})
    jre(root, found)
    for jar in found.jars:
        root.copy(found.cache.path(jar), f"opt/kafka/libs/{jar.file_name}")
    root.text("opt/kafka/classpath", ":".join(f"/opt/kafka/libs/{jar.file_name}" for jar in found.jars))
    # The official image brings a CDS archive for the same reason: half of a start is the loading of classes.
    for flag in prepared.flags:
        root.copy(Path(flag.partition("=")[2]), "opt/kafka/kafka.aot")
    root.folder("opt/kafka/config", 0o755, APP_UID)
    root.folder("mnt/shared/config", 0o755, APP_UID)
    root.folder("var/lib/kafka/data", 0o755, APP_UID)
    root.folder("etc/kafka/secrets", 0o755, APP_UID)
    root.copy(HERE / "kafka_run.sh", "etc/kafka/docker/run", 0o755)
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        root.text(f"etc/kafka/docker/{name}", "")


def jre(root: Root, found: Runtime) -> None:
    """Write the Java of the wheel, and what it links to."""
    home = found.java_home
    libraries(root, [home / "bin" / "java", *sorted((home / "lib").glob("lib*.so")), home / "lib/server/libjvm.so"])
    root.tree(home, "opt/java", leave_out=("legal", "jmods", "include", "man"))


STARTED_BY = {
    "kafka": (
        'CMD ["/etc/kafka/docker/run"]',
        "USER appuser",
        "ENV PATH=/opt/java/bin:/bin:/usr/bin",
        "EXPOSE 9092",
        "VOLUME /etc/kafka/secrets /var/lib/kafka/data /mnt/shared/config",
    ),
}
"""What the official image's Dockerfile says of how it is started."""

NAMES = {"kafka": KAFKA_IMAGE}
BUILDERS = {"kafka": kafka}


def build(role: str, client: Any) -> str:
    """Import the stand-in for that role into the engine behind a docker client, and return its name."""
    prepared = prepare(print)
    with TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            BUILDERS[role](Root(archive), prepared)
        file.seek(0)
        _import(client, file, NAMES[role], STARTED_BY[role])
    return NAMES[role]


def _import(client: Any, file: IO[bytes], name: str, changes: Iterable[str]) -> None:
    repository, _, tag = name.rpartition(":")
    client.api.import_image(src=file, repository=repository, tag=tag, changes=list(changes))
    client.images.get(name)


def _program(name: str) -> Path:
    import shutil

    found = shutil.which(name)
    if found is None:
        raise SystemExit(
            f"{name} is not installed; engine.sh beside this file installs it (apt-get install {name}-static)"
        )
    return Path(found).resolve()


def main() -> None:
    """Build the roles that are named, or all of them, in the engine that answers."""
    import docker

    client = docker.from_env(timeout=300)
    for role in sys.argv[1:] or BUILDERS:
        print(build(role, client))  # noqa: T201 – the answer of a script


if __name__ == "__main__":
    main()
