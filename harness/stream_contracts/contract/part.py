"""What every part of a contract is made of: the closed, frozen base, and the kinds of text with what people call them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from stream_contracts.errors import UsageError

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
TOPIC = r"^[A-Za-z0-9._-]{1,249}$"
TABLE = r"^[^.\s\x00]{1,63}(\.[^.\s\x00]{1,63})?$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
SETTING = r"^[A-Za-z0-9._-]+$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
FIELD = r"^\$(\.[^.\s\[\]]+)+$"
DURATION = r"^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h|d)$"
FUNCTION = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*$"

PATTERNS = {
    NAME: "a name of up to 100 letters, digits, '.', '_' and '-' that begins with a letter or a digit",
    TOPIC: "a topic name of up to 249 letters, digits, '.', '_' and '-'",
    TABLE: "the name of a table, such as totals or public.totals",
    VARIABLE: "the name of an environment variable: letters, digits and '_', no digit first",
    SETTING: "the name of a topic setting: letters, digits, '.', '_' and '-'",
    DATE: "a day such as 2027-03-31",
    FIELD: "a path such as $.processed_at or $.order.total",
    DURATION: "a time with its unit (ms, s, m, h or d), such as 500ms, 30s or 5m, and more than 0",
    FUNCTION: "a Python function, such as shop.models:totals",
}
"""What each pattern means, for people."""

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(DURATION, re.ASCII)


class Part(BaseModel):
    """Strict, closed and frozen, as every part of a contract is."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def seconds(text: object) -> float:
    """The seconds of ``30s``, ``1.5m``; what is no time above 0 is refused as a wrong text is."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None or not (value := float(found[0].removesuffix(found[2])) * _SECONDS[found[2]]):
        raise PydanticCustomError("string_pattern_mismatch", "not a time with a unit")
    return value


def asked(option: str, text: str) -> float:
    """The seconds that an option asks for; UsageError, with what is allowed, for what is no time."""
    try:
        return seconds(text)
    except PydanticCustomError:
        raise UsageError(f"{option} is {text!r}; allowed: {PATTERNS[DURATION]}") from None


def number(option: str, text: str) -> int:
    """The whole number, 0 or more, that an option asks for; UsageError for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise UsageError(f"{option} is {text!r}; allowed: a whole number, 0 or more")
    return int(text)


def one_of(option: str, text: str, allowed: Iterable[str]) -> str:
    """What an option says, where it is one of the allowed words; UsageError, naming them, where it is not."""
    words = sorted(allowed)
    if text not in words:
        raise UsageError(f"{option} is {text!r}; allowed: {', '.join(words)}")
    return text


def duration(value_s: float) -> str:
    """Seconds as a contract writes them: ``30s``, ``5m``, ``500ms``."""
    for unit in ("d", "h", "m", "s"):
        if value_s >= _SECONDS[unit] and value_s % _SECONDS[unit] == 0:
            return f"{value_s / _SECONDS[unit]:g}{unit}"
    return f"{value_s:g}s" if value_s >= 1 else f"{value_s * 1000:g}ms"


Name = Annotated[str, Field(pattern=NAME)]
TopicName = Annotated[str, Field(pattern=TOPIC)]
TableName = Annotated[str, Field(pattern=TABLE)]
Variable = Annotated[str, Field(pattern=VARIABLE)]
SettingName = Annotated[str, Field(pattern=SETTING)]
FieldPath = Annotated[str, Field(pattern=FIELD)]
Function = Annotated[str, Field(pattern=FUNCTION)]
Text = Annotated[str, Field(min_length=1)]
Duration = Annotated[float, BeforeValidator(seconds), WithJsonSchema({"type": "string", "pattern": DURATION})]
"""A time: text with a unit in the file, seconds once it is read."""
