"""Scores go back to an EHR as ORU^R01: what every history ends in, read by others, and never read by us as a report."""

import asyncio
import json
from collections import Counter
from datetime import timedelta

import hl7
import pytest
from ehr_interface import ehr
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from under_test import FIXTURES, AdapterUnderTest, fixture, patient_of, payloads_of

from adapter.hl7v2.datatypes import observation_values
from adapter.hl7v2.header import read_header

CASES = json.loads((FIXTURES / "expected.json").read_text("utf-8"))
PAIR = ["oru_r01/corrected_fdg/1_sstr.hl7", "oru_r01/corrected_fdg/2_fdg.hl7"]


def files_of(name):
    return [payload for case in CASES if case["name"] == name for payload in payloads_of(case)]


async def test_a_correction_replaces_the_result_and_a_retraction_withdraws_it(tmp_path):
    async with ehr() as (interface, destination), AdapterUnderTest(tmp_path, destination=destination) as adapter:
        for name in ("corrected_fdg", "retracted_fdg"):
            for payload in files_of(name):
                await adapter.send(payload)
                await adapter.settled()

    statuses = Counter(message.all("OBR")[0].value(25) for message in interface.messages)
    assert statuses == {"P": 2, "C": 1, "X": 1}
    assert list(interface.grades().values()) == ["P4a"]


async def arrived(interface, number):
    """Wait until the interface got so many messages; nobody else knows of one that it did not accept."""
    async with asyncio.timeout(30):
        while len(interface.received) < number:  # noqa: ASYNC110 - the interface tells nobody
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("fault", ["close", "deaf", "AR"])
async def test_a_result_that_got_no_accept_is_sent_again_in_the_same_bytes_after_a_restart(tmp_path, fault):
    first, second, *_ = files_of("corrected_fdg")
    async with ehr(fault) as (interface, destination):
        async with AdapterUnderTest(tmp_path, destination=destination) as adapter:
            await adapter.send(first, second)
            await arrived(interface, 1)
        later = AdapterUnderTest(tmp_path, destination=destination)
        later.now += timedelta(hours=1)  # whatever was postponed is due
        async with later:
            await arrived(interface, 2)

    assert len(set(interface.received)) == 1


@pytest.mark.slow
async def test_every_result_that_the_fixtures_lead_to_is_read_alike_by_others_and_never_by_us(tmp_path):
    async with ehr() as (interface, destination), AdapterUnderTest(tmp_path, destination=destination) as adapter:
        for case in CASES:
            await adapter.send(*payloads_of(case))
        await adapter.settled(120)
        sent = list(interface.received)
        codes = await adapter.send(*sent)
        await adapter.settled(60)
        patients = {patient_of(payload) for payload in sent}
        states = Counter()
        for patient in patients:
            states.update(await adapter.message_states(patient))

    assert len(sent) > 80
    assert set(codes) == {"AA"}
    assert states["ignored"] == len(sent)
    assert interface.received == sent
    for payload, message in zip(sent, interface.messages, strict=True):
        assert_read_alike(payload, message)


def assert_read_alike(payload, message):
    """Order, status, codes and values are the same for python-hl7, for hl7apy and for our own reader."""
    other = hl7.parse(payload.decode())
    third = parse_message(payload.decode(), validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
    (obr,) = message.all("OBR")
    assert str(other.segment("OBR")[3]) == third.obr.obr_3.to_er7() == obr.field(3)
    assert str(other.segment("OBR")[25]) == third.obr.obr_25.to_er7() == obr.field(25)
    ours = [(obx.field(3), obx.field(5)) for obx in message.all("OBX")]
    assert [(str(obx[3]), str(obx[5])) for obx in other.segments("OBX")] == ours
    assert [(obx.obx_3.to_er7(), obx.obx_5.to_er7()) for obx in third.obx] == ours
    assert all(observation_values(obx) or obx.field(11) == "D" for obx in message.all("OBX"))


async def test_the_patient_is_named_as_the_report_named_her(tmp_path):
    first, second = (fixture(name) for name in PAIR)
    async with ehr() as (interface, destination), AdapterUnderTest(tmp_path, destination=destination) as adapter:
        await adapter.send(first, second)
        await adapter.settled()

    (message,) = interface.messages
    assert patient_of(interface.received[0]) == patient_of(first)
    assert message.all("PID")[0].field(5) == ""
    assert read_header(interface.received[0]).sending_application == "NETPET"
