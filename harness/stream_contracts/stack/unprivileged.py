"""As whom a program runs that refuses root: as ourselves where we are an ordinary user, as a servant where we are root."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.errors import StackError

CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}
"""What lets the servant pass through folders that only root may enter (a test's, root's home), the weaker first."""


@dataclass(frozen=True, slots=True)
class Servant:
    """``uid`` and ``gid`` a program runs under, and the words before its command; nothing where we are no root."""

    uid: int = -1
    gid: int = -1
    words: tuple[str, ...] = ()

    def command(self, command: Sequence[str]) -> list[str]:
        """Return the command that runs this one as the servant."""
        return [*self.words, *command]

    def give(self, folder: Path) -> None:
        """Make the folder the servant's, for it alone."""
        folder.chmod(0o700)
        if self.words:
            for path in _everything(folder):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def take_back(self, folder: Path) -> None:
        """Make the folder ours, and let others read it: a cache that root prepared is of use to them."""
        for path in _everything(folder):
            if self.words:
                os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)
            path.chmod(0o755 if path.is_dir() else 0o644)


def servant() -> Servant:
    """Return as whom to run. StackError where we are root and cannot become anybody else."""
    if os.geteuid() != 0:
        return Servant()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError(
            "PostgreSQL refuses to run as root, and `setpriv` (package util-linux), which would run it as another user, is "
            "not on PATH; install it, or run as an ordinary user"
        )
    user = _nobody()
    words = [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    held = _permitted()
    passage = next((name for name, bit in CAPABILITIES.items() if held >> bit & 1), None)
    if passage is not None:
        words += [f"--inh-caps=+{passage}", f"--ambient-caps=+{passage}"]
    return Servant(user.pw_uid, user.pw_gid, tuple(words))


def _everything(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.rglob("*")


def _nobody() -> pwd.struct_passwd:
    """The user without rights; it must have a name, because PostgreSQL looks its own up."""
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        others = [user for user in pwd.getpwall() if user.pw_uid != 0]
    if not others:
        raise StackError("PostgreSQL refuses to run as root, and this machine knows no other user; add one")
    return others[-1]


def _permitted() -> int:
    """Our permitted capabilities as bits (capabilities(7)); both sets must allow what is handed on."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    masks = {
        name: int(value, 16) for name, _, value in (line.partition(":\t") for line in lines) if name.startswith("Cap")
    }
    return masks.get("CapPrm", 0) & masks.get("CapBnd", 0)
