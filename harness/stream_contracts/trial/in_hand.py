"""A trial in hand, for tests that people write: name a moment, say what happens there, run it, look at what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.contract.part import asked
from stream_contracts.errors import UsageError
from stream_contracts.faults import fault_named
from stream_contracts.findings import Verdict
from stream_contracts.trial.intake import API
from stream_contracts.trial.proof import Proof
from stream_contracts.trial.session import Session
from stream_contracts.wire.moment import PHASES, ROLES
from stream_contracts.workload.plan import INPUT, Plan, Strike

APP = "app"
"""Whom a fault hits if nothing else is said: the first instance of the pipeline."""
VERBS = frozenset({"BEGIN", "INSERT", "UPDATE", "DELETE", "COMMIT", "ROLLBACK", "MERGE", "TRUNCATE", "COPY", "CALL"})


class StreamCase:
    """One trial of a pipeline, written as a test: `moment` adds a fault, `run` carries the plan out and judges it."""

    def __init__(self, session: Session, contract: Contract, pipeline: str, seed: int = 1) -> None:
        self._session, self.contract = session, contract
        if pipeline not in contract.pipelines:
            known = ", ".join(contract.pipelines) or "none"
            raise UsageError(f"{contract.file}: there is no pipeline {pipeline!r}; known pipelines: {known}")
        self.plan = Plan(contract.name, pipeline, seed, with_aborted=True)
        """What will be done: JSON-ready, and the same on every machine."""

    def moment(self, api: str, nth: int = 1, phase: str = "after", *, instance: int = 0, delay_s: float = 0.0) -> At:
        """The ``nth`` request of that API (``EndTxn``, ``COMMIT``, ``GET /schemas/ids/{id}``) by one instance.

        ``before`` the server saw it, or ``after`` it answered and before the client heard of it; ``delay_s`` later.
        """
        if phase not in PHASES:
            raise UsageError(f"phase is {phase!r}; known: {', '.join(PHASES)}")
        role = "database" if api in VERBS else ROLES.get(api, "registry" if " /" in api else "")
        if not role:
            raise UsageError(
                f"there are no moments of {api!r}; known: {', '.join([*ROLES, *sorted(VERBS)])}, or 'GET /…'"
            )
        return At(self, Strike("", f"{self.plan.pipeline}-{instance}", role, api, nth, phase, delay_s))

    def event(self, nth: int = 1, topic: str = "") -> InInput:
        """The ``nth`` event of a topic that the pipeline reads; of its only one if none is named."""
        reads = self.contract.pipelines[self.plan.pipeline].reads
        if topic not in reads and (topic or len(reads) != 1):
            raise UsageError(f"{self.plan.pipeline} reads {', '.join(reads)}: name one of them, not {topic!r}")
        return InInput(self, Strike("", topic or reads[0], INPUT, API, nth, "before"))

    def run(self) -> Proof:
        """Run the plan beside a fault-free run of the same input, and judge it."""
        return self._session.replay(self.contract, self.plan, lambda _: None)

    def expect_kept(self) -> Proof:
        """`run`, and an AssertionError with the findings unless every fault took effect and every promise was kept."""
        proof = self.run()
        told = [proof.explained().note, *(finding.what for finding in proof.judgement.findings)]
        assert proof.judgement.verdict is Verdict.PASS, "\n".join([f"{proof.judgement.verdict}: {self.plan}", *told])
        return proof

    def add(self, strike: Strike) -> None:
        """One more fault."""
        self.plan = replace(self.plan, strikes=(*self.plan.strikes, strike))


@dataclass(frozen=True, slots=True)
class At:
    """A moment for which a fault is wanted. Each verb adds one, and gives the case back for the next."""

    case: StreamCase
    where: Strike

    def fault(self, name: str, what: str = "") -> StreamCase:
        """The fault of that name, as the shelf calls it."""
        fault_named(name)
        self.case.add(replace(self.where, fault=name, what=what))
        return self.case

    def kill(self, whom: str = APP) -> StreamCase:
        """Kill the process, or a broker: ``leader``, ``controller``, ``group-coordinator``, ``broker-2``."""
        return self.fault("kill-app") if whom == APP else self.fault("kill-broker", whom)

    def pause(self, whom: str = APP) -> StreamCase:
        """Freeze the process past its session, with a stand-in; or a broker."""
        return self.fault("pause-app") if whom == APP else self.fault("pause-broker", whom)

    def stop(self, whom: str = APP) -> StreamCase:
        """Ask the process, or a broker, to end, and start it again."""
        return self.fault("stop-app") if whom == APP else self.fault("restart-broker", whom)

    def cut(self) -> StreamCase:
        """Reset the connections of the process."""
        return self.fault("cut-link")

    def join(self, then: str = "") -> StreamCase:
        """One more instance comes, and leaves again; or dies, with ``die``."""
        return self.fault("join-app", then)

    def refuse(self, error: str = "") -> StreamCase:
        """Answer the request with an error."""
        return self.fault("refuse-request", error)


@dataclass(frozen=True, slots=True)
class InInput:
    """A place in the input for which a fault is wanted. Each verb adds one, and gives the case back for the next."""

    case: StreamCase
    where: Strike

    def poison(self, what: str = "") -> StreamCase:
        """One more event before it that nobody can read; ``magic``, ``unknown-id`` where records name their schema."""
        return self._fault("poison-record", what)

    def duplicate(self, what: str = "") -> StreamCase:
        """The event comes twice; ``later``: the second time behind all others."""
        return self._fault("duplicate-record", what)

    def late(self, what: str = "") -> StreamCase:
        """Its time is older than the contract allows; ``in-time``: just not."""
        return self._fault("late-record", what)

    def _fault(self, name: str, what: str) -> StreamCase:
        self.case.add(replace(self.where, fault=name, what=what))
        return self.case


class StreamTrial:
    """Whole sweeps, and plans from files, for tests that people write."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def case(self, folder: str | Path, pipeline: str = "", *, seed: int = 1) -> StreamCase:
        """A trial of one pipeline of the contract in that folder; its only one if none is named."""
        contract = load(Path(folder))
        if not pipeline and len(contract.pipelines) != 1:
            raise UsageError(f"{contract.file} has the pipelines {', '.join(contract.pipelines) or 'none'}: name one")
        return StreamCase(self._session, contract, pipeline or next(iter(contract.pipelines)), seed)

    def sweep(
        self,
        folder: str | Path,
        pipeline: str = "",
        *,
        budget: str = "60s",
        say: Callable[[str], None] = lambda _: None,
    ) -> Proof:
        """Try every kind of fault on one pipeline, within a budget."""
        case = self.case(folder, pipeline)
        return self._session.prove(case.contract, case.plan.pipeline, say, budget_s=asked("budget", budget))

    def replay(self, file: str | Path, folder: str | Path) -> Proof:
        """Run the plan of a failing trial again."""
        plan = Plan.from_json(Path(file).read_text(encoding="utf-8"))
        return self._session.replay(load(Path(folder)), plan, lambda _: None)
