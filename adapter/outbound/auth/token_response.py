"""What a token endpoint, or a command in its place, says: RFC 6749's JSON, read without trust."""

import json
import math
from typing import Any

from adapter.delivery import Answer, DeliveryError
from adapter.outbound.auth.token_cache import AccessToken

DEFAULT_LIFETIME = 300.0
"""Seconds, where nothing is said."""


def access_token(body: bytes, rule: str) -> AccessToken:
    """Turn ``{"access_token": ..., "expires_in": ...}`` into a token; raises DeliveryError with ``rule``."""
    answer = json_object(body)
    token = answer.get("access_token")
    kind = str(answer.get("token_type", "bearer")).lower()
    if not isinstance(token, str) or not is_token(token) or kind != "bearer":
        raise DeliveryError(Answer(rule=rule))
    return AccessToken(token, _lifetime(answer.get("expires_in")))


def is_token(text: str) -> bool:
    """Can the text stand in a header?"""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def json_object(body: bytes) -> dict[str, Any]:
    """Turn a body into a JSON object, an empty one where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _lifetime(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_LIFETIME
    return min(seconds, 86_400.0) if math.isfinite(seconds) and seconds > 0 else DEFAULT_LIFETIME
