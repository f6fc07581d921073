"""Reads over the statements that no registry compares: options, reserved ranges, extensions, services."""

from __future__ import annotations

from stream_contracts.schema.protobuf_scan import Scanner

_DEEPEST_OPTION = 100
_DEEPEST_MAP = 50


def type_text(scan: Scanner, word: str, depth: int = 0) -> str:
    """The text of a type that starts with ``word``, a map in the spelling ``map<K, V>``."""
    if word != "map":
        return word
    if depth > _DEEPEST_MAP:
        raise scan.wrong(f"maps are nested more than {_DEEPEST_MAP} deep")
    scan.require("<")
    key = type_text(scan, scan.word(), depth + 1)
    scan.require(",")
    value = type_text(scan, scan.word(), depth + 1)
    scan.require(">")
    return f"map<{key}, {value}>"


def option_statement(scan: Scanner) -> tuple[str, str]:
    """``NAME = VALUE;`` after the word ``option``."""
    found = _option(scan, "=", 0)
    scan.require(";")
    return found


def options(scan: Scanner) -> None:
    """``[NAME = VALUE, …]``, or nothing."""
    if not scan.take("["):
        return
    while True:
        _option(scan, "=", 0)
        if scan.take("]"):
            return
        scan.require(",")


def _option(scan: Scanner, separator: str, depth: int) -> tuple[str, str]:
    name = scan.name()
    if scan.take("."):
        name = f"{name}.{scan.name()}"
    if separator == "=" or scan.peek() != "{":
        scan.require(separator)
    return name, _value(scan, depth)


def _value(scan: Scanner, depth: int) -> str:
    """The value of an option: its text where it is one word, and nothing where it is a string or has parts."""
    if depth > _DEEPEST_OPTION:
        raise scan.wrong(f"option values are nested more than {_DEEPEST_OPTION} deep")
    if scan.peek() in "\"'":
        scan.quoted()
        return ""
    if scan.take("{"):
        while not scan.take("}"):
            _option(scan, ":", depth + 1)
            if not scan.take(","):
                scan.take(";")
        return ""
    if scan.take("["):
        while not scan.take("]"):
            _value(scan, depth + 1)
            if not scan.take(",") and scan.peek() != "]":
                raise scan.wrong("expected ',' or ']'")
        return ""
    return scan.word()


def reserved(scan: Scanner) -> None:
    """``2, 5 to 9, "name";`` after the word ``reserved``."""
    while True:
        if scan.peek() in "\"'":
            scan.quoted()
        else:
            _range(scan)
        if scan.peek() == ";":
            scan.end_of_statement()
            return
        scan.require(",")


def extensions(scan: Scanner) -> None:
    """``100 to 199, 1000 to max [OPTIONS];`` after the word ``extensions``."""
    while True:
        _range(scan)
        if scan.peek() in ";[":
            options(scan)
            scan.require(";")
            return
        scan.require(",")


def _range(scan: Scanner) -> None:
    scan.number()
    if scan.peek() in ",;[":
        return
    start = scan.at
    if scan.word() != "to":
        raise scan.wrong("expected ',', ';' or 'to'", start)
    if scan.peek() == "m":
        start = scan.at
        if scan.word() != "max":
            raise scan.wrong("expected a number or 'max'", start)
    else:
        scan.number()


def service(scan: Scanner) -> None:
    """``NAME { rpc … option … }`` after the word ``service``."""
    scan.name()
    scan.require("{")
    while not scan.take("}"):
        if scan.take(";"):
            continue
        start = scan.at
        word = scan.word()
        if word == "rpc":
            _rpc(scan)
        elif word == "option":
            option_statement(scan)
        else:
            raise scan.wrong(f"unexpected {word!r}: a service holds rpc and option", start)


def _rpc(scan: Scanner) -> None:
    scan.name()
    _rpc_type(scan)
    start = scan.at
    if scan.word() != "returns":
        raise scan.wrong("expected 'returns'", start)
    _rpc_type(scan)
    if not scan.take("{"):
        scan.require(";")
        return
    while not scan.take("}"):
        if scan.take(";"):
            continue
        start = scan.at
        if scan.word() != "option":
            raise scan.wrong("an rpc holds options only", start)
        option_statement(scan)


def _rpc_type(scan: Scanner) -> None:
    scan.require("(")
    word = scan.word()
    if word == "stream":
        word = scan.word()
    type_text(scan, word)
    scan.require(")")
