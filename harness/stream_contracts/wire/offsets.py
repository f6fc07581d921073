"""What the wire tells of offsets: which were committed, how their transactions ended, and since when output was on its way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stream_contracts.history.model import Commit
from stream_contracts.wire.membership import committed


class Offsets:
    """One for an instance. Topics are told by their names: their ids are known from the answers to Metadata (KIP-516)."""

    def __init__(self, write: Callable[[Commit], None]) -> None:
        self._write = write
        self._names: dict[str, str] = {}
        self._unsettled: defaultdict[str, list[Commit]] = defaultdict(list)
        self._ending: set[str] = set()
        self._appended: dict[tuple[str, int], dict[int, float]] = {}

    def named(self, response: Any) -> None:
        """An answer to Metadata came: keep which topic has which id (since version 10)."""
        for topic in response.topics or ():
            if getattr(topic, "topic_id", None) is not None and topic.name:
                self._names[str(topic.topic_id)] = str(topic.name)

    def committed(self, api: str, request: Any, response: Any, at: float) -> None:
        """An OffsetCommit or TxnOffsetCommit came back, or never will. A row is written when its fate is known."""
        transactional_id = str(getattr(request, "transactional_id", "") or "")
        for group, topic, partition, offset in committed(request, response):
            row = Commit(group, self._names.get(topic, topic), partition, offset, api, at)
            if transactional_id:
                self._unsettled[transactional_id].append(row)
            else:
                self._write(row)

    def ending(self, request: Any) -> None:
        """An EndTxn is on its way: until it is answered nobody knows how its transaction ends."""
        self._ending.add(str(request.transactional_id))

    def ended(self, request: Any) -> None:
        """An EndTxn was granted."""
        self._settle(str(request.transactional_id), "committed" if request.committed else "aborted")

    def began(self, transactional_id: str) -> None:
        """A producer was given its epoch. That aborts what is open (KIP-98), but not what was about to end."""
        self._settle(transactional_id, None if transactional_id in self._ending else "aborted")

    def close(self) -> None:
        """Nothing more will come: the fate of what is left is not known."""
        for transactional_id in tuple(self._unsettled):
            self._settle(transactional_id, None)

    def _settle(self, transactional_id: str, fate: str | None) -> None:
        self._ending.discard(transactional_id)
        for row in self._unsettled.pop(transactional_id, ()):
            self._write(replace(row, fate=fate))

    def appended(self, response: Any, at: float) -> None:
        """A Produce that was asked at that time was granted: where its records stand, by the first of each partition."""
        for topic in response.responses or ():
            name = str(topic.name) if hasattr(topic, "name") else str(topic.topic_id)
            name = self._names.get(name, name)
            for part in topic.partition_responses or ():
                # A repetition of what the log has already may be granted without an offset (-1).
                if not int(part.error_code) and int(part.base_offset) >= 0:
                    self._appended.setdefault((name, int(part.index)), {}).setdefault(int(part.base_offset), at)

    @property
    def appends(self) -> dict[tuple[str, int], dict[int, float]]:
        """(topic, partition) -> the first offset of each granted Produce, and when that was asked. From any thread."""
        return {place: dict(firsts) for place, firsts in tuple(self._appended.items())}
