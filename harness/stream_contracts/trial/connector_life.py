"""The lives of a connector in a trial: those of its worker, and what a dead one leaves behind."""

from __future__ import annotations

from stream_contracts.errors import HarnessError
from stream_contracts.history.model import Transaction
from stream_contracts.trial.instance import Instance


class ConnectorLife(Instance):
    """An instance whose process is a worker of Kafka Connect."""

    polite_s = 20.0
    """A worker stops its tasks first, and they say goodbye to the source."""

    def evict(self) -> None:
        """End the transactions of a dead worker.

        A worker reads its offsets topic to the end before it does anything, and a transaction that a killed one left open
        there keeps it waiting until ``transaction.timeout.ms`` (60 s) is over. That time is compressed, and the history
        says so.
        """
        if self.alive or self.patient:
            return
        now = self._clock()
        try:
            for each in self._cluster.open_transactions(sorted(self.lane.transactional_ids)):
                self._cluster.fence(each.transactional_id)
                self._journal.add(
                    Transaction(
                        each.transactional_id, each.producer_id, each.epoch, "aborted", now - each.age_s, now, "harness"
                    )
                )
        except HarnessError:
            self._cluster.forget()  # the broker was struck as well: then it takes its time


class SecondLife(Instance):
    """A second worker of the same group, which may take the connector up; on the wire it is the connector as well."""

    polite_s = 20.0

    def start(self) -> None:
        """Begin its life, and return when it is a member of the group."""
        self._started_at, self._ended = self._clock(), False
        self.service.start()

    def evict(self) -> None:
        """Nothing is left behind: whoever takes the connector up next has its transactional id too."""
