"""What a pipeline promises, where its effects end up, and how they are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Discriminator, Field, Tag

from stream_contracts.contract.part import Duration, FieldPath, Part, TableName, Text, duration
from stream_contracts.findings import Place

Delivery = Literal["at-most-once", "at-least-once", "exactly-once"]
Order = Literal["per-key"]
Late = Literal["side-output", "drop"]
Poison = Literal["skip"]
Duplicates = Literal["once"]
Comparison = Literal["records", "final-by-key", "windows"]


class Lag(Part):
    """How far a pipeline may fall behind, and how soon it has to be back."""

    most: int = Field(alias="max", ge=0, le=1_000_000_000)
    """Records of one partition that are not processed yet."""
    within: Duration
    """How long it may be more than that."""


class LateEvents(Part):
    """What happens to an event that comes after its time."""

    allowed: Duration
    """By how much the time of an event may be behind the newest one that was sent before it."""
    then: Late
    """What happens to what is later: `side-output` writes it to a topic all the same, `drop` leaves it out."""
    to: Text | None = None
    """For `side-output`: the topic, as declared under `topics`, to which late events are put aside."""
    counts: FieldPath | None = None
    """Where outputs are windows: the field that says how many events a window counts."""


class Promises(Part):
    """What a pipeline promises; each line is checked on its own, and judged as a test of its own."""

    delivery: Delivery
    """How often the effect of an event may appear when things break."""
    order: Order | None = None
    """`per-key`: the effects of one key appear in the order of its events."""
    recovers_within: Duration | None = Field(default=None, alias="recovers-within")
    """How long after a fault every event has its effect, and every reader sees it."""
    lag: Lag | None = None
    """How far it may fall behind."""
    late: LateEvents | None = None
    """What happens to late events."""
    dead_letter: Text | None = Field(default=None, alias="dead-letter")
    """The topic, as declared under `topics`, where an event ends up that cannot be processed."""
    poison: Poison | None = None
    """`skip`: an event that cannot be read has no effect, and those behind it have theirs."""
    duplicates: Duplicates | None = None
    """`once`: an event that comes twice, whoever sent it twice, has its effects once."""
    atomic: bool = False
    """`true`: the effects of one event, over all topics and tables, appear together or not at all."""
    replay: bool = False
    """`true`: when the whole input is processed again, its outputs end up the same."""

    @property
    def made(self) -> dict[str, Any]:
        """The promises that are made, by name, as data: times are seconds, ``lag`` and ``late`` are mappings."""
        every = self.model_dump(by_alias=True, exclude_none=True)
        return {name: value for name, value in every.items() if value is not False}


class Promised(NamedTuple):
    """One promise of a pipeline: its name, what was promised as data and in words, and where it is written."""

    name: str
    value: Any
    told: str
    place: Place


def told(value: Any) -> str:
    """What was promised, in the words of the file: ``exactly-once``, ``30s``, ``max 1000, within 30s``."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {told(part)}" for name, part in value.items())
    if isinstance(value, float):
        return duration(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


class TopicSink(Part):
    """A topic as the place where effects of a pipeline end up."""

    topic: Text
    """The topic, as declared under `topics`."""


class TableSink(Part):
    """A database table as the place where effects of a pipeline end up."""

    table: TableName
    """The table, with its schema where it is not in the search path."""
    key: tuple[Text, ...] = Field(min_length=1)
    """The columns that tell its rows apart."""


def _kind(value: Any) -> str | None:
    """Which sink is meant, by the key that it has; None for what is no sink at all."""
    if isinstance(value, TopicSink | TableSink):
        return "topic" if isinstance(value, TopicSink) else "table"
    return next((kind for kind in ("topic", "table") if isinstance(value, dict) and kind in value), None)


Sink = Annotated[Annotated[TopicSink, Tag("topic")] | Annotated[TableSink, Tag("table")], Discriminator(_kind)]


class Compare(Part):
    """How the outputs of two runs are compared."""

    how: Comparison = Field(default="records", alias="as")
    """`records`: each of them. `final-by-key`: the last of each key. `windows`: the last of each key and window."""
    ignore: tuple[FieldPath, ...] = ()
    """Fields that may differ between two correct runs, such as a processing time."""
    window: tuple[FieldPath, ...] = ()
    """For `windows`: the fields that tell the windows of a key apart; none where the key itself holds the window."""
