"""Avro as a format: reading, the registry's comparison and the decoder's verdict in one record."""

from __future__ import annotations

from typing import Final

from stream_contracts.schema.avro_decoder import decoding
from stream_contracts.schema.avro_explain import EXPLANATIONS
from stream_contracts.schema.avro_parse import parse
from stream_contracts.schema.avro_registry import differences
from stream_contracts.schema.format import Format, json_remarks

AVRO: Final = Format(
    name="AVRO",
    suffixes=(".avsc",),
    parse=parse,
    differences=differences,
    decoding=decoding,
    explanations=EXPLANATIONS,
    remarks=json_remarks,
)
