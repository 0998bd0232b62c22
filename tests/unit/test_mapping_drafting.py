"""A draft from samples: what is known by its code is filled in, what words suggest is asked, the rest is named."""

from pathlib import Path

import pytest
from mapping_messages import FDG, MSH, PID, ROOT, SSTR, groups, obr, oru

from adapter.hl7v2.batch import split_file
from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.drafting import draft
from adapter.mapping.drafting_survey import Coding, survey
from adapter.mapping.drafting_words import recognised_fact, recognised_tracer, recognised_value
from adapter.mapping.errors import MappingFileError
from adapter.mapping.form import Mapping
from adapter.mapping.site_mapping import SiteMapping, site_mapping

FIXTURES = sorted([*(ROOT / "fixtures/oru_r01").rglob("*.hl7"), *(ROOT / "fixtures/mappings").rglob("*.hl7")])
FDG_PROCEDURE = obr(procedure="PETFDG^PET FDG^99X")
CLASS = ("CWE", "CLS^Class^99X", "1", "MAL^Malignant^99X")


def drafted(*messages: str):
    return draft(survey(Message.parse(message) for message in messages), "site")


def form(*messages: str) -> Mapping:
    return loaded(drafted(*messages).text).form


def loaded(text: str) -> SiteMapping:
    return site_mapping(text.encode(), "site.yaml")


def parsed(path: Path) -> list[Message]:
    found = []
    for payload in split_file(path.read_bytes()):
        decoded = decode_text(payload, read_header(payload))
        found.append(Message.parse(decoded.text, charset=decoded.charset))
    return found


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: str(path.relative_to(ROOT / "fixtures")))
def test_a_draft_of_any_sample_loads_or_a_todo_stands_where_it_does_not(path):
    try:
        text = draft(survey(parsed(path)), "site").text
    except FormatError:
        return
    lines = text.splitlines()

    assert [lines[fault.line - 1] for fault in faults(text) if "TODO" not in lines[fault.line - 1]] == []


def faults(text):
    try:
        loaded(text)
    except MappingFileError as error:
        return error.faults
    return ()


def test_every_code_of_the_canonical_form_is_known_for_what_it_is():
    canonical = site_mapping((ROOT / "mappings/canonical.yaml").read_bytes(), "canonical.yaml").form
    parts = (("tracer", canonical.header), *((fact, canonical.report) for fact in type(canonical.report).model_fields))
    lesion = ((fact, canonical.lesion) for fact in type(canonical.lesion).model_fields)
    for fact, holder in (*parts, *lesion):
        for rule in getattr(holder, fact):
            for reference in rule.obx or ():
                known = recognised_fact(Coding(*reference.split("^")))
                assert known is not None, reference
                assert (known.word, known.is_sure) == (fact, True)


def test_every_coded_value_of_the_canonical_form_is_known_for_what_it_means():
    tables = site_mapping((ROOT / "mappings/canonical.yaml").read_bytes(), "canonical.yaml").form.tables
    for name, fact in (("tracers", "tracer"), ("sites", "site"), ("sides", "laterality"), ("calls", "uptake")):
        for entry, word in tables[name].items():
            known = recognised_value(fact, Coding(*entry.split("^")))
            assert known is not None, entry
            assert known.word == word


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


@pytest.mark.parametrize(
    ("text", "tracer", "is_sure"),
    [
        ("F-18 FDG PET/CT", "18F-FDG", False),
        ("PET/CT Ga-68 DOTATATE", "68Ga-DOTATATE", False),
        ("Cu-64 DOTATATE", "64Cu-DOTATATE", True),
        ("Lu-177 Dotatate Therapie", "177Lu-DOTATATE", False),
        ("Ga-68-DOTATOC", "68Ga-DOTATOC", False),
        ("68Ga-DOTANOC", "68Ga-DOTANOC", True),
    ],
)
def test_a_procedure_is_known_by_the_tracer_in_its_words(text, tracer, is_sure):
    known = recognised_tracer(Coding("X", text, "99X"))

    assert known is not None
    assert known.word == tracer


def test_a_procedure_without_tracer_is_not_guessed():
    assert recognised_tracer(Coding("CR", "Chest X-ray", "99X")) is None


@pytest.mark.parametrize(
    ("fact", "words", "meaning"),
    [
        ("site", "Leber", "10200004"),
        ("site", "mesenteric lymph node", "279795009"),
        ("site", "LK mediastinal", "62683002"),
        ("site", "Knie", None),
        ("laterality", "rechts", "24028007"),
        ("laterality", "beidseits", "51440002"),
        ("uptake", "positiv", "positive"),
        ("uptake", "not evaluable", "not-evaluable"),
        ("nature", "no tumour", "not-tumour"),
        ("nature", "Metastase", "tumour"),
        ("relation", "FDG lower", "fdg-lower"),
        ("count", "multiple", ">=2"),
        ("count", "innumerable", ">=3"),
        ("therapy", "nein", "no"),
        ("size_mm", "anything", None),
    ],
)
def test_a_word_suggests_a_meaning_and_is_never_sure(fact, words, meaning):
    known = recognised_value(fact, Coding("", words))

    assert (known.word if known else None) == meaning
    assert known is None or not known.is_sure


