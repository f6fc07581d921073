"""The contract as data: what ``contract.yaml`` may say, with every default and every bound."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr

from stream_contracts.contract.capture import Capture
from stream_contracts.contract.part import DATE, Function, Name, Part, SettingName, Text, TopicName, Variable
from stream_contracts.contract.promises import Compare, Promised, Promises, Sink, TableSink, TopicSink, told
from stream_contracts.contract.tree import Steps, Tree
from stream_contracts.findings import Place

Level = Literal["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"]
Framing = Literal["none", "confluent"]
Isolation = Literal["namespace", "broker"]
Role = Literal["key", "value"]
Presence = Literal["required", "optional"]
State = Literal["kept", "lost"]


class RegistrySettings(Part):
    """How the schema registry of these topics is set up."""

    compatibility: Level = "BACKWARD"
    """The compatibility level of every subject that does not name its own."""


class Schema(Part):
    """The schema of a topic's keys or values; the suffix is its format: .avsc Avro, .proto Protobuf, .json JSON Schema.

    ``framing`` says whether records carry the Confluent wire format (a zero byte and the schema id before the data).
    """

    file: Text = Field(alias="schema")
    """The schema file, relative to the contract's folder."""
    subject: Text | None = None
    """The registry subject; `<topic>-value` or `<topic>-key` unless it is given."""
    compatibility: Level | None = None
    """The compatibility level of this subject; the one of `registry` unless it is given."""
    references: Mapping[Text, Text] = {}
    """Schemas that this one refers to: the name in its text (an Avro full name, an import, a $ref) to their subject."""
    framing: Framing = "none"
    """`confluent` where records carry the zero byte and the schema id before the data, `none` where they are bare."""


class Topic(Part):
    """A topic: how it is created, and what its records hold."""

    partitions: int = Field(default=1, ge=1, le=1000)
    """Number of partitions."""
    replication: int = Field(default=1, ge=1, le=32)
    """Replication factor; a stack with fewer brokers uses as many as it has."""
    config: Mapping[SettingName, str | int | float | bool] = {}
    """Topic settings, under Kafka's own names."""
    key: Schema | None = None
    """The schema of the record keys; without one they are text."""
    value: Schema | None = None
    """The schema of the record values; without one they are small JSON documents."""
    headers: Mapping[Text, Presence] = {}
    """Record headers that readers may count on: `required` is on every record, `optional` on some."""

    @property
    def settings(self) -> dict[str, str]:
        """``config`` in the spelling of Kafka's admin protocol, where every value is text."""
        return {
            name: str(value).lower() if value is True or value is False else str(value)
            for name, value in self.config.items()
        }


class Workload(Part):
    """What is fed to a pipeline."""

    events: int = Field(default=12, ge=1, le=10_000)
    """How many events a trial sends."""
    keys: int = Field(default=4, ge=1, le=10_000)
    """How many distinct keys they have; a few of them are hot, as in life."""


class Join(Part):
    """A join of a stream with a table: each record of the stream meets the newest row of its key."""

    stream: Text
    """The topic whose records are joined, one of `reads`."""
    table: Text
    """The topic that is read as a table, one of `reads`; its records are fed before those of the stream."""
    everywhere: bool = False
    """`true`: each instance holds the whole table (a GlobalKTable), so that partitions need not match."""


