"""One instance of a pipeline in a trial: its lane, its process, its lives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

from stream_contracts.history.journal import Journal
from stream_contracts.history.model import Note, ProcessLife
from stream_contracts.pipelines.connector import Connector
from stream_contracts.pipelines.second_worker import SecondWorker
from stream_contracts.stack.service import Service
from stream_contracts.trial.cluster import Cluster
from stream_contracts.wire.lane import Lane

PAUSES_S = (0.0, 0.25, 0.5, 1.0, 2.0)
"""How long it is waited before the first restart, the second, …; the last holds for all that follow."""
RESTARTS = 5
"""How often a process that ends by itself is started again in one trial, as a container platform would."""
POLITE_S = 5.0


class Instance:
    """Start, watch and end the process of one instance; every life of it goes into the journal.

    ``identity`` is whose names it uses: its own, or those of the instance whose place it takes. ``state`` is a folder that
    every life finds empty, where there is one.
    """

    def __init__(
        self,
        lane: Lane,
        service: Service | Connector | SecondWorker,
        cluster: Cluster,
        journal: Journal,
        clock: Callable[[], float],
        identity: str,
        state: Path | None = None,
    ) -> None:
        self.lane, self.service, self.identity = lane, service, identity
        self.retired = False
        self.former_ids: set[str] = set()
        """The transactional ids of its former lives."""
        self.patient = False
        """Whether its groups find out by themselves that it is gone."""
        self.own_ends: list[int] = []
        """The exit statuses with which it ended by itself."""
        self._cluster, self._journal, self._clock, self._state = cluster, journal, clock, state
        self._started_at, self._ended = 0.0, True
        self._counted = 0
        self._again_at: float | None = None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.service.alive

    def start(self) -> None:
        """Begin a life."""
        self.former_ids |= self.lane.transactional_ids
        self.lane.transactional_ids.clear()
        self._started_at, self._ended, self._again_at = self._clock(), False, None
        if self._state is not None:
            rmtree(self._state)
            self._state.mkdir()
        self.service.start()

    def kill(self) -> None:
        """End the life at once."""
        self.service.kill()
        self._buried()

    polite_s = POLITE_S
    """How long the process may take to end when it is asked to."""

    def stop(self) -> None:
        """Ask the process to end, and see that it does."""
        if self.alive:
            self.service.stop(self.polite_s)
            self._buried()

    def pause(self) -> None:
        """Freeze the process; its connections stay."""
        self.service.pause()

    def resume(self) -> None:
        """Thaw it."""
        self.service.resume()

    def retire(self) -> None:
        """Do not start it again when it ends."""
        self.retired = True

    def evict(self) -> None:
        """Say goodbye for it to its groups.

        Without that its partitions stay blocked for the session timeout (45 s by default); that time is compressed, and
        the history says so.
        """
        if self.patient:
            return
        for member in self._cluster.dismiss(tuple(self.lane.members.values())):
            self.lane.members.pop(member.member_id, None)
            self._journal.add(Note("time compressed", f"LeaveGroup for {member.member_id}", self._clock()))

    def replace(self) -> None:
        """After a death: close what the dead held, say goodbye for it to its groups, and start anew."""
        self.lane.cut()
        self.evict()
        self.start()

    def supervise(self, *, counts: bool = True) -> str | None:
        """Start a process that ended by itself again, unless it is retired; a sentence when it keeps ending.

        As a container platform does, each time after a longer pause. What ends while a fault is on (``counts`` false) has
        a reason to.
        """
        if self.alive:
            return None
        if not self._ended:
            status = self.service.exit_status
            self.own_ends.append(-1 if status is None else status)
            self._counted += counts
            self._buried()
            if self.retired:
                self.lane.cut()
                self.evict()
                return None
            if self._counted > RESTARTS:
                return f"{self.lane.instance} ended by itself {len(self.own_ends)} times, last with status {status}"
            self._again_at = self._clock() + PAUSES_S[min(len(self.own_ends), len(PAUSES_S)) - 1]
        if self._again_at is not None and self._clock() >= self._again_at:
            self.replace()
        return None

    def _buried(self) -> None:
        self._ended = True
        status = self.service.exit_status
        self._journal.add(
            ProcessLife(self.lane.instance, self.service.incarnation, self._started_at, self._clock(), status)
        )
