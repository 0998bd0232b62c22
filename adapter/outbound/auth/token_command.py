"""A token from a command: how clouds with sign-on methods of their own are served without their libraries."""

import asyncio
from collections.abc import Sequence

from adapter.delivery import Answer, DeliveryError
from adapter.outbound.auth.token_cache import AccessToken
from adapter.outbound.auth.token_response import DEFAULT_LIFETIME, access_token, is_token

PATIENCE = 30.0
"""Seconds that the command may take."""


class TokenCommand:
    """Runs a program, without a shell, and reads the token that it prints; ``setting`` is what names it."""

    def __init__(self, command: Sequence[str], setting: str, patience: float = PATIENCE) -> None:
        self._command = tuple(command)
        self._setting = setting
        self._patience = patience

    async def token(self) -> AccessToken:
        """Turn the command's output, a bare token or JSON, into a token; raises DeliveryError."""
        printed = await self._run()
        if printed.startswith(b"{"):
            return access_token(printed, self._rule("it printed no token"))
        text = printed.decode("utf-8", "replace")
        if not is_token(text):
            raise self._failure("it printed no token")
        return AccessToken(text, DEFAULT_LIFETIME)

    async def _run(self) -> bytes:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except (OSError, ValueError):
            raise self._failure("it cannot be started") from None
        try:
            async with asyncio.timeout(self._patience):
                printed, _ = await process.communicate()
        except TimeoutError:
            raise self._failure("it took too long") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise self._failure("it failed")
        return printed.strip()

    def _rule(self, what: str) -> str:
        return f"{self._setting}: {what}"

    def _failure(self, what: str) -> DeliveryError:
        return DeliveryError(Answer(rule=self._rule(what)))
