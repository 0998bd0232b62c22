"""Exactly one active mapping owns a message; none or two hold it; only what is plainly no dual-PET report is let go."""

import pytest
from mapping_messages import (
    FDG,
    MSH,
    PID,
    POSITIVE,
    SITE,
    SITE_MSH,
    canonical,
    changed,
    obr,
    oru,
    outcome,
    own,
    site,
    site_oru,
)

from adapter.hl7v2.message import Message
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.errors import MappingFileError
from adapter.mapping.message_reading import read_message
from adapter.outcome import Held, Ignored, Problem

CHEST = obr(procedure="71260^CT chest^C4")
LINE = ("TX", "GDT^Report^L", "", "no acute finding")
STELSE = site(SITE)


def owner(message, *mappings):
    return MappingSet(mappings).owner_of(Message.parse(message))


def test_the_one_mapping_whose_conditions_hold_owns_the_message():
    assert owner(site_oru(LINE), *canonical().mappings, STELSE) is STELSE
    assert owner(oru(FDG), *canonical().mappings, STELSE) is canonical().mappings[0]


def test_all_conditions_must_hold():
    both = changed(match="[{path: MSH-4.1, in: [STELSE, OTHER]}, {path: OBR-4, in: [PETGA68^^99STE]}]")

    assert owner(site_oru(LINE), both) is both
    assert isinstance(owner(site_oru(LINE, head=CHEST), both), Ignored)


@pytest.mark.parametrize("facility", ["stelse", "STELSE ", "StElse"])
def test_header_text_is_compared_without_case_and_blanks(facility):
    assert owner(oru(LINE, msh=MSH.replace("NUCMED", facility)), STELSE) is STELSE


def test_header_text_is_compared_in_one_unicode_form():
    mapping = changed(match="[{path: MSH-4.1, in: [Köln]}]")

    assert owner(oru(LINE, msh=MSH.replace("NUCMED", "KO\u0308LN")), mapping) is mapping


@pytest.mark.parametrize(("identifier", "owned"), [("1^^^A^MR~2^^^B^NH", True), ("1^^^A^MR", False)])
def test_any_repetition_of_a_field_may_fulfil_a_condition(identifier, owned):
    mapping = changed(match="[{path: PID-3.4, in: [B]}]")

    assert isinstance(owner(oru(FDG, pid=f"PID|1||{identifier}"), mapping), Held) is not owned


def test_two_owners_hold_the_message_and_both_are_named():
    found = owner(oru(FDG, msh=SITE_MSH), *canonical().mappings, STELSE)

    assert isinstance(found, Held)
    assert found.problem is Problem.SEVERAL_MAPPINGS
    assert "canonical@1.0.0, st-elsewhere@1.2.0" in found.rule


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_a_mapping_that_is_not_active_owns_nothing(status):
    assert not isinstance(owner(site_oru(LINE), changed(status=status)), type(STELSE))


def test_a_message_that_a_draft_would_own_is_held_for_it():
    found = owner(site_oru(LINE, head=CHEST), changed(status="draft"))

    assert found.problem is Problem.NO_MAPPING


def test_a_message_that_only_a_retired_mapping_would_own_is_let_go():
    assert owner(site_oru(LINE, head=CHEST), changed(status="retired")) == Ignored()


def test_a_chest_ct_is_ignored():
    assert outcome(oru(LINE, ("NM", "103339001^Long axis^SCT", "1", "9", "mm"), head=CHEST)) == Ignored()


@pytest.mark.parametrize(
    "procedure",
    [
        "81555-5^x^LN",
        "44139-4^x^LN",
        "443271005^x^SCT",
        "702767007^x^SNM",
        "NM1^Whole body^L^44139-4^^LN",
        "NM1^PET/CT whole body^L",
        "NM1^Ganzkörper-PET^L",
        "PETGA68^x^L",
        "PET_FDG^x^L",
        "NM7^PETCT^L",
        "NM7^FDG scan^L",
        "NM7^Ga-68 DOTATATE^L",
        "NM7^Dotatoc-PET^L",
        "NM7^Somatostatin receptor imaging^L",
        "netpet^x^99NETPET",
        "",
    ],
)
def test_a_report_whose_procedure_may_be_pet_is_held(procedure):
    found = outcome(oru(LINE, head=obr(procedure=procedure)), changed(status="retired"))

    assert isinstance(found, Held)
    assert (found.problem, str(found.place)) == (Problem.NO_MAPPING, "MSH")


