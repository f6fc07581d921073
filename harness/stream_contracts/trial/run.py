"""One run of a plan: arrange, drive, disturb, heal, drain, and write down what was left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.faults import fault_named
from stream_contracts.history.model import Expected, Note, Send
from stream_contracts.trial.case import Arena, Armed, Case
from stream_contracts.trial.rows import Effect
from stream_contracts.wire.moment import Moment, Phase
from stream_contracts.workload.plan import Plan, Strike

DRAIN_S = 30.0
"""How long a run may take to come to rest before we say that we could not tell."""
QUIET_S = 0.08
"""How long a run at rest must stay so: time for what a process does after its last commit."""
SHARE_S = 15.0
"""How long several instances may take to deal out their partitions before they are fed all the same."""
LOOK_S = 0.02
"""The brokers are asked again after this time even when nothing passed on the wire."""


@dataclass(slots=True)
class Run:
    """What a run left behind. ``restless`` says what was unfinished where the run did not come to rest in time."""

    plan: Plan
    folder: Path
    records: Sequence[Effect] = ()
    sends: Sequence[Send] = ()
    moments: Sequence[Moment] = ()
    struck: int = 0
    restless: str = ""
    seconds: float = 0.0

    @property
    def journal(self) -> Path:
        """The journal of the run."""
        return self.folder / "journal.jsonl"

    @property
    def exercised(self) -> bool:
        """Whether every fault of the plan took effect."""
        return self.struck == len(self.plan.strikes)


def run(plan: Plan, arena: Arena, number: int, oracle: Sequence[Expected] = ()) -> Run:
    """Carry out a plan in a namespace of its own; ``number`` tells the runs of an arena apart.

    Raises `HarnessError` where our own side failed; what the pipeline did wrong is in the journal, for the judge.
    """
    folder = arena.folder / f"{number:04d}-{plan.digest}"
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    result = Run(plan, folder)
    with Case(arena, folder, number) as case:
        case.journal.add(Note("seed", str(plan.seed), 0.0), *oracle)
        case.expects(oracle)
        armed = [case.arm(strike.fault, fault_named(strike.fault, moment_of(strike))) for strike in plan.strikes]
        if len(case.instances) == 1:
            result.sends = case.feed(with_aborted=plan.with_aborted).sends
        for instance in case.instances:
            instance.start()
        _drive(case, armed, result)
        result.moments = [moment for instance in case.instances for moment in tuple(instance.lane.moments)]
        for instance in case.instances:
            instance.kill() if plan.strikes else instance.stop()
        causes = _causes(oracle)
        result.records = case.evidence(causes)
        result.seconds = case.clock()
    return result


def _causes(oracle: Sequence[Expected]) -> dict[tuple[str, str], int]:
    """The event of a content, where the fault-free run had one event for it and no other."""
    events: dict[tuple[str, str], set[int | None]] = {}
    for row in oracle:
        events.setdefault((row.topic, row.digest), set()).add(row.event_id)
    return {content: event for content, (event, *more) in events.items() if event is not None and not more}


def _drive(case: Case, armed: list[Armed], result: Run) -> None:
    """Until rest, or the bound; on the way each fault is applied when its moment comes.

    Several instances are fed only when they have dealt out their partitions: fed before, whoever is up first would do
    all the work, and the moments of the others would not come.
    """
    quiet_since, share_until = None, case.clock() + SHARE_S
    deadline = share_until + DRAIN_S
    while True:
        for strike in [strike for strike in armed if strike.hold.hit.is_set()]:
            armed.remove(strike)
            result.struck += case.strike(strike)
        hopeless = case.look_after()
        if hopeless is not None:
            result.restless = hopeless
            return
        case.wait(LOOK_S)
        if not result.sends and (case.shared() or case.clock() > share_until):
            result.sends = case.feed(with_aborted=result.plan.with_aborted).sends
        missing = case.unfinished() if result.sends else "its instances do not share one group"
        if missing is not None:
            quiet_since = None
        elif quiet_since is None:
            quiet_since = case.clock()
        elif case.clock() - quiet_since > QUIET_S:
            return
        if case.clock() > deadline:
            result.restless = missing or "it never stayed at rest"
            return


def moment_of(strike: Strike) -> Moment:
    """The moment that a line of a plan speaks of."""
    phase: Phase = "before" if strike.phase == "before" else "after"
    return Moment(strike.instance, strike.role, strike.api, strike.nth, phase)
