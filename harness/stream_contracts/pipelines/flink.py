"""A pipeline that is an Apache Flink job: Java source in the contract's folder, run by a JobManager and its TaskManagers.

The job runs in Flink's application mode, each process a JVM of its own: the first is the JobManager, every further one a
TaskManager. So a TaskManager can die, freeze and be replaced alone, and where its JobManager dies, the next one goes on
at the newest checkpoint. Checkpoints lie in a folder that all of them share, as on an object store.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.errors import ContractError, StackError
from stream_contracts.pipelines import _java
from stream_contracts.pipelines._java import NotCompiledError, Program
from stream_contracts.pipelines.launch import Launch
from stream_contracts.stack.artefacts import FLINK_LOCK, Progress
from stream_contracts.stack.ports import reserved
from stream_contracts.stack.runtime import jvm_environment
from stream_contracts.stack.service import Service

WHEEL = "apache-flink-libraries"
INSTALL = "pip install 'pytest-stream-contracts[local,flink]'"
JARS = ("flink-dist-", "log4j-api-", "log4j-core-", "log4j-slf4j-impl-")
"""The jars of the wheel that a job of the DataStream API runs on, by the beginning of their names."""
PROCESS = Path(__file__).with_name("FlinkProcess.java")
TRAINING = Path(__file__).with_name("FlinkTraining.java")
JOB_MANAGER = "FlinkProcess"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
JOB_ID = "0" * 31 + "1"
"""The same in each life of a job, so that its checkpoints lie in one folder."""
OPENED = (
    "java.base/java.lang=ALL-UNNAMED",
    "java.base/java.net=ALL-UNNAMED",
    "java.base/java.io=ALL-UNNAMED",
    "java.base/java.nio=ALL-UNNAMED",
    "java.base/java.text=ALL-UNNAMED",
    "java.base/java.time=ALL-UNNAMED",
    "java.base/java.util=ALL-UNNAMED",
    "java.base/java.util.concurrent=ALL-UNNAMED",
    "java.base/java.util.concurrent.atomic=ALL-UNNAMED",
    "java.base/java.util.concurrent.locks=ALL-UNNAMED",
    "java.base/sun.nio.ch=ALL-UNNAMED",
)
"""What Flink looks into by reflection, as its own configuration lists it."""
FLAGS = (
    *_java.FLAGS,
    "--sun-misc-unsafe-memory-access=allow",
    *(f"--add-opens={each}" for each in OPENED),
    "-Dorg.apache.logging.log4j.level=INFO",
)

SETTINGS: Mapping[str, str] = {
    # A death is noticed within seconds, and answered at once.
    "heartbeat.interval": "500 ms",
    "heartbeat.timeout": "3 s",
    "heartbeat.rpc-failure-threshold": "1",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": "1000",
    "restart-strategy.fixed-delay.delay": "100 ms",
    "cluster.registration.initial-timeout": "100 ms",
    "cluster.registration.error-delay": "200 ms",
    "cluster.registration.refused-registration-delay": "200 ms",
    # What a restart goes on with: where nobody cancels the job, its checkpoints stay.
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    "execution.checkpointing.num-retained": "3",
    # One machine, no guessing how much of it is ours.
    "jobmanager.rpc.address": "127.0.0.1",
    "jobmanager.bind-host": "127.0.0.1",
    "taskmanager.host": "127.0.0.1",
    "taskmanager.bind-host": "127.0.0.1",
    "rest.address": "127.0.0.1",
    "rest.bind-address": "127.0.0.1",
    "rest.port": "0",
    "blob.server.port": "0",
    "jobmanager.memory.enable-jvm-direct-memory-limit": "false",
    "taskmanager.numberOfTaskSlots": "4",
    "taskmanager.cpu.cores": "4",
    "taskmanager.memory.task.heap.size": "128 mb",
    "taskmanager.memory.task.off-heap.size": "0 mb",
    "taskmanager.memory.framework.heap.size": "64 mb",
    "taskmanager.memory.framework.off-heap.size": "64 mb",
    "taskmanager.memory.network.min": "32 mb",
    "taskmanager.memory.network.max": "32 mb",
    "taskmanager.memory.managed.size": "32 mb",
    "taskmanager.memory.jvm-metaspace.size": "128 mb",
    "taskmanager.memory.jvm-overhead.min": "64 mb",
    "taskmanager.memory.jvm-overhead.max": "64 mb",
}
"""What we set for every job; a job may say otherwise of all that is a job's own (its checkpoints, how it restarts)."""


