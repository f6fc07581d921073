"""What asks or promises less than before, though it is still there: a shelf of checks."""

from __future__ import annotations

from collections.abc import Iterator

from stream_contracts.gate.promised import weaker
from stream_contracts.gate.settings import duration, level_lowered, lowered, retention, setting
from stream_contracts.gate.states import Change, Hit
from stream_contracts.gate.subjects import held


def partitions_changed(change: Change) -> Iterator[Hit]:
    """The number of partitions differs."""
    for name, before, home, after in change.topics():
        if before.partitions != after.partitions:
            what = f"{name} has {after.partitions} partitions instead of {before.partitions}"
            what += "; Kafka cannot take partitions away" if after.partitions < before.partitions else ""
            yield Hit(name, home.place("topics", name, "partitions"), what)


def replication_lowered(change: Change) -> Iterator[Hit]:
    """Fewer copies than before."""
    for name, before, home, after in change.topics():
        if after.replication < before.replication:
            what = f"{name} has a replication factor of {after.replication} instead of {before.replication}"
            yield Hit(name, home.place("topics", name, "replication"), what)


def retention_shortened(change: Change) -> Iterator[Hit]:
    """Data, or tombstones, are kept for less long."""
    for key in ("retention.ms", "retention.bytes", "delete.retention.ms"):
        for name, before, home, after in change.topics():
            was, now = setting(before, key), setting(after, key)
            if retention(now) < retention(was):
                what = f"{name} keeps less: {key} is {duration(key, now)} instead of {duration(key, was)}"
                yield Hit(name, home.place("topics", name, "config", key), what, key)


def min_insync_lowered(change: Change) -> Iterator[Hit]:
    """A write is acknowledged by fewer replicas."""
    yield from _lowered(change, "min.insync.replicas")


def message_size_lowered(change: Change) -> Iterator[Hit]:
    """Records that fitted are refused."""
    yield from _lowered(change, "max.message.bytes")


def _lowered(change: Change, key: str) -> Iterator[Hit]:
    for name, before, home, after in change.topics():
        was, now = setting(before, key), setting(after, key)
        if lowered(was, now):
            yield Hit(name, home.place("topics", name, "config", key), f"{name}: {key} is {now} instead of {was}")


def cleanup_policy_changed(change: Change) -> Iterator[Hit]:
    """Compaction and deletion by age are not the same promise."""
    for name, before, home, after in change.topics():
        was, now = (
            frozenset(setting(topic, "cleanup.policy").replace(" ", "").split(",")) for topic in (before, after)
        )
        if was != now:
            what = f"{name}: cleanup.policy is {','.join(sorted(now))} instead of {','.join(sorted(was))}"
            yield Hit(name, home.place("topics", name, "config", "cleanup.policy"), what)


def unclean_election_enabled(change: Change) -> Iterator[Hit]:
    """A replica that lags may become leader."""
    key = "unclean.leader.election.enable"
    for name, before, home, after in change.topics():
        if setting(before, key) != "true" and setting(after, key) == "true":
            yield Hit(
                name, home.place("topics", name, "config", key), f"{name} may lose acknowledged records: {key} is true"
            )


def framing_changed(change: Change) -> Iterator[Hit]:
    """Records begin with a schema id, or do so no more."""
    for name, before, home, after in change.topics():
        for role in ("key", "value"):
            was, now = getattr(before, role), getattr(after, role)
            if was and now and was.framing != now.framing:
                what = f"the {role}s of {name} have the framing {now.framing} instead of {was.framing}"
                yield Hit(name, home.place("topics", name, role, "framing"), what, role)


def header_weakened(change: Change) -> Iterator[Hit]:
    """A header that was on every record is on some."""
    for name, before, home, after in change.topics():
        for header, presence in before.headers.items():
            if presence == "required" and after.headers.get(header) == "optional":
                what = f"the header {header} of {name} is optional, and was on every record"
                yield Hit(name, home.place("topics", name, "headers", header), what, header)


def promise_weakened(change: Change) -> Iterator[Hit]:
    """A pipeline promises less."""
    for name, before in change.before.pipelines.items():
        after = change.after.pipelines.get(name) if change.after else None
        for promise, what in weaker(before.promises, after.promises) if after else ():
            yield Hit(name, change.place("pipelines", name, "promises", promise), f"{name} {what}", promise)


def comparison_narrowed(change: Change) -> Iterator[Hit]:
    """Fewer fields are compared between two runs."""
    for name, before in change.before.pipelines.items():
        after = change.after.pipelines.get(name) if change.after else None
        for path in after.compare.ignore if after else ():
            if path not in before.compare.ignore:
                place = change.place("pipelines", name, "compare", "ignore")
                yield Hit(name, place, f"{name}: {path} is not compared any more", path)


def compatibility_lowered(change: Change) -> Iterator[Hit]:
    """The level asks for less than before, in this very change."""
    for each in held(change.before):
        after = change.now.find(each.subject, change.before.name)
        if after is not None and level_lowered(each.level()[0], after.level()[0]):
            now, source = after.level()
            own = after.schema.compatibility is not None
            place = after.contract.place(*(after.steps if own else ("registry",)), "compatibility")
            yield Hit(
                each.subject, place, f"{each.subject} is checked at {now} ({source}) instead of {each.level()[0]}"
            )
