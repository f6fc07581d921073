"""The gate's own rules in words, beside those of the schema formats: why each matters, what to do, an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stream_contracts.findings import Finding, Place, Rule, Severity

VERDICTS: Final = (
    Rule(
        "schema-unreadable",
        "A schema that cannot be read can neither be registered nor compared.",
        "Correct it where the message says.",
        'order.avsc: {"type": "record", "name": "Order"}   – the fields are missing',
    ),
    Rule(
        "reference-unresolved",
        "The schema refers to another one that no contract holds, so it has no meaning yet.",
        "Declare that schema (under a topic or under shared) in this contract or in one beside it.",
        "references: {shop.Money: money}   – and no contract holds the subject money",
    ),
    Rule(
        "schema-format-changed",
        "Readers of one format cannot read another one, and a registry refuses the change at every level but NONE.",
        "Write the new format to a new topic, move the readers, then retire the old topic.",
        "value: {schema: order.avsc}   →   value: {schema: order.proto}",
    ),
    Rule(
        "decoder-differs",
        "The registry lets the change pass, but data comes out wrong.",
        "Look at the message that shows it; add a new field instead of changing this one.",
        "a value that is written as it was and read as something else",
        Severity.WARNING,
    ),
    Rule(
        "registry-refuses",
        "The registry was asked and says no, so producers that register at start will fail.",
        "Read its words; where it is right, change the schema, else its compatibility level.",
        'POST /compatibility/subjects/orders-value/versions   →   {"is_compatible": false}',
    ),
    Rule(
        "level-differs",
        "The registry applies its own level at registration, whatever the contract says.",
        "Set the level in the registry to the one of the contract, or the other way round.",
        "registry: {compatibility: FULL}   – and the registry is set to NONE for that subject",
        Severity.WARNING,
    ),
    Rule(
        "waiver-expired",
        "The break was meant until that day, and is still there.",
        "Undo the break, or agree on another day with the owner.",
        "waivers: [{rule: topic-deleted, subject: orders, …, expires: 2020-01-01}]",
    ),
    Rule(
        "waiver-unused",
        "It waives nothing, so it would hide the next break of that kind without anybody looking.",
        "Remove it; once the change is on the branch that is compared with, a waiver has done its work.",
        "waivers: [{rule: topic-deleted, subject: payments, …}]   – and payments is still there",
    ),
)  # fmt: skip
"""What the review itself finds; the changes of contracts are in ``changes``."""

BY_ID: Final[Mapping[str, Rule]] = {rule.id: rule for rule in VERDICTS}
WRONG: Final = frozenset({"schema-unreadable", "reference-unresolved"})
"""Findings that mean "what was written is wrong" (exit code 2) rather than "this may not ship"."""


def finding(rule: str, what: str, place: Place | None, subject: str, at: str = "") -> Finding:
    """A finding of one of the review's own rules."""
    return BY_ID[rule].at(place, subject, what, at)
