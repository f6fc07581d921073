"""One bounded HTTP question with a JSON answer, as Kafka Connect and registries speak it."""

from __future__ import annotations

import base64
import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import unquote, urlsplit

from stream_contracts.errors import HarnessError
from stream_contracts.stack.readiness import Question

ANSWER_S = 10.0


def ask(
    method: str, url: str, body: object = None, *, headers: dict[str, str] | None = None, timeout_s: float = ANSWER_S
) -> tuple[int, Any]:
    """Return status and decoded body of the answer; None for an empty body, the text where it is no JSON.

    ``body`` is sent as JSON, name and password in the URL as basic authorization. HarnessError where nobody answers in
    time, or not in HTTP.
    """
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}" if parts.username else ""
    told = {"Accept": "application/json", **({"Content-Type": "application/json"} if body is not None else {})}
    if login:
        told["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path or "/", None if body is None else json.dumps(body), {**told, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
    except (OSError, HTTPException) as error:
        raise HarnessError(f"{method} {shown(url)}: {error or type(error).__name__}") from error
    finally:
        connection.close()
    return answer.status, _decoded(text)


def answers(name: str, url: str) -> Question:
    """A GET of the URL is answered with 200."""

    def once() -> str:
        try:
            status, body = ask("GET", url, timeout_s=2)
        except HarnessError as error:
            return str(error)
        return "" if status == 200 else f"GET {shown(url)}: {status} {body}"

    return Question(name, once)


def shown(url: str) -> str:
    """Return the URL without the name and the password that it may hold."""
    parts = urlsplit(url)
    return url if parts.username is None else parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _decoded(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
