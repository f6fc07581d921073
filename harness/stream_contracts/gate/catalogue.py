"""Every rule that a finding may name, by where it comes from: the gate, advice, the formats, delivery."""

from __future__ import annotations

from difflib import get_close_matches

from stream_contracts.anomalies import ANOMALIES, anomaly
from stream_contracts.cdc.advice import ADVICE as CONNECTORS
from stream_contracts.cdc.changes import CHANGES as MIGRATIONS
from stream_contracts.cdc.changes import FOUND_BY_GATE
from stream_contracts.cdc.slots import WATCHED
from stream_contracts.errors import UsageError
from stream_contracts.gate.changes import CHANGES
from stream_contracts.gate.examples import EXAMPLES
from stream_contracts.gate.lint import ADVICE
from stream_contracts.gate.live import LIVE
from stream_contracts.gate.rules import VERDICTS
from stream_contracts.schema import FORMATS
from stream_contracts.schema.explain import READER, example, explanations

_CDC = (*(rule for rule, _ in MIGRATIONS), *FOUND_BY_GATE, *(rule for rule, _ in WATCHED))
_OWN = (*VERDICTS, *(rule for rule, _ in CHANGES))


def entries() -> dict[str, list[str]]:
    """Every rule id, by group."""
    return {
        "the gate": [rule.id for rule in _OWN],
        "advice (lint)": [rule.id for rule, _ in ADVICE],
        "live topics (doctor)": [rule.id for rule, _ in LIVE],
        "captured tables": [rule.id for rule in _CDC],
        "connectors (lint)": [rule.id for rule, _ in CONNECTORS],
        **{f"{form} schemas": sorted(explanations(form)) for form in FORMATS},
        "delivery (test)": list(ANOMALIES),
    }


def found(rule: str) -> list[tuple[str, str, str, str]]:
    """Each meaning of a rule id as (group, why, remedy, example); raises ``UsageError`` that names close ones."""
    rows = [("the gate", each.why, each.remedy, each.example) for each in _OWN if each.id == rule]
    rows += [("advice (lint)", each.why, each.remedy, each.example) for each, _ in ADVICE if each.id == rule]
    rows += [("live topics (doctor)", each.why, each.remedy, each.example) for each, _ in LIVE if each.id == rule]
    rows += [("captured tables", each.why, each.remedy, each.example) for each in _CDC if each.id == rule]
    rows += [("connectors (lint)", each.why, each.remedy, each.example) for each, _ in CONNECTORS if each.id == rule]
    for form in FORMATS:
        told = explanations(form).get(rule)
        if told is not None:
            shown = example(form, rule)
            at_gate = EXAMPLES.get((form, rule))
            before, after, *level = at_gate or (*shown, "BACKWARD")
            text = f"before: {before}\nafter:  {after}\nat {level[0]}"
            rows.append(
                (f"{form} schemas", f"{told.why} Safe deploy order: {told.order} ({READER}).", told.instead, text)
            )
    if rule in ANOMALIES:
        told_of = anomaly(rule)
        rows.append(("delivery (test)", told_of.why, told_of.remedy, told_of.says))
    if not rows:
        every = [one for ids in entries().values() for one in ids]
        close = get_close_matches(rule.lower(), [one.lower() for one in every], n=3, cutoff=0.5)
        near = [one for one in dict.fromkeys(every) if one.lower() in close]
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UsageError(f"no rule is called {rule!r}{hint} `stream-contracts explain` lists all of them")
    return rows
