"""What the gate says of captured tables. A contract without any pays nothing for it: neither imports nor PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stream_contracts.contract.model import Contract
from stream_contracts.findings import Finding, Judged, Judgement
from stream_contracts.gate.baseline import Baseline

KIND = "cdc"
"""What a captured table is called where things that were judged are listed."""


def advice(contracts: Sequence[Contract]) -> Mapping[str, Sequence[Finding]]:
    """The advice on the connectors, by contract."""
    if not any(contract.cdc for contract in contracts):
        return {}
    from stream_contracts.cdc.advice import advice as of_connectors

    return of_connectors(contracts)


def judged(contracts: Sequence[Contract], baseline: Baseline, dsn: str = "") -> Mapping[str, list[Judged]]:
    """Advice as warnings, and what the migrations change since the baseline, by contract.

    PostgreSQL is needed where a captured table's migrations or settings changed, and nowhere else: the server of
    ``dsn``, or one that is started here.
    """
    told: dict[str, list[Judged]] = {contract.name: [] for contract in contracts}
    for name, found in advice(contracts).items():
        contract = next(each for each in contracts if each.name == name)
        if contract.cdc:
            place = contract.place("cdc")
            told[name].append(Judged(f"{name}/connectors", KIND, Judgement.of(found), "by their settings", place))
    if baseline.tree is not None and any(contract.cdc for contract in (*contracts, *baseline.tree.contracts)):
        from stream_contracts.gate.migrated import migrated

        for name, more in migrated(contracts, baseline.tree.contracts, baseline.told, dsn).items():
            told[name] += more
    return told
