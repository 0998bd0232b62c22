"""``netpet-adapter serve``: the service, until it is told to stop."""

import asyncio
import gc
import signal
import sys
from pathlib import Path
from typing import Any

import typer

from adapter.app.service import Service
from adapter.cli.exits import ENVIRONMENT, OK
from adapter.mapping.errors import MappingFileError
from adapter.outcome import AdapterError
from adapter.settings import Settings, SettingsError, load_settings
from adapter.telemetry import Telemetry


def settings_or_exit(config: Path | None, flags: dict[str, Any] | None = None) -> Settings:
    """Turn file, environment and flags into settings; every fault is printed, and the command ends with 3."""
    try:
        return load_settings(config, flags)
    except SettingsError as error:
        for fault in error.faults:
            typer.echo(f"settings: {fault}", err=True)
        raise typer.Exit(ENVIRONMENT) from None


def run_serve(config: Path | None, roles: str = "") -> int:
    """Serve until SIGTERM or SIGINT; the return value is the exit code. Without ``roles`` the settings say them."""
    flags = {"service": {"roles": roles}} if roles else None
    return asyncio.run(_serve(settings_or_exit(config, flags)))


async def _serve(settings: Settings) -> int:
    telemetry = Telemetry()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    service = Service(settings, telemetry)
    try:
        await service.start()
    except MappingFileError as error:
        for fault in error.faults:
            typer.echo(f"mappings: {fault}", err=True)
        return ENVIRONMENT
    except AdapterError as error:
        typer.echo(f"netpet-adapter serve: {error}", err=True)
        return ENVIRONMENT
    loop.add_signal_handler(signal.SIGHUP, service.mappings.hot.ask, "SIGHUP")
    _spare_collections()
    telemetry.say("started")
    await stopping.wait()
    telemetry.say("stopping")
    await service.stop()
    telemetry.say("stopped")
    sys.stderr.flush()
    return OK


def _spare_collections() -> None:
    """What the start made stays to the end, and what a message makes dies by itself: look for cycles less often.

    With Python's own thresholds an eighth of a score's processor time goes into looking.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
