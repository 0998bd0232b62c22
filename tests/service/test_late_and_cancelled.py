"""Messages that come too late, and cancellations that do not say of what: nothing is lost, nothing is taken twice."""

import pytest
from under_test import AdapterUnderTest, patient_of

MSH = "MSH|^~\\&|RIS|NUCMED|NETPET|HOSP|{at}+0000||ORU^R01^ORU_R01|{control}|P|2.5.1"
PID = "PID|1||777001^^^HOSP^MR||LATE^LENA||19600101|F"
TRACER = {"S": "724025002^Gallium Ga-68 dotatate^SCT", "F": "35321007^Fluorodeoxyglucose F-18^SCT"}
DAY = {"S": "20261112", "F": "20261119"}


def report(half, *, status="F", hour=9, suv=20, control=None):
    """One version of a study of Lena's: L1, positive, with its SUV."""
    at = f"20261120{hour:02}0000"
    obr = f"OBR|1|PL-{half}^RIS|LATE-{half}^RIS|81555-5^PET^LN|||{DAY[half]}100500+0000{'|' * 15}{at}+0000|||{status}"
    rows = (
        f"OBX|1|CWE|123001^Radiopharmaceutical^DCM||{TRACER[half]}||||||{status}",
        f"OBX|2|ST|lesions-complete^All lesions listed^99NETPET||yes||||||{status}",
        f"OBX|3|ST|112039^Tracking Identifier^DCM|1|L1||||||{status}",
        f"OBX|4|CWE|363698007^Finding site^SCT|1|10200004^Liver^SCT||||||{status}",
        f"OBX|5|CWE|uptake^Uptake^99NETPET|1|10828004^Positive^SCT||||||{status}",
        f"OBX|6|NM|126401^SUVbw^DCM|1|{suv}|g/mL{{SUVbw}}^^UCUM|||||{status}",
    )
    return joined(MSH.format(at=at, control=control or f"{half}{status}{hour}"), PID, obr, *rows)


def cancellation(accession, *, procedure="71020^Chest X-ray^LN", hour=12):
    """An order that is cancelled, and says of itself no more than its number and some procedure."""
    at = f"20261120{hour:02}0000"
    obr = f"OBR|1||{accession}^RIS|{procedure}{'|' * 18}{at}+0000|||X"
    return joined(MSH.format(at=at, control=f"X{accession}{hour}"), PID, obr)


def joined(*segments):
    return ("\r".join(segments) + "\r").encode()


LENA = patient_of(report("S"))


def metric(adapter, name):
    return adapter.service.telemetry.registry.get_sample_value(name) or 0


async def grades(adapter):
    return [
        (one["status"], one.get("valueCodeableConcept", {}).get("text")) for one in await adapter.observations("777001")
    ]


async def test_a_final_report_that_comes_after_its_correction_changes_nothing_and_says_so(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(report("S"), report("F", status="C", hour=11, suv=3))
        await adapter.settled()
        before = await adapter.observations("777001")
        await adapter.send(report("F", hour=9, suv=30))
        await adapter.settled()

        assert await adapter.observations("777001") == before
        (late, *_) = await adapter.service.store.messages()
        detail = await adapter.service.store.message(late.id)
        assert [note.partition(":")[0] for note in detail.notes] == ["stale-message"]
        (entry,) = await adapter.service.store.audit_trail()
        assert (entry.action, entry.subject) == ("stale-message", late.id)
        assert metric(adapter, "netpet_stale_messages_total") == 1


@pytest.mark.parametrize("procedure", ["71020^Chest X-ray^LN", "", "XR999^^L"])
async def test_a_bare_cancellation_of_a_known_accession_retracts_the_study(tmp_path, procedure):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(report("S"), report("F", suv=3))
        await adapter.settled()
        assert await grades(adapter) == [("preliminary", "P2a")]

        assert await adapter.send(cancellation("LATE-F", procedure=procedure)) == ["AA"]
        await adapter.settled()

        assert [status for status, _grade in await grades(adapter)] == ["entered-in-error"]


async def test_a_cancellation_that_comes_before_its_study_retracts_it_all_the_same(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(cancellation("LATE-F"), report("S"), report("F", suv=3))
        await adapter.settled()

        assert [status for status, _grade in await grades(adapter)] in ([], ["entered-in-error"])
        assert set(await adapter.scores(LENA)) <= {"waiting", "retracted"}


async def test_a_study_that_is_reported_anew_after_its_cancellation_stands(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(report("S"), cancellation("LATE-F"), report("F", hour=14, suv=3))
        await adapter.settled()

        assert await grades(adapter) == [("preliminary", "P2a")]


async def test_the_cancellation_of_an_order_that_nobody_knows_is_ignored_and_its_body_is_not_kept(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(report("S"), report("F", suv=3), cancellation("CHEST-1"))
        await adapter.settled()

        (cancelled, *_) = await adapter.service.store.messages()
        assert cancelled.state == "ignored"
        assert (await adapter.service.store.message(cancelled.id)).raw is None
        assert await grades(adapter) == [("preliminary", "P2a")]


async def test_the_cancellation_of_an_accession_of_another_authority_retracts_nothing(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(report("S"), report("F", suv=3))
        await adapter.send(cancellation("LATE-F").replace(b"LATE-F^RIS", b"LATE-F^PACS"))
        await adapter.settled()

        assert await grades(adapter) == [("preliminary", "P2a")]


async def test_a_cancellation_for_testing_retracts_nothing(tmp_path):
    async with AdapterUnderTest(tmp_path) as adapter:
        await adapter.send(report("S"), report("F", suv=3))
        await adapter.send(cancellation("LATE-F").replace(b"|P|2.5.1", b"|T|2.5.1"))
        await adapter.settled()

        assert await grades(adapter) == [("preliminary", "P2a")]
