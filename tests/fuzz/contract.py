"""What holds for every stream of bytes, whatever is in it: checked on the very parts that the listener is made of.

No exception escapes. However the stream is cut, the blocks are the same. Every message and every fault gets its one
answer, an accept only for bytes that were kept whole. What was kept is read or held with a problem: never an internal
one. Each character of it stands in a segment, each segment in a group, and each observation is mapped or listed.
"""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice, pairwise

from fuzz.checks import asks_for_silence, check_segments, check_split, count_of_observations, listed, parsed, squeezed
from fuzz.mutations import cuts, stream

from adapter.arrival import Arrival, Kept
from adapter.hl7v2.batch import split_batch
from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.escapes import without_controls
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.hl7v2.mllp import Block, Fault, MllpDecoder
from adapter.hl7v2.oru import patient_results
from adapter.hl7v2.tables import warm
from adapter.inbound.application_answers import ApplicationAnswers, application_answer
from adapter.inbound.hl7v2_receiver import Hl7v2Receiver
from adapter.inbound.receiver import Connection, Reply
from adapter.inbound.senders import Senders
from adapter.intake import Intake
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.errors import ExtractionError
from adapter.mapping.gather import Gatherer
from adapter.mapping.paths import Scope
from adapter.mapping.site_mapping import SiteMapping
from adapter.outcome import Held, Problem
from adapter.reading import KeptMessage, Read, Reading, read
from adapter.settings import shipped_folder
from adapter.store.codec import place_to_text, report_to_text
from adapter.store.messages import arrival_row
from adapter.telemetry import Telemetry

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MAX_BLOCK = 20_000
"""Bytes; some streams are longer, so that the limit is met as well."""
CONNECTION = Connection("mllp", "127.0.0.1", None, 1)
ANSWERS = frozenset({"AA", "AE", "AR", "CA", "CE", "CR"})


