"""How the registry says no: the table of error codes, and the one exception that carries them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CODES: dict[int, tuple[int, str]] = {
    40401: (404, "Subject '{subject}' not found."),
    40402: (404, "Version {version} not found."),
    40403: (404, "Schema {id} not found."),
    40404: (404, "Subject '{subject}' was soft deleted. Set permanent=true to delete it permanently."),
    40405: (404, "Subject '{subject}' must be soft deleted first, then it can be deleted permanently."),
    40406: (
        404,
        "Subject '{subject}' version {version} was soft deleted. Set permanent=true to delete it permanently.",
    ),
    40407: (404, "Subject '{subject}' version {version} must be soft deleted first, then permanently."),
    40408: (404, "Subject '{subject}' has no compatibility configuration of its own."),
    40409: (404, "Subject '{subject}' has no mode of its own."),
    409: (409, "Schema is incompatible with an earlier one of subject '{subject}': {why}"),
    40901: (409, "Schema is incompatible with an earlier one of subject '{subject}': {why}"),
    42201: (422, "Invalid schema: {why}"),
    42202: (422, "'{version}' is not a version: it is a number from 1 to 2147483647, or \"latest\"."),
    42203: (422, "Invalid compatibility level {level}: known are {known}."),
    42204: (422, "Invalid mode {mode}: known are {known}."),
    42205: (422, "{why}"),
    42206: (422, "One or more references exist to subject '{subject}' version {version}: ids {ids}."),
    42207: (422, "Schema is registered under id {known}, not under {id}."),
    42208: (422, "'{subject}' is not a subject name."),
    42210: (422, "Invalid ruleset: {why}"),
    42211: (422, "Context '{context}' is not empty."),
    400: (400, "{why}"),
    401: (401, "Unauthorized"),
    404: (404, "{why}"),
    405: (405, "{why}"),
    408: (408, "{why}"),
    413: (413, "{why}"),
    415: (415, "{why}"),
    422: (422, "{why}"),
    500: (500, "{why}"),
    501: (501, "{why}"),
    50001: (500, "{why}"),
    503: (503, "{why}"),
}
"""error_code → HTTP status and message, as Confluent's ``Errors.java`` numbers them (the wording is ours).

Incompatible is 40901 since 8.0.4 and was 409 before; numbers below 1000 are plain HTTP statuses.
"""


class Refusal(Exception):  # noqa: N818 - an answer, not a fault: it never leaves the room
    """The registry's answer is an error of the table; ``said`` fills the message, ``headers`` go with the answer."""

    def __init__(self, code: int, *, headers: Mapping[str, str] | None = None, **said: object) -> None:
        status, template = CODES[code]
        self.code, self.status, self.headers = code, status, headers or {}
        self.message = template.format(**said)
        super().__init__(self.message)

    @property
    def body(self) -> dict[str, Any]:
        """What the client reads."""
        return {"error_code": self.code, "message": self.message}
