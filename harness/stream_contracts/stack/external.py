"""The external backend: a stack that already runs and is not ours; what we make on it begins with our namespace."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from stream_contracts.errors import StackError, UnsupportedError
from stream_contracts.stack import external_traces
from stream_contracts.stack.addressed import Addressed
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.capabilities import Part
from stream_contracts.stack.external_file import VARIABLE, Elsewhere, read
from stream_contracts.stack.external_traces import administrator
from stream_contracts.stack.local_stack import run_folder
from stream_contracts.stack.model import Broker, Stack
from stream_contracts.stack.postgres_question import talks
from stream_contracts.stack.readiness import Question
from stream_contracts.stack.rest import answers
from stream_contracts.stack.service import tail
from stream_contracts.stack.warden import Warden

READY_S = 15.0
POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Foreign:
    """A server that is not ours: it can be talked to, and that is all. ``log_path`` is its log, where that can be read."""

    name: str
    address: str
    alive: bool = True
    log_path: Path | None = None

    @property
    def nature(self) -> str:
        """What it is, and where."""
        return f"somebody else's server at {self.address}"

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines of its log; empty where it is not ours to read."""
        return tail(self.log_path, lines) if self.log_path else ""


class ExternalStack(Addressed):
    """Somebody else's stack; the Stack protocol tells what its parts promise."""

    def __init__(
        self,
        blueprint: Blueprint,
        elsewhere: Elsewhere,
        run_dir: Path,
        run_id: str,
        why: str,
        logs: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.backend, self.why = "external", why
        self._logs = {name: Path(path) for name, path in logs.items()}
        self.blueprint, self.run_id, self.run_dir = blueprint, run_id, run_dir
        self.brokers: tuple[Broker, ...] = ()
        self.timings: dict[str, float] = {}
        self._elsewhere = elsewhere
        self._warden = Warden(run_id, run_dir)
        self._opened = self._closed = False

    def address(self, need: str) -> str:
        """Return what the file says of the need. UsageError where the blueprint does not have it."""
        self.blueprint.require(need)
        return self._elsewhere.address(need)

    @property
    def client_config(self) -> Mapping[str, str]:
        """What a librdkafka client is configured with to reach the brokers, SASL and TLS included."""
        return {**self._elsewhere.kafka, "bootstrap.servers": self.bootstrap}

    def inside(self, need: str) -> str:
        """Return the same address: whether these servers reach each other by it is for their owner to know."""
        return self.address(need)

    @property
    def services(self) -> Mapping[str, Part]:
        """Every service by its name; none of them is ours."""
        where = {f"broker-{node}": f"{host}:{port}" for node, host, port in self.brokers}
        where |= {need: self._shown(need) for need in self.blueprint.needs() if need != "brokers"}
        return {name: Foreign(name, address, log_path=self._logs.get(name)) for name, address in where.items()}

    def await_ready(self, timeout_s: float = 60) -> None:
        """Wait until everything answers. StackError, with the last answer, where something does not."""
        deadline = time.monotonic() + timeout_s
        for question in self._questions():
            while missing := question.ask():
                if time.monotonic() > deadline:
                    raise StackError(
                        f"waited {timeout_s:g} s until {question.name}; the last answer was: {missing}\n"
                        f"what to do: see whether it runs, and whether the file in ${VARIABLE} has its address and settings"
                    )
                time.sleep(POLL_S)

    def describe(self) -> str:
        """Say in one line what is used, where, and in which namespace."""
        parts = [f"{told} at {self._shown(need)}" for need, told in self.blueprint.needs().items()]
        return f"external ({self.why}): {', '.join(parts)}; what is made there begins with {self.run_id}"

    def keep(self) -> None:
        """Leave the run's folder where it is when the stack closes."""
        self._warden.keep()

    def close(self, progress: Progress | None = None) -> None:
        """Remove what begins with the run's id from these servers, and the run's folder; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            left = external_traces.remove(self._elsewhere, self.blueprint, self.run_id) if self._opened else []
            if left and progress is not None:
                progress(f"what could not be removed from the external stack: {'; '.join(left)}")
        finally:
            self._warden.dismiss()

    def open(self) -> None:
        """See that everything answers, and learn the brokers."""
        begin = time.monotonic()
        self.await_ready(READY_S)
        self._opened = True
        self.timings["ready_s"] = time.monotonic() - begin
        if self.blueprint.brokers:
            self.brokers = learn(self.client_config)
            if len(self.brokers) < self.blueprint.brokers:
                raise UnsupportedError(
                    f"{self.blueprint.brokers} brokers are asked for, and the cluster at {self.bootstrap} has "
                    f"{len(self.brokers)}"
                )

    def _questions(self) -> Iterator[Question]:
        needs = self.blueprint.needs()
        if "brokers" in needs:
            yield Question(f"a client reaches the brokers at {self.bootstrap}", self._ask_brokers)
        if "registry" in needs:
            yield answers(f"the registry at {self._shown('registry')} answers", f"{self.schema_registry_url}/subjects")
        if "postgres" in needs:
            where = urlsplit(self.postgres_dsn)
            yield talks(where.hostname or "", where.port or 5432, where.username or "")
        if "connect" in needs:
            yield answers(f"Connect at {self._shown('connect')} answers", f"{self.connect_url}/connectors")

    def _ask_brokers(self) -> str:
        try:
            learn(self.client_config)
        except StackError as error:
            return str(error)
        return ""

    def _shown(self, need: str) -> str:
        """The address without the password that it may hold."""
        address = self.address(need)
        if need == "brokers" or "@" not in address:
            return address
        return address.rpartition("@")[2]


def learn(client_config: Mapping[str, str]) -> tuple[Broker, ...]:
    """Ask the cluster for its brokers. StackError, with what the client logged, where it does not answer."""
    from confluent_kafka import KafkaException

    complaints: list[str] = []
    client = None
    try:
        client = administrator({**client_config, "error_cb": lambda error: complaints.append(error.str())})
        answer = client.list_topics(timeout=2)
    except (KafkaException, ValueError) as error:
        if client is not None:
            client.poll(0)  # the reason, such as a wrong password, comes as an event
        told = error.args[0].str() if isinstance(error, KafkaException) else str(error)
        raise StackError("; ".join(dict.fromkeys([told, *complaints]))) from error
    return tuple(Broker(node, str(row.host), row.port) for node, row in sorted(answer.brokers.items()))


@contextmanager
def open_stack(
    blueprint: Blueprint, *, run_dir: Path | None, progress: Progress, keep: bool, why: str
) -> Iterator[Stack]:
    """Yield what already runs, as the file in ``$STREAM_CONTRACTS_EXTERNAL`` has it, and tidy up our traces in the end.

    UsageError for a wrong file, UnsupportedError for what the blueprint asks for and it lacks, StackError where
    something does not answer.
    """
    elsewhere = read()
    refuse(blueprint, elsewhere)
    with opened(elsewhere, blueprint, run_dir=run_dir, progress=progress, keep=keep, why=why) as stack:
        yield stack


@contextmanager
def opened(
    elsewhere: Elsewhere,
    blueprint: Blueprint,
    *,
    run_dir: Path | None,
    progress: Progress,
    keep: bool,
    why: str,
    logs: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Stack]:
    """Yield what runs elsewhere, and tidy up our traces in the end; ``logs`` are files by service, where there are any.

    UnsupportedError where the cluster has fewer brokers than the blueprint, StackError where something does not answer.
    """
    folder = run_folder(run_dir)
    run_id = f"{elsewhere.namespace}{folder.name.rpartition('-')[2]}"
    stack = ExternalStack(blueprint, elsewhere, folder, run_id, why, logs)
    try:
        if keep:
            stack.keep()
        stack.open()
        progress(stack.describe())
        yield stack
    finally:
        stack.close(progress)


def refuse(blueprint: Blueprint, elsewhere: Elsewhere) -> None:
    """Raise UnsupportedError for what these servers lack, and for settings that are not ours to change."""
    gaps = elsewhere.lacking(blueprint)
    if gaps:
        raise UnsupportedError(
            f"the external stack has no {gaps}; add the address to the file in ${VARIABLE}, if there is one"
        )
    if blueprint.controllers:
        raise UnsupportedError(
            "the blueprint asks for separate controllers, and what an external stack has is not ours to say"
        )
    ours = {"config": "brokers", "postgres_config": "PostgreSQL", "connect_config": "the Connect worker"}
    asked = [told for name, told in ours.items() if getattr(blueprint, name)]
    if asked:
        raise UnsupportedError(
            f"the blueprint sets {' and '.join(asked)}, and an external stack keeps its own settings"
        )
