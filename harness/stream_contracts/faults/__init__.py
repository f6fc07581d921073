"""The shelf of faults: one file each, and the table of them.

A fault is an immutable value with one verb, ``applied``: a block that is entered at its moment, says whether the fault
took effect, and heals it on the way out. One of the input has the verb ``altered``: it changes what is fed.
"""

from __future__ import annotations

from collections.abc import Mapping

from stream_contracts.errors import UsageError
from stream_contracts.faults._input import Feed, InputFault
from stream_contracts.faults._scene import Fault, Scene, Struck
from stream_contracts.faults.cut_link import CutLink
from stream_contracts.faults.drop_slot import DropSlot
from stream_contracts.faults.duplicate_record import DuplicateRecord
from stream_contracts.faults.fence_producer import FenceProducer
from stream_contracts.faults.hold_frame import HoldFrame
from stream_contracts.faults.isolate_broker import IsolateBroker
from stream_contracts.faults.join_app import JoinApp
from stream_contracts.faults.kill_ahead import KillAhead
from stream_contracts.faults.kill_app import KillApp
from stream_contracts.faults.kill_broker import KillBroker
from stream_contracts.faults.kill_last import KillLast
from stream_contracts.faults.late_record import LateRecord
from stream_contracts.faults.late_request import LateRequest
from stream_contracts.faults.offsets_behind import OffsetsBehind
from stream_contracts.faults.pause_app import PauseApp
from stream_contracts.faults.pause_broker import PauseBroker
from stream_contracts.faults.poison_record import PoisonRecord
from stream_contracts.faults.refuse_link import RefuseLink
from stream_contracts.faults.refuse_request import RefuseRequest
from stream_contracts.faults.registry_error import RegistryError
from stream_contracts.faults.registry_mistake import RegistryMistake
from stream_contracts.faults.restart_broker import RestartBroker
from stream_contracts.faults.restart_database import RestartDatabase
from stream_contracts.faults.silence_link import SilenceLink
from stream_contracts.faults.slow_link import SlowLink
from stream_contracts.faults.stop_app import StopApp
from stream_contracts.faults.take_over import TakeOver
from stream_contracts.workload.plan import Plan

__all__ = [
    "FAULTS",
    "INPUT_FAULTS",
    "Fault",
    "Feed",
    "InputFault",
    "Scene",
    "Struck",
    "fault_named",
    "faults_named",
    "strikes_others",
]

FAULTS: Mapping[str, Fault] = {
    "kill-app": KillApp(),
    "pause-app": PauseApp(),
    "join-app": JoinApp(),
    "take-over": TakeOver(),
    "cut-link": CutLink(),
    "stop-app": StopApp(),
    "hold-frame": HoldFrame(),
    "silence-link": SilenceLink(),
    "refuse-link": RefuseLink(),
    "slow-link": SlowLink(),
    "drop-slot": DropSlot(),
    "offsets-behind": OffsetsBehind(),
    "fence-producer": FenceProducer(),
    "isolate-broker": IsolateBroker(),
    "kill-ahead": KillAhead(),
    "kill-broker": KillBroker(),
    "kill-last": KillLast(),
    "late-request": LateRequest(),
    "pause-broker": PauseBroker(),
    "refuse-request": RefuseRequest(),
    "restart-broker": RestartBroker(),
    "restart-database": RestartDatabase(),
    "registry-error": RegistryError(),
    "registry-mistake": RegistryMistake(),
}
"""Name -> fault, as plans and reports call it."""


INPUT_FAULTS: Mapping[str, InputFault] = {
    "poison-record": PoisonRecord(),
    "duplicate-record": DuplicateRecord(),
    "late-record": LateRecord(),
}
"""The same for what changes the input."""


def fault_named(name: str) -> Fault:
    """The fault of that name, one that strikes at a moment; an unknown name lists the known ones."""
    _known(name, FAULTS)
    return FAULTS[name]


def faults_named(names: str) -> tuple[str, ...]:
    """The names in a list with commas, each of any fault; an unknown name lists the known ones."""
    found = tuple(filter(None, (name.strip() for name in names.split(","))))
    for name in found:
        _known(name, {**FAULTS, **INPUT_FAULTS})
    return found


def _known(name: str, faults: Mapping[str, object]) -> None:
    if name not in faults:
        raise UsageError(f"there is no fault named {name!r}; known: {', '.join(sorted(faults))}")


def strikes_others(plan: Plan) -> bool:
    """Whether a plan strikes what the trials beside it use as well."""
    return any(FAULTS[strike.fault].shared for strike in plan.strikes if not strike.of_input)
