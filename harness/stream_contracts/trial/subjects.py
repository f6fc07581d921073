"""The schemas of a contract in the registry of a stack: registered before anything runs, under ids that stay the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from stream_contracts.contract.model import Contract, Level
from stream_contracts.errors import HarnessError
from stream_contracts.history.model import SchemaId
from stream_contracts.stack.rest import ask
from stream_contracts.trial.names import Names
from stream_contracts.wire.kafka import Address
from stream_contracts.workload.writers import Ids, Library, Writer, topics_of


@dataclass(frozen=True, slots=True)
class Subjects:
    """A registry as one arena sees it. ``url`` is past the tap; `url_at` is what a pipeline is given.

    A registry that knows contexts gives every arena one of its own: there ids begin with 1, so that equal contracts have
    equal bytes. ``prefix`` begins every subject where there are no contexts.
    """

    url: str
    prefix: str
    contract: Contract

    @property
    def address(self) -> Address:
        """Host and port of the registry."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    def url_at(self, address: Address) -> str:
        """The ``SCHEMA_REGISTRY_URL`` of an instance that reaches the registry by this address."""
        parts = urlsplit(self.url)
        login, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{login}{at}{address[0]}:{address[1]}").geturl()

    def register(self) -> Ids:
        """Register every version of every schema, what is referred to first; the ids that were given."""
        ids: dict[tuple[str, str], int] = {}
        for writer in Library(self.contract).every():
            ids[writer.subject, writer.source.text] = self._register(self.prefix + writer.subject, writer)
        for subject, level in self._levels():
            self._config(self.prefix + subject, level)
        return ids

    def resolved(self, given: Ids, found: Iterable[int]) -> list[SchemaId]:
        """The ids that `register` gave, and those of ``found`` that the registry answers for besides."""
        subjects = {number: self.prefix + subject for (subject, _), number in given.items()}
        others = [number for number in sorted(set(found) - subjects.keys()) if self._answers_for(number)]
        return [*(SchemaId(*each) for each in subjects.items()), *map(SchemaId, others)]

    def _answers_for(self, number: int) -> bool:
        return ask("GET", f"{self.url}/schemas/ids/{number}")[0] == 200

    def name_for(self, names: Names) -> None:
        """Register the schemas of topics under the names that the topics have in one trial, which serializers look for."""
        library, levels = Library(self.contract), dict(self._levels())
        for topic, role, subject in topics_of(self.contract):
            renamed = f"{names.topic(topic)}-{role}"
            for writer in (*library.former(subject), library.current(subject)):
                self._register(renamed, writer)
            self._config(renamed, levels[subject])

    def _levels(self) -> Iterator[tuple[str, Level]]:
        for topic, role, schema in self.contract.schemas():
            yield self.contract.subject(topic, role), self.contract.level(schema)

    def _register(self, subject: str, writer: Writer) -> int:
        """Former versions are facts, and are not compared."""
        self._config(subject, "NONE")
        links = [{"name": name, "subject": self.prefix + of, "version": -1} for name, of in writer.links]
        body = {"schema": writer.source.text, "schemaType": writer.form, "references": links}
        answer = self._ask("POST", f"/subjects/{quote(subject, safe='')}/versions", body, f"{writer.path}")
        return int(answer["id"])

    def _config(self, subject: str, level: str) -> None:
        self._ask("PUT", f"/config/{quote(subject, safe='')}", {"compatibility": level}, subject)

    def _ask(self, method: str, path: str, body: object, what: str) -> Any:
        status, answer = ask(method, self.url + path, body)
        if status != 200:
            told = answer.get("message") if isinstance(answer, dict) else answer
            raise HarnessError(f"the registry did not take {what}: HTTP {status}, {told}")
        return answer


def subjects(contract: Contract, registry_url: str, arena: str, *, contexts: bool) -> Subjects:
    """The subjects of an arena whose names begin with ``arena``."""
    if contexts:
        return Subjects(f"{registry_url}/contexts/.{_plain(arena)}", "", contract)
    return Subjects(registry_url, f"{arena}.", contract)


def _plain(name: Iterable[str]) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
