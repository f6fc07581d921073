"""What the pytest plugin does once it was asked for: a contract is a file of items, one for each promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract, Schema
from stream_contracts.contract.part import asked, number, one_of
from stream_contracts.contract.promises import Promised
from stream_contracts.errors import ContractError, StreamContractsError, UsageError
from stream_contracts.faults import faults_named
from stream_contracts.findings import Judgement, Place, Verdict
from stream_contracts.gate.decide import decide
from stream_contracts.reports import terminal
from stream_contracts.stack import AUTO, BACKENDS
from stream_contracts.stack.logs import since
from stream_contracts.stack_reports import progress
from stream_contracts.trial.explore import Progress
from stream_contracts.trial.proof import Proof
from stream_contracts.trial.session import Session, Settings
from stream_contracts.workload.plan import Plan

SESSION = pytest.StashKey[Session]()
_LINES = "stream_contracts_lines"
_STACKS = "stream_contracts_stacks"


class BrokenPromiseError(Exception):
    """Carries a judgement that is no pass to the report; its text is the finding."""


class ContractFile(pytest.File):
    """One ``contract.yaml``. Collecting it reads it; nothing is started."""

    def collect(self) -> Iterator[pytest.Collector]:
        """A collector for each schema and each pipeline; with a plan to replay, for its pipeline alone."""
        contract = load(self.path)
        plan = self.config.stash[SESSION].settings.plan
        if plan is not None:
            if plan.contract == contract.name and plan.pipeline in contract.pipelines:
                yield PipelineUnderTest.from_parent(self, name=plan.pipeline, contract=contract)
            elif plan.contract == contract.name and plan.pipeline in contract.tried_captures:
                yield CaptureUnderTest.from_parent(self, name=plan.pipeline, contract=contract)
            return
        for subject, schema, steps in contract.subjects():
            yield Subject.from_parent(self, name=subject, contract=contract, schema=schema, steps=steps)
        for name in contract.pipelines:
            yield PipelineUnderTest.from_parent(self, name=name, contract=contract)
        for name in contract.tried_captures:
            yield CaptureUnderTest.from_parent(self, name=name, contract=contract)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """The complaints, each with its line, instead of a stack."""
        if isinstance(excinfo.value, ContractError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class Subject(pytest.Collector):
    """One schema of a contract, of a topic or shared, under the name of its registry subject."""

    def __init__(self, *, contract: Contract, schema: Schema, steps: tuple[str, ...], **rest: Any) -> None:
        super().__init__(**rest)
        self.contract, self.schema, self.steps = contract, schema, steps

    def collect(self) -> Iterator[pytest.Item]:
        """Its one promise."""
        place = self.contract.place(*self.steps)
        yield Compatibility.from_parent(self, name="compatibility", place=place)


class PipelineUnderTest(pytest.Collector):
    """One pipeline of a contract."""

    def __init__(self, *, contract: Contract, **rest: Any) -> None:
        super().__init__(**rest)
        self.contract = contract

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each of its promises."""
        for promised in self.contract.promises(self.name):
            yield Kept.from_parent(self, name=promised.name, place=promised.place, promised=promised)

    def proof(self, session: Session, say: Progress) -> Proof:
        """The sweep of the pipeline, made once."""
        return session.proof(self.contract, self.name, say)


