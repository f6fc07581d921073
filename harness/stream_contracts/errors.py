"""The exception tree: everything that means "there is no result".

A broken promise is a Finding, never an exception.

    StreamContractsError
    ├── ContractError          what was written is wrong            exit code 2
    │   └── SchemaError        a schema that cannot be read
    ├── UsageError             what was asked for does not exist     exit code 2
    ├── StackError             what should run does not              exit code 3
    │   └── UnsupportedError   this backend cannot do that
    ├── BaselineError          git or a registry cannot be read      exit code 3
    └── HarnessError           we could not tell                     exit code 4
"""

from __future__ import annotations

from collections.abc import Sequence


class StreamContractsError(Exception):
    """The root. ``exit_code`` is what the shell command ends with."""

    exit_code = 4


class ContractError(StreamContractsError):
    """The contract, or a file it names, is wrong; ``complaints`` lists every one as (``file:line``, text)."""

    exit_code = 2

    def __init__(self, complaints: Sequence[tuple[str, str]]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(f"{place}: {text}" if place else text for place, text in self.complaints))


class SchemaError(ContractError):
    """A schema that cannot be read: which one, where in it, and why."""

    def __init__(self, schema: str, why: str, *, pointer: str = "", place: str = "") -> None:
        self.schema, self.why, self.pointer = schema, why, pointer
        at = f" at {pointer}" if pointer else ""
        super().__init__([(place, f"{schema}{at}: {why}")])


class UsageError(StreamContractsError):
    """An option, a name or a file that was asked for is not there; the message lists the known ones."""

    exit_code = 2


class StackError(StreamContractsError):
    """A service did not come up, or an artefact is missing; the message holds the log tail and the remedy."""

    exit_code = 3


class UnsupportedError(StackError):
    """The backend lacks a service or a capability that was asked for; it becomes ``unknown: unsupported``."""


class BaselineError(StreamContractsError):
    """What a change is compared with cannot be had: git or a registry does not answer, or not as it should."""

    exit_code = 3


class HarnessError(StreamContractsError):
    """Our own side failed, so nothing can be said of the promise; it becomes ``unknown: harness-error``."""

    exit_code = 4
