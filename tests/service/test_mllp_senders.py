"""What the site agreed with a sender holds for its connections, whatever its messages say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from certificates import CertificateAuthority, subject
from mllp_messages import message
from raw_peer import Answer, block, raw_peer
from under_test import AdapterUnderTest, fixture

from adapter.outbound.mllp_client import client_context

LOOPBACK = ["127.0.0.0/8"]


@asynccontextmanager
async def agreed(folder: Path, intake: Any = None, **sender: Any) -> AsyncIterator[AdapterUnderTest]:
    """The service with one agreement for whoever comes from this machine."""
    entry = {"name": "ris-north", "networks": LOOPBACK} | sender
    sections = {"mllp": {"port": 0, "senders": [entry]}, "intake": intake or {}}
    async with AdapterUnderTest(folder, **sections) as adapter:
        yield adapter


async def send(adapter: AdapterUnderTest, *payloads: bytes) -> list[Answer]:
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(*map(block, payloads))
        return await peer.answers(len(payloads))


async def kept(adapter: AdapterUnderTest) -> list[Any]:
    await adapter.settled()
    store = adapter.service.store
    return [await store.message(one.id) for one in reversed(await store.messages())]


def other_text(payload: bytes) -> bytes:
    return payload.replace(b"DOE^JANE", b"DOE^JANET")


async def test_the_sender_that_the_connection_shows_is_kept_with_the_message(tmp_path: Path) -> None:
    async with agreed(tmp_path) as adapter:
        await send(adapter, message("M1"))

        assert [one.sender for one in await kept(adapter)] == ["ris-north"]


async def test_a_client_certificate_shows_the_sender_whatever_the_message_says(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    own = authority.issue("own", subject(("CN", "localhost")))
    clients = [authority.issue(name, subject(("O", "Hospital, North"), ("CN", name))) for name in ("ris", "pacs")]
    tls = {"certificate": own.certificate, "key": own.key, "client_authorities": authority.certificate}
    senders = [{"name": "ris-north", "certificate_subjects": ["CN=ris,O=Hospital\\, North"], "ack": "original"}]
    async with AdapterUnderTest(tmp_path, mllp={"port": 0, "tls": tls, "senders": senders}) as adapter:
        codes = []
        for number, client in enumerate(clients):
            context = client_context(authority.certificate, client.certificate, client.key)
            async with raw_peer(adapter.addresses.mllp, context) as peer:
                await peer.write(block(message(f"M{number}", "read", "AL", "NE")))
                codes.append((await peer.answer()).code)

        assert codes == ["AA", "CA"]
        assert [one.sender for one in await kept(adapter)] == ["ris-north", "default"]


async def test_a_connection_that_is_nobody_s_follows_the_default(tmp_path: Path) -> None:
    senders = [{"name": "ris-north", "networks": ["10.0.0.0/8"]}, {"name": "default", "ack": "original"}]
    async with AdapterUnderTest(tmp_path, mllp={"port": 0, "senders": senders}) as adapter:
        (answer,) = await send(adapter, message("M1", "read", "AL", "NE"))

        assert answer.code == "AA"
        assert [one.sender for one in await kept(adapter)] == ["default"]


@pytest.mark.parametrize(
    ("pin", "place"), [({"sending_application": "PACS"}, "MSH^1^3^1"), ({"sending_facility": "EAST"}, "MSH^1^4^1")]
)
async def test_another_name_in_the_header_than_was_agreed_is_refused(
    pin: dict[str, str], place: str, tmp_path: Path
) -> None:
    async with agreed(tmp_path, **pin) as adapter:
        (answer,) = await send(adapter, message("M1"))

        assert (answer.code, answer.problem) == ("AR", "not-authorised")
        assert place.encode() in answer.raw
        assert await kept(adapter) == []


async def test_the_name_that_was_agreed_may_have_more_components(tmp_path: Path) -> None:
    async with agreed(tmp_path, sending_application="RIS", sending_facility="NUC^1.2^ISO") as adapter:
        sent = message("M1").replace(b"|RIS|NUC|", b"|RIS^2.999^ISO|NUC^1.2^ISO|")

        assert [answer.code for answer in await send(adapter, sent)] == ["AA"]


async def test_original_mode_answers_once_whatever_is_asked_for(tmp_path: Path) -> None:
    async with agreed(tmp_path, ack="original") as adapter, raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(block(message("M1", "read", "NE", "AL")))

        assert (await peer.answer()).code == "AA"
        assert await peer.silence() == b""


@pytest.mark.parametrize(("outcome", "code"), [("read", "AA"), ("held", "AA"), ("refused", "AR")])
async def test_commit_as_aa_answers_once_in_the_codes_of_original_mode(outcome: str, code: str, tmp_path: Path) -> None:
    async with agreed(tmp_path, ack="commit-as-aa") as adapter, raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(block(message("M1", outcome, "AL", "AL")))

        assert (await peer.answer()).code == code
        assert await peer.silence() == b""


async def test_commit_as_aa_leaves_the_only_answer_that_was_asked_for_to_the_reading(tmp_path: Path) -> None:
    async with agreed(tmp_path, ack="commit-as-aa") as adapter, raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(block(message("M1", "held", "NE", "AL")))

        assert (await peer.answer()).code == "AE"


@pytest.mark.parametrize(
    ("agreement", "code"),
    [({}, "AE"), ({"charset_default": "8859/1"}, "AA"), ({"charset_override": "windows-1252"}, "AA")],
)
async def test_bytes_that_nothing_declares_are_read_as_agreed(
    agreement: dict[str, str], code: str, tmp_path: Path
) -> None:
    sent = message("M1").replace(b"JANE", "JÄNE".encode("latin-1"))
    async with agreed(tmp_path, **agreement) as adapter:
        assert [answer.code for answer in await send(adapter, sent)] == [code]

        assert [one.summary.state for one in await kept(adapter)] == (["read"] if code == "AA" else [])


async def test_an_override_that_the_bytes_are_not_in_is_refused_at_the_door(tmp_path: Path) -> None:
    async with agreed(tmp_path, charset_override="ASCII") as adapter:
        (answer,) = await send(adapter, message("M1").replace(b"JANE", "JÄNE".encode()))

        assert (answer.code, answer.problem) == ("AE", "character-set")


async def test_a_control_id_used_again_is_kept_counted_and_alarmed(tmp_path: Path) -> None:
    async with agreed(tmp_path) as adapter:
        answers = await send(adapter, message("M1"), other_text(message("M1")))

        assert [answer.code for answer in answers] == ["AA", "AA"]
        assert [one.summary.control_id_reused for one in await kept(adapter)] == [False, True]
        assert reuses(adapter) == 1.0


async def test_a_control_id_used_again_is_refused_where_that_was_agreed(tmp_path: Path) -> None:
    async with agreed(tmp_path, control_id_reused="refuse") as adapter:
        sent = (message("M1"), other_text(message("M1")), message("M1"), message("M2"))
        answers = await send(adapter, *sent)

        assert [answer.code for answer in answers] == ["AA", "AR", "AA", "AA"]
        assert answers[1].problem == "control-id-reused"
        assert answers[0].raw == answers[2].raw
        assert [one.summary.control_id for one in await kept(adapter)] == ["M1", "M2"]
        assert reuses(adapter) == 1.0


async def test_after_the_window_a_control_id_may_be_used_anew(tmp_path: Path) -> None:
    async with agreed(tmp_path, {"duplicate_window": 1}, control_id_reused="refuse") as adapter:
        await send(adapter, message("M1"))
        adapter.now += timedelta(days=2)
        (answer,) = await send(adapter, other_text(message("M1")))

        assert answer.code == "AA"
        assert reuses(adapter) is None


def reuses(adapter: AdapterUnderTest) -> float | None:
    labels = {"listener": "mllp", "sender": "ris-north"}
    return adapter.service.telemetry.registry.get_sample_value("netpet_control_ids_reused_total", labels)


async def test_what_would_be_held_is_refused_with_place_and_rule_where_the_site_wants_that(tmp_path: Path) -> None:
    async with agreed(tmp_path, {"refuse_unmappable": "true"}) as adapter:
        held, read = await send(adapter, message("M1", "held"), message("M2"))

        assert (held.code, held.problem, read.code) == ("AE", "field-missing", "AA")
        assert b"OBR^1^25" in held.raw
        assert [one.summary.control_id for one in await kept(adapter)] == ["M2"]


@pytest.mark.parametrize(("days", "bodies"), [(0, [None]), (1, ["kept"])])
async def test_the_body_of_an_ignored_message_is_kept_as_long_as_the_site_wants(
    days: int, bodies: list[str | None], tmp_path: Path
) -> None:
    async with agreed(tmp_path, {"keep_ignored": days}) as adapter:
        await send(adapter, fixture("oru_r01/chest_x_ray.hl7"))
        (ignored,) = await kept(adapter)

        assert ignored.summary.state == "ignored"
        assert [None if ignored.raw is None else "kept"] == bodies