class CaptureUnderTest(PipelineUnderTest):
    """One captured table of a contract: the pipeline is its connector."""

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each promise that is made of it."""
        for promised in self.contract.capture_promises(self.name):
            yield Kept.from_parent(self, name=promised.name, place=promised.place, promised=promised)

    def proof(self, session: Session, say: Progress) -> Proof:
        """The sweep of its connector, made once."""
        return session.capture_proof(self.contract, self.name, say)


class Promise(pytest.Item):
    """One checkable clause of a contract."""

    def __init__(self, *, place: Place, **rest: Any) -> None:
        super().__init__(**rest)
        self.place = place

    def judge(self) -> tuple[str, Judgement]:
        """What was promised, in words, and the judgement."""
        raise AssertionError("each kind of promise has its own judge")

    def runtest(self) -> None:
        """Judge, and fail with the finding where the promise is not kept."""
        what, judgement = self.judge()
        lines = list(terminal.judged(what, judgement))
        if judgement.verdict is Verdict.UNKNOWN and self.config.stash[ALLOWS_UNKNOWN]:
            pytest.skip("\n".join(lines))
        if judgement.verdict is not Verdict.PASS:
            raise BrokenPromiseError("\n".join(lines))
        if judgement.findings:
            self.add_report_section("call", "stream contracts", "\n".join(lines))

    def note(self, line: str) -> None:
        """Put a line into the summary at the end of the run."""
        self.user_properties.append((_LINES, line))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The finding, not our stack."""
        if isinstance(excinfo.value, BrokenPromiseError | StreamContractsError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the promise is written: for editors, JUnit XML and annotations."""
        line = None if self.place.line is None else self.place.line - 1
        return self.path, line, self.nodeid.partition("::")[2]


class Compatibility(Promise):
    """The schema agrees with its former versions, at the level of its subject."""

    parent: Subject

    def judge(self) -> tuple[str, Judgement]:
        """Offline, and at once."""
        subject = self.parent
        decision = decide(subject.contract, subject.schema)
        against = f"against {decision.versions} former version{'s' * (decision.versions != 1)}"
        told = f"{decision.level} {against}" if decision.versions else "new, nothing to compare with"
        self.note(f"{subject.contract.name}/{subject.name}  schema {decision.judgement.verdict}  {told}")
        return f"{subject.contract.name}/{subject.name} at {decision.level} {against}", decision.judgement


class Kept(Promise):
    """One promise of a pipeline, kept when things break."""

    parent: PipelineUnderTest

    def __init__(self, *, promised: Promised, **rest: Any) -> None:
        super().__init__(**rest)
        self.promised = promised

    def judge(self) -> tuple[str, Judgement]:
        """On real servers: without faults, then with one fault after the other. One sweep is for all its promises."""
        contract, name, promised = self.parent.contract, self.parent.name, self.promised
        session = self.config.stash[SESSION]
        say = progress(self.config, f"{contract.name}/{name}")
        try:
            proof = self.parent.proof(session, say).of(promised.name)
        finally:
            say("")
        verdict = proof.judgement.verdict
        told = proof.told if promised.name == "delivery" else "by the same trials"
        idle = f"\n  not applicable: {proof.idle}" if promised.name == "delivery" and proof.idle else ""
        self.note(f"{contract.name}/{name}  {promised.name} {promised.told}: {verdict}  {told}{idle}")
        self.user_properties.append((_STACKS, session.servers.descriptions))
        if verdict is not Verdict.PASS and proof.folder is not None:
            self._show_logs(proof.folder)
        return f"{contract.name}/{name} promises {promised.name}: {promised.told}", proof.explained()

    def _show_logs(self, folder: Path) -> None:
        """What the processes and the services wrote during the failing trial, as sections of the report."""
        for log in sorted(folder.glob("*.log")):
            text = since(log, 0)
            if log.stem.startswith("service-"):  # a broker says much when all is well; the whole of it is in the file
                text = "\n".join(line for line in text.splitlines() if any(word in line for word in TROUBLE))
            if text:
                self.add_report_section("call", f"log of {log.stem}", text)


TROUBLE = (" WARN ", " ERROR ", " FATAL ", " PANIC ", "Exception")
"""What makes a line of a service's log worth a place in the report."""
ALLOWS_UNKNOWN = pytest.StashKey[bool]()


def _plan(file: str) -> Plan | None:
    if not file:
        return None
    try:
        return Plan.from_json(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, UsageError) as error:
        raise UsageError(f"--stream-replay {file}: {error}") from None


def _settings(given: Mapping[str, Any], root: Path) -> Settings:
    """How promises are judged; UsageError for what nobody can mean, whether it came from the command line or the ini file."""
    return Settings(
        backend=one_of("--stream-backend", given["stream_backend"], (AUTO, *BACKENDS)),
        seed=number("--stream-seed", given["stream_seed"]),
        every_moment=one_of("--stream-moments", given["stream_moments"], ("classes", "all")) == "all",
        budget_s=asked("--stream-budget", given["stream_budget"]),
        workers=number("--stream-workers", given["stream_workers"]),
        plan=_plan(given["stream_replay"]),
        keep_in=root / ".stream-contracts",
        reuse=given["stream_reuse"],
        faults=faults_named(given["stream_faults"]),
    )


class Plugin:
    """The hooks of a run with contracts: a session is opened, and closed; the summary tells what was checked."""

    def __init__(self, config: pytest.Config, given: Mapping[str, Any]) -> None:
        config.stash[ALLOWS_UNKNOWN] = given["stream_allow_unknown"]
        try:
            settings = _settings(given, config.rootpath)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None
        config.stash[SESSION] = Session(settings, progress(config, "stack"))

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Nothing is left running."""
        config.stash[SESSION].close()

    def pytest_report_header(self, config: pytest.Config) -> str:
        """What will judge."""
        settings = config.stash[SESSION].settings
        return f"stream contracts: backend {settings.backend}, seed {settings.seed}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A line for each promise; read from the reports, so that it works with xdist too."""
        reports = [report for kind in ("passed", "failed", "skipped") for report in terminalreporter.getreports(kind)]
        properties = [pair for report in reports if report.when == "call" for pair in report.user_properties]
        lines = [line for name, line in properties if name == _LINES]
        if not lines:
            return
        terminalreporter.section("stream contracts")
        for stack in dict.fromkeys(stack for name, stacks in properties if name == _STACKS for stack in stacks):
            terminalreporter.write_line(stack)
        for line in sorted(lines):
            terminalreporter.write_line(line)
