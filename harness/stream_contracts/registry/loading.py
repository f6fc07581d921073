"""Filling a registry before it opens: from contract folders, or as a copy of another registry."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import Request, urlopen

from stream_contracts.contract.load import find, load_all
from stream_contracts.contract.model import Contract, Schema
from stream_contracts.errors import ContractError, StackError, UsageError
from stream_contracts.registry import bodies
from stream_contracts.registry import requests as ask
from stream_contracts.registry.answers import Answer
from stream_contracts.registry.service import Service
from stream_contracts.registry.state import Link

KINDS = {".avsc": "AVRO", ".json": "JSON", ".proto": "PROTOBUF"}
"""Suffix of a schema file → schema type."""
_TIMEOUT_S = 10.0
_LARGEST_BYTES = 64 * 1024 * 1024


def fill(service: Service, origin: str) -> int:
    """Load what ``origin``, a directory or a URL, holds; the number of versions that came.

    Raises ``UsageError`` where there is nothing to load, ``ContractError`` for a contract that does not load, and
    ``StackError`` for a registry that cannot be read or whose ids are taken.
    """
    if origin.startswith(("http://", "https://")):
        return _copy(service, _Origin(origin))
    folder = Path(origin)
    files = find(folder)
    if not files:
        raise UsageError(f"--load {origin}: it is no URL, and there is no contract.yaml at or below that path")
    return _Filling(service, load_all(files)).all()


class _Filling:
    """Contracts on their way into a registry: what a schema refers to goes in before it."""

    def __init__(self, service: Service, contracts: Iterable[Contract]) -> None:
        self.service = service
        every = [(contract, *each) for contract in contracts for each in contract.subjects()]
        self.waiting = {
            (contract.name, subject): (contract, schema, steps) for contract, subject, schema, steps in every
        }
        self.holders: dict[str, list[str]] = {}
        for contract, subject, _, _ in every:
            self.holders.setdefault(subject, []).append(contract.name)
        self.versions: dict[str, tuple[int, int]] = {}
        """By subject the version of its newest former schema (or of the present one, where none is kept), and its present one."""

    def all(self) -> int:
        """Load everything; the number of schema files that went in."""
        return sum(self.subject(*name, ()) for name in tuple(self.waiting))

    def subject(self, contract_name: str, subject: str, way: tuple[str, ...]) -> int:
        """One subject and what it refers to. Former versions are facts and not compared; the present one has to pass."""
        if (contract_name, subject) not in self.waiting:
            return 0
        contract, schema, steps = self.waiting.pop((contract_name, subject))
        place = str(contract.place(*steps))
        loaded = 0
        for target in schema.references.values():
            if target in (*way, subject):
                raise ContractError([(place, f"references go in a circle: {' -> '.join((*way, subject, target))}")])
            if target not in self.holders:
                why = f"it refers to the subject {target!r}, which no contract here holds: load a folder with both"
                raise ContractError([(place, why)])
            named = self.holders[target]
            loaded += self.subject(contract_name if contract_name in named else named[0], target, (*way, subject))
        self.service.call(ask.PutConfig(subject, {"compatibility": "NONE"}))
        former = [self.register(subject, file, schema, former=True) for file in contract.former(schema)]
        self.service.call(ask.PutConfig(subject, {"compatibility": contract.level(schema)}))
        present = self.register(subject, contract.path(schema), schema)
        self.versions[subject] = (former[-1] if former else present, present)
        return loaded + len(former) + 1

    def register(self, subject: str, file: Path, schema: Schema, *, former: bool = False) -> int:
        """One file; the version that it is there under."""
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ContractError([(str(file), f"cannot be read: {error}")]) from None
        kind = KINDS.get(file.suffix)
        if kind is None:
            raise ContractError([(str(file), f"no schema format has this suffix; known are {', '.join(KINDS)}")])
        links = tuple(
            Link(name, target, self.versions[target][0 if former else 1])
            for name, target in schema.references.items()
            if not former or (name.rpartition(".")[2] if kind == "AVRO" else name) in text  # it may be newer than that
        )
        draft = ask.Draft(text, kind, links)
        given = self.service.call(ask.Register(subject, draft))
        if given.status != 200:
            raise ContractError([(str(file), f"subject {subject} refused it: {given.body['message']}")])
        return int(self.service.call(ask.Lookup(subject, draft)).body["version"])


class _Origin:
    """Another registry, read with GET alone; user and password may be in the URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
        self.headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if parts.username is not None:
            said = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self.headers["Authorization"] = f"Basic {base64.b64encode(said.encode()).decode()}"
        self.tls = ssl.create_default_context() if parts.scheme == "https" else None

    def get(self, path: str) -> Any:
        """Ask for a path; None where the registry says 404."""
        request = Request(self.shown + path, headers=self.headers)
        try:
            with urlopen(request, timeout=_TIMEOUT_S, context=self.tls) as response:
                return json.loads(response.read(_LARGEST_BYTES))
        except HTTPError as error:
            if error.code == 404:
                return None
            raise StackError(f"{self.shown}{path} answered {error.code}; nothing was loaded from it") from error
        except (URLError, OSError, ValueError) as error:
            raise StackError(f"{self.shown}{path} cannot be read: {error}. Is a registry running there?") from error

    def versions(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """Every version, and whether it is softly deleted."""
        for subject in self.get("/subjects?deleted=true") or ():
            quoted = quote(subject, safe="")
            live = set(self.get(f"/subjects/{quoted}/versions") or ())
            for number in self.get(f"/subjects/{quoted}/versions?deleted=true") or ():
                found = self.get(f"/subjects/{quoted}/versions/{number}?deleted=true")
                if found is not None:
                    yield found, number not in live


def _copy(service: Service, origin: _Origin) -> int:
    """Copy versions with their ids, then settings and modes; references come before what refers to them."""
    waiting = sorted(origin.versions(), key=lambda each: (each[0]["id"], each[0]["subject"], each[0]["version"]))
    count = len(waiting)
    subjects = sorted({found["subject"] for found, _ in waiting})
    _said(service.call(ask.PutMode("", "IMPORT", force=True)), origin)
    while waiting:
        refused = [(each, given) for each in waiting if (given := _import(service, *each)) is not None]
        if len(refused) == len(waiting):
            (found, _), given = refused[0]
            raise StackError(
                f"{origin.shown}: version {found['version']} of {found['subject']} cannot be taken over: "
                f"{given.body['message']}"
            )
        waiting = [each for each, _ in refused]
    for subject in ("", *subjects):
        quoted = f"/{quote(subject, safe='')}" if subject else ""
        settings = origin.get(f"/config{quoted}")
        if settings:
            _said(service.call(ask.PutConfig(subject, settings)), origin)
        mode = origin.get(f"/mode{quoted}") or ({} if subject else {"mode": "READWRITE"})
        if mode:
            _said(service.call(ask.PutMode(subject, mode["mode"], force=True)), origin)
    return count


def _import(service: Service, found: dict[str, Any], deleted: bool) -> Answer | None:
    """Take one version over; the refusal, or None where it is in."""
    subject, number = found["subject"], found["version"]
    given = service.call(ask.Register(subject, bodies.draft(json.dumps(found).encode())))
    if given.status != 200:
        return given
    if deleted:
        service.call(ask.DeleteVersion(subject, str(number)))
    return None


def _said(given: Answer, origin: _Origin) -> None:
    if given.status != 200:
        raise StackError(f"{origin.shown}: its settings cannot be taken over: {given.body['message']}")
