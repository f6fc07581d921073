"""One run of a plan: arrange, drive, disturb, heal, drain, and write down what was left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stream_contracts.history.model import REPLAYED, Expected, Note, Send
from stream_contracts.stack.logs import Marks
from stream_contracts.trial import books
from stream_contracts.trial.act import Act
from stream_contracts.trial.arena import Arena
from stream_contracts.trial.case import Case
from stream_contracts.trial.feeding import SHARE_S, Feeding
from stream_contracts.trial.probe import Probe
from stream_contracts.trial.rows import Effect
from stream_contracts.wire.moment import IDLE, Moment
from stream_contracts.workload.plan import Plan

DRAIN_S = 30.0
"""How long a run may take to come to rest before we say that we could not tell."""
QUIET_S = 0.08
"""How long a run at rest must stay so: time for what a process does after its last commit."""
PATIENT_S = 90.0
"""The same where no time is compressed: longer than a session (45 s) and a transaction (60 s) by their defaults."""
PER_STRIKE_S = 20.0
"""How much longer a run may take for each of its faults."""
MOST_LOG_LINES = 500
"""Of what each service wrote during a run; it lies beside the journal."""
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
    gave_up: str = ""
    """Of a connector that failed for good: what it said. Then what is missing does not come any more."""
    keys: Mapping[int, str] = field(default_factory=dict)
    """Of SQL that was run: what each unit was about."""

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
    folder = folder_for(plan, arena.folder, number)
    result, marks = Run(plan, folder), Marks(arena.stacks)
    with Case(arena, folder, number, plan) as case:
        case.journal.add(Note("seed", str(plan.seed), 0.0), *oracle)
        case.expects(oracle)
        feeding = Feeding(case)
        acts = [Act(case, strike) for strike in plan.strikes if not strike.of_input]
        for instance in tuple(case.instances):
            instance.start()
        try:
            result.restless = _drive(case, acts, feeding)
            if plan.again and not result.restless:
                result.restless = _again(case, feeding, oracle)
        finally:
            for act in acts:
                act.end()
        books.close(case, result.restless)
        result.struck, result.sends = case.struck + sum(act.struck for act in acts), feeding.fed.sends
        result.moments = [moment for instance in case.instances for moment in worked(tuple(instance.lane.moments))]
        for instance in case.instances:
            instance.kill() if plan.disturbed else instance.stop()
        result.records = case.evidence(causes(oracle))
        result.seconds = case.clock()
        write_service_logs(marks, folder)
    return result


def worked(moments: Sequence[Moment]) -> Sequence[Moment]:
    """The moments of an instance without those at its end, but the first, at which it has nothing to do and asks all the same."""
    last = max((place for place, moment in enumerate(moments) if moment.api not in IDLE), default=-1)
    first = [moment for moment in moments[last + 1 :] if moment.nth == moments[last + 1].nth]
    return [*moments[: last + 1], *first]


def folder_for(plan: Plan, above: Path, number: int) -> Path:
    """A new folder for the evidence of a run, with its plan in it."""
    folder = above / f"{number:04d}-{plan.digest}"
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    return folder


def write_service_logs(marks: Marks, folder: Path) -> None:
    """Put what each service wrote since the marks beside the evidence."""
    for service, text in marks.slices(MOST_LOG_LINES):
        (folder / f"service-{service}.log").write_text(text + "\n", encoding="utf-8")


def causes(oracle: Sequence[Expected]) -> dict[tuple[str, str], int]:
    """The event of a content, where the fault-free run had one event for it and no other."""
    events: dict[tuple[str, str], set[int | None]] = {}
    for row in oracle:
        events.setdefault((row.topic, row.digest), set()).add(row.event_id)
    return {content: event for content, (event, *more) in events.items() if event is not None and not more}


def _drive(case: Case, acts: list[Act], feeding: Feeding) -> str:
    """Until rest, or the bound; on the way each fault is applied when its moment comes, and healed when it is time.

    Returns what was unfinished at the bound, and nothing at rest.
    """
    quiet_since = None
    probe = Probe(case)
    deadline = (
        case.clock()
        + SHARE_S
        + (PATIENT_S if feeding.plan.patient else DRAIN_S)
        + sum(PER_STRIKE_S + strike.delay_s for strike in feeding.plan.strikes)
    )
    while True:
        for act in acts:
            act.step()
        hopeless = case.look_after(disturbed=any(act.busy for act in acts))
        if hopeless is not None:
            return hopeless
        case.wait(LOOK_S)
        over = feeding.waits and (all(act.over for act in acts) or case.unfinished() is None)
        missing = feeding.step(over=over) or _busy(acts)
        if missing is None:
            missing = case.unfinished()
            if missing is not None and feeding.plan.disturbed and not feeding.plan.patient:
                probe.look(missing)
        if missing is not None:
            quiet_since = None
        elif quiet_since is None:
            quiet_since = case.clock()
        elif case.clock() - quiet_since > QUIET_S:
            return ""
        if case.clock() > deadline:
            return missing or "it never stayed at rest"


def _again(case: Case, feeding: Feeding, oracle: Sequence[Expected]) -> str:
    """Have the whole input processed once more, where that can be had from outside: the history says so.

    The effects are there already, so they say nothing of when it is done: the committed offsets do.
    """
    rewound = case.rewind()
    if not rewound:
        return ""
    case.journal.add(Note(REPLAYED, f"offset 0 of {rewound} partitions", case.clock()))
    case.expects(())
    restless = _drive(case, [], feeding)
    case.expects(oracle)
    return restless


def _busy(acts: list[Act]) -> str | None:
    return next((f"{act} is not over yet" for act in acts if act.busy), None)
