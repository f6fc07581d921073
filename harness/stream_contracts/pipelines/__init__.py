"""The shelf of pipeline kinds: one file each, and the table of them."""

from __future__ import annotations

from collections.abc import Callable

from stream_contracts.pipelines import command
from stream_contracts.stack.service import Service

PIPELINES: dict[str, Callable[..., Service]] = {"command": command.service}
"""Kind, as the key in a contract that names it -> what makes the process of one instance."""
