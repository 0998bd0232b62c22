"""Where scores go, built from the settings: one destination a plan."""

from contextlib import AsyncExitStack

from adapter.app.fhir_parts import build_fhir_destination
from adapter.outbound.client_tls import ClientTls, ClientTlsFiles
from adapter.outbound.embedded import EmbeddedDestination
from adapter.outbound.fhir_settings import Destination as DestinationSettings
from adapter.outbound.plans.oru import OruDestination
from adapter.outbound.result_channel import ResultChannel, ResultListener
from adapter.publication import Destination
from adapter.settings import Settings
from adapter.store.store import Store


def build_destination(settings: Settings, store: Store, parts: AsyncExitStack) -> Destination:
    """Turn the settings and the store into the destination of the site's plan; ``parts`` gets what is to be closed."""
    plan = settings.destination.plan
    if plan == "embedded":
        return EmbeddedDestination(store)
    if plan == "oru":
        channel = ResultChannel(result_listener(settings.destination))
        parts.push_async_callback(channel.close)
        return OruDestination(store, channel, settings.destination.oru.to_agreement(settings.destination.mllp))
    destination = build_fhir_destination(settings.destination, store.destinations)
    parts.push_async_callback(destination.close)
    return destination


def result_listener(settings: DestinationSettings) -> ResultListener:
    """Turn the settings into where results go."""
    interface, tls = settings.mllp, settings.tls
    files = ClientTlsFiles(tls.authorities, tls.certificate, tls.key, tls.key_password)
    return ResultListener(
        host=interface.host or "",
        port=interface.port,
        tls=ClientTls(files) if interface.encrypted else None,
        connect_timeout=interface.connect_timeout,
        answer_timeout=interface.answer_timeout,
        awaits_application=interface.acknowledgement == "application",
    )
