"""What became weaker between two states of the contracts, schemas aside: a table of rules and their checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from stream_contracts.contract.model import Contract, Topic
from stream_contracts.findings import Finding, Place, Severity
from stream_contracts.gate.rules import Rule
from stream_contracts.gate.settings import duration, level_lowered, lowered, retention, setting, weaker_delivery
from stream_contracts.gate.subjects import Tree, held, text_of


@dataclass(frozen=True, slots=True)
class Change:
    """A contract before and after; ``after`` is None where the contract is gone. The trees hold all the others."""

    before: Contract
    after: Contract | None
    former: Tree
    now: Tree

    def place(self, *steps: str | int) -> Place:
        """Where that is written now, or where it was."""
        return (self.after or self.before).place(*steps)

    def topics(self) -> Iterator[tuple[str, Topic, Contract, Topic]]:
        """Topics that are still there, also in another contract: name, before, the contract now, after."""
        for name, topic in self.before.topics.items():
            home = self.home(name)
            if home is not None:
                yield name, topic, home, home.topics[name]

    def home(self, topic: str) -> Contract | None:
        """The contract that holds a topic now: the same one, or another where it was moved."""
        known = [self.after] if self.after else []
        return next((each for each in (*known, *self.now.contracts, *self.now.beside) if topic in each.topics), None)


@dataclass(frozen=True, slots=True)
class Hit:
    """What a check found: what it is about, where it is written, and what it says."""

    subject: str
    place: Place
    what: str
    at: str = ""


Check = Callable[[Change], Iterator[Hit]]


def topic_deleted(change: Change) -> Iterator[Hit]:
    """A topic is gone, and nothing looks like it under another name."""
    for name in change.before.topics:
        if change.home(name) is None and _renamed(change, name) is None:
            users = change.former.users(name)
            read = f"; it was read by {', '.join(users)}" if users else ""
            yield Hit(name, change.place("topics"), f"the topic {name} is gone{read}")


def topic_renamed(change: Change) -> Iterator[Hit]:
    """A topic is gone, and a new one holds the same schemas."""
    for name in change.before.topics:
        other = None if change.home(name) is not None else _renamed(change, name)
        if other is not None:
            yield Hit(name, change.place("topics", other), f"the topic {name} is called {other} now")


def _renamed(change: Change, name: str) -> str | None:
    """A topic of the contract that is new and has the schemas of the old one, if there are any to tell it by."""
    told = _content(change.before, name)
    for other in change.after.topics if change.after and told else ():
        if other not in change.before.topics and _content(change.after, other) == told:  # type: ignore[arg-type]
            return other
    return None


def _content(contract: Contract, name: str) -> tuple[tuple[str, str], ...]:
    return tuple((role, text_of(contract.path(schema))) for topic, role, schema in contract.schemas() if topic == name)


def subject_deleted(change: Change) -> Iterator[Hit]:
    """A schema is gone although its topic, if it had one, is not."""
    for each in held(change.before):
        if change.now.by_subject.get(each.subject) or (each.topic and change.home(each.topic) is None):
            continue
        if not _resubjected(change, each.steps):
            by = change.former.referrers(each.subject)
            also = f"; it is referred to by {', '.join(by)}" if by else ""
            yield Hit(
                each.subject, change.place(*each.steps), f"no contract holds the subject {each.subject} any more{also}"
            )


def subject_renamed(change: Change) -> Iterator[Hit]:
    """The same key or value of a topic goes under another subject."""
    for each in held(change.before):
        other = _resubjected(change, each.steps)
        if other and other != each.subject and not change.now.by_subject.get(each.subject):
            yield Hit(each.subject, change.place(*each.steps), f"the subject {each.subject} is called {other} now")


def _resubjected(change: Change, steps: tuple[str, ...]) -> str:
    if change.after is None:
        return ""
    return next((each.subject for each in held(change.after) if each.steps == steps), "")


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


def header_removed(change: Change) -> Iterator[Hit]:
    """A header that readers may look for is gone."""
    for name, before, home, after in change.topics():
        for header in before.headers:
            if header not in after.headers:
                yield Hit(
                    name, home.place("topics", name, "headers"), f"{name} has no header {header} any more", header
                )


def header_weakened(change: Change) -> Iterator[Hit]:
    """A header that was on every record is on some."""
    for name, before, home, after in change.topics():
        for header, presence in before.headers.items():
            if presence == "required" and after.headers.get(header) == "optional":
                what = f"the header {header} of {name} is optional, and was on every record"
                yield Hit(name, home.place("topics", name, "headers", header), what, header)


def pipeline_deleted(change: Change) -> Iterator[Hit]:
    """A pipeline is gone with all that it promised."""
    for name, pipeline in change.before.pipelines.items():
        if change.after is None or name not in change.after.pipelines:
            promised = pipeline.promises.delivery
            yield Hit(name, change.place("pipelines"), f"the pipeline {name}, which promised {promised}, is gone")


def promise_weakened(change: Change) -> Iterator[Hit]:
    """A pipeline promises less."""
    for name, before in change.before.pipelines.items():
        after = change.after.pipelines.get(name) if change.after else None
        if after and weaker_delivery(before.promises.delivery, after.promises.delivery):
            what = f"{name} promises {after.promises.delivery} instead of {before.promises.delivery}"
            yield Hit(name, change.place("pipelines", name, "promises", "delivery"), what)


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
            place = after.contract.place(*after.steps, "compatibility")
            yield Hit(
                each.subject, place, f"{each.subject} is checked at {now} ({source}) instead of {each.level()[0]}"
            )


def former_version_changed(change: Change) -> Iterator[Hit]:
    """A kept version is a fact; it was edited or removed."""
    for each in held(change.before):
        after = change.now.find(each.subject, change.before.name)
        if after is None:
            continue
        known = {path.name: path for path in after.contract.former(after.schema)}
        for path in each.contract.former(each.schema) if after.schema.file == each.schema.file else ():
            if path.name not in known:
                yield Hit(each.subject, after.declared, f"the kept version {path.name} is gone", path.name)
            elif text_of(known[path.name]) != text_of(path):
                yield Hit(
                    each.subject, Place(str(known[path.name]), 1), f"the kept version {path.name} was edited", path.name
                )


CHANGES: Final[tuple[tuple[Rule, Check], ...]] = (
    (Rule("topic-deleted",
          "Producers fail, and readers wait for records that never come.",
          "Let nobody read it first (look at its consumer groups), then delete it; waive the finding meanwhile.",
          "topics: {orders: …, refunds: …}   →   topics: {orders: …}"), topic_deleted),
    (Rule("topic-renamed",
          "A topic cannot be renamed: the new one begins empty, and offsets do not go along.",
          "Write to both topics, move the readers, then retire the old one.",
          "topics: {orders: …}   →   topics: {orders.v2: …}, with the same schemas"), topic_renamed),
    (Rule("subject-deleted",
          "Records of that schema are still in the topic, and readers ask the registry for it.",
          "Keep the schema as long as records are kept.",
          "orders: {key: {schema: id.avsc}, value: …}   →   orders: {value: …}"), subject_deleted),
    (Rule("subject-renamed",
          "The history stays with the old subject: the new one begins without a former version, so nothing is compared.",
          "Keep the subject, or register the former versions under the new one first.",
          "value: {schema: order.avsc}   →   value: {schema: order.avsc, subject: shop.Order}"), subject_renamed),
    (Rule("partitions-changed",
          "Keys go to other partitions than before, so the order per key breaks at the change; state in stores is split.",
          "Create a topic with the new number, and move producers and readers over.",
          "partitions: 6   →   partitions: 12"), partitions_changed),
    (Rule("replication-lowered",
          "Fewer broker failures lose data.",
          "Keep the replication factor; 3 survives one broker in repair and one that fails.",
          "replication: 3   →   replication: 1"), replication_lowered),
    (Rule("retention-shortened",
          "A reader that is behind, or starts anew, misses what was deleted.",
          "Ask every reader how far back it must be able to go; then shorten, with a waiver until it is done.",
          "retention.ms: 604800000   →   retention.ms: 86400000"), retention_shortened),
    (Rule("min-insync-lowered",
          "A record may be acknowledged that only one broker has; it is gone with that broker.",
          "Keep min.insync.replicas at the replication factor minus one.",
          "min.insync.replicas: 2   →   min.insync.replicas: 1"), min_insync_lowered),
    (Rule("message-size-lowered",
          "Records that were accepted are refused, and the producer stops or drops them.",
          "Lower the producers' limit first, and see that nothing larger is sent.",
          "max.message.bytes: 1048588   →   max.message.bytes: 100000"), message_size_lowered),
    (Rule("cleanup-policy-changed",
          "With compaction old values of a key disappear; without it the last value of a key may disappear by age.",
          "Create a topic with the other policy, and move producers and readers over.",
          "cleanup.policy: compact   →   cleanup.policy: delete"), cleanup_policy_changed),
    (Rule("unclean-election-enabled",
          "A broker that lags may become leader, and records that were acknowledged are gone.",
          "Leave it off; when all replicas in sync are down, decide by hand.",
          "unclean.leader.election.enable: true"), unclean_election_enabled),
    (Rule("framing-changed",
          "Readers take the first five bytes for something that they are not.",
          "Write the new framing to a new topic.",
          "framing: confluent   →   framing: none"), framing_changed),
    (Rule("header-removed",
          "Readers that look for the header find nothing.",
          "Make it optional first, move the readers, then remove it.",
          "headers: {tenant: required}   →   headers: {}"), header_removed),
    (Rule("header-weakened",
          "Readers rely on the header being there on every record.",
          "Go on writing it; readers have to do without it before it becomes optional.",
          "headers: {tenant: required}   →   headers: {tenant: optional}"), header_weakened),
    (Rule("pipeline-deleted",
          "Its outputs stop, and nobody checks its promise any more.",
          "Tell those who read its outputs; waive the finding with the day on which it is switched off.",
          "pipelines: {enrich: …, totals: …}   →   pipelines: {enrich: …}"), pipeline_deleted),
    (Rule("promise-weakened",
          "Those who read the output were promised more: records may now be lost or doubled.",
          "Agree with the readers first, and make them idempotent where records may be doubled.",
          "promises: {delivery: exactly-once}   →   promises: {delivery: at-least-once}"), promise_weakened),
    (Rule("comparison-narrowed",
          "A field that is not compared can be wrong without anybody seeing it.",
          "Ignore only what differs between two correct runs, such as a processing time.",
          "compare: {ignore: []}   →   compare: {ignore: [$.total]}", Severity.WARNING), comparison_narrowed),
    (Rule("compatibility-lowered",
          "The check that would have stopped a break is switched off by the change that it should judge.",
          "Keep the level and waive the one finding that is meant.",
          "registry: {compatibility: FULL_TRANSITIVE}   →   registry: {compatibility: NONE}"), compatibility_lowered),
    (Rule("former-version-changed",
          "Kept versions are what was really written; with another text the comparison proves nothing.",
          "Restore the file; a new version gets a new number.",
          "former/order.v1.avsc was edited"), former_version_changed),
)  # fmt: skip
"""Rule and check, in the order in which they are reported."""


def changes(change: Change) -> tuple[Finding, ...]:
    """Everything that became weaker in one contract."""
    return tuple(rule.at(hit.place, hit.subject, hit.what, hit.at) for rule, check in CHANGES for hit in check(change))
