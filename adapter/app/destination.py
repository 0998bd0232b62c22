"""Where scores go, built from the settings: one destination a plan."""

from contextlib import AsyncExitStack

from adapter.app.fhir_parts import build_fhir_destination
from adapter.outbound.embedded import EmbeddedDestination
from adapter.outbound.mllp_client import MllpClientError, client_context
from adapter.outbound.plans.oru import OruDestination
from adapter.outbound.result_channel import ResultChannel, ResultListener
from adapter.outcome import AdapterError
from adapter.publication import Destination
from adapter.settings import Settings
from adapter.store.store import Store


class DestinationError(AdapterError):
    """A setting names a file that cannot be used."""


def build_destination(settings: Settings, store: Store, parts: AsyncExitStack) -> Destination:
    """Turn the settings and the store into the destination of the site's plan; ``parts`` gets what is to be closed.

    Raises DestinationError, which names the setting.
    """
    plan = settings.destination.plan
    if plan == "embedded":
        return EmbeddedDestination(store)
    if plan == "oru":
        channel = ResultChannel(result_listener(settings))
        parts.push_async_callback(channel.close)
        return OruDestination(store, channel, settings.destination.oru.to_agreement(settings.destination.mllp))
    destination = build_fhir_destination(settings.destination, store.destinations)
    parts.push_async_callback(destination.close)
    return destination


def result_listener(settings: Settings) -> ResultListener:
    """Turn the settings into where results go; raises DestinationError."""
    interface, tls = settings.destination.mllp, settings.destination.tls
    context = None
    if interface.encrypted:
        try:
            password = tls.key_password.read_text("utf-8").rstrip("\r\n") if tls.key_password else ""
            context = client_context(tls.authorities, tls.certificate, tls.key, password)
        except (MllpClientError, OSError) as error:
            raise DestinationError(f"destination.tls: {error}") from error
    return ResultListener(
        host=interface.host or "",
        port=interface.port,
        tls=context,
        connect_timeout=interface.connect_timeout,
        answer_timeout=interface.answer_timeout,
        awaits_application=interface.acknowledgement == "application",
    )
