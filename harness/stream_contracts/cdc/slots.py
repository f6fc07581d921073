"""The slot watch: what a running PostgreSQL says of its replication slots and publications, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from stream_contracts.cdc.catalog import Ask
from stream_contracts.findings import Finding, Place, Rule, Severity

MEGABYTE: Final = 1024 * 1024
LAG_MAX: Final = 256 * MEGABYTE
"""Bytes that a slot may be behind before it is told."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One logical slot of the database: ``lag`` and ``kept`` in bytes behind the end of the WAL.

    ``lag`` is what its reader has not confirmed, ``kept`` what the server keeps for it; None where the slot is lost or
    has no position. ``status`` is ``wal_status``; ``safe`` the bytes that may still be written before it is given up, None
    without a limit.
    """

    name: str
    plugin: str
    active: bool
    status: str
    lag: int | None
    kept: int | None
    safe: int | None
    invalid: str = ""
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication and how many tables it holds."""

    name: str
    tables: int


@dataclass(frozen=True, slots=True)
class Watch:
    """What was seen at one moment; ``limit`` is ``max_slot_wal_keep_size`` in bytes, None without one."""

    database: str
    slots: tuple[Slot, ...]
    publications: tuple[Publication, ...]
    limit: int | None
    level: str = "logical"


SETTINGS = """
select current_database()::text, current_setting('wal_level'), (select setting::bigint from pg_settings
 where name = 'max_slot_wal_keep_size')
"""
SLOTS = """
select slot_name::text, plugin::text, active, wal_status, pg_wal_lsn_diff(here, confirmed_flush_lsn)::bigint,
       pg_wal_lsn_diff(here, restart_lsn)::bigint, safe_wal_size, to_jsonb(s) ->> 'invalidation_reason', temporary
from pg_replication_slots s,
     (select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end) now(here)
where slot_type = 'logical' and database = current_database() order by slot_name
"""
PUBLICATIONS = """
select p.pubname::text, count(t.tablename) from pg_publication p left join pg_publication_tables t using (pubname)
group by 1 order by 1
"""


def look(ask: Ask) -> Watch:
    """Ask a database; nothing is changed in it."""
    [(database, level, limit)] = ask(SETTINGS)
    slots = tuple(
        Slot(name, plugin, bool(active), status or "", lag, kept, safe, reason or "", bool(temporary))
        for name, plugin, active, status, lag, kept, safe, reason, temporary in ask(SLOTS)
    )
    publications = tuple(Publication(name, int(count)) for name, count in ask(PUBLICATIONS))
    return Watch(database, slots, publications, None if int(limit) < 0 else int(limit) * MEGABYTE, level)


Check = Callable[[Watch], Iterator[tuple[str, str]]]
"""Yields what it is about, and what is wrong."""


def lost(watch: Watch) -> Iterator[tuple[str, str]]:
    """The WAL that the slot needs is gone."""
    for slot in watch.slots:
        if slot.status == "lost" or slot.invalid:
            yield slot.name, f"wal_status is {slot.status or 'lost'}{f' ({slot.invalid})' if slot.invalid else ''}"


def unreserved(watch: Watch) -> Iterator[tuple[str, str]]:
    """The next checkpoint may take the WAL that the slot needs."""
    for slot in watch.slots:
        if slot.status == "unreserved" and not slot.invalid:
            yield (
                slot.name,
                f"wal_status is unreserved: {size(slot.kept)} are kept, and the limit is {size(watch.limit)}",
            )


def inactive(watch: Watch) -> Iterator[tuple[str, str]]:
    """Nobody reads the slot, and WAL is kept for it."""
    for slot in watch.slots:
        if not slot.active and not slot.temporary and slot.status not in ("lost", "") and not slot.invalid:
            yield slot.name, f"nobody reads it ({slot.plugin}); {size(slot.kept)} of WAL are kept for it"


