"""``netpet-adapter replay --offered``: held messages that the running service could read by now."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import typer

from adapter.cli.doctor_ready import PATIENCE, own_certificate
from adapter.cli.exits import BAD_INPUT, ENVIRONMENT, OK
from adapter.cli.serve import settings_or_exit
from adapter.settings import Http, Settings


class NoAnswerError(Exception):
    """The service did not answer as it should; the text says what it answered."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.exit_code = BAD_INPUT if 400 <= status < 500 else ENVIRONMENT


@dataclass(frozen=True, slots=True)
class Service:
    """A running service as its own settings describe it, asked with the key of one of its clients."""

    http: Http
    key: str | None
    patience: aiohttp.ClientTimeout = PATIENCE

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Turn a request into the JSON that answers it; raises NoAnswerError."""
        scheme = "http" if self.http.tls is None else "https"
        host = f"[{self.http.host}]" if ":" in self.http.host else self.http.host
        headers = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        url = f"{scheme}://{host}:{self.http.port}{path}"
        try:
            async with (
                aiohttp.ClientSession(timeout=self.patience, headers=headers) as session,
                session.request(method, url, json=body, ssl=own_certificate(self.http)) as answer,
            ):
                members: dict[str, Any] = await answer.json(content_type=None)
                if answer.status != 200:
                    text = f"the service answered {answer.status}: {_diagnostics(members)}"
                    raise NoAnswerError(text, answer.status)
                return members
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            place = f"{self.http.host} port {self.http.port}"
            raise NoAnswerError(f"no answer on {place} ({type(error).__name__}): is it running?") from None


def _diagnostics(outcome: Any) -> str:
    issues = outcome.get("issue") if isinstance(outcome, dict) else None
    return str(issues[0].get("diagnostics", "")) if issues else "no reason given"


@dataclass(frozen=True, slots=True)
class ReplayOffered:
    """What the command was told: why to replay (empty: only list), as which client, as JSON or not."""

    reason: str
    client: str
    as_json: bool


def run_replay_offered(config: Path | None, told: ReplayOffered) -> int:
    """List the offers of the running service, or have them read anew; the return value is the exit code."""
    settings = settings_or_exit(config)
    try:
        service = Service(settings.http, client_key(settings, told.client))
        members = asyncio.run(_replay(service, told.reason) if told.reason else _listed(service))
    except (NoAnswerError, OSError) as error:
        typer.echo(f"netpet-adapter replay: {error}", err=True)
        return ENVIRONMENT
    typer.echo(json.dumps(members) if told.as_json else _lines(members))
    return OK


async def _listed(service: Service) -> dict[str, Any]:
    return {"offered": (await service.ask("GET", "/mappings"))["offered"]}


async def _replay(service: Service, reason: str) -> dict[str, Any]:
    return await service.ask("POST", "/mappings/replay-offered", {"reason": reason})


def client_key(settings: Settings, name: str) -> str | None:
    """Turn the site's file of keys into one client's key, the first when no name is given; None without a file."""
    file = settings.security.api_keys
    if file is None:
        return None
    for line in file.read_text("utf-8").splitlines():
        client, key, *_ = (*(part.strip() for part in line.split(":")), "")
        if key and not client.startswith("#") and name in ("", client):
            return key
    raise NoAnswerError(f"security.api_keys names no client {name!r}")


def _lines(members: dict[str, Any]) -> str:
    if "replayed" in members:
        return f"{len(members['replayed'])} message(s) will be read anew"
    offers = [
        f"{one['message']}  received {one['received']}  held for {one['held_for']}  readable by {one['mapping']}"
        for one in members["offered"]
    ]
    return "\n".join([*offers, f"{len(offers)} held message(s) can be read by now"])
