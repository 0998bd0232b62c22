"""``netpet-adapter demo``: the whole service on free loopback ports, the sample patients sent, what became of each."""

import asyncio
import signal
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import typer

from adapter.app.service import Addresses, Service
from adapter.cli.demo_table import Became, print_table
from adapter.cli.exits import ENVIRONMENT, FINDING, OK
from adapter.cli.samples import SAMPLES_TODAY, Sample, load_samples
from adapter.cli.send import acknowledgement_code
from adapter.outbound.mllp_client import MllpClient, MllpClientError
from adapter.outcome import AdapterError
from adapter.settings import Http, Mllp, Settings, Store, shipped_folder
from adapter.store.views import MessageFilter, MessageSummary
from adapter.telemetry import Telemetry

PATIENCE = 30.0
"""Seconds until every sample must have arrived."""
EVERY_SCORE = 1000
"""More than all samples together have."""


def run_demo(*, once: bool, fixtures: Path | None = None) -> int:
    """Run the demonstration; the return value is the exit code (1: a sample did not become what it should).

    ``fixtures`` holds ``expected.json`` and the messages that it names; None is what comes with the program. Ctrl-C is
    the way to end it and no fault, unless ``once`` asked for an answer that was not there yet.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="netpet-demo-") as folder:
            samples = load_samples(fixtures or shipped_folder("fixtures"))
            return asyncio.run(_demo(samples, Path(folder), once=once))
    except KeyboardInterrupt:
        typer.echo("interrupted before every sample had arrived", err=True)
        return FINDING if once else OK
    except AdapterError as error:
        typer.echo(f"netpet-adapter demo: {error}", err=True)
        return ENVIRONMENT


async def _demo(samples: Sequence[Sample], folder: Path, *, once: bool) -> int:
    service = Service(_settings(folder), Telemetry(quiet=True), _samples_clock())
    addresses = await service.start()
    try:
        typer.echo(
            f"service up; sending {sum(len(sample.payloads) for sample in samples)} messages of "
            f"{len(samples)} synthetic patients over MLLP to port {addresses.mllp[1]}"
        )
        outcomes = await _send_all(samples, addresses)
        await _settled(service)
        await _look_up(outcomes, service, addresses)
        print_table(outcomes)
        _print_addresses(addresses)
        if not once:
            await _until_interrupted()
    finally:
        await service.stop()
    return OK if all(outcome.as_expected for outcome in outcomes) else FINDING


def _settings(folder: Path) -> Settings:
    """Loopback, free ports and the defaults: no variable of the environment may open the demonstration to others."""
    store = Store(url=f"sqlite:///{folder}/demo.db")
    return Settings.model_construct(mllp=Mllp(port=0), http=Http(port=0), store=store)


def _samples_clock() -> Any:
    """The wall clock moved to the samples' calendar: it runs, and their waiting does not end before their time."""
    started = time.monotonic()

    def now() -> datetime:
        return SAMPLES_TODAY + timedelta(seconds=time.monotonic() - started)

    return now


async def _send_all(samples: Sequence[Sample], addresses: Addresses) -> list[Became]:
    outcomes = [Became(sample) for sample in samples]
    async with await MllpClient.connect(*addresses.mllp) as client:
        for outcome in outcomes:
            for payload in outcome.sample.payloads:
                try:
                    outcome.acks.append(acknowledgement_code(await client.send(payload, PATIENCE)))
                except MllpClientError as error:
                    outcome.acks.append(error.reason.value)
    return outcomes


async def _settled(service: Service) -> None:
    """Wait until nothing is unread and nobody is due any more, as far as patience goes."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        counts = await service.store.counts()
        lanes = await service.store.waiting()
        if counts.oldest_unread is None and not any(lane.claimed or lane.due <= service.clock() for lane in lanes):
            return
        await asyncio.sleep(0.05)


async def _look_up(outcomes: Sequence[Became], service: Service, addresses: Addresses) -> None:
    host, port = addresses.http
    async with aiohttp.ClientSession(f"http://{host}:{port}") as http:
        for outcome in outcomes:
            await _describe(outcome, service)
            found = await _observation(http, outcome.sample.identifier)
            if found is not None:
                outcome.grade = found.get("valueCodeableConcept", {}).get("text")
                outcome.status = found["status"]


async def _describe(outcome: Became, service: Service) -> None:
    """What the service itself knows: the messages' states, and why there is a score or none."""
    messages = await service.store.messages(MessageFilter(patient=outcome.sample.patient))
    outcome.states = [message.state for message in reversed(messages)]
    ids = {message.id for message in messages}
    for score in await service.store.scores(("published", "waiting", "stopped"), limit=EVERY_SCORE):
        # Found by its messages: a mapping may name the patient by another identifier than the first.
        if not ids.intersection(score.summary["messages"]):
            continue
        outcome.state = score.state
        outcome.group = score.summary["group"]
        outcome.why = score.summary["explanation"]
        if score.state == "waiting":
            outcome.why = f"waits for its {score.summary['waits_for'].upper()} study"
    for message in messages:
        if message.state == "held":
            outcome.why = await _why_held(message, service) + (f"; {outcome.why}" if outcome.why else "")


async def _why_held(message: MessageSummary, service: Service) -> str:
    detail = await service.store.message(message.id)
    return f"held at {detail.place}: {detail.rule}" if detail else "held"


async def _observation(http: aiohttp.ClientSession, identifier: str) -> dict[str, Any] | None:
    """The score as an EHR dashboard finds it: by the patient's identifier and the score's code."""
    query = {"patient.identifier": identifier, "code": "netpet-score"}
    async with http.get("/fhir/Observation", params=query) as answer:
        bundle = await answer.json(content_type=None)
    matches = [entry["resource"] for entry in bundle.get("entry", ()) if entry["search"]["mode"] == "match"]
    return matches[0] if len(matches) == 1 else None


def _print_addresses(addresses: Addresses) -> None:
    host, port = addresses.http
    base = f"http://{host}:{port}"
    typer.echo("the service is up at:")
    typer.echo(f"  scores     {base}/fhir/Observation?code=netpet-score")
    typer.echo(f"  one        {base}/fhir/Observation?patient.identifier=700103&code=netpet-score")
    typer.echo(f"  metadata   {base}/fhir/metadata")
    typer.echo(f"  health     {base}/readyz")
    typer.echo(f"  send more  netpet-adapter send FILE --to {addresses.mllp[0]}:{addresses.mllp[1]}")
    typer.echo("For research and evaluation only: not cleared, not CE-marked.")


async def _until_interrupted() -> None:
    typer.echo("Ctrl-C ends the demonstration and removes its store.")
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    await interrupted.wait()