class Pipeline(Part):
    """The thing under test: how it is started, what it reads and writes, and what it promises."""

    command: tuple[Text, ...] = Field(default=(), min_length=1)
    """The program and its arguments; it runs in the contract's folder, without a shell."""
    streams: tuple[Text, ...] = Field(default=(), min_length=1)
    """In place of `command`: the Java sources of a Kafka Streams application, the one with the main class first."""
    flink: tuple[Text, ...] = Field(default=(), min_length=1)
    """In place of `command`: the Java sources of an Apache Flink job, the one with the main class first."""
    connector: Text | None = None
    """In place of `command`: the settings of a Kafka Connect sink connector, a JSON file in the contract's folder."""
    env: Mapping[Variable, str] = {}
    """Environment variables; `${topic:NAME}`, `${group}`, `${transactional-id}`, `${state}` are filled in per trial."""
    instances: int = Field(default=1, ge=1, le=32)
    """How many processes run side by side; of a Flink job, how many TaskManagers."""
    state: State = "kept"
    """What becomes of `${state}` when a process ends: `kept`, as on a volume of its own, or `lost`, as without one."""
    reads: tuple[Text, ...] = Field(min_length=1)
    """The topics that are fed, as declared under `topics`."""
    joins: tuple[Join, ...] = ()
    """The streams among them that are joined with a table."""
    writes: tuple[Sink, ...] = Field(min_length=1)
    """Where the effects end up."""
    promises: Promises
    """What is checked."""
    compare: Compare = Compare()
    """How outputs are compared."""
    isolation: Isolation = "namespace"
    """`namespace` gives each trial fresh names; `broker` gives a fresh broker to a pipeline with hard-wired names."""
    model: Function | None = None
    """A function that says what the outputs must be; without one, a run without faults says it."""
    workload: Workload = Workload()
    """What is fed."""

    @property
    def tables(self) -> frozenset[str]:
        """The topics that it reads as tables."""
        return frozenset(join.table for join in self.joins)

    @property
    def topics_written(self) -> tuple[str, ...]:
        """The topics whose records are its effects, those for dead letters included, each once."""
        found = [sink.topic for sink in self.writes if isinstance(sink, TopicSink)]
        return tuple(dict.fromkeys([*found, *filter(None, [self.promises.dead_letter])]))

    @property
    def tables_written(self) -> tuple[TableSink, ...]:
        """The tables whose rows are its effects."""
        return tuple(sink for sink in self.writes if isinstance(sink, TableSink))


class Waiver(Part):
    """A finding of the gate that is meant: it stays visible, and does not fail until the waiver expires."""

    rule: Text
    """The id of the rule, as the finding names it."""
    subject: Text | None = None
    """What the finding is about: a registry subject, a topic or a pipeline."""
    path: Text | None = None
    """The file that the finding is in, relative to the contract's folder; this or `subject` is required."""
    reason: Text
    """Why the break is meant."""
    owner: Text
    """Who answers for it."""
    expires: Annotated[str, Field(pattern=DATE)]
    """The last day on which the waiver holds."""


