"""A patient who is removed is nowhere any more: not in a row, not in a byte of the file; everybody else stays."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, insert, select
from store_places import url
from test_store_samples import JANE, JOHN, NOON, arrival, claimed, later, opened, publication, read, report

from adapter.delivery import Answer, Placement, SentMessage
from adapter.fhir.resource_filter import ResourceFilter
from adapter.outcome import Held, Problem
from adapter.publication import Claim
from adapter.reading import Merged
from adapter.scoring.linked_records import StatedRecord
from adapter.scoring.merges import Merge
from adapter.scoring.report import PatientIdentity
from adapter.store import Store, purge, purge_proof, stated_records
from adapter.store.held_merges import held_merge
from adapter.store.opening import Premises
from adapter.store.purge_elsewhere import elsewhere
from adapter.store.purge_names import Called, called
from adapter.store.reclaim import rebuild
from adapter.store.schema import audit, message, metadata

JACK = PatientIdentity("777888", "HOSP")
ABOUT_NOBODY = {"probe", "lease", "record_merge_turn", "fhir_source", "fhir_pending", "fhir_seen", "audit"}
"""Tables that say nothing of a patient; the audit stays, without a reason that names one."""
NAME = "DOE^JANE^Q"


def body(patient: PatientIdentity, name: str = NAME) -> str:
    return f"\rPID|1||{patient.value}^^^{patient.authority}||{name}\r"


async def say(store: Store, control_id: str, reading, patient=JANE, text: str = "") -> str:
    """Keep a message with its reading; gives its id."""
    given = arrival(control_id, "", patient=patient.key)
    given = replace(given, raw=b"MSH|^~\\&|" + control_id.encode() + (text or body(patient)).encode(), answer=b"MSA")
    kept = await store.keep(given)
    claim = await taken(store, patient)
    for unread in await store.unread(claim.patient):
        await store.record_reading(claim, unread, reading)
    await store.settle(claim, None)
    return kept.message_id


async def taken(store: Store, patient: PatientIdentity) -> Claim:
    """The work on one patient; whoever else is due is given back with nothing left to do."""
    claims = await store.claim(NOON, 50, timedelta(minutes=1))
    for claim in claims:
        if claim.patient != patient.key:
            await store.settle(claim, None)
    return next(claim for claim in claims if claim.patient == patient.key)


def observation(patient: PatientIdentity, number: int) -> dict:
    subject = {"identifier": {"system": "urn:hosp", "value": patient.value}}
    code = {"coding": [{"system": "urn:x", "code": "netpet-score"}]}
    return {"resourceType": "Observation", "id": f"o{number}", "status": "final", "code": code, "subject": subject}


async def fill(store: Store, patient: PatientIdentity, number: int) -> None:
    """A row of the patient in every table that can hold one."""
    await say(store, f"R{number}", read(report(f"ACC{number}", patient)), patient)
    await say(store, f"H{number}", Held(Problem.NO_MAPPING), patient)
    await store.keep(arrival(f"mark{number}", "", patient=patient.key))
    claim = await taken(store, patient)
    given = replace(publication(score_id=f"s{number}", resources=(observation(patient, number),)), patient=patient.key)
    await store.serve(claim, given, NOON)
    changed = replace(given, digest="d2", resources=({**observation(patient, number), "status": "amended"},))
    await store.serve(claim, changed, NOON)
    sent = SentMessage(f"s{number}", 1, "d", f"C{number}", b"PID|" + patient.value.encode(), NOON)
    await store.keep_sent(claim, sent)
    await store.bury(claim, given, Answer(422, ("invalid",), (), ""), NOON)
    await store.destinations.place(
        claim, "https://ehr.example/fhir", f"s{number}", [Placement("Observation", f"o{number}", f"srv{number}")], NOON
    )
    await store.settle(claim, None)
    await store._writer.write(lambda connection: _decide(connection, patient, number))


def _decide(connection: Connection, patient: PatientIdentity, number: int) -> None:
    decision = {"score": f"s{number}", "patient": patient.key, "basis": "b", "verdict": "confirmed", "person": "Dr A"}
    decision |= {"reason": f"of {patient.value}", "at": 1, "client": "desk"}
    connection.execute(insert(metadata.tables["score_decision"]), decision)
    entry = {
        "at": 1,
        "action": "score-confirmed",
        "subject": f"s{number}",
        "reason": f"seen {patient.value}",
        "by": "A",
    }
    connection.execute(insert(audit), entry)
    sequence = connection.scalar(select(func.max(message.c.sequence)))
    connection.execute(insert(held_merge), {"message": sequence, "record": patient.key})
    stated_records.state(connection, [StatedRecord(f"http://mpi.example/Patient/{number}", (patient,), NOON)])


async def removed(store: Store, named=JANE, also=(), now=NOON) -> purge.Purged:
    def work(connection: Connection) -> purge.Purged:
        subject = purge.Subject.of(connection, named)
        bodies = purge_proof.bodies_of(connection, purge.messages_of(connection, subject))
        searched = purge_proof.Searched(called(subject.identities, bodies))
        return purge.purge(connection, subject, also, searched.is_named_by, now)

    return await store._writer.write(work)


async def rows(store: Store) -> dict[str, int]:
    def work(connection: Connection) -> dict[str, int]:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) for table in metadata.sorted_tables
        }

    return await store._reader.read(work)


async def traces(store: Store, *texts: str) -> set[str]:
    found = await store._reader.read(lambda connection: purge_proof.traces_in_rows(connection, Called(texts)))
    return {f"{one.table}.{one.column}" for one in found}


async def test_every_table_that_knows_of_patients_is_emptied_of_the_one_and_of_no_other(place):
    async with opened(place) as store:
        await fill(store, JOHN, 2)
        before = await rows(store)
        await fill(store, JANE, 1)
        both = await rows(store)
        await removed(store)
        after = await rows(store)

    kept = {name for name, count in both.items() if count == before[name]} - {"audit"}
    assert kept <= ABOUT_NOBODY | {"record_merge"}
    assert {name: after[name] for name in after if name != "audit"} == {
        name: before[name] for name in before if name != "audit"
    }
    assert after["audit"] == both["audit"]


def test_a_new_table_has_to_say_whether_it_is_about_patients():
    subject = purge.Subject(frozenset({"key"}), ())
    purged = {table.name for table, _ in purge.conditions(subject)} | {"message", "patient"}

    assert {table.name for table in metadata.sorted_tables} == purged | ABOUT_NOBODY


async def test_nothing_names_the_patient_any_more_in_any_row(place):
    async with opened(place) as store:
        await fill(store, JANE, 1)
        await fill(store, JOHN, 2)
        assert "message.raw" in await traces(store, JANE.value, NAME)
        assert (await removed(store)).reasons == 1

        assert await traces(store, JANE.value) == set()
        page = await store.search_resources("Observation", ResourceFilter(patients=(JANE.key,)), 10)
        assert page.total == 0
        assert "message.raw" in await traces(store, JOHN.value)


async def test_after_the_rebuild_no_byte_of_the_file_names_the_patient(tmp_path):
    file = tmp_path / "netpet.db"
    async with opened(tmp_path) as store:
        await fill(store, JANE, 1)
        for number in range(2, 30):
            text = body(JOHN, "SMITH^JOHN")
            await say(store, f"R{number}", read(report(f"ACC{number}", JOHN)), JOHN, text)
        assert purge_proof.traces_in_file(file, Called((JANE.value,), (NAME,))) > 0
        await removed(store)
    rebuild(url(tmp_path), Premises())

    everything = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert (JANE.value.encode() in everything, b"DOE" in everything, b"SMITH" in everything) == (False, False, True)
    assert purge_proof.traces_in_file(file, Called((JANE.value,), (NAME,))) == 0


async def test_all_records_that_are_merged_go_and_one_whose_merge_was_undone_stays(place):
    async with opened(place) as store:
        for number, patient in enumerate((JANE, JOHN, JACK)):
            await say(store, f"R{number}", read(report(f"ACC{number}", patient)), patient)
        await say(store, "A40", Merged((Merge(JOHN, JANE, NOON),)))
        await say(store, "A40b", Merged((Merge(JACK, JANE, NOON),)))
        await say(store, "A37", Merged((Merge(JACK, JANE, later(1), undone=True),)))
        purged = await removed(store, JOHN)

        assert (purged.rows["report"], purged.rows["record_merge"], purged.rows["message"]) == (2, 3, 5)
        assert [len(await store.reports(one.key)) for one in (JANE, JOHN, JACK)] == [0, 0, 1]
        assert await traces(store, JANE.value, JOHN.value) == set()


async def test_a_message_about_others_too_stays_for_them_without_its_body_in_their_lane(place):
    async with opened(place) as store:
        message_id = await say(store, "both", read(report("A1", JANE), report("A2", JOHN)))
        purged = await removed(store)
        kept = await store.message(message_id)

        assert (purged.shared, purged.rows["message"], kept.raw, kept.summary.patient) == (1, 0, None, JOHN.key)
        assert [one.report.accession for one in await store.reports(JOHN.key)] == ["A2"]
        assert await traces(store, JANE.value) == set()


async def test_a_message_that_names_the_patient_in_another_lane_is_found_and_can_be_named(place):
    async with opened(place) as store:
        await say(store, "own", read(report()))
        other = await say(store, "stray", Held(Problem.NO_MAPPING), JOHN, body(JANE))
        await removed(store)
        (trace,) = await store._reader.read(lambda on: purge_proof.traces_in_rows(on, Called((JANE.value,))))
        assert (trace.table, trace.messages) == ("message", (other,))

        await removed(store, also=(other,))
        assert await traces(store, JANE.value) == set()


async def test_a_large_store_is_looked_through_however_long_it_takes(postgres):
    def look(connection: Connection) -> list[purge_proof.Trace]:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 1")
        return purge_proof.traces_in_rows(connection, Called((JANE.value,)))

    async with opened(postgres) as store:
        for number in range(50):
            await store.keep(arrival(f"M{number}", "x" * 200_000))
        assert await store._reader.read(look) == []


async def test_a_patient_in_hand_is_not_removed(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await claimed(store, NOON)

        with pytest.raises(purge.InHandError):
            await removed(store)
        assert (await removed(store, now=later(5))).rows["message"] == 1


async def test_who_comes_back_is_a_new_patient(place):
    async with opened(place) as store:
        await say(store, "R1", read(report()))
        before = await claimed_after(store, "R2", later(1))
        await store.settle(before, None)
        await removed(store)
        after = await claimed_after(store, "R3", later(2))

        assert after.token > before.token
        assert (await store.reports(JANE.key), len(await store.messages())) == ([], 1)


async def claimed_after(store: Store, control_id: str, at):
    await store.keep(arrival(control_id, received=at))
    return await claimed(store, at)


async def test_what_stands_at_other_servers_is_listed(place):
    async with opened(place) as store:
        await fill(store, JANE, 1)
        await fill(store, JOHN, 2)
        found = await store._reader.read(lambda on: elsewhere(on, purge.Subject.of(on, JANE)))

    assert [(one.destination, one.what, one.state) for one in found] == [
        ("https://ehr.example/fhir", "Observation/srv1", "published"),
        ("ORU receiver", "result message C1", "published"),
    ]


def test_a_digest_says_who_it_was_to_those_who_have_the_key_alone():
    first, second = (purge_proof.digest_of(JANE, key * 32) for key in ("aa", "bb"))

    assert first != second
    assert first == purge_proof.digest_of(replace(JANE, birth_date="19600101"), "aa" * 32)
    assert JANE.value not in first


def test_a_patient_is_called_by_its_numbers_and_whole_names_as_they_were_sent():
    latin = b"MSH|^~\\&|x\rPID|1||123456^^^HOSP||D\xd6E^JANE^^~M\xd6LLER^J\rOBX|1|TX|PID"
    fhir = b'{"entry": [{"resource": {"resourceType": "Patient", "name": [{"text": "Jane Doe"}, {"family": "D"}]}}]}'
    bodies = [("hl7v2", latin), ("fhir", fhir), ("fhir", b"{"), ("hl7v2", b"MSH|^~\\&|\rPID|1||2\r"), ("hl7v2", b"")]

    found = called([JANE], bodies)
    assert (found.numbers, found.whole) == ((JANE.value,), ("DÖE^JANE", "MÖLLER^J", "Jane Doe"))


def test_a_number_within_a_longer_one_or_a_digest_is_not_the_patients(tmp_path):
    file = tmp_path / "bytes"
    file.write_bytes(b"9123456 a123456f 123456 D\xc3\x96E D\\u00d6E D\xd6E " + b"x" * (1 << 20) + b"-123456")

    assert purge_proof.traces_in_file(file, Called(("123456",))) == 2
    assert purge_proof.traces_in_file(file, Called((), ("DÖE",))) == 3
    assert purge_proof.traces_in_file(file, Called(())) == 0
