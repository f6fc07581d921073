"""The probe: whoever lives, has work to do and does nothing is helped on, as a platform would, and sooner."""

from __future__ import annotations

from stream_contracts.errors import HarnessError
from stream_contracts.trial import books
from stream_contracts.trial.case import Case

BLIND_S = 3.0
"""How long nothing passes before we look for a transaction that a dead process left open: it blinds its readers."""
HANG_S = 10.0
"""How long instances may show no headway on the wire, once every fault is healed, before they are started anew.

A client can hang for good after a reset connection (librdkafka issue 5511). That breaks a recovery promise, which the
history tells of; without the probe nothing could be said of delivery.
"""
MOST_KICKS = 2


class Probe:
    """Look from time to time; it acts when nothing has passed on the wire for a while."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._seen = -1
        self._since = 0.0
        self._kicks = 0
        self._looked = False

    def look(self, missing: str) -> None:
        """There is still something to do, which ``missing`` tells: is anybody at it?"""
        instances = self._case.instances
        # Who has only just been started, or connected for the first time, makes headway: a JVM takes its time to begin.
        seen = sum(
            len(instance.lane.moments) + instance.service.incarnation + (instance.lane.connections > 0)
            for instance in instances
        )
        now = self._case.clock()
        if seen != self._seen:
            self._seen, self._since, self._looked = seen, now, False
        elif now - self._since > HANG_S and self._kicks < MOST_KICKS:
            self._kicks += 1
            self._case.kick(f"nothing passed for {HANG_S:g} s, though {missing}")
            self._since = now
        elif now - self._since > BLIND_S and not self._looked and not self._case.prepares:
            self._looked = True
            try:
                books.end_orphans(self._case)
            except HarnessError:
                self._case.arena.cluster.forget()  # it ended while we looked, or a broker is not back: look again
                self._looked = False
