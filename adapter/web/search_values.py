"""The value of a search parameter to what it means: alternatives, tokens, ids (R4, search: escaping, token)."""

import re

from adapter.fhir.resource_filter import Token
from adapter.web.faults import Fault, RefusedError
from adapter.web.query_text import Parameter

MAX_ALTERNATIVES = 100
"""In one parameter: each is a value in a database query, which takes some ten thousand."""

ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_PIECE = re.compile(r"\\[\\,|$]|.", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\,|$])")


def alternatives(parameter: Parameter) -> list[str]:
    """Turn ``a,b`` into its values, still escaped: one of them is enough; raises RefusedError for an empty one."""
    found = _split(parameter.value, ",")
    if len(found) > MAX_ALTERNATIVES:
        raise RefusedError(
            Fault.PARAMETER_INVALID, f"at most {MAX_ALTERNATIVES} alternatives are taken", parameter.name
        )
    if not all(value.strip() for value in found):
        raise RefusedError(Fault.PARAMETER_INVALID, "an alternative is empty", parameter.name)
    return found


def texts(parameter: Parameter) -> list[str]:
    """Turn a parameter into its alternatives as plain text."""
    return [_unescaped(value) for value in alternatives(parameter)]


def tokens(parameter: Parameter) -> list[Token]:
    """Turn ``value``, ``system|value`` and ``|value`` (no system) into tokens; raises RefusedError for other forms."""
    return [_token(value, parameter.name) for value in alternatives(parameter)]


def _token(value: str, name: str) -> Token:
    parts = [_unescaped(part) for part in _split(value, "|")]
    if len(parts) > 2:
        raise RefusedError(Fault.PARAMETER_INVALID, "write a | inside a value as \\|", name)
    if not parts[-1].strip():
        raise RefusedError(Fault.PARAMETER_UNSUPPORTED, "a system without a value is not supported", name)
    return Token(parts[-1], parts[0] if len(parts) == 2 else None)


def ids(parameter: Parameter) -> list[str]:
    """Turn ``id1,id2`` into ids; raises RefusedError for what is no R4 id."""
    return [an_id(value, parameter.name) for value in texts(parameter)]


def an_id(value: str, name: str) -> str:
    """Turn text into itself when it is an R4 id; raises RefusedError."""
    if not ID.fullmatch(value):
        raise RefusedError(Fault.PARAMETER_INVALID, "an id is 1 to 64 letters, digits, dots and hyphens", name)
    return value


def _split(text: str, mark: str) -> list[str]:
    found = [""]
    for piece in _PIECE.findall(text):
        if piece == mark:
            found.append("")
        else:
            found[-1] += piece
    return found


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)
