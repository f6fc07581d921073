"""What pytest tells of a session's stacks: progress while one starts, times in the summary, the logs of a failing test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from stream_contracts.stack.logs import Marks
from stream_contracts.stack.model import Stack

KEY = "stream_stacks"
"""Under which a worker of pytest-xdist tells its stacks to the run that prints the summary."""


def progress(config: pytest.Config, who: str) -> Callable[[str], None]:
    """A line that the next one overwrites, on a terminal; nothing elsewhere: a log wants no forty lines of progress.

    An empty text clears the line.
    """

    def say(text: str) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        capture = config.pluginmanager.get_plugin("capturemanager")
        if reporter is None or not reporter.isatty:
            return
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            if reporter.currentfspath is not None:
                reporter.write_line("")  # below the dots; they go on with the name of the file, after the last line
                reporter.currentfspath = None
            width = reporter._tw.fullwidth - 1
            reporter.rewrite(f"{who}: {text}"[:width] if text else "", erase=True)
            if not text:
                reporter.rewrite("")
            reporter.flush()

    return say


class StackReports:
    """The hooks. A stack is told of by ``opened``, once it is ready."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._stacks: list[Stack] = []
        self._marks: dict[int, Marks] = {}

    def opened(self, stack: Stack) -> None:
        """Take note of a stack that is ready."""
        self._told.append(stack.describe())
        self._stacks.append(stack)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Remember how far every log was written; one that begins later is this test's from its first line."""
        self._marks = {id(stack): Marks([stack]) for stack in self._stacks}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """Add what the services of its stacks wrote during a test to its report, if it failed."""
        report: pytest.TestReport = yield  # type: ignore[assignment]
        if report.failed:
            used = getattr(item, "funcargs", {}).values()
            for stack in [each for each in self._stacks if any(each is value for value in used)]:
                marks = self._marks.get(id(stack)) or Marks.from_the_start(stack)
                for name, text in marks.slices():
                    report.sections.append((f"log of {name} during {report.when}", text))
        return report  # type: ignore[return-value]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """A line for each stack: what ran, where, why so, and how long it took to come up."""
        if self._told:
            terminalreporter.section("stream stacks")
        for line in dict.fromkeys(self._told):
            terminalreporter.write_line(line)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker hands its lines over."""
        handed: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if handed is not None:
            handed[KEY] = self._told

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the lines of a worker that has ended."""
        self._told += getattr(node, "workeroutput", {}).get(KEY, [])
