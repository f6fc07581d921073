"""Evidence: what the outputs hold once a run has come to rest, and which event each record is the effect of."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.history.model import Expected, Record, Send
from stream_contracts.schema.framing import FramingError, unframe
from stream_contracts.trial import rows
from stream_contracts.trial.cluster import Cluster, partitions_of
from stream_contracts.trial.feed import EVENT_HEADER, shown
from stream_contracts.trial.log import Entry, read
from stream_contracts.trial.names import Names
from stream_contracts.trial.normal import counter, digester, windower
from stream_contracts.trial.rows import Effect
from stream_contracts.workload.events import Event

_MOST_DIGITS = 18
"""A longer number is no event id of ours (and no BIGINT of the history), whoever wrote the header."""


@dataclass(frozen=True, slots=True)
class Letters:
    """What dead letters can be about: ``poison`` of the input. Those of a ``known`` content (topic, digest) are not."""

    poison: Sequence[Event]
    known: Collection[tuple[str, str]]

    def event_of(self, entry: Entry, content: tuple[str, str]) -> int | None:
        """The event of a letter without an id: the poison with its bytes, else the only one of its key."""
        if content in self.known:
            return None
        same = [event.id for event in self.poison if event.value == entry.value]
        of_key = [event.id for event in self.poison if event.key == entry.key]
        return same[0] if same else of_key[0] if len(of_key) == 1 else None


def records(
    cluster: Cluster,
    contract: Contract,
    pipeline: Pipeline,
    names: Names,
    causes: Mapping[tuple[str, str], int],
    appends: Sequence[Mapping[tuple[str, int], Mapping[int, float]]] = (),
    letters: Letters | None = None,
) -> list[Record]:
    """Every data record of the pipeline's output topics, named by their declared names.

    ``causes`` tells the event of an output by its content, (topic, digest), as far as the fault-free run told it;
    ``appends`` are those of each instance's lane; ``letters`` tell which event a dead letter is about.
    """
    found = []
    for topic in pipeline.topics_written:
        digest, window = digester(contract, pipeline, topic), windower(contract, pipeline, topic)
        counted, schema = counter(contract, pipeline, topic), contract.topics[topic].value
        framed = schema is not None and schema.framing == "confluent"
        for partition in partitions_of({names.topic(topic): contract.topics[topic].partitions}):
            since = asked_at([each[partition] for each in appends if partition in each])
            for entry in read(cluster, partition):
                content = digest(entry.key, entry.value)
                event = _event_of(entry)
                if event is None and letters is not None and topic == pipeline.promises.dead_letter:
                    event = letters.event_of(entry, (topic, content))
                found.append(
                    Record(
                        topic, partition[1], entry.offset, shown(entry.key), content,
                        causes.get((topic, content)) if event is None else event,
                        entry.producer_id, entry.epoch, entry.fate, since(entry.offset),
                        op=None if entry.value is not None else "delete",
                        window=window(entry.value), schema_id=_schema_id(entry.value) if framed else None,
                        counted=counted(entry.value),
                    )
                )  # fmt: skip
    return found


def asked_at(appends: Sequence[Mapping[int, float]]) -> Callable[[int], float | None]:
    """When the record at an offset was on its way, by the first offset of each Produce.

    Of what was asked behind it and yet came first, the log tells the order: nothing is later than what follows it.
    """
    firsts = sorted((offset, at) for each in appends for offset, at in each.items())
    times = list(accumulate((at for _, at in reversed(firsts)), min))[::-1]

    def found(offset: int) -> float | None:
        place = bisect_right(firsts, offset, key=lambda first: first[0])
        return times[place - 1] if place else None

    return found


def oracle(found: Sequence[Effect], sends: Sequence[Send]) -> list[Expected]:
    """What a fault-free run left, as the expectation for every faulted one."""
    effects = [each for each in found if isinstance(each, Record) and each.fate in ("committed", "plain")]
    guesses = _by_order(effects, sends)
    seen: Counter[tuple[str, str]] = Counter()
    of_key: Counter[tuple[str, str | None, str | None]] = Counter()
    last = {(record.topic, record.key, record.window): place for place, record in enumerate(effects)}
    expected: list[Expected] = []
    for place, record in enumerate(effects):
        content, key = (record.topic, record.digest), (record.topic, record.key, record.window)
        seen[content] += 1
        event = (
            guesses.get((record.topic, record.partition, record.offset)) if record.event_id is None else record.event_id
        )
        expected.append(
            Expected(
                record.topic, record.key, record.digest, seen[content], event, window=record.window, op=record.op,
                position=of_key[key], final=record.key is None or last[key] == place,
            )
        )  # fmt: skip
        of_key[key] += 1
    return [*expected, *rows.expected(found, sends, _by_order)]


def _by_order(effects: Sequence[Record], sends: Sequence[Send]) -> dict[tuple[str, int, int], int]:
    """Pair the n-th output of a key with its n-th event, where there are as many of the one as of the other.

    Only where all events of the key came from one topic: between two, the pipeline may read in any order.
    """
    events: dict[str | None, list[int]] = defaultdict(list)
    sources: dict[str | None, set[str]] = defaultdict(set)
    for send in sends:
        if send.outcome == "ok":
            events[send.key].append(send.event_id)
            sources[send.key].add(send.topic)
    outputs: dict[tuple[str, str | None], list[Record]] = defaultdict(list)
    for record in sorted(effects, key=lambda record: (record.topic, record.partition, record.offset)):
        outputs[record.topic, record.key].append(record)
    return {
        (record.topic, record.partition, record.offset): event
        for (_, key), written in outputs.items()
        if len(written) == len(events[key]) and len(sources[key]) == 1
        for record, event in zip(written, events[key], strict=True)
    }


def _schema_id(value: bytes | None) -> int | None:
    try:
        return None if value is None else unframe(value).schema_id
    except FramingError:
        return None


def _event_of(entry: Entry) -> int | None:
    for name, value in entry.headers:
        if name == EVENT_HEADER.encode() and value and value.isdigit() and len(value) <= _MOST_DIGITS:
            return int(value)
    return None
