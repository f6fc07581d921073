"""Advice on connectors before anything runs: one row each, from the contract, the connector's file and the migrations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from stream_contracts.cdc import routing
from stream_contracts.cdc.watched import Watched, watched
from stream_contracts.contract.model import Contract
from stream_contracts.findings import Finding, Place, Rule, Severity

Said = Iterator[tuple[Place, str]]
"""Where it is written, and what is wrong with it."""
Check = Callable[[Watched, Sequence[Watched]], Said]


def slot_unnamed(one: Watched, _: Sequence[Watched]) -> Said:
    """A slot by the default name."""
    if "slot.name" not in one.settings.said:
        yield one.settings.place(), "slot.name is not set, so the slot is called 'debezium'"


def publication_unnamed(one: Watched, _: Sequence[Watched]) -> Said:
    """A publication by the default name; other plug-ins than pgoutput have none."""
    if one.settings.get("plugin.name") == "pgoutput" and "publication.name" not in one.settings.said:
        yield one.settings.place("plugin.name"), "publication.name is not set, so it is called 'dbz_publication'"


def _shared(setting: str) -> Check:
    def shared(one: Watched, others: Sequence[Watched]) -> Said:
        own = one.settings
        with_it = sorted(
            {
                other.settings.file
                for other in others
                if other.settings.file != own.file
                and other.settings.server == own.server
                and other.settings.get(setting) == own.get(setting)
            }
        )
        if with_it and (setting == "slot.name" or own.get("plugin.name") == "pgoutput"):
            yield own.place(setting), f"{setting} is {own.get(setting)!r}, as in {', '.join(with_it)}"

    return shared


def snapshot_mode(one: Watched, _: Sequence[Watched]) -> Said:
    """A snapshot that leaves rows out, comes again and again, or after which nothing comes."""
    mode = one.settings.get("snapshot.mode").lower()
    kinds = (one.settings.transform(name, "type") for name in one.settings.transforms)
    if any(kind.endswith(".EventRouter") for kind in kinds):
        # An outbox is a log: whoever reads it wants every row that was put in, and no snapshot of those that are left.
        if mode not in ("no_data", "never"):
            yield one.settings.place("snapshot.mode"), f"snapshot.mode is {mode}: {OF_OUTBOXES}"
    elif mode in SNAPSHOTS:
        yield one.settings.place("snapshot.mode"), f"snapshot.mode is {mode}: {SNAPSHOTS[mode]}"


OF_OUTBOXES = (
    "who dies before the first offset takes a new snapshot of the outbox, and what was removed meanwhile is in none"
)
SNAPSHOTS: Final = {
    "no_data": "rows that were there before the connector are never told",
    "never": "rows that were there before the connector are never told",
    "always": "every start tells the whole table again",
    "initial_only": "after the snapshot no change is told",
}


def slot_dropped(one: Watched, _: Sequence[Watched]) -> Said:
    """A slot that goes with the task."""
    if one.settings.on("slot.drop.on.stop"):
        yield one.settings.place("slot.drop.on.stop"), "slot.drop.on.stop is true"


def heartbeat_missing(one: Watched, _: Sequence[Watched]) -> Said:
    """Nothing moves the slot of a table at rest on."""
    if one.settings.get("heartbeat.interval.ms").strip() in ("0", ""):
        limited = one.script.first("max_slot_wal_keep_size")
        if limited is not None:
            yield limited.place, "max_slot_wal_keep_size is set, and the connector has no heartbeat.interval.ms"
        elif one.capture.idle:
            yield one.place("idle"), f"{one.capture.table} may be idle, and the connector has no heartbeat.interval.ms"


def offset_mismatch(one: Watched, _: Sequence[Watched]) -> Said:
    """Nobody looks whether the slot still is the one that the offset was taken from."""
    if one.settings.get("offset.mismatch.strategy").lower() == "no_validation":
        said = "is no_validation" if "offset.mismatch.strategy" in one.settings.said else "is not set (no_validation)"
        yield one.settings.place("offset.mismatch.strategy"), f"offset.mismatch.strategy {said}"


def no_tombstones(one: Watched, _: Sequence[Watched]) -> Said:
    """A compacted topic in which a deleted row stays."""
    if one.compacted and not one.settings.on("tombstones.on.delete"):
        yield (
            one.settings.place("tombstones.on.delete"),
            f"{one.capture.topic} is compacted, and deletes write no tombstone",
        )


def deletes_dropped(one: Watched, _: Sequence[Watched]) -> Said:
    """An unwrap transform after which nobody hears of a delete."""
    for name in one.settings.transforms:
        if one.settings.transform(name, "type").endswith(".ExtractNewRecordState"):
            setting = f"transforms.{name}.delete.tombstone.handling.mode"
            mode = one.settings.said.get(setting, "tombstone").lower()
            old = one.settings.said.get(f"transforms.{name}.drop.tombstones", "").lower() == "true"
            if mode == "drop":
                yield one.settings.place(setting), f"{setting} is drop: deletes do not reach the topic"
            elif one.compacted and (mode == "rewrite" or old):
                yield (
                    one.settings.place(f"transforms.{name}.type"),
                    f"{name} writes no tombstone, and the topic is compacted",
                )


def before_incomplete(one: Watched, _: Sequence[Watched]) -> Said:
    """Readers need the whole row as it was, and the table does not log it."""
    table = one.capture.qualified[1]
    full = [each for each in one.script.about(table) if each.says("replica", "identity")]
    if one.capture.before == "full" and not (full and full[-1].says("replica", "identity", "full")):
        yield one.place("before"), f"before is full, and the migrations do not give {table} REPLICA IDENTITY FULL"


def publication_late(one: Watched, _: Sequence[Watched]) -> Said:
    """A publication that may come after the slot, or never."""
    own = one.settings
    if own.get("plugin.name") != "pgoutput" or own.get("publication.autocreate.mode").lower() != "disabled":
        return
    name = own.get("publication.name")
    made = next((each for each in one.script.about(name) if each.says("create", "publication")), None)
    slot = one.script.first("pg_create_logical_replication_slot")
    if made is None:
        place = own.place("publication.autocreate.mode")
        yield place, f"publication.autocreate.mode is disabled, and no migration creates the publication {name}"
    elif slot is not None and one.script.before(slot, made):
        yield made.place, f"the publication {name} is created after the slot"


def tables_merged(one: Watched, others: Sequence[Watched]) -> Said:
    """Rows of several tables under keys that do not say which table they are of."""
    del others
    own = one.settings
    for name in own.transforms:
        kind = own.transform(name, "type")
        if kind.endswith(".ByLogicalTableRouter"):
            setting = f"transforms.{name}.key.enforce.uniqueness"
            if own.said.get(setting, "true").lower() == "false":
                yield own.place(setting), f"{name} puts tables into one topic, with keys that do not say which"
        elif kind.endswith(".RegexRouter"):
            for topic, merged in routing.merged(own, name):
                yield (
                    own.place(f"transforms.{name}.type"),
                    f"{name} puts {', '.join(merged)} into {topic}, with their own keys",
                )


def schemaless(one: Watched, _: Sequence[Watched]) -> Said:
    """JSON without schemas."""
    for role in ("key", "value"):
        converter = one.settings.get(f"{role}.converter")
        enabled = one.settings.said.get(f"{role}.converter.schemas.enable", "true").lower()
        if converter.endswith(".JsonConverter") and enabled == "false":
            place = one.settings.place(f"{role}.converter.schemas.enable")
            yield place, f"{role}.converter.schemas.enable is false"


def half_exactly_once(one: Watched, _: Sequence[Watched]) -> Said:
    """A reader that promises exactly once, behind a connector that may write twice, or a reader of what was aborted."""
    required = one.settings.get("exactly.once.support").lower() == "required"
    for name, pipeline in one.contract.pipelines.items():
        if one.capture.topic not in pipeline.reads:
            continue
        at = ("pipelines", name, "promises", "delivery")
        if pipeline.promises.delivery == "exactly-once" and not required:
            what = f"{name} promises exactly-once, and the connector does not set exactly.once.support=required"
            yield one.contract.place(*at), what
        uncommitted = next((each for each, value in pipeline.env.items() if value == "read_uncommitted"), None)
        if required and uncommitted:
            what = f"the connector writes in transactions, and {name} reads what they abort"
            yield one.contract.place("pipelines", name, "env", uncommitted), what


def topic_differs(one: Watched, _: Sequence[Watched]) -> Said:
    """The topic of the contract is not the one that the connector writes to."""
    written = routing.routed(one.settings, routing.topic(one.settings, *one.capture.qualified))
    if written is not None and written != one.capture.topic:
        yield (
            one.place("topic"),
            f"the contract says {one.capture.topic}, and the connector writes {one.capture.table} to {written}",
        )


def _rule(name: str, why: str, remedy: str, example: str) -> Rule:
    return Rule(f"cdc-{name}", why, remedy, example, Severity.WARNING)


ADVICE: Final[tuple[tuple[Rule, Check], ...]] = (
    (_rule("slot-unnamed",
           "A second connector on that server takes the same slot, and each of them misses what the other one read.",
           "Set slot.name to a name of its own.",
           '{"connector.class": "…PostgresConnector", …}   – and no slot.name'), slot_unnamed),
    (_rule("publication-unnamed",
           "A second connector changes the tables of the same publication, and this one hears nothing of its own any more.",
           "Set publication.name to a name of its own.",
           '{"plugin.name": "pgoutput", …}   – and no publication.name'), publication_unnamed),
    (_rule("slot-shared",
           "A slot has one reader: the second connector fails, or each of them misses what the other one confirmed.",
           "Give each connector a slot of its own.",
           '"slot.name": "shop" in two connector files of one database'), _shared("slot.name")),
    (_rule("publication-shared",
           "A connector that filters its publication takes the other one's tables out of it.",
           "Give each connector a publication of its own.",
           '"publication.name": "shop" in two connector files of one database'), _shared("publication.name")),
    (_rule("snapshot-mode",
           "What the topic holds is not what the table holds: rows lack, or come once more at every start.",
           "Use initial, or when_needed where the slot may be lost.",
           '"snapshot.mode": "no_data"'), snapshot_mode),
    (_rule("slot-dropped",
           "What changes between a stop and the next start is in no slot, so it is never told.",
           "Leave it false; drop the slot by hand once the connector is gone for good.",
           '"slot.drop.on.stop": "true"'), slot_dropped),
    (_rule("heartbeat-missing",
           "While the table rests its slot keeps all WAL of the server: the disk fills up, or PostgreSQL gives the slot up.",
           "Set heartbeat.interval.ms, with a heartbeat.action.query that writes to a table of the publication.",
           "idle: true   – and no heartbeat.interval.ms"), heartbeat_missing),
    (_rule("offset-unchecked",
           "A slot that was dropped and made anew is not noticed: the connector goes on and leaves out what lies between.",
           "Set offset.mismatch.strategy to trust_offset, which fails then.",
           '"offset.mismatch.strategy": "no_validation"'), offset_mismatch),
    (_rule("tombstone-missing",
           "Compaction removes a key by its tombstone alone, so a deleted row stays in the topic for ever.",
           "Leave tombstones.on.delete at true.",
           '"tombstones.on.delete": "false"   – into a topic with cleanup.policy: compact'), no_tombstones),
    (_rule("delete-dropped",
           "A reader never learns that a row is gone.",
           "Set delete.tombstone.handling.mode to tombstone or rewrite-with-tombstone.",
           '"transforms.unwrap.delete.tombstone.handling.mode": "drop"'), deletes_dropped),
    (_rule("before-incomplete",
           "Without it an update or a delete tells the key of the former row at most; all else is null.",
           "ALTER TABLE … REPLICA IDENTITY FULL in a migration, or say before: key.",
           "before: full   – and no REPLICA IDENTITY FULL"), before_incomplete),
    (_rule("publication-late",
           "A change before the publication was made cannot be decoded: the connector stops, or leaves it out.",
           "Create the publication in a migration, before the slot, or set publication.autocreate.mode to filtered.",
           '"publication.autocreate.mode": "disabled"   – and no CREATE PUBLICATION'), publication_late),
    (_rule("tables-merged",
           "Rows of two tables with the same key take each other's place, by compaction and in every reader's state.",
           "Leave key.enforce.uniqueness on, or give each table its topic.",
           '"transforms.route.replacement": "all-changes"   – for two tables'), tables_merged),
    (_rule("schemaless",
           "Readers cannot tell a date from a number nor a decimal from bytes, and no check sees a change of a column.",
           "Use a converter with a registry, or leave schemas.enable on.",
           '"value.converter.schemas.enable": "false"'), schemaless),
    (_rule("exactly-once-half",
           "After a crash the connector writes events twice unless it writes in transactions, and a reader sees aborted ones "
           "unless it reads committed ones.",
           "exactly.once.support=required here, exactly.once.source.support=enabled on the workers, read_committed in readers.",
           "promises: {delivery: exactly-once}   – and no exactly.once.support"), half_exactly_once),
    (_rule("topic-differs",
           "Whatever is checked of that topic is not checked of the events.",
           "Write the topic that comes out of topic.prefix and the transforms.",
           "topic: customers   – and topic.prefix: shop"), topic_differs),
)  # fmt: skip
"""Advice and how it is come by; each row has its case and its near miss in tests/cdc/test_advice.py."""


def advice(contracts: Sequence[Contract]) -> dict[str, list[Finding]]:
    """What is to be said of the connectors, by contract; what two captures of one connector share is said once."""
    every = {contract.name: watched(contract) for contract in contracts}
    beside = [one for of in every.values() for one in of]
    found: dict[str, list[Finding]] = {}
    for name, of in every.items():
        told = (
            rule.at(place, one.capture.topic, what)
            for rule, check in ADVICE
            for one in of
            for place, what in check(one, beside)
        )
        found[name] = list({(each.rule, each.what, each.place): each for each in told}.values())
    return found
