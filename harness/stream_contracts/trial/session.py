"""A session: every promise that is judged in it, each pipeline in one sweep, all on the same servers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.contract.model import Contract
from stream_contracts.errors import UnsupportedError, UsageError
from stream_contracts.findings import Judgement, Reason
from stream_contracts.trial import capture_sweep
from stream_contracts.trial.arena import Arena
from stream_contracts.trial.capture_arena import CaptureArena
from stream_contracts.trial.explore import BUDGET_S, prove, replay
from stream_contracts.trial.proof import Proof
from stream_contracts.trial.servers import Servers
from stream_contracts.workload.plan import Plan

MOST_WORKERS = 4
"""How many trials run side by side at most; each has a process or two and a share of the broker."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How promises are judged. ``keep_in`` is the folder into which the evidence of a broken promise is copied.

    ``budget_s`` is for the faulted trials of one pipeline. ``workers`` trials run at a time; 0: as the machine allows.
    ``reuse`` takes the stack that an earlier run left, and leaves it for the next one. ``plan`` is run in place of a sweep.
    ``faults`` are tried and no others, and have to take effect.
    """

    backend: str = "auto"
    seed: int = 1
    every_moment: bool = False
    budget_s: float = BUDGET_S
    workers: int = 0
    keep_in: Path = Path(".stream-contracts")
    reuse: bool = False
    plan: Plan | None = None
    faults: tuple[str, ...] = ()


class Session:
    """Judge promises on one stack. Close it, or leave its ``with`` block: nothing stays behind but kept evidence."""

    def __init__(self, settings: Settings, progress: Callable[[str], None]) -> None:
        self.settings = settings
        self.servers = Servers(settings.backend, progress, reuse=settings.reuse)
        self._proofs: dict[tuple[Path, str], Proof] = {}

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything that the session started."""
        self.servers.close()

    def capture_proof(self, contract: Contract, capture: str, progress: Callable[[str], None]) -> Proof:
        """Judge every promise of a captured table in one sweep, which is made once."""
        key = contract.file.absolute(), f"cdc {capture}"
        if key not in self._proofs:
            self._proofs[key] = self.prove_capture(contract, capture, progress)
        return self._proofs[key]

    def prove_capture(
        self,
        contract: Contract,
        capture: str,
        progress: Callable[[str], None],
        *,
        budget_s: float | None = None,
        seed: int | None = None,
    ) -> Proof:
        """Judge the promises of a captured table on a worker of Kafka Connect, or run the plan of the settings again."""
        settings = self.settings
        seed = settings.seed if seed is None else seed
        if settings.plan is not None:
            return self.replay(contract, settings.plan, progress)
        try:
            with self.servers.capture_arena(contract, capture) as arena:
                budget_s = settings.budget_s if budget_s is None else budget_s
                return self._kept(capture_sweep.prove(arena, seed, progress, budget_s=budget_s), [arena])
        except UnsupportedError as error:
            return Proof(Judgement.unknown(Reason.UNSUPPORTED, str(error)), seed)

    def proof(self, contract: Contract, pipeline: str, progress: Callable[[str], None]) -> Proof:
        """Judge every promise of a pipeline in one sweep, which is made once: each promise asks `Proof.of` it."""
        key = contract.file.absolute(), pipeline
        if key not in self._proofs:
            plan = self.settings.plan
            self._proofs[key] = (
                self.replay(contract, plan, progress) if plan else self.prove(contract, pipeline, progress)
            )
        return self._proofs[key]

    def prove(
        self,
        contract: Contract,
        pipeline: str,
        progress: Callable[[str], None],
        *,
        budget_s: float | None = None,
        seed: int | None = None,
    ) -> Proof:
        """Judge the promises of one pipeline of a contract, with a budget and a seed of its own if they are given."""
        settings = self.settings
        seed = settings.seed if seed is None else seed
        workers = settings.workers or min(MOST_WORKERS, os.cpu_count() or 1)
        try:
            with ExitStack() as arenas:
                crew = [arenas.enter_context(self.servers.arena(contract, pipeline, seed)) for _ in range(workers)]
                proof = prove(
                    crew,
                    seed,
                    progress,
                    every_moment=settings.every_moment,
                    budget_s=settings.budget_s if budget_s is None else budget_s,
                    faults=settings.faults,
                )
                return self._kept(proof, crew)
        except UnsupportedError as error:
            return Proof(Judgement.unknown(Reason.UNSUPPORTED, str(error)), seed)

    def replay(self, contract: Contract, plan: Plan, progress: Callable[[str], None]) -> Proof:
        """Run one plan again, and judge it."""
        if plan.contract != contract.name:
            raise UsageError(f"the plan is for the contract {plan.contract}, and {contract.file} is {contract.name}")
        if plan.pipeline in contract.tried_captures and plan.pipeline not in contract.pipelines:
            with self.servers.capture_arena(contract, plan.pipeline) as captured:
                return self._kept(capture_sweep.replay(captured, plan, progress), [captured])
        with self.servers.arena(contract, plan.pipeline, plan.seed) as arena:
            return self._kept(replay(arena, plan, progress), [arena])

    def _kept(self, proof: Proof, crew: Sequence[Arena | CaptureArena]) -> Proof:
        """Copy the evidence to where the user finds it, in place of that of an earlier run; drop the rest."""
        if proof.folder is not None:
            kept = self.settings.keep_in / f"{crew[0].contract.name}-{crew[0].name}"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(proof.folder, kept)
            (self.settings.keep_in / ".gitignore").write_text("*\n", encoding="utf-8")
            proof.folder = Path(os.path.relpath(kept))
        for arena in crew:
            shutil.rmtree(arena.folder, ignore_errors=True)
        return proof