class MemoryStore:
    """Keeps arrivals in a list; what cannot be a row of the store is refused as the store would."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []

    async def keep(self, arrival: Arrival) -> Kept:
        self.arrivals.append(arrival)
        arrival_row(arrival)
        asked = arrival.application_asked
        return Kept(f"m{len(self.arrivals)}", arrival.answer, application_asked=asked)


@dataclass
class Tally:
    """What became of the messages of a run, and what the last stream cost (seconds of processor time)."""

    outcomes: Counter[str] = field(default_factory=Counter)
    cost: float = 0.0


Decode = Callable[[], MllpDecoder]
ReadMessage = Callable[[KeptMessage, MappingSet], Reading]


def decoder() -> MllpDecoder:
    return MllpDecoder(max_block=MAX_BLOCK)


class Contract:
    """Sends streams through decoder, intake and reading with the shipped mappings; raises AssertionError, or worse.

    The parts can be exchanged for faulty ones, which have to break it.
    """

    def __init__(
        self, decode: Decode = decoder, store: Callable[[], MemoryStore] = MemoryStore, reading: ReadMessage = read
    ) -> None:
        warm()
        self._decode = decode
        self._store = store
        self._read = reading
        self.mappings = MappingSet.load(shipped_folder("mappings"))
        self.telemetry = Telemetry(quiet=True)
        self.tally = Tally()
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.close()

    def hold(self, choice: random.Random) -> None:
        """Hold the contract against the stream of one seed, and note what its reception and reading cost."""
        sent = stream(choice)
        self.hold_for(sent, cuts(choice, len(sent)))

    def hold_for(self, sent: bytes, places: Iterable[int] = ()) -> None:
        self._loop.run_until_complete(self._hold(sent, list(places)))

    async def _hold(self, sent: bytes, places: list[int]) -> None:
        store = self._store()
        following = ApplicationAnswers(lambda _connection, _payload: True, _delivered)
        intake = Intake(store, self.telemetry, lambda: NOW, lambda: None)
        receiver = Hl7v2Receiver(intake, Senders(), following, lambda: NOW)
        started = time.thread_time()
        items = self._decoded(sent, [])
        replies = [await _reply(receiver, item) for item in items]
        kept = [_as_kept(number, arrival) for number, arrival in enumerate(store.arrivals, start=1)]
        readings = [self._read(message, self.mappings) for message in kept]
        self.tally.cost = time.thread_time() - started
        assert self._decoded(sent, places) == items, "the stream cut otherwise is another stream"
        arrivals = iter(store.arrivals)
        for item, reply in zip(items, replies, strict=True):
            self._check_reply(item, reply, arrivals)
        assert next(arrivals, None) is None, "something was kept that nobody sent"
        for message, reading in zip(kept, readings, strict=True):
            self._check_reading(message, reading)

    def _decoded(self, sent: bytes, places: list[int]) -> list[Block | Fault]:
        """The items of a stream that is cut at these places, up to the one that closes the connection."""
        decoder, edges = self._decode(), [0, *places, len(sent)]
        items = [item for start, end in pairwise(edges) for item in decoder.feed(sent[start:end])]
        items += decoder.end()
        closing = (number for number, item in enumerate(items, start=1) if isinstance(item, Fault) and item.close)
        return items[: next(closing, len(items))]

    def _check_reply(self, item: Block | Fault, reply: Reply, arrivals: Iterable[Arrival]) -> None:
        payload = item.head if isinstance(item, Fault) else item.payload
        batch = split_batch(payload)
        answers = [answer for one in reply.payloads for answer in split_batch(one).messages]
        codes = [self._code(answer) for answer in answers]
        if isinstance(item, Fault):
            assert not {"AA", "CA"} & {code for code, _ in codes}, "an accept for a fault"
            assert reply.payloads or any(map(asks_for_silence, batch.messages or (payload,))), (
                "a fault without an answer"
            )
            return
        check_split(payload, batch.messages)
        whole = batch.refusal is not None and not batch.is_enveloped
        sent = (batch.messages or (payload,)) if whole else batch.messages
        extra = 1 if batch.refusal and not whole else 0
        silent = sum(asks_for_silence(message) for message in sent)
        most = len(sent) + extra
        assert most - silent <= len(codes) <= most, f"{len(codes)} answers to {most} messages, {silent} of them silent"
        accepted = [control_id for code, control_id in codes if code in ("AA", "CA")]
        # What asks for an answer on refusal alone is kept without one.
        expected = [] if whole else [message for message in sent if self._was_kept(message)]
        kept = list(islice(arrivals, len(expected)))
        assert [one.raw for one in kept] == expected, "what was kept is not what came"
        assert len([one for one in kept if one.answer]) == len(accepted), "accepts are not what was kept"
        ids = [one.control_id for one in kept if one.answer and one.control_id.isascii()]
        assert not {without_controls(one) for one in ids} - set(accepted), "an accept names another message"

    @staticmethod
    def _was_kept(message: bytes) -> bool:
        """Would the message be taken, by the words of the documents alone: header, type, version, id, characters?"""
        try:
            header = read_header(message)
            decode_text(message, header)
        except FormatError:
            return False
        version, processing_id = header.version, header.processing_id
        known = not version or re.fullmatch(r"2\.(1|2|3|3\.1|4|5|5\.1|6|7|7\.1|8|8\.1|8\.2|9|9\.1)", version)
        return header.message_code == "ORU" and bool(known) and processing_id in ("P", "T", "D")

    def _code(self, answer: bytes) -> tuple[str, str]:
        """Read an answer with our own reader: MSA-1 and MSA-2, raw."""
        assert not set(b"\x0b\x1c") & set(answer), "an answer holds a mark of a block"
        read_header(answer)
        # Nothing but ASCII is ours in an answer; the rest is the sender's own, byte for byte.
        msa = Message.parse(answer.decode("latin-1")).first("MSA")
        assert msa is not None, "an answer without an acknowledgement"
        assert msa.field(1) in ANSWERS, "an acknowledgement without a code"
        self.tally.outcomes[f"answered {msa.field(1)}"] += 1
        return msa.field(1), msa.field(2)

    def _check_reading(self, kept: KeptMessage, reading: Reading) -> None:
        name = type(reading).__name__.lower()
        problem = f" {reading.problem.value}" if isinstance(reading, Held) else ""
        self.tally.outcomes[name + problem] += 1
        assert not (isinstance(reading, Held) and reading.problem is Problem.INTERNAL), reading.rule
        if isinstance(reading, Held):
            place_to_text(reading.place)
        for report in reading.reports if isinstance(reading, Read) else ():
            report_to_text(report)
        application_answer(kept, reading, NOW)
        try:
            message, decoded = parsed(kept.raw)
            assert squeezed("".join(one.raw for one in message.segments)) == squeezed(decoded), "text was lost"
            check_segments(message)
            mapped = self._mapped(message)
        except (FormatError, ExtractionError):
            assert not isinstance(reading, Read), "what cannot be read was read"
            return
        if isinstance(reading, Read) and kept.processing_id == "P":
            missing = set(range(1, count_of_observations(message, decoded) + 1)) - mapped - listed(reading)
            assert not missing, f"observations neither mapped nor listed: {sorted(missing)}"

    def _mapped(self, message: Message) -> set[int]:
        """The observations that gave a fact, took one back, or said that there is none; all others are in a list."""
        owner = self.mappings.owner_of(message)
        mapped: set[int] = set()
        if not isinstance(owner, SiteMapping):
            return mapped
        for result in patient_results(message):
            for group in result.groups:
                gathered = Gatherer(owner.plan, Scope(message, result.pid, group)).take(group.observations)
                lists = (
                    gathered.mapped,
                    gathered.retracted,
                    gathered.without_value,
                    gathered.narrative,
                    gathered.unused,
                )
                every = [number for one in lists for number in one]
                assert sorted(every) == sorted(obx.sequence for obx in group.observations), "an observation in no list"
                mapped |= {*gathered.mapped}
        return mapped


async def _delivered(_message_id: str) -> None:
    return None


async def _reply(receiver: Hl7v2Receiver, item: Block | Fault) -> Reply:
    reply = await (receiver.receive(item, CONNECTION) if isinstance(item, Block) else receiver.refuse(item, CONNECTION))
    if reply.then is not None:
        reply.then()
    return reply


def _as_kept(number: int, arrival: Arrival) -> KeptMessage:
    return KeptMessage(
        id=f"m{number}",
        sequence=number,
        channel=arrival.channel,
        format=arrival.format,
        raw=arrival.raw,
        received=arrival.received,
        control_id=arrival.control_id,
        processing_id=arrival.processing_id,
        patient=arrival.patient,
        sha256="",
        sender=arrival.sender,
        application_asked=arrival.application_asked,
    )
