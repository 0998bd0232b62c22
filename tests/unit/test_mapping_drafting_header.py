"""Whose messages a draft is for, and where they state tracer, order, patient and zone: read from samples or asked."""

import pytest
from drafts import CLASS, drafted, form, loaded
from mapping_messages import FDG, MSH, SSTR, obr, oru

from adapter.mapping.errors import MappingFileError

FDG_PROCEDURE = obr(procedure="PETFDG^PET FDG^99X")


def test_the_tracer_is_read_from_its_own_statement_or_else_from_the_procedure():
    stated = form(oru(FDG, CLASS), oru(SSTR, CLASS)).header.tracer
    procedure = form(oru(CLASS, head=FDG_PROCEDURE)).header.tracer

    assert [rule.obx for rule in stated] == [("123001^Radiopharmaceutical^DCM",)]
    assert [(rule.field, rule.required) for rule in procedure] == [("OBR-4", True)]


def test_the_study_that_no_sample_shows_is_asked_for():
    def asked(*messages):
        return [todo for todo in drafted(*messages).todos if "in the samples" in todo]

    assert asked(oru(FDG), oru(SSTR)) == []
    assert ["no SSTR study is" in todo for todo in asked(oru(FDG))] == [True]
    assert ["no SSTR and no FDG study is" in todo for todo in asked(oru(CLASS))] == [True]


def test_a_tracer_that_nobody_knows_keeps_the_draft_from_loading_at_its_todo():
    text = drafted(oru(CLASS)).text

    with pytest.raises(MappingFileError) as caught:
        loaded(text)

    (fault,) = caught.value.faults
    assert text.splitlines()[fault.line - 1].strip() == "TODO: TODO"


def test_the_sender_is_known_by_facility_and_procedure_or_it_is_asked():
    plain = oru(FDG, CLASS)
    nobody = MSH.replace("NUCMED", "")

    assert [one.path for one in form(plain).match] == ["MSH-4.1", "OBR-4"]
    assert [one.path for one in form(oru(FDG, CLASS, msh=nobody)).match] == ["MSH-3.1", "OBR-4"]
    bare = drafted(oru(FDG, CLASS, msh=nobody.replace("RIS", ""), head=obr(procedure="")))
    assert [one.path for one in loaded(bare.text).form.match] == ["MSH-9.1"]
    assert len([todo for todo in bare.todos if todo.startswith("match")]) == 2


def test_an_own_system_is_one_that_not_everybody_knows():
    assert form(oru(FDG, CLASS, ("NM", "126401^x^DCM", "1", "8", "1"))).own_systems == ("99X",)
    assert form(oru(FDG, ("CWE", "CLS^Class", "1", "MAL"))).own_systems == ()


def test_header_fields_that_are_empty_are_asked_for():
    empty = "OBR|1||||||||||||||||||||||||||"
    asked = {todo.partition(":")[0] for todo in drafted(oru(FDG, CLASS, head=empty)).todos}

    assert {"accession", "acquired", "status", "match"} <= asked
    assert {"accession", "acquired", "status"}.isdisjoint(
        todo.partition(":")[0] for todo in drafted(oru(FDG, CLASS)).todos
    )


def test_of_several_identifiers_the_record_number_names_the_patient_or_it_is_asked():
    def with_pid(*types):
        identifiers = "~".join(f"{number}^^^HOSP^{type_}" for number, type_ in enumerate(types))
        return oru(FDG, CLASS, pid=f"PID|1||{identifiers}")

    assert form(with_pid("PI", "MR")).header.patient.prefer == ("MR",)
    assert any(todo.startswith("patient") for todo in drafted(with_pid("PI", "NH")).todos)
    assert not [todo for todo in drafted(with_pid("PI")).todos if todo.startswith("patient")]


def test_the_zone_is_always_asked_and_an_offset_of_the_message_is_said():
    assert "states an offset" in next(todo for todo in drafted(oru(FDG)).todos if todo.startswith("zone"))
    without = oru(FDG, msh=MSH.replace("+0100", ""))
    assert "states an offset" not in next(todo for todo in drafted(without).todos if todo.startswith("zone"))
