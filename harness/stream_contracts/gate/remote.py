"""A schema registry over HTTP, asked as its clients ask: what it holds, at which level, and what it would say."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from http.client import HTTPException
from threading import Thread
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import Request, urlopen

from stream_contracts.errors import BaselineError, UsageError
from stream_contracts.schema.compat import LEVELS
from stream_contracts.schema.format import Reference, Source

TIMEOUT_S = 15.0
LONGEST_S = 60.0
"""How long a registry may be silent, and how long a whole answer may take."""
_WANTED = " (give user and password in the URL: https://user:password@host)"
_LARGEST = 64 * 1024 * 1024
_MIME = "application/vnd.schemaregistry.v1+json"


@dataclass(frozen=True, slots=True)
class Registered:
    """One version of a subject; ``references`` are (name, subject, version) as the registry keeps them."""

    number: int
    id: int
    form: str
    text: str
    references: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True)
class Remote:
    """A registry at ``url``, without its password; ``headers`` carry what was given with it."""

    url: str
    headers: dict[str, str] = field(repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @classmethod
    def at(cls, url: str) -> Remote:
        """Take a URL, with ``user:password@`` where the registry wants it; raises ``UsageError``."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"registry:{url}: write registry:http://HOST:PORT or registry:https://HOST")
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
        headers = {"Accept": f"{_MIME}, application/json", "Content-Type": _MIME}
        if parts.username is not None:
            said = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(said.encode()).decode()}"
        return cls(shown, headers, ssl.create_default_context() if parts.scheme == "https" else None)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask; the status and the JSON answer. Raises ``BaselineError`` where there is no such answer."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, self.headers, method=method)
        try:
            status, raw = _bounded(lambda: self._answer(request))
        except (OSError, HTTPException, ValueError) as error:
            why = f"{self.url} cannot be reached: {_words(error)}. Is a registry running there?"
            raise BaselineError(why) from error
        hint = _WANTED if status in (401, 403) else ""
        try:
            answer = json.loads(raw)
        except (ValueError, RecursionError):
            what = raw[:80].decode("utf-8", "replace")
            raise BaselineError(f"{method} {self.url}{path} answered {status} with no JSON: {what!r}{hint}") from None
        if hint:
            raise BaselineError(f"{method} {self.url}{path} answered {status}: {_message(answer)}{hint}")
        return status, answer

    def _answer(self, request: Request) -> tuple[int, bytes]:
        try:
            with urlopen(request, timeout=TIMEOUT_S, context=self.tls) as response:
                return response.status, response.read(_LARGEST)
        except HTTPError as error:
            return error.code, _rest(error)

    def get(self, path: str) -> Any:
        """Ask with GET; None for 404, ``BaselineError`` for every other refusal."""
        status, answer = self.ask("GET", path)
        if status == 404:
            return None
        if status != 200:
            raise BaselineError(f"GET {self.url}{path} answered {status}: {_message(answer)}")
        return answer

    def subjects(self) -> list[str]:
        """Every subject; ``BaselineError`` where what answers is no registry."""
        found = self.get("/subjects")
        if not isinstance(found, list):
            said = "404" if found is None else f"{found!r:.80}"
            raise BaselineError(
                f"GET {self.url}/subjects answered {said}: that is no registry. Is the path of the URL right?"
            )
        return [str(each) for each in found]

    def versions(self, subject: str) -> list[Registered]:
        """Every live version of a subject, oldest first; empty where the registry does not know it."""
        named = quote(subject, safe="")
        numbers = self.get(f"/subjects/{named}/versions") or []
        if not isinstance(numbers, list) or not all(isinstance(number, int) for number in numbers):
            raise BaselineError(f"{self.url} does not list the versions of {subject}, but says {numbers!r:.80}")
        found = (self.version(subject, number) for number in sorted(numbers))
        return [each for each in found if each is not None]

    def version(self, subject: str, number: int | str) -> Registered | None:
        """One version (or ``latest``), or None."""
        path = f"/subjects/{quote(subject, safe='')}/versions/{number}"
        got = self.get(path)
        if got is None:
            return None
        try:
            references = tuple(
                (str(r["name"]), str(r["subject"]), int(r["version"])) for r in got.get("references") or ()
            )
            form = str(got.get("schemaType") or "AVRO")
            return Registered(int(got["version"]), int(got["id"]), form, str(got["schema"]), references)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BaselineError(f"GET {self.url}{path} answered something else than a version: {error!r}") from None

    def source(self, subject: str, version: Registered) -> Source:
        """A version with all that it refers to, dependencies first."""
        found: dict[str, Reference] = {}
        self._collect(version, found, 0)
        return Source(version.text, tuple(found.values()), f"{subject} version {version.number}")

    def _collect(self, version: Registered, found: dict[str, Reference], depth: int) -> None:
        if depth > 50:
            raise BaselineError(f"{self.url}: references are nested deeper than 50")
        for name, subject, number in version.references:
            if name in found:
                continue
            target = self.version(subject, number)
            if target is None:
                raise BaselineError(f"{self.url} lacks version {number} of {subject}, which is referred to as {name}")
            self._collect(target, found, depth + 1)
            found[name] = Reference(name, subject, number, target.text)

    def level(self, subject: str) -> tuple[str, str]:
        """The compatibility level that the registry applies to a subject, and where it is set there."""
        own = self.get(f"/config/{quote(subject, safe='')}")
        if isinstance(own, dict) and own.get("compatibilityLevel"):
            return self._known(own["compatibilityLevel"]), f"the subject's config at {self.url}"
        everywhere = self.get("/config")
        level = everywhere.get("compatibilityLevel") if isinstance(everywhere, dict) else None
        return self._known(level or ""), f"the global config of {self.url}"

    def _known(self, level: Any) -> str:
        if not isinstance(level, str) or level not in LEVELS:
            said = f"names the compatibility level {level!r}" if level else "does not say its compatibility level"
            raise BaselineError(f"{self.url} {said}; known: {', '.join(LEVELS)}")
        return level

    def compatible(self, subject: str, draft: dict[str, Any]) -> tuple[bool | None, str]:
        """Ask the registry for its own verdict: yes, no, or None where it gave none, with what it said.

        Only ``"is_compatible": true`` in an answer of 200 is a yes; whatever else it says is not.
        """
        status, answer = self.ask(
            "POST", f"/compatibility/subjects/{quote(subject, safe='')}/versions?verbose=true", draft
        )
        said = answer.get("is_compatible") if isinstance(answer, dict) else None
        if status == 200 and isinstance(said, bool):
            messages = answer.get("messages")
            return said, "; ".join(map(str, messages)) if isinstance(messages, list) else ""
        return None, f"HTTP {status}: {_message(answer)}"


