"""Topics as they run: where a cluster is other than the contracts say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from stream_contracts.contract.model import Contract
from stream_contracts.errors import StackError
from stream_contracts.findings import Finding, Rule, Severity
from stream_contracts.gate.settings import number
from stream_contracts.gate.states import Hit

PATIENCE_S = 10.0


class Live(NamedTuple):
    """A topic of a cluster: its partitions, its replicas, in how many partitions some are not in sync, its settings."""

    partitions: int
    replication: int
    behind: int
    settings: Mapping[str, str]


Cluster = Mapping[str, Live]
"""The topics that a cluster has, by name."""


def missing(contract: Contract, cluster: Cluster) -> Iterator[Hit]:
    """The topic is not there."""
    for name in contract.topics:
        if name not in cluster:
            yield Hit(name, contract.place("topics", name), f"{name} is declared, and the cluster does not have it")


def partitions(contract: Contract, cluster: Cluster) -> Iterator[Hit]:
    """The number of partitions is another one."""
    for name, topic in contract.topics.items():
        found = cluster.get(name)
        if found and found.partitions != topic.partitions:
            what = f"{name} is declared with {topic.partitions} partitions and has {found.partitions}"
            yield Hit(name, contract.place("topics", name, "partitions"), what)


def replication(contract: Contract, cluster: Cluster) -> Iterator[Hit]:
    """There are fewer copies than were promised."""
    for name, topic in contract.topics.items():
        found = cluster.get(name)
        if found and found.replication < topic.replication:
            what = f"{name} is declared with {topic.replication} replicas and has {found.replication}"
            yield Hit(name, contract.place("topics", name, "replication"), what)


def settings(contract: Contract, cluster: Cluster) -> Iterator[Hit]:
    """A setting that the contract names has another value."""
    for name, topic in contract.topics.items():
        found = cluster.get(name)
        for key, wanted in topic.settings.items() if found else ():
            has = found.settings.get(key, "") if found else ""
            if not _same(wanted, has):
                place = contract.place("topics", name, "config", key)
                yield Hit(name, place, f"{name}: {key} is declared as {wanted} and is {has or 'not known'}", key)


def out_of_sync(contract: Contract, cluster: Cluster) -> Iterator[Hit]:
    """Some copies are behind now."""
    for name in contract.topics:
        found = cluster.get(name)
        if found and found.behind:
            what = f"{name}: in {found.behind} of {found.partitions} partitions a replica is not in sync"
            yield Hit(name, contract.place("topics", name), what)


LIVE: Final[tuple[tuple[Rule, Callable[[Contract, Cluster], Iterator[Hit]]], ...]] = (
    (Rule("live-topic-missing",
          "Where clients may create topics it appears with the defaults of the brokers, whatever was declared; else they fail.",
          "Create it as the contract says, before a client asks for it.",
          "topics: {orders: {…}}   – and no topic of that name"), missing),
    (Rule("live-partitions-differ",
          "Keys stand in other partitions than was planned for, and more instances than partitions stand idle.",
          "Where there are too few, kafka-topics --alter --partitions (it moves keys); else correct the contract.",
          "orders: {partitions: 6}   – and the topic has 1"), partitions),
    (Rule("live-replication-low",
          "What was promised to survive the loss of a broker does not.",
          "kafka-reassign-partitions, with as many replicas as the contract says.",
          "orders: {replication: 3}   – and the topic has 1"), replication),
    (Rule("live-setting-differs",
          "Records are kept, compacted or acknowledged otherwise than the pipelines were tried with.",
          "kafka-configs --alter --entity-type topics, or correct the contract.",
          "orders: {config: {retention.ms: 604800000}}   – and it is 3600000"), settings),
    (Rule("live-out-of-sync",
          "The next broker that fails may take acknowledged records with it, or stop writes.",
          "See which broker is down or slow.",
          "replicas 1,2,3, in sync 1", Severity.WARNING), out_of_sync),
)  # fmt: skip
"""Rule and check; each row has its case and its near miss in tests/gate/test_live.py."""


def differences(contracts: Sequence[Contract], cluster: Cluster) -> list[Finding]:
    """What of the contracts' topics is otherwise in the cluster; topics that no contract names are nobody's business."""
    return [
        rule.at(hit.place, hit.subject, hit.what, hit.at)
        for contract in contracts
        for rule, check in LIVE
        for hit in check(contract, cluster)
    ]


def look(bootstrap: str, names: Sequence[str]) -> dict[str, Live]:
    """Ask a cluster for those of these topics that it has; nothing is changed in it.

    Raises `StackError` where it does not answer, or does not tell us.
    """
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient, ConfigResource  # type: ignore[attr-defined]  # it is public

    given: dict[str, str | int | float | bool] = {"bootstrap.servers": bootstrap, "log_level": 0}
    try:
        admin = AdminClient(given, logger=None)
        known = admin.list_topics(timeout=PATIENCE_S).topics
        found = {name: known[name] for name in names if name in known}
        asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in found]
        answers = admin.describe_configs(asked, request_timeout=PATIENCE_S) if asked else {}
        told = {resource.name: future.result(PATIENCE_S) for resource, future in answers.items()}
    except (KafkaException, TimeoutError) as error:
        raise StackError(f"{bootstrap} does not tell what its topics are like: {error}") from error
    return {
        name: Live(
            len(topic.partitions),
            min((len(each.replicas) for each in topic.partitions.values()), default=0),
            sum(len(each.isrs) < len(each.replicas) for each in topic.partitions.values()),
            {key: entry.value or "" for key, entry in told[name].items()},
        )
        for name, topic in found.items()
    }


def _same(wanted: str, has: str) -> bool:
    """Equal as numbers where both are, as sets where they are lists (cleanup.policy), else as text."""
    one, other = number(wanted), number(has)
    if one is not None and other is not None:
        return one == other
    return {part.strip() for part in wanted.split(",")} == {part.strip() for part in has.split(",")}
