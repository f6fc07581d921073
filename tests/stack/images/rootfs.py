"""A root file system put together from what this machine has: a shell, the C library, and the folders of a program."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


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
        entry.size, entry.mode, entry.mtime = stat.st_size, mode or stat.st_mode & 0o777 | 0o444, int(stat.st_mtime)
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


def libraries(root: Root, programs: Iterable[Path], own: Path) -> None:
    """Write the C library and the loader of this machine, and what else these programs link to outside of ``own``."""
    needed: set[Path] = set()
    for program in programs:
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        words = (word for line in listed.splitlines() for word in line.split())
        needed.update(Path(word) for word in words if word.startswith("/"))
    libc = next(path for path in needed if path.name == "libc.so.6")
    # The resolver's parts are opened by name at run time, so nothing links to them.
    needed.update(libc.parent / name for name in ("libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"))
    for path in sorted(needed):
        if path.exists() and not path.resolve().is_relative_to(own):
            root.copy(path, str(path).lstrip("/"))


def _program(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise SystemExit(
            f"{name} is not installed; engine.sh beside this file installs it (apt-get install {name}-static)"
        )
    return Path(found).resolve()