def _rest(error: HTTPError) -> bytes:
    """What a refusal says; nothing where the connection ends in the middle of it."""
    try:
        return error.read(_LARGEST)
    except (OSError, HTTPException):
        return b""


def _bounded(ask: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
    """An answer within ``LONGEST_S``; ``TimeoutError`` beyond. A socket's own timeout is for each of its reads."""
    found: Future[tuple[int, bytes]] = Future()

    def run() -> None:
        try:
            found.set_result(ask())
        except Exception as error:
            found.set_exception(error)

    Thread(target=run, daemon=True).start()
    try:
        return found.result(LONGEST_S)
    except FutureTimeoutError:
        if found.done():  # a socket's own timeout has the same name
            raise TimeoutError(f"it was silent for {TIMEOUT_S:.0f} s") from None
        raise TimeoutError(f"its answer was not whole after {LONGEST_S:.0f} s") from None


def _words(error: Exception) -> str:
    """What went wrong, for people."""
    if isinstance(error, HTTPException):
        return "what answers does not speak HTTP, or broke off in the middle (http or https?)"
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {reason.verify_message}"
    if isinstance(reason, ssl.SSLError):
        return f"TLS did not come about ({reason.reason}): is it http, not https?"
    return str(getattr(reason, "strerror", None) or reason).lower() if isinstance(reason, OSError) else str(reason)


def _message(answer: Any) -> str:
    return str(answer.get("message", answer) if isinstance(answer, dict) else answer)[:300]
