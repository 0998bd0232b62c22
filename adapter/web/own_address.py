"""The address that we call ourselves by in links and ``fullUrl``."""

import re

from aiohttp import web

from adapter.web.faults import Fault, RefusedError

FHIR_PATH = "/fhir"
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def own_address(request: web.Request, configured: str) -> str:
    """Turn a request into the base of our FHIR endpoint: the configured one, else as the request names us.

    Raises RefusedError for a Host header that names no host.
    """
    if configured:
        return configured.rstrip("/")
    if not _HOST.fullmatch(request.host):
        raise RefusedError(Fault.REQUEST_UNREADABLE, "the Host header names no host")
    return f"{request.scheme}://{request.host}{FHIR_PATH}"
