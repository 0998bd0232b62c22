"""``netpet-adapter doctor --ready``: asks a running service, as a container's health check does."""

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import typer
from pydantic import BaseModel

from adapter.cli.exits import FINDING, OK
from adapter.cli.serve import settings_or_exit
from adapter.settings import Http

PATIENCE = aiohttp.ClientTimeout(total=4.0)
"""Less than a container's health check allows."""


class _Check(BaseModel):
    name: str
    ready: bool
    reason: str


class _Readiness(BaseModel):
    ready: bool
    checks: list[_Check]


def run_ready(config: Path | None, *, as_json: bool) -> int:
    """Ask the service that the settings describe whether it is ready; the return value is the exit code."""
    readiness = asyncio.run(ask_readiness(settings_or_exit(config).http))
    if as_json:
        typer.echo(json.dumps(readiness))
    else:
        typer.echo("ready" if readiness["ready"] else "not ready")
        for check in readiness["checks"]:
            typer.echo(f"  {check['name']}: {check['reason'] or 'ok'}")
    return OK if readiness["ready"] else FINDING


async def ask_readiness(http: Http) -> dict[str, Any]:
    """Turn a service's address into what its ``/readyz`` says; one that does not answer is not ready."""
    scheme = "http" if http.tls is None else "https"
    host = f"[{http.host}]" if ":" in http.host else http.host
    try:
        async with (
            aiohttp.ClientSession(timeout=PATIENCE) as session,
            session.get(f"{scheme}://{host}:{http.port}/readyz", ssl=own_certificate(http)) as answer,
        ):
            return _as_readiness(await answer.json())
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        reason = f"no answer on {host} port {http.port} ({type(error).__name__})"
        return {"ready": False, "checks": [{"name": "http", "ready": False, "reason": reason}]}


def _as_readiness(body: Any) -> dict[str, Any]:
    """Turn what came as JSON into a readiness; raises ValueError for what some other program may say on the port."""
    return _Readiness.model_validate(body, strict=True).model_dump()


def own_certificate(http: Http) -> ssl.SSLContext | bool:
    """Turn a service's settings into what to expect of it: its own chain, whatever name that was issued to."""
    if http.tls is None:
        return True
    context = ssl.create_default_context(cafile=http.tls.certificate)
    context.check_hostname = False
    if http.tls.client_authorities is not None:
        # A password is always given: without one OpenSSL would ask on the terminal.
        password = http.tls.key_password.read_text("utf-8").rstrip("\r\n") if http.tls.key_password else ""
        context.load_cert_chain(http.tls.certificate, http.tls.key, password)
    return context
