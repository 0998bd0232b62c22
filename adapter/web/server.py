"""The socket: listens, hands connections to the application, and lets requests in hand finish when it stops."""

import asyncio
import logging
import ssl
from functools import partial
from typing import cast

from aiohttp import web

from adapter.web.answers import refusal, secure
from adapter.web.faults import Fault, RefusedError
from adapter.web.telling import Tell, tell_nobody, tell_safely

GRACE = 10.0
"""Seconds that requests in hand have to finish."""
KEEP_ALIVE = 75.0
"""Seconds that an idle connection stays open: longer than a proxy in front keeps it, as a rule."""
LINGER = 1.0
"""Seconds for the rest of a body that was refused, so that the client reads why before the connection ends."""
LONGEST_LINE = 64 * 1024
"""Bytes of a request's first line before it is given up unread; a shorter one that is too long gets a proper answer."""

_SILENT = logging.getLogger("adapter.web")
_SILENT.disabled = True
"""The library logs requests that it cannot parse with their bytes: a patient's identifier may be among them."""


class _Connection(web.RequestHandler):
    """One connection; what the library itself cannot read is answered and told of as everything else is."""

    __slots__ = ("_tell",)

    def __init__(self, server: web.Server, tell: Tell) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=KEEP_ALIVE,
            max_line_size=LONGEST_LINE,
            auto_decompress=False,
            access_log=None,  # type: ignore[arg-type] # the library's own way to say "no access log"
            logger=_SILENT,
            lingering_time=LINGER,
        )
        self._tell = tell

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,  # noqa: ARG002 - the library's form
        message: str | None = None,  # noqa: ARG002 - it may quote the request
    ) -> web.StreamResponse:
        """Turn a fault that the library found into its OperationOutcome, without its words, and close.

        Raises ConnectionError when a part of another answer has left already.
        """
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer has left already")
        unreadable = RefusedError(Fault.REQUEST_UNREADABLE, "this is no HTTP request that can be read")
        failed = RefusedError(Fault.INTERNAL, "the request could not be answered")
        response = refusal(unreadable if status < 500 else failed)
        secure(response.headers)
        response.force_close()
        tell_safely(self._tell, "request", route="unreadable", method="other", status=response.status, seconds=0.0)
        return response


class WebServer:
    """Serves an application on one address, with TLS when a context is given; port 0 takes a free one."""

    def __init__(
        self,
        app: web.Application,
        address: tuple[str, int],
        tls: ssl.SSLContext | None = None,
        tell: Tell = tell_nobody,
    ) -> None:
        self._runner = web.AppRunner(app, access_log=None, logger=_SILENT, shutdown_timeout=GRACE)
        self._host, self._port = address
        self._tls = tls
        self._tell = tell
        self._listening: asyncio.Server | None = None

    async def start(self) -> tuple[str, int]:
        """Listen; gives the address in use. Raises OSError when it is taken."""
        await self._runner.setup()
        connection = partial(_Connection, cast("web.Server", self._runner.server), self._tell)
        loop = asyncio.get_running_loop()
        try:
            self._listening = await loop.create_server(connection, self._host, self._port, ssl=self._tls)
        except OSError:
            await self._runner.cleanup()
            raise
        host, port, *_ = self._listening.sockets[0].getsockname()
        return str(host), int(port)

    async def stop(self) -> None:
        """Take no more connections, and let requests in hand finish."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        await self._runner.cleanup()

    @property
    def listening(self) -> bool:
        """Is the socket bound? For a readiness check."""
        return self._listening is not None