def test_what_was_taken_by_its_words_is_asked_and_what_has_a_known_code_is_not():
    sure = ("CWE", "363698007^Finding site^SCT", "1", "10200004^Liver^SCT")
    by_words = ("CWE", "LOC^Localisation^99X", "1", "LEB^Leber^99X")

    assert not [todo for todo in drafted(oru(FDG, CLASS, sure)).todos if todo.startswith("site")]
    assert [todo for todo in drafted(oru(FDG, CLASS, by_words)).todos if todo.startswith("site")] == [
        "site: is LOC^Localisation^99X this fact? it was taken for it by its words",
        "site: check, taken by its words",
    ]


def test_a_value_that_nobody_knows_is_a_question_and_not_an_entry():
    made = drafted(oru(FDG, CLASS, ("CWE", "LOC^Site^99X", "1", "KN^Knie^99X"), ("ST", "LOC^Site^99X", "2", "Leber")))

    assert "site: what does KN^Knie^99X mean? add its entry" in made.todos
    assert loaded(made.text).form.tables["site"] == {"Leber": "10200004"}


def test_a_site_of_which_nothing_is_known_gets_a_table_that_holds_every_message():
    assert form(oru(FDG, CLASS, ("CWE", "LOC^Site^99X", "1", "KN^Knie^99X"))).tables["site"] == {"TODO": "TODO"}


def test_words_of_a_closed_list_need_no_table_when_none_is_known():
    made = drafted(oru(FDG, CLASS, ("CWE", "UPT^Uptake^99X", "1", "Z9^^99X")))

    assert loaded(made.text).form.lesion.uptake[0].lookup is None
    assert "uptake: what does Z9^^99X mean? add its entry" in made.todos


def test_a_code_with_very_many_different_texts_is_asked_about_and_its_texts_are_not_written():
    texts = [("ST", "LOC^Site^99X", str(number), f"Text {number} of Jane") for number in range(1, 70)]
    made = drafted(oru(FDG, CLASS, *texts))

    assert "site: more than 60 different texts were seen: is it free text?" in made.todos
    assert "Jane" not in made.text


@pytest.mark.parametrize(
    ("unit", "spelt", "asked"),
    [
        ("g/mL{SUVbw}", (), False),
        ("g/ml", ("g/ml",), False),
        ("SUV", ("SUV",), False),
        ("kBq/mL", (), True),
        ("", (), True),
    ],
)
def test_the_unit_of_an_suv_is_spelt_or_asked(unit, spelt, asked):
    suv = ("NM", "126401^SUVbw^DCM", "1", "8", unit)
    made = drafted(oru(FDG, CLASS, suv))

    assert loaded(made.text).form.units.get("g/mL{SUVbw}", ()) == spelt
    assert any(todo.startswith("suv") for todo in made.todos) is asked


def test_an_suv_of_another_normalisation_has_its_type_and_unit():
    lean = ("NM", "126402^SUVlbm^DCM", "1", "8", "g/mL{SUVlbm}")
    surface = ("NM", "126403^SUVbsa^DCM", "1", "8", "cm2/mL{SUVbsa}")

    rules = form(oru(FDG, CLASS, lean, surface)).lesion.suv

    assert [(rule.type.value, rule.unit) for rule in rules] == [
        ("SUVlbm", "g/mL{SUVlbm}"),
        ("SUVbsa", "cm2/mL{SUVbsa}"),
    ]


def test_an_suv_by_its_words_is_taken_for_body_weight_and_asked():
    made = drafted(oru(FDG, CLASS, ("NM", "SUVMAX^SUVmax^99X", "1", "8,4", "g/mL")))
    (rule,) = loaded(made.text).form.lesion.suv

    assert (rule.type.value, rule.decimal) == ("SUVbw", ",")
    assert "suv: is SUVMAX^SUVmax^99X normalised by body weight (SUVbw), and the maximum?" in made.todos


@pytest.mark.parametrize(
    ("unit", "expected", "spelt", "asked"),
    [
        ("mm", "mm", {}, False),
        ("Zentimeter", "cm", {"cm": ("Zentimeter",)}, False),
        ("MM", "mm", {"mm": ("MM",)}, False),
        ("inch", "mm", {}, True),
        ("", "mm", {}, True),
    ],
)
def test_the_unit_of_a_size_is_read_or_asked(unit, expected, spelt, asked):
    made = drafted(oru(FDG, CLASS, ("NM", "103339001^Long axis^SCT", "1", "23", unit)))
    found = loaded(made.text).form

    assert found.lesion.size_mm[0].unit == expected
    assert found.units == spelt
    assert any(todo.startswith("size_mm") for todo in made.todos) is asked