def ready(progress: Progress) -> None:
    """Fetch and compute what any job needs, so that later runs are fast and work offline. StackError as in `prepare`."""
    _java.ready(FLINK_LOCK, progress, training=TRAINING, more=jars(), flags=FLAGS, thorough=True)


def prepare(contract: Contract, pipeline_name: str, progress: Progress) -> None:
    """Fetch what the job is compiled with and runs on, and compile it, where that has not been done yet.

    Raises ContractError with what the compiler says, at ``flink`` in the contract, and StackError where Flink, Java or a
    jar is missing and cannot be had.
    """
    try:
        _built(_sources(contract.folder, contract.pipelines[pipeline_name]), progress)
    except NotCompiledError as error:
        raise ContractError([(str(contract.place("pipelines", pipeline_name, "flink")), str(error))]) from error


def service(launch: Launch) -> Service:
    """One process of the job's cluster, not started yet: number 0 is the JobManager, every other one a TaskManager.

    Beside its temporary folder lies what the cluster shares.
    """
    scratch = Path(launch.addresses["TMPDIR"])
    leads = _number(launch.instance) == 0
    _configure(scratch, scratch.parent, leads=leads)
    built = _program(tuple(_sources(launch.folder, launch.pipeline)))
    main = _job_manager(built, scratch) if leads else [TASK_MANAGER, "--configDir", str(scratch)]
    env = {**jvm_environment(os.environ), **launch.environment}
    command = [*built.command(str(scratch))[:-1], *main]
    return Service(
        launch.instance, command, cwd=launch.folder.absolute(), env=env, log_path=launch.log_path, run_id=launch.run_id
    )


def jars() -> tuple[Path, ...]:
    """The jars of Flink. StackError where its wheel is not installed, which says how to install it."""
    try:
        wheel = metadata.distribution(WHEEL)
    except metadata.PackageNotFoundError as error:
        raise StackError(
            f"{WHEEL}, the Flink that this pipeline runs on, is not installed (329 MB): {INSTALL}"
        ) from error
    library = Path(str(wheel.locate_file("pyflink/lib")))
    found = tuple(next(iter(sorted(library.glob(f"{name}*.jar"))), library / f"{name}*.jar") for name in JARS)
    for jar in found:
        if not jar.is_file():
            raise StackError(f"{WHEEL} is installed without {jar}; reinstall it: {INSTALL}")
    return found


def _number(instance: str) -> int:
    """The number of a process, out of ``…-1``; a stand-in, ``…-1+2``, has that of the one whose place it takes."""
    return int(instance.partition("+")[0].rpartition("-")[2])


def _job_manager(built: Program, scratch: Path) -> list[str]:
    """Its main class and arguments: go on at the newest checkpoint, with the job whose main class is the program's."""
    return [
        JOB_MANAGER, str(_checkpoints(scratch.parent)),
        "--configDir", str(scratch), "--job-classname", built.main, "--job-id", JOB_ID,
    ]  # fmt: skip


def _checkpoints(shared: Path) -> Path:
    return shared / "checkpoints"


def _configure(scratch: Path, shared: Path, *, leads: bool) -> None:
    """Write the configuration of one process; the port at which a JobManager is found is drawn with it, and stays."""
    place = shared / "jobmanager.port"
    if leads and not place.exists():
        with reserved(1) as (port,):
            place.write_text(str(port), encoding="utf-8")
    settings = {
        **SETTINGS,
        "jobmanager.rpc.port": place.read_text(encoding="utf-8"),
        "execution.checkpointing.dir": _checkpoints(shared).as_uri(),
        "io.tmp.dirs": str(scratch),
    }
    lines = [f"{name}: {json.dumps(value)}\n" for name, value in settings.items()]  # a JSON text is a YAML text
    (scratch / "config.yaml").write_text("".join(lines), encoding="utf-8")


def _built(sources: list[Path], progress: Progress) -> Program:
    return _java.program(FLINK_LOCK, [*sources, PROCESS], progress, training=TRAINING, more=jars(), flags=FLAGS)


@cache
def _program(sources: tuple[Path, ...]) -> Program:
    """The program, found where `prepare` left it: looked for once, and not at each start of each process."""
    return _built(list(sources), lambda _: None)


def _sources(folder: Path, pipeline: Pipeline) -> list[Path]:
    return [folder.absolute() / source for source in pipeline.flink]
