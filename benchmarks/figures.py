"""A figure of a benchmark: what was measured, how it compares with a yardstick of the same run, and what was wanted."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FIGURES = "STREAM_CONTRACTS_FIGURES"
"""The environment variable with the file that figures are added to, a line of JSON each; without it they are only printed."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` in ``unit``; ``ratio`` is the value over that of the ``yardstick``, measured in the same run.

    ``target`` is the bound, of the value or, with ``of_ratio``, of the ratio; ``at_least`` says that more is better.
    """

    what: str
    value: float
    unit: str
    yardstick: str
    ratio: float
    target: float | None = None
    at_least: bool = False
    of_ratio: bool = False

    @property
    def met(self) -> bool:
        """Whether it is what was wanted; true where nothing was."""
        if self.target is None:
            return True
        held = self.ratio if self.of_ratio else self.value
        return held >= self.target if self.at_least else held <= self.target

    @property
    def wanted(self) -> str:
        """The target in words."""
        if self.target is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {self.target:g}{' times' if self.of_ratio else f' {self.unit}'}"

    def __str__(self) -> str:
        end = f" (target {self.wanted}): {'ok' if self.met else 'MISSED'}" if self.target is not None else ""
        return f"{self.what}: {shown(self.value)} {self.unit}, {shown(self.ratio)} times {self.yardstick}{end}"


def shown(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def figure(
    what: str,
    value: float,
    unit: str,
    yardstick: tuple[str, float],
    target: float | None = None,
    *,
    at_least: bool = False,
    of_ratio: bool = False,
) -> Figure:
    """Print a figure, and hand it to whoever collects them. ``yardstick`` is its name and its value in the same unit."""
    name, measure = yardstick
    made = Figure(what, value, unit, name, value / measure if measure else 0.0, target, at_least, of_ratio)
    print(made, flush=True)
    if os.environ.get(FIGURES):
        with Path(os.environ[FIGURES]).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(made)) + "\n")
    return made
