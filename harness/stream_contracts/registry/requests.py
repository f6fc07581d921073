"""What can be asked of the registry: one immutable value per verb.

Attribute names are those of the REST parameters in snake case; the route table fills them by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stream_contracts.registry import names
from stream_contracts.registry.state import Link


@dataclass(frozen=True, slots=True)
class Draft:
    """A schema as a client sends it.

    ``text`` None means: as the latest version; ``id`` is for IMPORT mode, and so is a ``version`` out of turn.
    """

    text: str | None = None
    kind: str = "AVRO"
    references: tuple[Link, ...] = ()
    metadata: Mapping[str, Any] | None = None
    rules: Mapping[str, Any] | None = None
    id: int | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class SchemaById:
    """The schema behind an id; ``subject`` says in which context to look."""

    id: int
    subject: str = ""
    format: str = ""
    fetch_max_id: bool = False


@dataclass(frozen=True, slots=True)
class TextById:
    """Only the text behind an id."""

    id: int
    subject: str = ""
    format: str = ""


@dataclass(frozen=True, slots=True)
class SubjectsById:
    """The subjects that hold an id."""

    id: int
    subject: str = ""
    deleted: bool = False
    offset: int = 0
    limit: int = -1


@dataclass(frozen=True, slots=True)
class VersionsById:
    """The versions that hold an id."""

    id: int
    subject: str = ""
    deleted: bool = False
    offset: int = 0
    limit: int = -1


@dataclass(frozen=True, slots=True)
class SchemaByGuid:
    """The schema behind a guid."""

    guid: str
    format: str = ""


@dataclass(frozen=True, slots=True)
class IdsByGuid:
    """The contexts and ids that a guid has."""

    guid: str


@dataclass(frozen=True, slots=True)
class ListTypes:
    """The schema formats that are served."""


@dataclass(frozen=True, slots=True)
class ListSchemas:
    """Every version with its content."""

    subject_prefix: str = names.ANYWHERE
    aliases: bool = False
    deleted: bool = False
    latest_only: bool = False
    offset: int = 0
    limit: int = -1


@dataclass(frozen=True, slots=True)
class ListSubjects:
    """The names of the subjects."""

    subject_prefix: str = names.ANYWHERE
    deleted: bool = False
    deleted_only: bool = False
    offset: int = 0
    limit: int = -1


@dataclass(frozen=True, slots=True)
class ListContexts:
    """The names of the contexts."""

    context_prefix: str = ""
    offset: int = 0
    limit: int = -1


@dataclass(frozen=True, slots=True)
class DeleteContext:
    """Remove an empty context."""

    context: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """Is this schema registered under the subject, and as what?"""

    subject: str
    draft: Draft
    normalize: bool = False
    format: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Register:
    """Make this schema a version of the subject."""

    subject: str
    draft: Draft
    normalize: bool = False
    format: str = ""


@dataclass(frozen=True, slots=True)
class DeleteSubject:
    """Delete all versions; ``permanent`` only after a soft delete."""

    subject: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class LatestWithMetadata:
    """The newest version whose metadata properties ``key[i]`` are ``value[i]``."""

    subject: str
    key: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    format: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ListVersions:
    """The version numbers of a subject."""

    subject: str
    deleted: bool = False
    deleted_only: bool = False
    deleted_as_negative: bool = False
    offset: int = 0
    limit: int = -1


@dataclass(frozen=True, slots=True)
class GetVersion:
    """One version; ``version`` is a number, ``latest`` or ``-1``."""

    subject: str
    version: str
    format: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class GetVersionText:
    """Only the text of one version."""

    subject: str
    version: str
    format: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ReferencedBy:
    """The ids of the schemas that refer to a version."""

    subject: str
    version: str
    deleted: bool = False
    offset: int = 0
    limit: int = -1


@dataclass(frozen=True, slots=True)
class DeleteVersion:
    """Delete one version; ``permanent`` only after a soft delete."""

    subject: str
    version: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class CheckVersion:
    """Would this schema be compatible with one version?"""

    subject: str
    version: str
    draft: Draft
    normalize: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class CheckAll:
    """Would this schema be accepted by the subject?"""

    subject: str
    draft: Draft
    normalize: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class GetConfig:
    """The settings of a scope."""

    subject: str = ""
    default_to_global: bool = False


@dataclass(frozen=True, slots=True)
class PutConfig:
    """Change settings of a scope: absent keys stay, null clears."""

    subject: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeleteConfig:
    """Forget the settings of a scope."""

    subject: str = ""


@dataclass(frozen=True, slots=True)
class GetMode:
    """The mode of a scope."""

    subject: str = ""
    default_to_global: bool = False


@dataclass(frozen=True, slots=True)
class PutMode:
    """Set the mode of a scope."""

    subject: str = ""
    mode: str = ""
    force: bool = False


@dataclass(frozen=True, slots=True)
class DeleteMode:
    """Forget the mode of a scope; ``recursive`` also those of the subjects below it."""

    subject: str = ""
    recursive: bool = False


Request = (
    SchemaById | TextById | SubjectsById | VersionsById | SchemaByGuid | IdsByGuid | ListTypes | ListSchemas
    | ListSubjects | ListContexts | DeleteContext | Lookup | Register | DeleteSubject | LatestWithMetadata
    | ListVersions | GetVersion | GetVersionText | ReferencedBy | DeleteVersion | CheckVersion | CheckAll
    | GetConfig | PutConfig | DeleteConfig | GetMode | PutMode | DeleteMode
)  # fmt: skip