@pytest.mark.parametrize(
    "procedure", ["70480^CT petrous bone^C4", "88305^Petechiae, biopsy^C4", "71046^Chest X-ray^C4"]
)
def test_a_word_that_only_begins_like_pet_is_not_pet(procedure):
    assert outcome(oru(LINE, head=obr(procedure=procedure))) == Ignored()


@pytest.mark.parametrize(
    "observation",
    [
        own("anything", "", "x"),
        ("NM", "SUVMAX^SUVmax^L", "1", "8"),
        ("NM", "126401^x^DCM", "1", "8"),
        ("NM", "LOC1^x^L^126401^x^DCM", "1", "8"),
    ],
)
def test_a_report_with_a_code_that_speaks_of_pet_is_held_whatever_its_procedure(observation):
    mapping = site(SITE.replace("SUVMAX^^99STE", "126401^^DCM"))

    assert isinstance(outcome(oru(observation, head=CHEST), mapping), Held)


def test_a_report_with_a_code_that_an_active_mapping_reads_as_uptake_is_held():
    found = outcome(oru(("NM", "SUVMAX^x^99STE", "1", "8"), head=CHEST), STELSE)

    assert found.problem is Problem.NO_MAPPING


def test_a_result_without_an_order_is_held():
    assert isinstance(read_message(f"{MSH}\r{PID}", canonical()), Held)


def test_a_directory_is_loaded_without_the_tests_beside_the_mappings(tmp_path):
    (tmp_path / "a.yaml").write_text(SITE)
    (tmp_path / "a.test.yaml").write_text("cases: []")
    (tmp_path / "notes.txt").write_text("no mapping")

    loaded = MappingSet.load(tmp_path)

    assert [(mapping.file, mapping.name) for mapping in loaded.mappings] == [("a.yaml", "st-elsewhere@1.2.0")]


def test_every_fault_of_every_file_is_named_at_once(tmp_path):
    (tmp_path / "a.yaml").write_text(SITE.replace("status: active", "status: perhaps").replace("1.2.0", "one"))
    (tmp_path / "b.yaml").write_text("- a list")
    (tmp_path / "c.yaml").mkdir()

    with pytest.raises(MappingFileError) as caught:
        MappingSet.load(tmp_path)

    assert [(fault.file, fault.line) for fault in caught.value.faults] == [
        ("a.yaml", 3),
        ("a.yaml", 4),
        ("b.yaml", 1),
        ("c.yaml", 0),
    ]


def test_a_directory_without_mappings_is_refused(tmp_path):
    with pytest.raises(MappingFileError, match="no mapping"):
        MappingSet.load(tmp_path)


def test_two_active_mappings_of_one_id_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_text(SITE)
    (tmp_path / "b.yaml").write_text(SITE.replace("1.2.0", "1.3.0"))

    with pytest.raises(MappingFileError, match="retire one") as caught:
        MappingSet.load(tmp_path)

    assert [fault.file for fault in caught.value.faults] == ["a.yaml", "b.yaml"]


def test_one_version_in_two_files_is_refused(tmp_path):
    (tmp_path / "a.yaml").write_text(SITE)
    (tmp_path / "b.yaml").write_text(SITE.replace("status: active", "status: draft"))

    with pytest.raises(MappingFileError, match="raise the version"):
        MappingSet.load(tmp_path)


def test_versions_of_one_mapping_stand_side_by_side_when_one_is_active(tmp_path):
    (tmp_path / "a.yaml").write_text(SITE)
    (tmp_path / "b.yaml").write_text(SITE.replace("status: active", "status: draft").replace("1.2.0", "1.3.0"))

    assert len(MappingSet.load(tmp_path).mappings) == 2


def test_the_digest_does_not_depend_on_layout_comments_and_approval():
    other = SITE.replace("status: active", "status: draft").replace(
        'approval: {by: "Dr A. Reader", on: "2026-10-02", ticket: CHG0042}', "# not yet approved"
    )

    assert site(other).sha256 == STELSE.sha256
    assert site(SITE.replace('"10200004"', "'10200004'  ")).sha256 == STELSE.sha256


def test_the_digest_depends_on_every_value():
    assert site(SITE.replace("MAL: tumour", "MAL: uncertain")).sha256 != STELSE.sha256


def test_an_uptake_of_the_canonical_form_is_owned_even_without_a_tracer():
    assert outcome(oru(POSITIVE, head=CHEST)).problem is Problem.FIELD_MISSING