class Contract(Part):
    """One contract folder, as its ``contract.yaml`` tells it."""

    name: Name = Field(alias="contract")
    """The name of the contract."""
    owner: Text
    """Who is asked when it breaks."""
    registry: RegistrySettings = RegistrySettings()
    """How the schema registry is set up."""
    topics: Mapping[TopicName, Topic] = {}
    """The topics, by name."""
    shared: Mapping[Text, Schema] = {}
    """Schemas of no topic that others refer to, by their registry subject."""
    migrations: tuple[Text, ...] = ()
    """SQL files that make the tables of the contract, in order; every trial runs them in an empty database schema."""
    cdc: Mapping[Name, Capture] = {}
    """Tables whose changes are captured, by a name of their own."""
    pipelines: Mapping[Name, Pipeline] = {}
    """The pipelines, by name."""
    waivers: tuple[Waiver, ...] = ()
    """Findings that are meant, each with an owner and an end."""

    _file: Path = PrivateAttr(Path("contract.yaml"))
    _tree: Tree = PrivateAttr(Tree())
    _kept: dict[str, list[str]] | None = PrivateAttr(None)

    def model_post_init(self, context: Any, /) -> None:
        """Keep where the contract was read from, where the loader says so."""
        if context:
            self._file, self._tree = context["file"], context["tree"]

    @property
    def file(self) -> Path:
        """The ``contract.yaml``, as its path was given to the loader."""
        return self._file

    @property
    def folder(self) -> Path:
        """The folder of ``contract.yaml``; every path in it is relative to here."""
        return self._file.parent

    def place(self, *steps: str | int) -> Place:
        """Say where something is written, e.g. ``place("pipelines", "enrich", "promises", "delivery")``.

        What is not written, a default for example, has the place of its nearest written parent.
        """
        return place(self._file, self._tree, steps)

    def promises(self, pipeline: str) -> tuple[Promised, ...]:
        """What that pipeline promises, one after the other, each with the place where it is written."""
        return self._promised(("pipelines", pipeline, "promises"), self.pipelines[pipeline].promises.made)

    @property
    def tried_captures(self) -> tuple[str, ...]:
        """The captures that promise something, and so are put on trial."""
        return tuple(name for name, capture in self.cdc.items() if capture.promises is not None)

    def capture_promises(self, capture: str) -> tuple[Promised, ...]:
        """What a connector promises of that capture; nothing where it promises nothing."""
        promises = self.cdc[capture].promises
        return self._promised(("cdc", capture, "promises"), promises.made if promises else {})

    def _promised(self, at: tuple[str, ...], made: Mapping[str, Any]) -> tuple[Promised, ...]:
        return tuple(Promised(name, value, told(value), self.place(*at, name)) for name, value in made.items())

    @property
    def invariants(self) -> tuple[Path, ...]:
        """The user's own anomalies, ``invariants/*.sql`` in the contract's folder, in the order of their names."""
        return tuple(sorted((self.folder / "invariants").glob("*.sql")))

    def path(self, schema: Schema) -> Path:
        """The file of that schema."""
        return self.folder / schema.file

    def former(self, schema: Schema) -> tuple[Path, ...]:
        """The former versions of a schema, oldest first: ``former/order.v1.avsc``, ``former/order.v2.avsc``, …"""
        if self._kept is None:
            self._kept = kept(self.folder)
        return tuple(self.folder / path for path in self._kept.get(Path(schema.file).name, ()))

    def subject(self, topic: str, role: Role) -> str:
        """The registry subject of a topic's keys or values (TopicNameStrategy, unless the contract says more)."""
        schema = getattr(self.topics[topic], role)
        return (schema and schema.subject) or f"{topic}-{role}"

    def subjects(self) -> tuple[tuple[str, Schema, tuple[str, ...]], ...]:
        """Every schema under its registry subject, with the steps to it: keys and values of topics, then shared ones."""
        of_topics = (
            (self.subject(name, role), schema, ("topics", name, role)) for name, role, schema in self.schemas()
        )
        of_none = ((schema.subject or name, schema, ("shared", name)) for name, schema in self.shared.items())
        return (*of_topics, *of_none)

    def migrations_of(self, capture: Capture) -> tuple[Text, ...]:
        """The SQL files that make the database of a captured table."""
        return capture.migrations or self.migrations

    def level(self, schema: Schema) -> Level:
        """The compatibility level that holds for that schema."""
        return schema.compatibility or self.registry.compatibility

    def schemas(self) -> tuple[tuple[str, Role, Schema], ...]:
        """Every schema of the contract as (topic, role, schema), in the order in which they are written."""
        roles: tuple[Role, ...] = ("key", "value")
        found = ((name, role, getattr(topic, role)) for name, topic in self.topics.items() for role in roles)
        return tuple((name, role, schema) for name, role, schema in found if schema is not None)


def place(file: Path, tree: Tree, steps: Steps) -> Place:
    """Where ``steps``, or the nearest parent of it, is written."""
    mark = tree.keys.get(tree.nearest(steps))
    return Place(str(file), *mark) if mark else Place(str(file))


def former(folder: Path, name: str) -> tuple[Path, ...]:
    """The former versions of the schema file ``name``, in the order of their numbers."""
    return tuple(folder / each for each in kept(folder).get(Path(name).name, ()))


def kept(folder: Path) -> dict[str, list[str]]:
    """The files in ``former/`` by the schema that they are versions of, in the order of their numbers."""
    try:
        names = os.listdir(folder / "former")  # noqa: PTH208 - a contract may hold 20,000 of them, and Path is slow
    except OSError:
        return {}
    found: dict[str, list[tuple[int, str]]] = {}
    for match in filter(None, map(_FORMER.fullmatch, names)):
        found.setdefault(match[1] + match[3], []).append((int(match[2]), f"former/{match[0]}"))
    return {name: [path for _, path in sorted(versions)] for name, versions in found.items()}


_FORMER = re.compile(r"(.+)\.v(\d+)(\.[^.]+)", re.ASCII | re.DOTALL)
