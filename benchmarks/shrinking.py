"""How long a failing plan of forty events and three faults takes to be made small. Target: 60 s."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import monotonic

from benchmarks.figures import figure
from stream_contracts.contract.load import load
from stream_contracts.trial.runner import Runner
from stream_contracts.trial.session import Session, Settings
from stream_contracts.trial.shrink import shrink
from stream_contracts.workload.plan import Plan, Strike

SOURCE = Path("examples/bugs/offsets-after-transaction")
EVENTS = 40
TARGET_S = 60.0


def main() -> None:
    """Run the wrong pipeline with a plan that is larger than it need be, and shrink it."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "contract"
        target.mkdir()
        for path in (path for path in SOURCE.iterdir() if path.is_file()):
            text = path.read_text("utf-8")
            more = f"workload: {{events: {EVENTS}, keys: 6}}\n    reads: [orders]"
            (target / path.name).write_text(text.replace("reads: [orders]", more), "utf-8")
        contract = load(target)
        strikes = [
            Strike(fault, "enrich-0", "producer", api, nth, "after", delay_s)
            for fault, api, nth, delay_s in (
                ("cut-link", "Produce", 2, 0.0),
                ("kill-app", "EndTxn", 3, 0.0),
                ("hold-frame", "EndTxn", 5, 0.2),
            )
        ]
        plan = Plan(contract.name, "enrich", 1, with_aborted=True, strikes=tuple(strikes))
        settings = Settings(backend="local", keep_in=Path(folder) / "kept")
        with Session(settings, lambda _: None) as session, session.servers.arena(contract, "enrich", 1) as arena:
            runner = Runner(arena)
            assert runner.fails(arena, plan), "the plan does not fail, so there is nothing to make small"
            keys = {event.id: event.key for event in arena.draw(1).events}
            alone = monotonic()
            runner.run(arena, plan)
            one = monotonic() - alone
            trials = runner.trials
            small = shrink(plan, lambda tried: runner.fails(arena, tried), keys, budget_s=120)
            took = monotonic() - alone - one
    print(f"{EVENTS} events and {len(strikes)} faults; {runner.trials - trials} runs made it: {small}")
    what = f"shrinking from {EVENTS} events and {len(strikes)} faults to {len(small.events)} and {len(small.strikes)}"
    figure(what, took, "s", ("one run of the plan", one), TARGET_S)
