"""``netpet-adapter doctor``: looks at everything that the settings describe, and says what to mend."""

import asyncio
from pathlib import Path

from adapter.app.return_paths import answer_peers
from adapter.cli.doctor_fhir import look_at_fhir
from adapter.cli.doctor_findings import Finding, tell, well
from adapter.cli.doctor_oru import look_at_interface, reach
from adapter.cli.doctor_problems import look_at_problems
from adapter.cli.doctor_site import look_at_site
from adapter.cli.serve import settings_or_exit
from adapter.outbound.fhir_settings import Destination
from adapter.settings import Settings


def run_doctor(config: Path | None, *, write_test: bool, as_json: bool) -> int:
    """Look at this machine and at the destination; the return value is the exit code, 1 where something is wrong."""
    settings = settings_or_exit(config)

    async def look() -> list[Finding]:
        destination = look_at_destination(settings.destination, write_test=write_test)
        site = [well("settings", "all can be used"), *await look_at_site(settings)]
        return [*site, *look_at_problems(settings), *await look_at_answer_peers(settings), *await destination]

    return tell(asyncio.run(look()), as_json=as_json)


async def look_at_answer_peers(settings: Settings) -> list[Finding]:
    """Turn the peers that take senders' answers into whether they can be reached; nothing is sent."""
    return [
        await reach(peer.address(), f"answers of {peer.name}", "see answers_to of that sender; answers wait till then")
        for peer in answer_peers(settings)
    ]


async def look_at_destination(settings: Destination, *, write_test: bool) -> list[Finding]:
    """Turn the destination of the settings into what is found there."""
    if settings.plan == "embedded":
        return [well("plan", "embedded: our own FHIR endpoint serves the scores, there is nobody to ask")]
    if settings.plan == "oru":
        return await look_at_interface(settings, write_test=write_test)
    return await look_at_fhir(settings, write_test=write_test)
