"""What an operator does at a running service: asks over HTTP with a key, runs commands, looks with doctor."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from program import run
from under_test import AdapterUnderTest

from adapter.cli.doctor_problems import look_at_problems

KEY = "0123456789abcdef"
HEADERS = {"Authorization": f"Bearer {KEY}"}


async def read(adapter: AdapterUnderTest, path: str) -> Any:
    """Read JSON with the key."""
    async with adapter.http.get(path, headers=HEADERS) as answer:
        return await answer.json()


async def post(adapter: AdapterUnderTest, path: str, **body: str) -> tuple[int, Any]:
    """Ask for something with the key; gives status and JSON."""
    async with adapter.http.post(path, json=body, headers=HEADERS) as answer:
        return answer.status, await answer.json(content_type=None)


def said_by_doctor(adapter: AdapterUnderTest) -> list[str]:
    return [finding.says for finding in look_at_problems(adapter.service.settings)]


def desk_of(adapter: AdapterUnderTest, folder: Path) -> Callable[..., Awaitable[tuple[int, str]]]:
    """Turn a service and its folder, with the file ``keys`` in it, into the running of commands: exit code, output."""
    config = folder / "site.yaml"
    http, security = {"port": adapter.addresses.http[1]}, {"api_keys": str(folder / "keys")}
    config.write_text(json.dumps({"http": http, "security": security}))

    async def desk(*command: str) -> tuple[int, str]:
        done = await asyncio.to_thread(run, *command, "--config", config, folder=folder)
        return done.returncode, done.stdout

    return desk
