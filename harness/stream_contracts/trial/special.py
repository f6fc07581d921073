"""Sweeps that were asked for certain faults, and the faults that have no place in a pipeline. Pure, as the programme is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from stream_contracts.faults import INPUT_FAULTS
from stream_contracts.trial.programme import (
    BESIDES,
    ENOUGH_BROKERS,
    OF_BROKERS,
    WRITES,
    Step,
    Where,
    in_turn,
    is_at,
    kills,
    row_of,
    struck_at,
    with_input,
)
from stream_contracts.wire.moment import Moment
from stream_contracts.workload.plan import Plan, Strike

_EVERYWHERE: tuple[Where, ...] = (*((api, "before") for api in WRITES), ("Fetch", "after"))
ASKED_FOR: Mapping[str, tuple[Where, ...]] = {
    "silence-link": _EVERYWHERE,
    "slow-link": _EVERYWHERE,
    "late-request": tuple(at for at in _EVERYWHERE if at[1] == "before"),
    "restart-broker": _EVERYWHERE,
    "isolate-broker": _EVERYWHERE,
    "restart-database": (("COMMIT", "before"), ("INSERT", "before"), ("COMMIT", "before", "kill")),
    "registry-mistake": (("GET *", "before"), ("POST *", "before")),
}
"""The same for faults that are tried only where they are asked for."""


def asked_for(
    base: Plan, seen: Sequence[Moment], faults: Sequence[str], inputs: Sequence[Strike], *, every_moment: bool = False
) -> Iterator[Step]:
    """The steps of a sweep that was asked for certain faults: each at all of its classes, kill-app at every moment."""
    table = {**BESIDES, **OF_BROKERS, **ASKED_FOR}
    rows = [list(row_of(base, fault, table.get(fault, ()), seen)) for fault in faults]
    rows += [list(with_input(base, seen, [strike for strike in inputs if strike.fault == fault])) for fault in faults]
    if "kill-app" in faults:
        rows.append(
            [Step((struck_at(base, "kill-app", at),), at, True) for at in kills(seen, every_moment=every_moment)]
        )
    yield from in_turn(rows)


def out_of_place(
    seen: Sequence[Moment], inputs: Sequence[Strike], made: Collection[str], brokers: int, beyond: Mapping[str, str]
) -> dict[str, str]:
    """The faults of a sweep that do not apply to a pipeline, each with the reason.

    ``made`` are its promises; ``beyond`` says what no pipeline of its kind can stand, and why.
    """
    found = {}
    for fault, where in BESIDES.items():
        if not any(is_at(moment, at) for at in where for moment in seen):
            found[fault] = WITHOUT.get(fault, "no request of its kind was seen")
    if brokers < ENOUGH_BROKERS:
        found |= dict.fromkeys(OF_BROKERS, f"fewer than {ENOUGH_BROKERS} brokers")
    for fault, altering in INPUT_FAULTS.items():
        if not altering.stands.keys() & set(made):
            found[fault] = f"no promise of {' or '.join(altering.stands)}"
        elif fault not in {strike.fault for strike in inputs}:
            found[fault] = "no event of the input has a place for it"
    return {**found, **beyond}


WITHOUT = {"registry-error": "nothing is asked of a registry", "fence-producer": "no transaction was seen"}
"""Why a fault has no place, where there is more to say than that nothing of its kind was seen."""
