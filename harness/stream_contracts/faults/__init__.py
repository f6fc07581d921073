"""The shelf of faults: one file each, and the table of them.

A fault is an immutable value with one verb, ``strike``: it is applied while the frame of its moment is held, and says
whether it took effect.
"""

from __future__ import annotations

from typing import Protocol

from stream_contracts.errors import UsageError
from stream_contracts.faults.kill_app import KillApp, Victim
from stream_contracts.wire.hold import Hold
from stream_contracts.wire.moment import Moment


class Fault(Protocol):
    """What every fault of the shelf offers."""

    @property
    def at(self) -> Moment:
        """The moment at which it strikes."""

    def strike(self, hold: Hold, victim: Victim) -> bool:
        """Apply it while the frame is held; True if it took effect."""


FAULTS: dict[str, type[KillApp]] = {"kill-app": KillApp}
"""Name -> fault, as plans and reports call it."""


def fault_named(name: str, at: Moment) -> Fault:
    """The fault of that name at that moment; an unknown name lists the known ones."""
    if name not in FAULTS:
        raise UsageError(f"there is no fault named {name!r}; known: {', '.join(sorted(FAULTS))}")
    return FAULTS[name](at)
