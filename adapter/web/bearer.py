"""A JWT that a client shows: who it is and what it may do, if one of the site's issuers says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from adapter.outcome import AdapterError
from adapter.web.issuer_keys import ALGORITHMS, IssuerKeys
from adapter.web.scopes import Right, rights, scopes_of

LONGEST = 8192
"""Characters of a token."""
_NEEDED = ["exp", "iss", "aud"]
_NAMES = ("client_id", "azp", "sub")
"""The claims that may name the client, the first one found counts."""


class TokenError(AdapterError):
    """The token proves nothing; the text names the rule that it breaks, never a part of it."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer that the site trusts: its ``iss``, our name for it, what ``aud`` has to be, how it may sign."""

    name: str
    iss: str
    audience: str
    keys: IssuerKeys
    algorithms: frozenset[str] = frozenset(ALGORITHMS)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who showed a token, as ``issuer:client``: no API key's client has a colon in its name."""

    client: str
    rights: frozenset[Right]


class BearerTokens:
    """Turns tokens into who showed them; ``leeway`` is in seconds, for the clocks of issuers."""

    def __init__(self, issuers: Sequence[Issuer], leeway: float = 60.0) -> None:
        self._issuers = {issuer.iss: issuer for issuer in issuers}
        self._leeway = leeway

    @staticmethod
    def looks_like(presented: str) -> bool:
        """Is it a JWT? No API key has its form by chance."""
        return presented.count(".") == 2 and presented.startswith("ey")

    async def read(self, token: str) -> Bearer:
        """Turn a token into who showed it; raises TokenError, and KeysUnavailableError when that cannot be known.

        Where the keys are is the site's word alone: ``jku``, ``x5u`` and ``jwk`` of a token are not looked at.
        """
        header, claims = _unverified(token)
        issuer = self._issuers.get(claims["iss"]) if isinstance(claims.get("iss"), str) else None
        if issuer is None:
            raise TokenError("its issuer is not one of this site")
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS or algorithm not in issuer.algorithms:
            raise TokenError("its algorithm is not one that is taken here")
        if not isinstance(kid, str) or "crit" in header:
            raise TokenError("its header has to name a key, and nothing critical")
        key = await issuer.keys.key(kid, algorithm)
        if key is None:
            raise TokenError("its key is not one of the issuer's")
        return _bearer(issuer, self._verified(token, key, issuer, algorithm))

    def _verified(self, token: str, key: Any, issuer: Issuer, algorithm: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=issuer.audience,
                issuer=issuer.iss,
                leeway=self._leeway,
                options={"require": _NEEDED},
            )
        except jwt.ExpiredSignatureError:
            raise TokenError("it has expired") from None
        except jwt.InvalidAudienceError:
            raise TokenError("it is for another audience") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise TokenError("its signature, or one of its claims, does not hold") from None


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(token) > LONGEST:
        raise TokenError("it is too long")
    try:
        whole = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise TokenError("it cannot be read") from None
    return whole["header"], whole["payload"]


def _bearer(issuer: Issuer, claims: dict[str, Any]) -> Bearer:
    named = [claims[name] for name in _NAMES if isinstance(claims.get(name), str) and claims[name]]
    if not named:
        raise TokenError("it names no client")
    return Bearer(f"{issuer.name}:{named[0]}", rights(scopes_of(claims)))
