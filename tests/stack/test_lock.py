"""The lock file is what its own writer would write: hand-made edits and a forgotten regeneration show."""

from __future__ import annotations

from stream_contracts.stack.artefacts import LOCK_FILE, read_lock
from stream_contracts.stack.lock import ROOTS, text


def test_the_committed_file_is_what_the_writer_writes() -> None:
    assert LOCK_FILE.read_text(encoding="utf-8") == text(ROOTS, read_lock())


def test_every_root_is_locked() -> None:
    assert set(ROOTS) <= {jar.coordinates for jar in read_lock()}
