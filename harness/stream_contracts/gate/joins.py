"""What a join asks of its topics: that a record and the row that it meets lie in partitions of one number, and stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from stream_contracts.contract.model import Contract, Join, Schema
from stream_contracts.findings import Place, Rule, Severity
from stream_contracts.gate.settings import setting
from stream_contracts.gate.states import Hit


def not_co_partitioned(contract: Contract) -> Iterator[Hit]:
    """The partition of a key depends on how many there are."""
    for join, place in _partitioned(contract):
        stream, table = (contract.topics[name].partitions for name in (join.stream, join.table))
        if stream != table:
            what = f"{join.stream} has {stream} partitions, and the table {join.table} has {table}"
            yield Hit(join.table, place, what)


def keys_differ(contract: Contract) -> Iterator[Hit]:
    """One key in two encodings is two keys: another partition, and no partner."""
    for join, place in _partitioned(contract):
        stream, table = (contract.topics[name].key for name in (join.stream, join.table))
        if _encoding(contract, stream) != _encoding(contract, table):
            what = f"the keys of {join.stream} are {_told(stream)}, those of the table {join.table} {_told(table)}"
            yield Hit(join.table, place, what)


def table_not_compacted(contract: Contract) -> Iterator[Hit]:
    """What retention removes is missing for whoever builds the table anew."""
    for join, place in _joins(contract):
        policy = setting(contract.topics[join.table], "cleanup.policy")
        if "compact" not in str(policy):
            yield Hit(join.table, place, f"{join.table} is read as a table, and its cleanup.policy is {policy}")


def _joins(contract: Contract) -> Iterator[tuple[Join, Place]]:
    for name, pipeline in contract.pipelines.items():
        for number, join in enumerate(pipeline.joins):
            yield join, contract.place("pipelines", name, "joins", number)


def _partitioned(contract: Contract) -> Iterator[tuple[Join, Place]]:
    return ((join, place) for join, place in _joins(contract) if not join.everywhere)


def _encoding(contract: Contract, key: Schema | None) -> tuple[str, str, str] | None:
    """What the bytes of a key depend on: how it is framed, its format, and its schema."""
    if key is None:
        return None
    path = contract.path(key)
    return key.framing, path.suffix, path.read_text(encoding="utf-8")


def _told(key: Schema | None) -> str:
    return "plain text" if key is None else f"{key.file} (framing: {key.framing})"


JOINS: Final[tuple[tuple[Rule, Callable[[Contract], Iterator[Hit]]], ...]] = (
    (Rule("join-not-co-partitioned",
          "A record and the row of its key are in partitions of different numbers: no instance sees both, nothing matches.",
          "Give both topics the same number of partitions; or repartition one, or hold the table everywhere (GlobalKTable).",
          "orders: {partitions: 6}, customers: {partitions: 3}, joins: [{stream: orders, table: customers}]",
          Severity.ERROR), not_co_partitioned),
    (Rule("join-keys-differ",
          "The same key is other bytes on each side, so it is in another partition, and meets no row.",
          "Write both with one key schema; or re-key one side (selectKey) before the join.",
          "orders: {key: {schema: id.avsc}}, customers: {}, joins: [{stream: orders, table: customers}]",
          Severity.ERROR), keys_differ),
    (Rule("join-table-not-compacted",
          "Rows that are older than the retention are gone for whoever reads the table anew, and their records meet nothing.",
          "config: {cleanup.policy: compact}",
          "customers: {config: {retention.ms: 604800000}}, joins: [{stream: orders, table: customers}]",
          Severity.WARNING), table_not_compacted),
)  # fmt: skip
"""Advice on joins and how it is come by."""
