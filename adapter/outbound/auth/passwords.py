"""Credentials that need no server of their own: none, a password, a token that somebody else keeps fresh."""

from base64 import b64encode
from collections.abc import Mapping

from adapter.outbound.watched_file import WatchedFile


def bearer(token: str) -> dict[str, str]:
    """Turn a token into the header that shows it."""
    return {"Authorization": f"Bearer {token}"}


class NoCredentials:
    """Shows nothing: a server on loopback, or one that knows us by our certificate."""

    async def headers(self) -> dict[str, str]:
        """Give no headers."""
        return {}

    async def refused(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002 - the protocol's form
        """Have nothing else to show."""
        return False


class BasicPassword:
    """Shows a user's name and a password from a file."""

    def __init__(self, user: str, password: WatchedFile) -> None:
        self._user = user
        self._password = password

    async def headers(self) -> dict[str, str]:
        """Give RFC 7617's header; raises DeliveryError while there is no password."""
        pair = f"{self._user}:{self._password.line()}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """Say whether the password has changed since."""
        return await self.headers() != dict(headers)


class BearerFile:
    """Shows the token in a file that somebody else keeps fresh."""

    def __init__(self, token: WatchedFile) -> None:
        self._token = token

    async def headers(self) -> dict[str, str]:
        """Give the token of now; raises DeliveryError while there is none."""
        return bearer(self._token.line())

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """Say whether the token has changed since."""
        return await self.headers() != dict(headers)
