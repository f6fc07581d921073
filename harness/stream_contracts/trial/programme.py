"""The programme of a sweep: which plans are tried, and in which order. Pure: the same moments give the same plans."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import chain, islice
from types import MappingProxyType

from stream_contracts.faults import strikes_others
from stream_contracts.trial.alike import alike, one_of_each
from stream_contracts.wire.moment import PHASES, Moment, urgency
from stream_contracts.wire.refusals import Refuse, knows
from stream_contracts.workload.drawing import drawn
from stream_contracts.workload.plan import Plan, Strike

ALL_UP_TO = 64
"""A sweep kills at every moment up to this many; above, at the classes (`representatives`), and says so."""
LATER_S = 0.2
"""How long after a moment a fault is tried as well: queues and buffers are empty whenever the wire is busy."""

WRITES = ("EndTxn", "OffsetCommit", "TxnOffsetCommit", "Produce", "COMMIT", "INSERT", "UPDATE", "DELETE")

Where = tuple[str, str] | tuple[str, str, str]
"""A class of moments (API as a shell pattern, phase), and what more there is to say of the fault."""
_SAID = 3
NO_VERSIONS: Mapping[str, int] = MappingProxyType({})

BESIDES: Mapping[str, tuple[Where, ...]] = {
    # a zombie: frozen with a request in its hands, or before it heard the answer; offsets first, then each kind of request
    "pause-app": tuple(
        dict.fromkeys(
            (
                ("TxnOffsetCommit", "before"),  # once they are pending, they keep the stand-in from going on
                ("OffsetCommit", "before"),
                ("COMMIT", "before"),
                ("EndTxn", "before"),
                ("Produce", "before"),
                *((api, phase) for api in WRITES for phase in PHASES),
                ("Fetch", "after"),
            )
        )
    ),
    # the answer, or the request, is lost, and the process lives to do something about it
    "cut-link": tuple((api, phase) for api in WRITES for phase in ("after", "before")),
    # a second deployment with the same transactional id
    "fence-producer": (("EndTxn", "before"), ("Produce", "before")),
    # a coordinator that has moved, a leader without its followers, a row that is locked: what has to be asked again
    "refuse-request": (
        ("COMMIT", "before"),
        ("INSERT", "before"),
        ("EndTxn", "before"),
        ("TxnOffsetCommit", "before", "transaction_abortable"),  # it is lost, and the producer goes on
        ("Produce", "before"),
        ("Produce", "before", "message_too_large"),  # and what is refused for good
        ("OffsetCommit", "before"),
        ("TxnOffsetCommit", "before"),
        ("Fetch", "after"),
    ),
    # a rebalance in the middle of the work
    "join-app": (
        ("Fetch", "after"),
        ("EndTxn", "before"),
        ("COMMIT", "before"),
        ("OffsetCommit", "before", "die"),
        ("Produce", "after", "die"),
    ),
    # late, and still in time
    "hold-frame": (
        ("EndTxn", "after"),
        ("OffsetCommit", "before"),
        ("Produce", "after"),
        ("COMMIT", "after"),
        ("EndTxn", "before"),
        ("OffsetCommit", "after"),
    ),
    # a deployment, and one while the sink is away
    "stop-app": (
        ("Fetch", "after"),
        ("COMMIT", "before", "postgres"),
        ("Produce", "before", "kafka"),
        ("Produce", "before"),
        ("EndTxn", "before"),
        ("COMMIT", "before"),
    ),
    # an outage that is longer than somebody's patience
    "refuse-link": (("Produce", "before"), ("COMMIT", "before"), ("OffsetCommit", "before"), ("EndTxn", "before")),
    # an outage of the registry
    "registry-error": (("GET *", "before"), ("POST *", "before")),
}
"""Fault -> the classes at which a sweep tries it beside kill-app, the most telling first; what is quick comes first, too."""
OF_BROKERS: Mapping[str, tuple[Where, ...]] = {
    "kill-ahead": (("Produce", "before"),),
    "kill-last": (("Produce", "before"),),
    "kill-broker": (("Produce", "before"), ("EndTxn", "before"), ("OffsetCommit", "before")),
    "pause-broker": (("Produce", "before"),),
}
"""The same for faults of brokers; a sweep tries them where others can take over: with three brokers or more."""
ENOUGH_BROKERS = 3
EACH_BROKER_AFTER = 2
"""How many of the quicker faults come before each fault of a broker."""
OTHERS_PER_KILL = 2
"""How many other faults come after each kill-app: of the wrong pipelines that we know, kill-app shows half."""
GO_ON = frozenset({"refuse-request"})
"""Faults that a process lives through: what it has left out for good shows once more of its input comes behind that."""
ALSO_LATER = frozenset({"pause-app"})
"""Faults of these rows that are tried a little after the moment, too; kill-app is as well."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try. ``plans`` are equally good: the first that is exercised counts.

    ``moment`` is the one that a kill is for; ``owed`` steps are run even when the budget is spent: the kills, and each
    fault once.
    """

    plans: tuple[Plan, ...]
    moment: Moment | None = None
    owed: bool = False

    @property
    def alone(self) -> bool:
        """Whether it strikes what the trials beside it use as well."""
        return any(map(strikes_others, self.plans))


def programme(
    base: Plan,
    seen: Sequence[Moment],
    *,
    every_moment: bool = False,
    brokers: int = 1,
    versions: Mapping[str, int] = NO_VERSIONS,
    beyond: Collection[str] = (),
    recovers: bool = False,
    inputs: Sequence[Strike] = (),
) -> Iterator[Step]:
    """The steps of a sweep over the moments that were seen, the most telling first.

    kill-app at each moment, transaction control before the rest, and after each of them other faults, each at one of its
    classes; then pairs, and plans that Hypothesis draws, in turn. There is no end: the budget is one. With
    ``recovers`` a kill whose consequences are waited for comes before all. ``inputs`` are the faults of the input. What is
    ``beyond`` pipelines of this kind is not tried.
    """
    if recovers:
        yield from patiently(base, seen)
    killed = kills(seen, every_moment=every_moment)
    others = chain(with_input(base, seen, inputs), besides(base, seen, shelf(brokers, versions, beyond)))
    for moment in killed:
        yield Step(tuple(struck_at(base, "kill-app", each) for each in alike(moment, seen)), moment, owed=True)
        yield from islice(others, OTHERS_PER_KILL)
    yield from others
    random = (Step((plan,)) for plan in drawn(base, places(seen, versions, beyond)))
    for pair in pairs(base, killed):
        yield pair
        yield from islice(random, 1)
    yield from random


def with_input(base: Plan, seen: Sequence[Moment], inputs: Sequence[Strike]) -> Iterator[Step]:
    """Each fault of the input by itself, then with a kill at the first class that was seen: what a restart does with it."""
    yield from (Step((replace(base, strikes=(strike,)),), owed=True) for strike in inputs)
    members = next((found for api in WRITES if (found := [at for at in seen if is_at(at, (api, "before"))])), [])
    for strike in inputs if members else ():
        killed = _anywhere(base, "kill-app", ("", ""), members, 0.0)
        yield Step(tuple(replace(plan, strikes=(strike, *plan.strikes)) for plan in killed.plans))


def patiently(base: Plan, seen: Sequence[Moment]) -> Iterator[Step]:
    """Where recovery in time is promised: kills whose consequences are waited for, at the first class that was seen."""
    for api in WRITES:
        members = [moment for moment in seen if moment.api == api and moment.phase == "before"]
        if members:
            yield _anywhere(replace(base, patient=True), "kill-app", (api, "before"), members, 0.0)
            return


def kills(seen: Sequence[Moment], *, every_moment: bool) -> list[Moment]:
    """The moments at which the pipeline is killed, the most urgent first; of instances that are alike one for all."""
    chosen = list(seen) if every_moment or len(seen) <= ALL_UP_TO else representatives(seen)
    return sorted(one_of_each(chosen), key=urgency)


def representatives(moments: Iterable[Moment]) -> list[Moment]:
    """The first, second and last of each class (instance, role, API, phase), in the order in which they came."""
    moments = list(moments)
    chosen: set[Moment] = set()
    for members in _classes(moments).values():
        chosen.update([*members[:2], members[-1]])
    return [moment for moment in moments if moment in chosen]


def shelf(
    brokers: int, versions: Mapping[str, int] = NO_VERSIONS, beyond: Collection[str] = ()
) -> dict[str, tuple[Where, ...]]:
    """The faults that are tried beside kill-app with so many brokers, those of brokers dealt out among the others.

    What is answered in the broker's place is an error that the client knows: ``versions`` tell in which it asks, by API.
    What is ``beyond`` the pipeline has no place here.
    """
    known = {
        fault: tuple(at for at in where if len(at) < _SAID or knows(at[0], versions.get(at[0]), Refuse(at[-1])))
        for fault, where in BESIDES.items()
        if fault not in beyond
    }
    if brokers < ENOUGH_BROKERS:
        return known
    mixed = dict[str, tuple[Where, ...]]()
    slow = iter([row for row in OF_BROKERS.items() if row[0] not in beyond])
    for number, row in enumerate(known.items(), 1):
        mixed.update([row, *islice(slow, 1 if number % EACH_BROKER_AFTER == 0 else 0)])
    mixed.update(slow)
    return mixed


def besides(base: Plan, seen: Sequence[Moment], faults: Mapping[str, tuple[Where, ...]] = BESIDES) -> Iterator[Step]:
    """A step for each fault at each of its classes, the faults in turn, so that a short budget sees all of them.

    The first turn is owed: that each fault was tried once must not depend on how fast the machine is.
    """
    rows = [list(row_of(base, fault, where, seen)) for fault, where in faults.items()]
    later = [("kill-app", (api, phase)) for api in WRITES for phase in PHASES]
    rows.insert(1, [step for fault, at in later for step in row_of(base, fault, (at,), seen, LATER_S)])
    yield from in_turn(rows)


def in_turn(rows: Sequence[Sequence[Step]]) -> Iterator[Step]:
    """The first step of each row, then the second of each, and so on; those of the first turn are owed."""
    for turn in range(max(map(len, rows), default=0)):
        yield from (replace(row[turn], owed=row[turn].owed or turn == 0) for row in rows if turn < len(row))


def debts(
    base: Plan,
    seen: Sequence[Moment],
    *,
    every_moment: bool,
    brokers: int,
    versions: Mapping[str, int] = NO_VERSIONS,
    beyond: Collection[str] = (),
) -> int:
    """How many steps of a programme are owed."""
    others = besides(base, seen, shelf(brokers, versions, beyond))
    return len(kills(seen, every_moment=every_moment)) + sum(step.owed for step in others)


def row_of(
    base: Plan, fault: str, where: Sequence[Where], seen: Sequence[Moment], delay_s: float = 0.0
) -> Iterator[Step]:
    """A step for each class that was seen; for some faults then all of them again, a little later."""
    for late_s in (delay_s, LATER_S) if fault in ALSO_LATER else (delay_s,):
        for at in where:
            members = [moment for moment in seen if is_at(moment, at)]
            if members:
                yield _anywhere(base, fault, at, members, late_s)


def is_at(moment: Moment, at: Where) -> bool:
    """Whether a moment is of that class."""
    return fnmatchcase(moment.api, at[0]) and moment.phase == at[1]


def pairs(base: Plan, moments: Sequence[Moment]) -> Iterator[Step]:
    """A second fault after a kill: at the next moment of the same kind, for what a recovery does wrong."""
    for first in moments:
        for fault in ("kill-app", "cut-link"):
            plan = struck_at(base, "kill-app", first)
            again = replace(plan.strikes[0], fault=fault, nth=first.nth + 1)
            yield Step((replace(plan, strikes=(*plan.strikes, again)),))


def places(
    seen: Sequence[Moment], versions: Mapping[str, int] = NO_VERSIONS, beyond: Collection[str] = ()
) -> dict[str, list[Strike]]:
    """For each fault that strikes nobody else, the strikes of it that make sense: what drawn plans choose from."""
    found = {"kill-app": [_strike("kill-app", moment) for moment in seen]}
    for fault, where in shelf(1, versions, beyond).items():
        found[fault] = [_strike(fault, moment, *at[2:]) for at in where for moment in seen if is_at(moment, at)]
    return {fault: strikes for fault, strikes in found.items() if strikes}


def _anywhere(base: Plan, fault: str, at: Where, members: Sequence[Moment], delay_s: float) -> Step:
    """The fault at one moment of a class: the second, for the first may be special; else any other."""
    turn = [*members[1:2], *members[:1], *members[2:4]]
    base = replace(base, feed="tail") if fault in GO_ON else base
    return Step(tuple(replace(base, strikes=(_strike(fault, moment, *at[2:], delay_s=delay_s),)) for moment in turn))


def _strike(fault: str, at: Moment, what: str = "", *, delay_s: float = 0.0) -> Strike:
    return Strike(fault, at.instance, at.role, at.api, at.nth, at.phase, delay_s, what)


def struck_at(base: Plan, fault: str, at: Moment) -> Plan:
    """The plan with one fault, at that moment."""
    return replace(base, strikes=(_strike(fault, at),))


def _classes(moments: Iterable[Moment]) -> dict[tuple[str, str, str, str], list[Moment]]:
    found: dict[tuple[str, str, str, str], list[Moment]] = {}
    for moment in moments:
        found.setdefault((moment.instance, moment.role, moment.api, moment.phase), []).append(moment)
    return found
