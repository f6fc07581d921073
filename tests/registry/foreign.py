"""The same requests to two registries: ours, and a foreign one whose answers are recorded.

    python -m tests.registry.foreign http://127.0.0.1:8080/apis/ccompat/v7 > tests/registry/apicurio-3.3.3.json

records what the registry at that address answers. It has to be empty.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.registry.schemas import BROKEN, NO_SCHEMA, ONE, TWO, record

MONEY = record("cents", name="Money", namespace="m")
BILL = '{"type":"record","name":"Bill","fields":[{"name":"due","type":"m.Money"}]}'
LINK = {"name": "m.Money", "subject": "money", "version": 1}
PROTO = 'syntax = "proto3"; package p; message A { int64 x = 1; }'
SHAPE = '{"type":"object","properties":{"x":{"type":"integer"}},"additionalProperties":false}'

STEPS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("PUT", "/config", {"compatibility": "BACKWARD"}),
    ("GET", "/config", None),
    ("GET", "/subjects", None),
    ("GET", "/schemas/types", None),
    ("GET", "/subjects/none/versions", None),
    ("GET", "/schemas/ids/9999", None),
    ("POST", "/subjects/a/versions", {"schema": ONE}),
    ("POST", "/subjects/a/versions", {"schema": ONE}),
    ("POST", "/subjects/a", {"schema": ONE}),
    ("POST", "/subjects/a", {"schema": TWO}),
    ("POST", "/subjects/a/versions", {"schema": BROKEN}),
    ("POST", "/subjects/a/versions", {"schema": NO_SCHEMA}),
    ("POST", "/compatibility/subjects/a/versions/latest", {"schema": BROKEN}),
    ("POST", "/compatibility/subjects/a/versions/latest", {"schema": TWO}),
    ("POST", "/compatibility/subjects/none/versions/latest", {"schema": TWO}),
    ("POST", "/compatibility/subjects/a/versions", {"schema": TWO}),
    ("POST", "/subjects/a/versions", {"schema": TWO}),
    ("GET", "/subjects/a/versions", None),
    ("GET", "/subjects/a/versions/latest", None),
    ("GET", "/subjects/a/versions/1", None),
    ("GET", "/subjects/a/versions/9", None),
    ("GET", "/subjects/a/versions/x", None),
    ("POST", "/subjects/b/versions", {"schema": ONE}),
    ("POST", "/subjects/money/versions", {"schema": MONEY}),
    ("POST", "/subjects/bill/versions", {"schema": BILL, "references": [LINK]}),
    ("GET", "/subjects/money/versions/1/referencedby", None),
    ("GET", "/subjects/bill/versions/1", None),
    ("DELETE", "/subjects/money", None),
    ("POST", "/subjects/p/versions", {"schema": PROTO, "schemaType": "PROTOBUF"}),
    ("POST", "/subjects/j/versions", {"schema": SHAPE, "schemaType": "JSON"}),
    ("GET", "/subjects/j/versions/1", None),
    ("POST", "/subjects/x/versions", {"schema": "x", "schemaType": "XML"}),
    ("GET", "/config/a", None),
    ("PUT", "/config/a", {"compatibility": "NONE"}),
    ("GET", "/config/a", None),
    ("PUT", "/config/a", {"compatibility": "MAYBE"}),
    ("POST", "/subjects/a/versions", {"schema": BROKEN}),
    ("DELETE", "/config/a", None),
    ("GET", "/mode", None),
    ("DELETE", "/subjects/a/versions/1?permanent=true", None),
    ("DELETE", "/subjects/a/versions/1", None),
    ("DELETE", "/subjects/a/versions/1", None),
    ("GET", "/subjects/a/versions", None),
    ("GET", "/subjects/a/versions?deleted=true", None),
    ("DELETE", "/subjects/b?permanent=true", None),
    ("DELETE", "/subjects/b", None),
    ("DELETE", "/subjects/b", None),
    ("GET", "/subjects", None),
    ("GET", "/subjects?deleted=true", None),
    ("DELETE", "/subjects/b?permanent=true", None),
)
_TIMEOUT_S = 20.0


class Names:
    """Ids are free to choose: the first one met is called A, the next B."""

    def __init__(self) -> None:
        self.known: dict[int, str] = {}

    def of(self, number: int) -> str:
        return self.known.setdefault(number, chr(ord("A") + len(self.known)))


def told(status: int, body: Any, names: Names, path: str) -> dict[str, Any]:
    """What is compared of an answer: status and error code, or the body with ids renamed and texts read as JSON."""
    if status >= 400:
        return {"status": status, "error_code": body.get("error_code") if isinstance(body, dict) else None}
    if path.endswith("/referencedby"):
        return {"status": status, "body": [names.of(number) for number in body]}
    if isinstance(body, dict):
        kept = ("subject", "version", "schemaType", "references", "is_compatible", "compatibilityLevel", "mode")
        shown: dict[str, Any] = {key: body[key] for key in kept if body.get(key)}
        if "is_compatible" in body:
            shown["is_compatible"] = body["is_compatible"]
        if "id" in body:
            shown["id"] = names.of(body["id"])
        if "schema" in body and shown.get("schemaType") != "PROTOBUF":
            shown["schema"] = json.loads(body["schema"])
        return {"status": status, "body": shown}
    return {"status": status, "body": sorted(body) if _is_names(body) else body}


def _is_names(body: Any) -> bool:
    return isinstance(body, list) and all(isinstance(each, str) for each in body)


def ask(url: str, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
    """One request to any registry."""
    sent = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/vnd.schemaregistry.v1+json", "Accept": "*/*"}
    try:
        with urlopen(Request(url + path, sent, headers, method=method), timeout=_TIMEOUT_S) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text[:1] == b"{" else text.decode()


def answers(url: str) -> list[dict[str, Any]]:
    """All steps, in order, with what was told."""
    names, found = Names(), []
    for method, path, body in STEPS:
        status, answer = ask(url, method, path, body)
        found.append({"step": f"{method} {path}", **told(status, answer, names, path)})
    return found


if __name__ == "__main__":
    print(json.dumps(answers(sys.argv[1].rstrip("/")), indent=1))  # noqa: T201
