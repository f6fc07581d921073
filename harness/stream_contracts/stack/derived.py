"""What is computed once and kept in the cache: built aside, moved into place when whole, never used half-written."""

from __future__ import annotations

import os
import shutil
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from stream_contracts.errors import StackError
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.locks import locked

DONE = "complete"
"""The file that is written last: it lists every other one with its size."""

UNUSED_S = 14 * 24 * 3600
"""How long what belongs to another Java, Kafka or place may lie unused before it is removed."""


def derived(kind: Path, key: str, build: Callable[[Path], None], progress: Progress) -> Path:
    """Return the folder ``kind/key``, built by ``build(folder)`` when it is not there or not whole.

    Safe when several processes do it at once. What ``build`` raises comes through, a full disk as StackError, and leaves
    nothing behind.
    """
    place = kind / key
    if whole(place):
        return place
    with locked(kind, f"preparing {kind.name}", progress):
        if whole(place):
            return place
        try:
            _build_aside(place, build)
        except OSError as error:
            raise StackError(
                f"preparing {kind.name}: {place} cannot be written ({reason(error)}); free some space, or name another "
                f"folder in $STREAM_CONTRACTS_CACHE"
            ) from error
        _remove_unused(kind, place)
    return place


def _build_aside(place: Path, build: Callable[[Path], None]) -> None:
    scratch = Path(mkdtemp(dir=place.parent, prefix=".build-"))
    try:
        build(scratch)
        scratch.chmod(0o755)  # a cache that root prepared is of use to others
        (scratch / DONE).write_text(inventory(scratch), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        scratch.rename(place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def reason(error: OSError) -> str:
    """Say why; where a whole tree was copied, why its first file was not."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        return str(error.args[0][0][2])
    return error.strerror or str(error)


def unpacked(archive: Path, kind: Path, key: str, progress: Progress) -> Path:
    """Return the folder ``kind/key`` with what the tar archive holds, unpacked when it is not there or not whole."""

    def build(folder: Path) -> None:
        progress(f"unpacking {archive.name}")
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")

    return derived(kind, key, build, progress)


def whole(place: Path) -> bool:
    """Tell whether the folder holds all that its list says, in the right sizes; mark it as used if it does."""
    try:
        complete = (place / DONE).read_text(encoding="utf-8") == inventory(place)
    except (OSError, UnicodeDecodeError):
        return False
    if complete and os.access(place, os.W_OK):
        os.utime(place / DONE)
    return complete


def inventory(place: Path) -> str:
    """Return the relative path and the size in bytes of every file, one per line."""
    files = sorted(path for path in place.rglob("*") if path.is_file() and path != place / DONE)
    return "".join(f"{path.stat().st_size} {path.relative_to(place)}\n" for path in files)


def _remove_unused(kind: Path, used: Path) -> None:
    """Remove half-built folders (we hold the lock, so nobody builds) and what nobody used for long."""
    for entry in kind.iterdir():
        if entry == used or not entry.is_dir():
            continue
        stamp = entry / DONE
        if not stamp.exists() or time.time() - stamp.stat().st_mtime > UNUSED_S:
            shutil.rmtree(entry, ignore_errors=True)
