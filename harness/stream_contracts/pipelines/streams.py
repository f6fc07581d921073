"""A pipeline that is a Kafka Streams application: Java source in the contract's folder, compiled and run without a JDK."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.errors import ContractError
from stream_contracts.pipelines import _java
from stream_contracts.pipelines._java import NotCompiledError, Program, program
from stream_contracts.pipelines.launch import Launch
from stream_contracts.stack.artefacts import STREAMS_LOCK, Progress
from stream_contracts.stack.runtime import jvm_environment
from stream_contracts.stack.service import Service


def ready(progress: Progress) -> None:
    """Fetch and compute what any application needs, so that later runs are fast and work offline."""
    _java.ready(STREAMS_LOCK, progress, thorough=True)


def prepare(contract: Contract, pipeline_name: str, progress: Progress) -> None:
    """Fetch what Kafka Streams and the compiler are, and compile the sources, where that has not been done yet.

    Raises ContractError with what the compiler says, at ``streams`` in the contract, and StackError where Java or a jar
    is missing and cannot be had.
    """
    try:
        program(STREAMS_LOCK, _sources(contract.folder, contract.pipelines[pipeline_name]), progress)
    except NotCompiledError as error:
        raise ContractError([(str(contract.place("pipelines", pipeline_name, "streams")), str(error))]) from error


def service(launch: Launch) -> Service:
    """The process of one instance, not started yet: the main class of the first source, in the contract's folder."""
    built = _program(tuple(_sources(launch.folder, launch.pipeline)))
    env = {**jvm_environment(os.environ), **launch.environment}
    return Service(
        launch.instance, built.command(env.get("TMPDIR")), cwd=launch.folder.absolute(), env=env,
        log_path=launch.log_path, run_id=launch.run_id,
    )  # fmt: skip


@cache
def _program(sources: tuple[Path, ...]) -> Program:
    """The program, found where `prepare` left it: looked for once, and not at each start of each instance."""
    return program(STREAMS_LOCK, sources, lambda _: None)


def _sources(folder: Path, pipeline: Pipeline) -> list[Path]:
    return [folder.absolute() / source for source in pipeline.streams]
