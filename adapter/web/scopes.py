"""SMART scopes of a system: what a token's words allow it to do here."""

import re
from collections.abc import Iterable
from typing import Any

_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?|read|write|\*)")
"""SMART 2 (``cruds``) and SMART 1 (``read``, ``write``); one that is narrowed by a query gives nothing here."""
_FIRST_VERSION = {"read": "rs", "write": "cud", "*": "cruds"}

Right = tuple[str, str]
"""A type of resources or ``*``, and one letter of cruds."""


def rights(scopes: Iterable[str]) -> frozenset[Right]:
    """Turn scopes into the rights that they give; what is not understood gives none."""
    found = (_SCOPE.fullmatch(scope) for scope in scopes)
    return frozenset(
        (one[1], letter) for one in found if one is not None for letter in _FIRST_VERSION.get(one[2], one[2])
    )


def allow(given: frozenset[Right], type_: str, letter: str) -> bool:
    """Do the rights allow it?"""
    return bool(given & {(type_, letter), ("*", letter)})


def scopes_of(claims: dict[str, Any]) -> list[str]:
    """Turn a token's claims into its scopes: ``scope`` as RFC 9068 has it, ``scp`` and ``roles`` as others do."""
    found: list[str] = []
    for name in ("scope", "scp", "roles"):
        value = claims.get(name)
        if isinstance(value, str):
            found += value.split()
        elif isinstance(value, list):
            found += [one for one in value if isinstance(one, str)]
    return found
