"""Everything that is prepared ahead of a start: files, formatted storage, and the AOT cache of one training run each.

The AOT cache (JEP 483, 514, 515) holds classes as the training run loaded and linked them; a JVM that starts from it
takes half the time. A JVM that finds the cache unfit runs without it, so a wrong one costs time, never correctness.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from stream_contracts.errors import StackError
from stream_contracts.stack import apicurio, connect, lessons, postgres, sink, storage
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.brokers import Kafka
from stream_contracts.stack.capabilities import Restartable
from stream_contracts.stack.derived import derived
from stream_contracts.stack.local_stack import Kind, LocalStack, Prepared, refuse_foreign, running
from stream_contracts.stack.runtime import Runtime, runtime

WRITE_S = 120.0
"""How long the JVM may take to write the cache after it was asked to end; it takes 3 to 6 s."""

Lesson = Callable[[LocalStack], None]
"""What a stack does while its student watches."""


def prepare(progress: Progress, blueprint: Blueprint | None = None, *, thorough: bool = False) -> Prepared:
    """Return all that a local start of the blueprint needs, fetching and computing what is not there.

    One broker by default. UnsupportedError for what only containers can run, StackError where something else fails. Only
    AOT caches are dispensable: where one cannot be made, ``progress`` is told why, and the service starts without it.
    """
    wanted = blueprint or Blueprint()
    refuse_foreign(wanted)
    kinds: dict[str, Kind] = {}
    if wanted.brokers:
        kinds["brokers"] = _kafka(progress, thorough=thorough)
    if wanted.registry == "apicurio":
        kinds["registry"] = _apicurio(progress, thorough=thorough)
    if wanted.postgres:
        kinds["postgres"] = postgres.prepare(progress)
    if wanted.connect:
        kinds["connect"] = _connect(kinds["brokers"], progress, thorough=thorough)
    return Prepared(kinds)


def _kafka(progress: Progress, *, thorough: bool) -> Kafka:
    found = runtime(progress, thorough=thorough)
    kafka = Kafka(found, storage.template(found, progress))

    def study(student: tuple[str, ...], work: Path) -> None:
        kinds = {"brokers": replace(kafka, flags=student)}
        _attend(Blueprint(), kinds, "broker-1", lessons.kafka, work, progress)

    return replace(kafka, flags=_trained("kafka", found, study, progress))


def _connect(kafka: Kind, progress: Progress, *, thorough: bool) -> connect.Connect:
    found = connect.found(progress, thorough=thorough)

    def study(student: tuple[str, ...], work: Path) -> None:
        kinds = {"brokers": kafka, "postgres": postgres.prepare(progress), "connect": connect.Connect(found, student)}
        _attend(Blueprint(postgres=True, connect=True), kinds, connect.NAME, lessons.connect, work, progress)

    return connect.Connect(found, _trained("connect", found, study, progress))


def _apicurio(progress: Progress, *, thorough: bool) -> apicurio.Apicurio:
    found, program = apicurio.found(progress, thorough=thorough)

    def study(student: tuple[str, ...], work: Path) -> None:
        kinds = {"registry": apicurio.Apicurio(found, program, student)}
        _attend(Blueprint(brokers=0, registry="apicurio"), kinds, apicurio.NAME, lessons.registry, work, progress)

    return apicurio.Apicurio(found, program, _trained("apicurio", found, study, progress))


def _attend(
    blueprint: Blueprint, kinds: Mapping[str, Kind], student: str, lesson: Lesson, work: Path, progress: Progress
) -> None:
    """Run the stack in ``work`` through the lesson, then ask the student to end, which is when it writes its cache."""
    with running(Prepared(kinds), blueprint, run_dir=work, progress=progress) as stack:
        lesson(stack)
        status = stack.service(student, can=Restartable).stop(WRITE_S)
        _written(work, status, stack.service(student).log_tail())


def _trained(
    name: str, found: Runtime, study: Callable[[tuple[str, ...], Path], None], progress: Progress
) -> tuple[str, ...]:
    """Return the flags with which a JVM uses its AOT cache; none where the cache cannot be made."""

    def build(folder: Path) -> None:
        progress(f"training the AOT cache of {name} (once per version of it and of Java, takes about ten seconds)")
        work = folder / "work"
        study((f"-XX:AOTCacheOutput={folder / name}.aot",), work)
        shutil.rmtree(work, ignore_errors=True)

    try:
        place = derived(found.home / "aot", found.key("aot"), build, progress)
    except StackError as error:
        progress(f"{name} will start without an AOT cache, more slowly: {error}")
        return ()
    return (f"-XX:AOTCache={place / name}.aot",)


def prepare_sink(progress: Progress, *, thorough: bool = False) -> tuple[Runtime, tuple[str, ...]]:
    """Return what a worker with a sink connector runs on, and the flags of its AOT cache; errors as `prepare`."""
    found = sink.found(progress, thorough=thorough)

    def study(student: tuple[str, ...], work: Path) -> None:
        kinds: dict[str, Kind] = {
            "brokers": _kafka(progress, thorough=thorough),
            "postgres": postgres.prepare(progress),
        }
        with running(Prepared(kinds), Blueprint(postgres=True), run_dir=work, progress=progress) as stack:
            lessons.sink_input(stack)
            pupil = sink.worker(
                found, student, "sink", lessons.sink_config(stack),
                bootstrap=stack.bootstrap, folder=work, log_path=work / "sink.log", run_id=stack.run_id,
            )  # fmt: skip
            pupil.start()
            lessons.sink(stack)
            _written(work, pupil.stop(WRITE_S), pupil.log_tail())

    return found, _trained("sink", found, study, progress)


def _written(work: Path, status: int, told: str) -> None:
    """Raise StackError where the student wrote no cache."""
    if not any(work.parent.glob("*.aot")):
        raise StackError(f"the training run ended with status {status} and wrote no cache; end of its log:\n{told}")