def lagging(watch: Watch) -> Iterator[tuple[str, str]]:
    """The reader is far behind."""
    for slot in watch.slots:
        if slot.active and slot.lag is not None and slot.lag > LAG_MAX:
            yield slot.name, f"its reader is {size(slot.lag)} behind"


def unlimited(watch: Watch) -> Iterator[tuple[str, str]]:
    """A slot may keep WAL until the disk is full."""
    if watch.limit is None and watch.slots:
        yield watch.database, f"max_slot_wal_keep_size is not set, with {len(watch.slots)} slots"


def empty_publication(watch: Watch) -> Iterator[tuple[str, str]]:
    """A publication that holds no table."""
    for publication in watch.publications:
        if not publication.tables:
            yield publication.name, "the publication holds no table"


def not_logical(watch: Watch) -> Iterator[tuple[str, str]]:
    """The WAL does not hold what a connector needs."""
    if watch.level != "logical":
        yield watch.database, f"wal_level is {watch.level}"


WATCHED: Final[tuple[tuple[Rule, Check], ...]] = (
    (Rule("slot-lost",
          "Changes that were not read yet are gone, and the connector cannot go on from there.",
          "Drop the slot, and let the connector take a new snapshot (snapshot.mode=when_needed).",
          "pg_replication_slots: wal_status lost"), lost),
    (Rule("slot-unreserved",
          "PostgreSQL keeps no more WAL for the slot: with the next checkpoint it may be lost.",
          "Bring its reader back now, or raise max_slot_wal_keep_size.",
          "pg_replication_slots: wal_status unreserved"), unreserved),
    (Rule("slot-inactive",
          "The server keeps all WAL since its reader went, until the disk is full or the slot is given up.",
          "Start the connector again; where there is none any more: select pg_drop_replication_slot('…').",
          "pg_replication_slots: active false", Severity.WARNING), inactive),
    (Rule("slot-lagging",
          "Events come late, and a slot that reaches max_slot_wal_keep_size is lost.",
          "See whether the connector runs and confirms; a heartbeat moves the slot of an idle table on.",
          f"{LAG_MAX // MEGABYTE} MB between confirmed_flush_lsn and the end of the WAL", Severity.WARNING), lagging),
    (Rule("slot-wal-unlimited",
          "One slot that nobody reads fills the disk, and then the server stops.",
          "Set max_slot_wal_keep_size, and watch the slots: at the limit one is lost instead.",
          "max_slot_wal_keep_size = -1", Severity.WARNING), unlimited),
    (Rule("publication-empty",
          "A connector on it runs, and never hears of a change.",
          "ALTER PUBLICATION … ADD TABLE …, or drop it.",
          "CREATE PUBLICATION shop;", Severity.WARNING), empty_publication),
    (Rule("wal-not-logical",
          "No logical slot can be made, so no connector can run.",
          "Set wal_level=logical and restart the server.",
          "wal_level = replica"), not_logical),
)  # fmt: skip
"""Rule and check; each row has its case and its near miss in tests/cdc/test_slots.py."""


def findings(watch: Watch, place: str) -> Sequence[Finding]:
    """What is wrong, the worst first; ``place`` names the server."""
    return [rule.at(Place(place), about, f"{about}: {what}") for rule, check in WATCHED for about, what in check(watch)]


def told(watch: Watch) -> str:
    """The slots in one line, each with what is kept for it."""
    slots = ", ".join(
        f"{slot.name} ({slot.status}, {size(slot.kept)} kept, {size(slot.lag)} behind)" for slot in watch.slots
    )
    return f"{watch.database}: {slots or 'no logical slot'}; {len(watch.publications)} publications"


def size(count: int | None) -> str:
    """Bytes for people."""
    if count is None:
        return "nothing known"
    for unit, least in (("GB", 1024 * MEGABYTE), ("MB", MEGABYTE), ("kB", 1024)):
        if count >= least:
            return f"{count / least:.1f} {unit}"
    return f"{count} bytes"
