"""``POST /hl7v2``: who may not send is told before anything is read; what goes wrong has the status of its problem."""

import asyncio

import pytest
from web_fakes import Told, parts, serving

from adapter.arrival import Origin, Response, Sender
from adapter.fhir.operation_outcome import ANSWERS
from adapter.outcome import Problem, StoreUnavailableError
from adapter.web.api_keys import ApiKeys
from adapter.web.hl7v2_messages import RETRY_AFTER, BodyLimits, MessageRoute

ORIGIN = Origin("http", "127.0.0.1", Sender("ris"))
ACCEPTED = Response(b"MSH|1\rMSA|AA|1\r")
TYPE = {"Content-Type": "application/hl7-v2"}


class FakeMessages:
    """Takes bodies of whoever is not turned away, and answers as told."""

    def __init__(self, response: Response = ACCEPTED, origin: Origin | None = ORIGIN) -> None:
        self.response = response
        self.sender = origin
        self.shown: list[tuple[str, str | None]] = []
        self.bodies: list[tuple[bytes, str]] = []
        self.heads: list[bytes] = []
        self.failure: Exception | None = None
        self.arrived = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()

    def origin(self, peer, client, tls, /):
        self.shown.append((peer, client))
        return self.sender

    def knows(self, charset, /):
        return charset != "klingon"

    async def receive(self, body, origin, charset, /):
        self.bodies.append((body, charset))
        self.arrived.set()
        await self.free.wait()
        if self.failure:
            raise self.failure
        return self.response

    def refuse(self, head, origin, refused, /):
        self.heads.append(head)
        return Response(f"MSA|AR||{refused.rule}".encode(), refused.problem)


def route(messages: FakeMessages, **limits):
    return parts(messages=MessageRoute(messages, BodyLimits(**limits)))


async def post(messages: FakeMessages, body: bytes = b"MSH|", headers=TYPE, **limits):
    async with serving(web=route(messages, **limits)) as client:
        return await client.ask("POST", "/hl7v2", data=body, headers=headers)


async def test_a_body_that_is_on_disk_is_answered_200_with_its_acknowledgement():
    messages = FakeMessages()
    answer = await post(messages, b"MSH|body")

    assert (answer.status, answer.body) == (200, b"MSH|1\rMSA|AA|1\r")
    assert answer.headers["Content-Type"] == "application/hl7-v2; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert messages.bodies == [(b"MSH|body", "")]
    assert messages.shown == [("127.0.0.1", None)]


async def test_an_answer_in_another_character_set_names_none():
    answer = await post(FakeMessages(Response(b"MSH|M\xdcLLER\r")))

    assert (answer.headers["Content-Type"], answer.body) == ("application/hl7-v2", b"MSH|M\xdcLLER\r")


@pytest.mark.parametrize("problem", Problem)
async def test_every_problem_has_its_status(problem):
    answer = await post(FakeMessages(Response(b"MSA|AE\r", problem)))

    assert (answer.status, answer.body) == (ANSWERS[problem][0], b"MSA|AE\r")
    assert answer.headers.get("Retry-After") == RETRY_AFTER.get(problem)
    assert answer.status >= 400


@pytest.mark.parametrize(("problem", "status"), [(None, 204), (Problem.VERSION, 422)])
async def test_who_wants_no_acknowledgement_gets_the_status_alone(problem, status):
    answer = await post(FakeMessages(Response(b"", problem)))

    assert (answer.status, answer.body) == (status, b"")


@pytest.mark.parametrize(
    "content_type",
    ["application/hl7-v2; charset=ISO-8859-1", "application/hl7-v2+er7", "x-application/hl7-v2+er7; charset=utf-8"],
)
async def test_the_names_that_senders_give_to_the_format_are_taken(content_type):
    messages = FakeMessages()
    answer = await post(messages, headers={"Content-Type": content_type})

    assert answer.status == 200
    assert messages.bodies[0][1].lower() in content_type.lower()


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/hl7-v2+xml"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/hl7-v2; charset=klingon"},
        TYPE | {"Content-Encoding": "gzip"},
    ],
)
async def test_another_format_is_refused_unread(headers):
    messages = FakeMessages()
    answer = await post(messages, headers=headers)

    assert (answer.status, messages.bodies) == (415, [])


async def test_who_is_no_sender_is_refused_unread():
    messages = FakeMessages(origin=None)
    answer = await post(messages)

    assert (answer.status, answer.issue["details"]["text"]) == (403, "not-authorised")
    assert messages.bodies == []


async def chunks(*pieces: bytes):
    for piece in pieces:
        yield piece


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused_by_its_head(announced):
    messages = FakeMessages()
    body = b"MSH|" + b"x" * 100_000
    answer = await post(messages, body if announced else chunks(body[:5000], body[5000:]), size=2000)

    assert (answer.status, messages.bodies) == (413, [])
    assert messages.heads[0].startswith(b"MSH|x")
    assert len(messages.heads[0]) <= 64 * 1024


async def test_a_body_of_the_limit_is_taken():
    assert (await post(FakeMessages(), b"x" * 2000, size=2000)).status == 200


async def test_one_body_too_many_at_a_time_is_told_to_come_again():
    messages = FakeMessages()
    messages.free.clear()
    async with serving(web=route(messages, outstanding=1)) as client:
        first = asyncio.create_task(client.ask("POST", "/hl7v2", data=b"1", headers=TYPE))
        await messages.arrived.wait()
        second = await client.ask("POST", "/hl7v2", data=b"2", headers=TYPE)
        messages.free.set()

        assert (second.status, second.headers["Retry-After"]) == (429, "1")
        assert ((await first).status, messages.bodies) == (200, [(b"1", "")])
        assert (await client.ask("POST", "/hl7v2", data=b"3", headers=TYPE)).status == 200


async def test_a_body_that_does_not_arrive_is_given_up():
    never = asyncio.Event()

    async def stalled():
        yield b"MSH|"
        await never.wait()

    messages = FakeMessages()
    answer = await post(messages, stalled(), seconds=0.05)

    assert (answer.status, messages.bodies) == (408, [])


@pytest.mark.parametrize(("failure", "status"), [(StoreUnavailableError("down"), 503), (ValueError("secret"), 500)])
async def test_a_failure_behind_the_door_is_never_a_success(failure, status):
    messages = FakeMessages()
    messages.failure = failure
    answer = await post(messages)

    assert answer.status == status
    assert b"secret" not in answer.body


async def test_the_sender_is_told_by_its_key_and_a_request_without_one_is_not_read(tmp_path):
    file = tmp_path / "keys"
    file.write_text("ris-south:0123456789abcdef\n")
    messages, told = FakeMessages(), Told()
    web = parts(messages=MessageRoute(messages), api_keys=ApiKeys(file), tell=told)
    async with serving(web=web) as client:
        closed = await client.ask("POST", "/hl7v2", data=b"MSH|", headers=TYPE)
        opened = await client.ask(
            "POST", "/hl7v2", data=b"MSH|", headers=TYPE | {"Authorization": "Bearer 0123456789abcdef"}
        )

    assert (closed.status, opened.status) == (401, 200)
    assert messages.shown == [("127.0.0.1", "ris-south")]
    assert [facts["route"] for facts in told.named("request")] == ["/hl7v2", "/hl7v2"]


async def test_without_the_setting_there_is_no_such_door():
    async with serving() as client:
        assert (await client.ask("POST", "/hl7v2", data=b"MSH|", headers=TYPE)).status == 404


async def test_messages_cannot_be_read_back_here():
    async with serving(web=route(FakeMessages())) as client:
        assert (await client.ask("GET", "/hl7v2")).status == 405
