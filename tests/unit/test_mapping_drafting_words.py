"""What a draft knows by its code is sure, what it takes by its words is asked, and what nobody knows is not guessed."""

import pytest
from drafts import CLASS, drafted, form, loaded
from mapping_messages import FDG, ROOT, oru

from adapter.mapping.drafting_survey import Coding
from adapter.mapping.drafting_words import recognised_fact, recognised_tracer, recognised_value
from adapter.mapping.site_mapping import site_mapping


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