def test_a_proportion_is_in_percent_however_that_is_written():
    found = form(oru(FDG, CLASS, ("NM", "29593-1^Ki-67^LN", "", "5", "percent")))

    assert (found.report.ki67[0].unit, found.units) == ("%", {"%": ("percent",)})


@pytest.mark.parametrize(
    ("keys", "parts", "pattern", "asked"),
    [
        (("1", "2"), 1, None, False),
        (("A", "B"), 1, None, False),
        (("1.1", "1.2"), 1, None, False),
        (("1a", "1b"), None, "(?P<row>[0-9]+)[a-z]", True),
        (("L1-1", "L1-2"), None, "(?P<row>[A-Za-z]*[0-9]+)[-_/:][A-Za-z0-9]+", True),
        (("?", "!"), 1, None, True),
    ],
)
def test_the_row_is_read_from_the_shape_of_its_keys(keys, parts, pattern, asked):
    made = drafted(oru(FDG, *(("CWE", "CLS^Class^99X", key, "MAL^Malignant^99X") for key in keys)))
    key = loaded(made.text).form.rows.key

    assert (key.parts, key.pattern) == (parts, pattern)
    assert any(todo.startswith("rows") for todo in made.todos) is asked


def test_without_rows_the_other_kinds_are_named():
    assert any("obx-table" in todo for todo in drafted(oru(FDG)).todos)


def test_what_a_row_is_stays_uncertain_until_a_person_says():
    said, unsaid = drafted(oru(FDG, CLASS)), drafted(oru(FDG))

    assert loaded(said.text).form.lesion.nature[0].absent == "uncertain"
    assert loaded(unsaid.text).form.lesion.nature[0].const == "uncertain"
    assert all(any(todo.startswith("nature") for todo in made.todos) for made in (said, unsaid))


def test_a_code_that_is_not_recognised_is_named_and_prose_is_told_apart():
    made = drafted(oru(FDG, CLASS, ("ST", "GDT^Remark^99X", "", "x"), ("TX", "FND^Findings^99X", "", "y")))

    assert any(todo.startswith("unread: GDT^Remark^99X (ST, no row)") for todo in made.todos)
    assert "# prose, counted and not read: FND^Findings^99X (TX, no row)" in made.text


def test_words_that_stand_where_their_fact_cannot_are_not_taken_for_it():
    made = drafted(oru(FDG, CLASS, ("NM", "S^SUVmax^99X", "", "8"), ("ST", "T^Therapy^99X", "1", "no")))

    assert [todo.split()[1] for todo in made.todos if todo.startswith("unread")] == ["S^SUVmax^99X", "T^Therapy^99X"]


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


def test_no_value_that_identifies_the_patient_stands_in_a_draft():
    message = groups((obr(), FDG, CLASS, ("ST", "112039^Tracking Identifier^DCM", "1", "JANE-DOE-1")))

    text = drafted(message).text

    assert not [value for value in ("123456", "DOE", "JANE", "19600101", "ACC-1", PID) if value in text]


def test_an_observation_without_code_can_be_read_by_no_rule_and_is_counted():
    assert (
        "codes: 2 OBX have no code in OBX-3: they can be read by no rule"
        in drafted(oru(FDG, ("NM", "", "1", "8"), ("NM", "^SUVmax", "1", "8"))).todos
    )


def test_a_code_that_stands_only_as_the_alternate_one_is_taken():
    found = form(oru(FDG, CLASS, ("NM", "^^^SZ^Size^99X", "1", "8", "mm")))

    assert found.lesion.size_mm[0].obx == ("SZ^Size^99X",)


def test_what_cannot_be_seen_is_left_out_and_what_yaml_would_misread_is_quoted():
    hidden = ("CWE", "CLS^Cl\u200bass: a # b^99X", "1", "NO^\u202ebenign^99X")

    found = form(oru(FDG, hidden))

    assert found.lesion.nature[0].obx == ("CLS^Class: a # b^99X",)
    assert found.tables["nature"] == {"NO^benign^99X": "not-tumour"}


def test_a_draft_that_is_settled_by_hand_reads_its_sample():
    sample = oru(FDG, CLASS, ("NM", "126401^SUVbw^DCM", "1", "8", "g/mL{SUVbw}"))
    text = drafted(sample).text.replace("status: draft", "status: active\napproval: {by: x, on: 2026-01-01, ticket: y}")
    mappings = MappingSet((loaded(text),))

    assert mappings.owner_of(Message.parse(sample)).name == "site@0.1.0"
