"""What the gate says of captured tables. A contract without any pays nothing for it: neither imports nor PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stream_contracts.contract.model import Contract
from stream_contracts.findings import Finding


def advice(contracts: Sequence[Contract]) -> Mapping[str, Sequence[Finding]]:
    """The advice on the connectors, by contract."""
    if not any(contract.cdc for contract in contracts):
        return {}
    from stream_contracts.cdc.advice import advice as of_connectors

    return of_connectors(contracts)
