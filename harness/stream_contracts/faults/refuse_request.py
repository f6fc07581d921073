"""refuse-request: a broker answers with an error that is legal at this moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stream_contracts.faults._scene import Scene, Struck
from stream_contracts.wire.refusals import Refuse

USUAL = {
    "InitProducerId": "coordinator_load_in_progress",
    "AddPartitionsToTxn": "coordinator_load_in_progress",
    "AddOffsetsToTxn": "coordinator_load_in_progress",
    "EndTxn": "coordinator_load_in_progress",
    "TxnOffsetCommit": "coordinator_load_in_progress",
    "OffsetCommit": "coordinator_load_in_progress",
    "JoinGroup": "coordinator_load_in_progress",
    "SyncGroup": "rebalance_in_progress",
    "Produce": "not_enough_replicas",
    "Fetch": "not_leader_or_follower",
    "COMMIT": "40001",
    "INSERT": "40001",
    "UPDATE": "40001",
    "DELETE": "40001",
}
"""API -> the error that is met most: a coordinator that has moved, a leader without its followers, a rebalance; in a
database, that the transaction cannot be serialized with another (SQLSTATE 40001).
"""


@dataclass(frozen=True, slots=True)
class RefuseRequest:
    """One request is refused, once; with ``what``, by the error of that name. The connection stays.

    An error that is newer than the request's version takes no effect: no broker gives it to that client.
    """

    beyond: str = ""
    shared: bool = False

    @contextmanager
    def applied(self, scene: Scene) -> Iterator[Struck]:
        """Answer in the broker's place, or change what it answered."""
        lived = scene.victim.alive
        known = scene.settle(Refuse(scene.what or USUAL.get(scene.api, "")))
        yield Struck(lived and known)
