"""poison-record: an event that nobody can read stands in the input, before one of its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stream_contracts.faults._input import Ends, Feed
from stream_contracts.workload.events import Event

GARBAGE = b"\xff\xff\xff"
"""No JSON, no UTF-8; in Avro and Protobuf a number that does not end."""
HEAD = 5
"""The zero byte and the schema id, where records name their schema."""
NOBODYS_ID = 2**31 - 1
"""A schema id that no registry gives out."""


@dataclass(frozen=True, slots=True)
class PoisonRecord:
    """Bytes that cannot be decoded; with ``what`` = ``magic``, another first byte; ``unknown-id``, a schema nobody has.

    The last two are for topics whose records name their schema. It has to end up among the dead letters, once, where they
    are promised, and nowhere with ``poison: skip``; all others have their effects as if it had not been there.
    """

    kinds: Sequence[str] = ("", "magic", "unknown-id")

    @property
    def stands(self) -> Mapping[str, Ends]:
        """Among the dead letters, or nowhere."""
        return {"dead-letter": "letters", "poison": "clean"}

    def altered(self, feed: Feed, what: str) -> Sequence[Event] | None:
        """Put one more event before the struck one, with its key, so that both are in one partition."""
        framed = feed.topic.value is not None and feed.topic.value.framing == "confluent"
        good = feed.struck.value
        if good is None or (what and not framed):
            return None
        kind = "poison" if "dead-letter" in feed.promises else "skip"
        return feed.with_another(replace(feed.struck, value=_spoiled(good, what, framed=framed), kind=kind), feed.at)


def _spoiled(good: bytes, what: str, *, framed: bool) -> bytes:
    if what == "magic":
        return b"\x7f" + good[1:]
    if what == "unknown-id":
        return good[:1] + NOBODYS_ID.to_bytes(4, "big") + good[HEAD:]
    return good[:HEAD] + GARBAGE if framed else GARBAGE
