"""By which names a removed patient is looked for: what names it is found wherever it stands, other words are not."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from test_store_purge import say
from test_store_samples import JANE, JOHN, opened

from adapter.outcome import Held, Problem
from adapter.scoring.report import PatientIdentity
from adapter.store import purge_proof
from adapter.store.purge_names import Called, called
from adapter.store.schema import audit

OURS = {"system": "urn:hosp", "value": JANE.value}
ANOTHERS = {"system": "urn:hosp", "value": JOHN.value}


def patient(*given: str, family: str = "", number: dict = OURS, **name: object) -> dict:
    parts = {key: value for key, value in {"family": family, "given": list(given)}.items() if value}
    return {"resourceType": "Patient", "identifier": [number], "name": [parts | name]}


def in_fhir(*resources: dict) -> tuple[str, bytes]:
    return "fhir", json.dumps({"entry": [{"resource": one} for one in resources]}).encode()


def person(*given: str, family: str = "") -> Called:
    """What somebody is called who has sent one body of FHIR."""
    return called([JANE], [in_fhir(patient(*given, family=family))])


def found(subject: Called, text: str | bytes) -> bool:
    return purge_proof.Searched(subject).stands_in(text)


NAMED = {
    "FHIR": '{"name": [{"family": "Doe", "given": ["Jane", "Q"]}]}',
    "FHIR, the second name alone": '{"name": [{"family": "Doe", "given": ["Quincy"]}]}',
    "FHIR in lines": json.dumps({"contact": {"name": {"family": "Doe", "given": ["Jane"]}}}, indent=4),
    "FHIR, given first": '{"name": [{"given": ["Jane"], "family": "Doe"}]}',
    "FHIR, with what the family is made of": json.dumps(
        {
            "family": "Doe",
            "_family": {"extension": [{"url": "urn:own-prefix", "valueString": "van"}]},
            "given": ["Jane"],
        }
    ),
    "HL7 v2": "PID|1||9^^^HOSP||DOE^JANE^Q\r",
    "HL7 v2, turned": "OBX|1|TX|x||jane doe\rOBX|2|TX|x||Jane^Doe\r",
    "text": "seen by phone: Jane Doe, at home",
    "text, turned": "Doe,  Jane",
    "text, with both names": "Jane Quincy DOE",
    "text in JSON, after a line": '{"text": "for\\nJane Doe"}',
    "text between signs that are no letters": "\u201eDoe\u00a0Jane\u201c",
}


@pytest.mark.parametrize("text", NAMED.values(), ids=NAMED)
def test_a_family_and_a_given_name_beside_each_other_are_the_patient(text):
    subject = person("Jane", "Quincy", family="Doe")

    assert (found(subject, text), found(subject, text.encode())) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"name": [{"family": "Doe", "given": ["John"]}]}', id="another of the family"),
        pytest.param('{"name": [{"family": "Roe", "given": ["Jane"]}]}', id="another of the given name"),
        pytest.param(
            '{"name": [{"family": "Roe", "given": ["Jane"]}, {"family": "Doe", "given": ["John"]}]}', id="two in FHIR"
        ),
        pytest.param("NK1|1|ROE^JANE~DOE^JOHN\rNK1|2|ROE^JANE|DOE^JOHN\r", id="two in HL7 v2"),
        pytest.param("Janet Doel, Mary-Jane Doering", id="within longer words"),
        pytest.param("Jane has seen John Doe", id="others' words between"),
        pytest.param("a doe jane", id="small letters, in which names are words"),
        pytest.param("DoeJane", id="one word"),
    ],
)
def test_what_names_somebody_else_is_not_the_patient(text):
    assert not found(person("Jane", "Quincy", family="Doe"), text)


@pytest.mark.parametrize(
    "text",
    [
        "PID|1||9||VON DER LEYDEN^ANNA|",
        "Anna Maria von der Leyden",
        '{"family":"Von der Leyden","given":["Maria"]}',
        "ANNA VON-DER-LEYDEN",
    ],
)
def test_a_name_of_several_words_is_the_same_in_other_letters_and_with_other_signs(text):
    for subject in (person("Anna Maria", family="von der Leyden"), person("ANNA", "MARIA", family="VON DER LEYDEN")):
        assert found(subject, text)
        assert not found(subject, text.replace("EYDEN", "EYEN").replace("eyden", "eyen"))


WORD = st.text("abdeoADEOZäöéßñøłŁБя王小'\u2019", min_size=1, max_size=6).filter(
    lambda word: any(map(str.isalnum, word))
)
NAME = st.lists(WORD, min_size=1, max_size=2).map(" ".join)


@settings(deadline=None)
@given(NAME, st.lists(WORD, min_size=1, max_size=3), st.data())
def test_whatever_the_name_it_is_found_in_each_of_its_forms_and_its_clue_is_there(family, names, data):
    subject = purge_proof.Searched(person(*names, family=family))
    one = data.draw(st.sampled_from(names))
    member = {"name": [{"use": "official", "family": family, "given": data.draw(st.permutations(names))}]}
    forms = [json.dumps(member, ensure_ascii=plain, indent=lines) for plain in (True, False) for lines in (None, 4)]
    forms += [f"PID|1||9||{family}^{one}|", f"PID|1||9||{family.upper()}^{one.upper()}|"]

    for form in forms:
        assert subject.stands_in(form)
        assert subject.may_be_in(form.encode())


def test_an_initial_and_other_short_names_count_where_they_stand_as_a_name_and_not_in_text():
    initial, short = person("I", family="Grad"), person("Li", family="O")

    assert not found(initial, "Tumor, Grad I, Ki-67 1 %")
    assert not found(short, "OBX|2|TX|x||li. O, Li|O|li")
    assert found(initial, "PID|1||9||GRAD^I")
    assert found(initial, '{"family": "Grad", "given": ["I"]}')
    assert found(short, "PID|1||9||O^LI")
    assert found(short, '{"name": {"family":"O","given":["Li"]}}')


def test_one_name_alone_counts_where_it_is_the_whole_name():
    family, given = person(family="Suharto"), person("Jane")

    for text in ("PID|1||9||SUHARTO|x", "PID|1||9||SUHARTO^^^|x", '{"name":[{"family":"Suharto", "use": "usual"}]}'):
        assert found(family, text)
    assert found(family, '{"contact":[{"name":{"text":"Suharto"}}]}')
    for text in ("Suharto was here", "SUHARTO^JOHN", '{"family":"Suharto","given":["John"]}', '{"text": "Suharto"}'):
        assert not found(family, text)
    assert found(given, '{"name":{"given":["Jane"]}}')
    assert found(given, "PID|1||9||^Jane|")
    assert not found(given, '{"name":{"family":"Roe","given":["Jane"]}}')


def test_one_short_name_alone_counts_in_fhir_where_its_place_says_that_it_is_a_name():
    subject = person(family="O")

    assert not found(subject, "ORC|O|x\rPID|1||9||O|")
    assert found(subject, '{"name":[{"family":"O"}]}')


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"family":"D\\u00d6E","given":["Zo\\u00eb"]}', id="escaped"),
        pytest.param('{"family":"D\\u00D6E","given":["Zo\\u00EB"]}', id="escaped in capitals"),
        pytest.param('{"family":"Döe","given":["Zoë"]}', id="UTF-8"),
        pytest.param("PID|1||9||D\xd6E^ZO\xcb".encode("latin-1"), id="Latin-1"),
    ],
)
async def test_names_are_found_in_every_way_that_they_are_kept_in(place, body):
    subject = person("Zoë", family="Döe")
    async with opened(place) as store:
        await say(store, "other", Held(Problem.NO_MAPPING), JOHN, _text(body))
        (trace,) = await store._reader.read(lambda on: purge_proof.traces_in_rows(on, subject))

    assert (trace.table, trace.column, trace.rows) == ("message", "raw", 1)


def _text(body: str | bytes) -> str:
    return "\r" + (body if isinstance(body, str) else body.decode("latin-1"))


async def test_a_name_in_the_audit_of_another_is_found_and_one_of_the_family_is_not(place):
    entry = {"at": 1, "action": "x", "subject": "s", "reason": "mistaken for Jane Doe", "by": "A. Doe"}
    async with opened(place) as store:
        await store._writer.write(lambda connection: connection.execute(insert(audit), entry))
        found_ = await store._reader.read(lambda on: purge_proof.traces_in_rows(on, person("Jane", family="Doe")))

    assert [(one.table, one.column) for one in found_] == [("audit", "reason")]


def test_names_are_found_in_the_bytes_of_a_file_across_its_portions(tmp_path):
    file = tmp_path / "bytes"
    body = json.dumps({"name": [{"family": "Doe", "given": ["Jane"]}]}, indent=2).encode()
    file.write_bytes(b"x" * (purge_proof.CHUNK - 20) + body + b"\x00DOE^JANE\x00DOE\x00JANE\x00" + b"x" * 9000)

    assert purge_proof.traces_in_file(file, person("Jane", family="Doe")) == 2
    file.write_bytes("O\u2019BRIEN^JOHN|O-Brien, JOHN".encode())
    assert purge_proof.traces_in_file(file, person("John", family="O'Brien")) == 2


def test_of_a_message_about_several_the_names_of_the_others_are_not_the_patients():
    both = in_fhir(patient("Jane", family="Doe"), patient("John", family="Roe", number=ANOTHERS))
    lines = f"MSH|^~\\&|x\rPID|1||9^^^X~{JANE.value}^^^HOSP||DOE^JANE\rPID|2||{JOHN.value}^^^HOSP||ROE^JOHN\r"
    subject = called([JANE], [both, ("hl7v2", lines.encode())])

    assert (subject.whole, subject.names) == (("DOE^JANE",), (("Doe", "Jane"), ("DOE", "JANE")))


def test_a_message_whose_patient_has_no_number_of_ours_names_the_patient():
    subject = called([JANE], [in_fhir(patient("Jane", family="Doe", number=ANOTHERS))])

    assert subject.names == (("Doe", "Jane"),)


def test_a_whole_name_is_found_as_a_whole_and_one_of_one_word_as_a_name():
    whole, one_word = (called([JANE], [in_fhir(patient(text=text))]) for text in ("Jane Doe", "Suharto"))
    unparted = called([JANE], [in_fhir(patient(text="\u738b\u5c0f\u6771"))])

    assert (found(whole, "for Jane Doe."), found(whole, "for Jane Doering")) == (True, False)
    assert (one_word.whole, one_word.names) == ((), (("Suharto",),))
    assert found(unparted, "\u738b\u5c0f\u6771\u5148\u751f")


def test_what_is_no_name_is_none():
    odd = {"resourceType": "Patient", "identifier": "x", "name": [{"family": 5, "given": [None, ""]}, "x", {}]}
    also = {"resourceType": "Patient", "identifier": [5], "name": {"family": "Doe", "given": "Jane"}}
    deep = ("fhir", b"[" * 200_000)
    subject = called([JANE], [in_fhir(odd), in_fhir(also), deep, ("fhir", b'"text"'), ("hl7v2", b"PID|")])

    assert (subject.numbers, subject.whole, subject.names) == ((JANE.value,), (), ())
    assert not found(subject, "[" * 200_000)


def test_the_null_of_hl7_v2_is_no_name():
    subject = called([JANE], [("hl7v2", b'MSH|^~\\&|x\rPID|1||123456||""^""~""\r')])

    assert (subject.whole, subject.names) == ((), ())


def test_the_family_within_its_subcomponents_is_the_family():
    body = b"MSH|^~\\&|x\rPID|1||123456||van Doe&van&Doe^Jane^^^Dr.~^^\r"

    assert called([JANE], [("hl7v2", body)]).names == (("van Doe", "Jane"),)
    assert called([JANE], [("hl7v2", b"MSH|^~\\&\rPID|1||1||Li^Xiu Ying")]).names == (("Li", "Xiu", "Ying"),)


def test_a_reason_that_has_the_family_name_alone_names_the_patient_too():
    searched = purge_proof.Searched(person("Jane", family="Klein"))

    assert [searched.is_named_by(text) for text in ("Mrs KLEIN called", f"of {JANE.value}", "Jane klein")] == [
        True,
        True,
        False,
    ]
    assert not purge_proof.Searched(person("Li", family="O")).is_named_by("O was asked for")
    assert not purge_proof.Searched(called([replace(JANE, value="1")], [])).is_named_by("letter 1")


def test_text_that_repeats_short_names_without_end_is_searched_to_its_end():
    called_so = Called(("1234567",), (), (("Li", "Li"), ("Li An", "Li", "An")))

    assert not purge_proof.Searched(called_so).stands_in("Li An " * 500)


def test_nobody_is_looked_for_by_nothing(tmp_path):
    (tmp_path / "bytes").write_bytes(b"x")
    nobody = called([PatientIdentity("1", "HOSP")], [])

    assert (nobody.numbers, purge_proof.traces_in_file(tmp_path / "bytes", nobody)) == ((), 0)
