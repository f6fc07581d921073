"""Reports: one file for each form in which a review is handed on, and the table of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final

from stream_contracts.errors import UsageError
from stream_contracts.findings import Review

REPORTS: Final[dict[str, str]] = {
    "text": "stream_contracts.reports.text:render",
    "json": "stream_contracts.reports.json:render",
    "junit": "stream_contracts.reports.junit:render",
    "github": "stream_contracts.reports.github:render",
    "gitlab": "stream_contracts.reports.gitlab:render",
    "sarif": "stream_contracts.reports.sarif:render",
    "markdown": "stream_contracts.reports.markdown:render",
}
"""Name -> ``module:function`` that turns a review into text, which ends with a newline unless it is empty."""


def report_named(name: str) -> Callable[[Review], str]:
    """Return the report of that name; raises ``UsageError`` that lists the known ones.

    Its text can always be written as UTF-8: half a surrogate pair, which a schema may hold, becomes ``\\udxxx``.
    """
    if name not in REPORTS:
        raise UsageError(f"unknown report {name!r}; known: {', '.join(REPORTS)}")
    module, _, attribute = REPORTS[name].partition(":")
    render: Callable[[Review], str] = getattr(import_module(module), attribute)
    return lambda review: render(review).encode("utf-8", "backslashreplace").decode("utf-8")
