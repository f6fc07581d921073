"""Every rule that a finding may name, by where it comes from: the gate, advice, the formats, delivery."""

from __future__ import annotations

from difflib import get_close_matches

from stream_contracts.anomalies import ADVICE as CLIENTS
from stream_contracts.anomalies import ANOMALIES, advice, anomaly
from stream_contracts.anomalies.anomaly import Anomaly
from stream_contracts.cdc.advice import ADVICE as CONNECTORS
from stream_contracts.cdc.changes import CHANGES as MIGRATIONS
from stream_contracts.cdc.changes import FOUND_BY_GATE
from stream_contracts.cdc.slots import WATCHED
from stream_contracts.errors import UsageError
from stream_contracts.gate.changes import CHANGES
from stream_contracts.gate.examples import EXAMPLES
from stream_contracts.gate.lint import ADVICE
from stream_contracts.gate.rules import VERDICTS
from stream_contracts.gate.shown import sentence
from stream_contracts.schema import FORMATS
from stream_contracts.schema.explain import READER, example, explanations

_CDC = (*(rule for rule, _ in MIGRATIONS), *FOUND_BY_GATE, *(rule for rule, _ in WATCHED))
_OWN = (*VERDICTS, *(rule for rule, _ in CHANGES))


def entries() -> dict[str, list[str]]:
    """Every rule id, by group."""
    return {
        "the gate": [rule.id for rule in _OWN],
        "advice (lint)": [rule.id for rule, _ in ADVICE],
        "captured tables": [rule.id for rule in _CDC],
        "connectors (lint)": [rule.id for rule, _ in CONNECTORS],
        **{f"{form} schemas": sorted(explanations(form)) for form in FORMATS},
        "delivery (test)": list(ANOMALIES),
        "clients and topics (test)": list(CLIENTS),
    }


def found(rule: str) -> list[tuple[str, str, str, str]]:
    """Each meaning of a rule id as (group, why, remedy, example); raises ``UsageError`` that names close ones."""
    rows = [("the gate", each.why, each.remedy, each.example) for each in _OWN if each.id == rule]
    rows += [("advice (lint)", each.why, each.remedy, each.example) for each, _ in ADVICE if each.id == rule]
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
        rows.append(("delivery (test)", *_told(anomaly(rule))))
    if rule in CLIENTS:
        rows.append(("clients and topics (test)", *_told(advice(rule))))
    if not rows:
        every = [one for ids in entries().values() for one in ids]
        close = get_close_matches(rule.lower(), [one.lower() for one in every], n=3, cutoff=0.5)
        near = [one for one in dict.fromkeys(every) if one.lower() in close]
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UsageError(f"no rule is called {rule!r}{hint} `stream-contracts explain` lists all of them")
    return rows


def _told(anomaly: Anomaly) -> tuple[str, str, str]:
    broken = f"breaks the promise of {', '.join(sorted(anomaly.breaks))}" if anomaly.breaks else "always a warning"
    return f"{anomaly.title}; {broken}. {anomaly.why[:1].upper()}{anomaly.why[1:]}.", anomaly.remedy, sentence(anomaly)
