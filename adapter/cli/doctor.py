"""``netpet-adapter doctor``: looks at everything that the settings describe, and says what to mend."""

import asyncio
from pathlib import Path

from adapter.cli.doctor_fhir import look_at_fhir
from adapter.cli.doctor_findings import Finding, tell, well
from adapter.cli.doctor_oru import look_at_interface
from adapter.cli.doctor_site import look_at_site
from adapter.cli.serve import settings_or_exit
from adapter.outbound.fhir_settings import Destination


def run_doctor(config: Path | None, *, write_test: bool, as_json: bool) -> int:
    """Look at this machine and at the destination; the return value is the exit code, 1 where something is wrong."""
    settings = settings_or_exit(config)

    async def look() -> list[Finding]:
        destination = look_at_destination(settings.destination, write_test=write_test)
        return [well("settings", "all can be used"), *await look_at_site(settings), *await destination]

    return tell(asyncio.run(look()), as_json=as_json)


async def look_at_destination(settings: Destination, *, write_test: bool) -> list[Finding]:
    """Turn the destination of the settings into what is found there."""
    if settings.plan == "embedded":
        return [well("plan", "embedded: our own FHIR endpoint serves the scores, there is nobody to ask")]
    if settings.plan == "oru":
        return await look_at_interface(settings, write_test=write_test)
    return await look_at_fhir(settings, write_test=write_test)
