"""Decide for one schema of a contract whether it may ship: against its kept versions, at its effective level."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from stream_contracts.contract.model import Contract, Schema
from stream_contracts.errors import ContractError
from stream_contracts.findings import Judged, Judgement
from stream_contracts.gate.baseline import kept
from stream_contracts.gate.compare import Task, judge
from stream_contracts.gate.subjects import tree
from stream_contracts.gate.waivers import waived
from stream_contracts.schema.compat import BUDGET


@dataclass(frozen=True, slots=True)
class Decision:
    """The judgement of one schema, and what it was judged against."""

    judgement: Judgement
    level: str
    versions: int
    """How many former versions there are; 0 is a new schema."""


def decide(contract: Contract, schema: Schema, *, budget: int = BUDGET, today: date | None = None) -> Decision:
    """Compare a schema with every kept version that its level asks for; a new schema passes.

    The registry's verdict decides; where a decoder breaks although the registry agrees, that is a warning with the
    message that shows it. ``budget`` values are drawn per comparison in search of a break that no rule knows; waivers
    excuse what they name until they expire, which is judged by ``today``. A schema that cannot be read raises ``SchemaError``.
    """
    now = tree((contract,))
    held = next((each for each in now.held if each.schema is schema), None)
    if held is None:
        raise ContractError([(str(contract.file), f"the schema {schema.file} is not one of this contract")])
    versions, level = kept(now, held), contract.level(schema)
    users = now.users(held.topic) if held.topic else ()
    task = Task(
        held.subject, held.form, now.source(held), level, versions, users, now.referrers(held.subject), budget=budget
    )
    raw = Judged(held.subject, "schema", judge(task))
    told = waived(contract, [raw], today or datetime.now().astimezone().date(), lambda _: False)
    return Decision(told[0].judgement, level, len(versions.known))
