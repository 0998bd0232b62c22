"""A report that is fetched brings what its Patient says of records: once a version, with those that it names."""

from fetching import fetching
from fhir_bodies import PATIENT, lesion, report, tracer

from adapter.fhir.incoming import parse_incoming

LESION = lesion("l1")
SURVIVOR = PATIENT | {"id": "survivor", "identifier": [{"system": "HOSP", "value": "777777"}]}
LINKED = PATIENT | {"link": [{"type": "replaced-by", "other": {"reference": "Patient/survivor"}}]}


def fill(server, patient, minutes=0, version="1", reports=1):
    for one in (tracer(), LESION, SURVIVOR):
        server.put(one)
    server.put(patient, minutes, version)
    for number in range(reports):
        server.put(report(tracer(), LESION, id=f"r{number}"), minutes, version)


async def patients(one):
    """The values of old and survivor in what each kept Patient says."""
    details = [await one.store.message(message.id) for message in reversed(await one.store.messages())]
    bodies = [parse_incoming(detail.raw) for detail in details]
    units = [body.patients[0] for body in bodies if not body.units]
    return [
        [
            (said.old.value, said.survivor.value)
            for said in unit.merges(one.now, {})
            if said.old.key != said.survivor.key
        ]
        for unit in units
    ]


async def test_a_link_is_kept_with_the_record_that_it_names(tmp_path):
    async with fetching(tmp_path) as one:
        one.server.includes = False
        fill(one.server, LINKED)
        await one.source.sweep()

        number = PATIENT["identifier"][0]["value"]
        assert await patients(one) == [[(number, "777777")]]
        assert "Patient/survivor" in one.asked("Patient/")


async def test_one_version_of_a_patient_is_kept_once_whatever_reports_name_it(tmp_path):
    async with fetching(tmp_path) as one:
        fill(one.server, LINKED, reports=3)
        await one.source.sweep()

        assert len(await patients(one)) == 1


async def test_a_later_version_without_the_link_is_kept_as_well(tmp_path):
    async with fetching(tmp_path) as one:
        fill(one.server, LINKED)
        await one.source.sweep()
        fill(one.server, PATIENT | {"active": True}, minutes=9, version="2")
        await one.source.sweep()

        assert (await patients(one))[1:] == [[]]


async def test_a_patient_that_says_nothing_of_records_is_no_message(tmp_path):
    async with fetching(tmp_path) as one:
        fill(one.server, PATIENT)
        await one.source.sweep()

        assert len(await one.kept()) == 1
