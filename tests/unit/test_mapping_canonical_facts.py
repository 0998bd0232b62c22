"""Every fact of the canonical form, from the segment that carries it to the content model."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from mapping_messages import FDG, NEGATIVE, POSITIVE, SSTR, canonical, obr, oru, outcome, own, report, row

from adapter.mapping.tables import interval_text
from adapter.scoring.lesion import Count, Finding, Interval, Nature, Relation, Suv, SuvStatistic, SuvType, Uptake
from adapter.scoring.report import PatientIdentity, ReportStatus, TracerKind


def suv(interval, kind=SuvType.BODY_WEIGHT, *, supported=True):
    return Suv(interval, kind, SuvStatistic.MAX, supported)


def exactly(text):
    return Interval.exactly(Decimal(text))


def test_the_example_of_the_formats_page_is_read_whole():
    found = report(
        oru(
            FDG,
            own("lesions-complete", "", "yes"),
            ("ST", "112039^Tracking Identifier^DCM", "1", "L1"),
            ("CWE", "363698007^Finding site^SCT", "1", "10200004^Liver^SCT"),
            POSITIVE,
            ("NM", "126401^SUVbw^DCM", "1", "3.0", "g/mL{SUVbw}^^UCUM"),
            ("NM", "103339001^Long axis^SCT", "1", "23", "mm^^UCUM"),
            head=obr("ACC-FDG-1^RIS", procedure="81555-5^PET+CT whole body FDG^LN"),
        )
    )

    assert found.patient == PatientIdentity("123456", "HOSP", "", "MR", "19600101")
    assert (found.accession, found.accession_authority, found.order) == ("ACC-FDG-1", "RIS", "PL1")
    assert found.procedure == "81555-5^PET+CT whole body FDG^LN"
    assert found.kind is TracerKind.FDG
    assert found.study.tracer == "18F-FDG"
    assert found.study.acquired == datetime(2026, 11, 19, 10, 5, tzinfo=timezone(timedelta(hours=1)))
    assert found.issued == datetime(2026, 11, 20, 10, 15, tzinfo=timezone(timedelta(hours=1)))
    assert found.study.status is ReportStatus.FINAL
    assert found.study.lesions_complete is True
    assert found.notes == ()
    (lesion,) = found.rows
    assert (lesion.row, lesion.tracking_id, lesion.site, lesion.size_mm) == ("1", "L1", "10200004", Decimal(23))
    assert lesion.finding == Finding(Uptake.POSITIVE, suv=suv(exactly("3.0")))
    assert (lesion.nature, lesion.count, lesion.paired) == (Nature.TUMOUR, None, None)


def test_a_report_names_the_mapping_that_read_it():
    found = outcome(oru(FDG))

    assert (found.mapping_id, found.mapping_version, len(found.mapping_sha256)) == ("canonical", "1.0.0", 64)


@pytest.mark.parametrize(
    ("code", "tracer", "kind"),
    [
        ("35321007^Fluorodeoxyglucose F-18^SCT", "18F-FDG", TracerKind.FDG),
        ("35321007^Fluorodeoxyglucose F-18^SNM", "18F-FDG", TracerKind.FDG),
        ("724025002^Gallium Ga-68 dotatate^SCT", "68Ga-DOTATATE", TracerKind.SSTR),
        ("C2713594^Edotreotide^UMLS", "68Ga-DOTATOC", TracerKind.SSTR),
        ("68ga-dotanoc^^99NETPET", "68Ga-DOTANOC", TracerKind.SSTR),
        ("64cu-dotatate^^99NETPET", "64Cu-DOTATATE", TracerKind.SSTR),
        ("18f-alf-nota-octreotide^^99NETPET", "18F-AlF-NOTA-octreotide", TracerKind.SSTR),
        ("68ga-sitate^^99NETPET", "68Ga-SiTATE", TracerKind.SSTR),
        ("781259000^Lutetium Lu-177 dotatate^SCT", "177Lu-DOTATATE", TracerKind.SSTR),
        ("GA68^Ga-68 dotatate^L^724025002^Gallium Ga-68 dotatate^SCT", "68Ga-DOTATATE", TracerKind.SSTR),
    ],
)
def test_a_tracer_is_known_by_its_code_and_system(code, tracer, kind):
    found = report(oru(("CWE", "123001^Radiopharmaceutical^DCM", "", code)))

    assert (found.study.tracer, found.kind) == (tracer, kind)


@pytest.mark.parametrize(
    ("observation", "fact", "value"),
    [
        (own("lesions-complete", "", "yes"), "lesions_complete", True),
        (own("lesions-complete", "", "no"), "lesions_complete", False),
        (own("no-tumour-uptake", "", "yes"), "no_tumour_uptake", True),
        (own("intervening-therapy", "", "no"), "therapy", False),
        (own("intervening-therapy", "", "NO"), "therapy", False),
        (own("intervening-therapy", "", "yes"), "therapy", True),
        (own("intervening-therapy", "", "two cycles of PRRT in August"), "therapy", True),
        (own("intervening-therapy", "", "20260801", "DT"), "therapy", True),
        (own("reader-grade", "", "P2a"), "reader_grade", "P2a"),
        (own("reader-grade", "", "p5^P5^99NETPET", "CWE"), "reader_grade", "P5"),
        (own("extent", "", "metastatic^Metastatic^99NETPET", "CWE"), "extent", "metastatic"),
        (own("extent", "", "unresectable"), "extent", "unresectable"),
        (own("extent", "", "localised"), "extent", "localised"),
        (own("primary-site", "", "15776009^Pancreas^SCT", "CWE"), "primary_site", "15776009"),
        (own("primary-site", "", "^Jejunum", "CWE"), "primary_site", "Jejunum"),
        (own("who-grade", "", "G2"), "who_grade", "G2"),
        (("NM", "29593-1^Ki-67^LN", "", "12.50", "%"), "ki67", "12.5"),
        (("SN", "29593-1^Ki-67^LN", "", "^3^-^20", "%"), "ki67", "3-20"),
        (("SN", "29593-1^Ki-67^LN", "", "<^2", "%"), "ki67", "<2"),
    ],
)
def test_a_fact_of_the_report(observation, fact, value):
    assert getattr(report(oru(FDG, observation)).study, fact) == value


@pytest.mark.parametrize("tissue", ["liver", "spleen", "blood-pool"])
def test_the_suv_of_a_reference_tissue(tissue):
    found = report(oru(SSTR, ("NM", f"{tissue}-suv^x^99NETPET", "", "6.1", "g/mL")))

    assert getattr(found.study, f"{tissue.replace('-', '_')}_suv") == suv(exactly("6.1"))


def test_what_a_report_does_not_state_is_not_stated():
    study = report(oru(FDG)).study

    assert (study.lesions_complete, study.therapy, study.extent, study.liver_suv) == (None, None, None, None)
    assert study.no_tumour_uptake is False


@pytest.mark.parametrize(
    ("code", "uptake"),
    [
        ("10828004^Positive^SCT", Uptake.POSITIVE),
        ("260385009^Negative^SCT", Uptake.NEGATIVE),
        ("42425007^Equivocal^SCT", Uptake.EQUIVOCAL),
        ("not-evaluable^Not evaluable^99NETPET", Uptake.NOT_EVALUABLE),
    ],
)
def test_an_uptake_call(code, uptake):
    assert row(oru(FDG, ("CWE", "uptake^Uptake^99NETPET", "1", code))).finding.uptake is uptake


def test_a_row_without_an_uptake_call_is_mentioned_and_unknown_never_silent():
    finding = row(oru(FDG, ("ST", "112039^Tracking Identifier^DCM", "1", "L1"))).finding

    assert finding.uptake is Uptake.UNKNOWN
    assert not finding.is_silent


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("kind", ["NM", "ST"])
def test_a_krenning_score(kind, number):
    assert row(oru(SSTR, own("krenning", "1", str(number), kind))).finding.krenning == number


@pytest.mark.parametrize(
    ("value", "kind", "count"),
    [
        ("2", "NM", Count(2, 2)),
        (">=^3", "SN", Count(3, None)),
        (">^2", "SN", Count(3, None)),
        ("^2^-^5", "SN", Count(2, 5)),
        ("<^4", "SN", Count(1, 3)),
        ("<=^4", "SN", Count(1, 4)),
        ("two", "ST", Count(2, 2)),
        ("Multiple", "ST", Count(2, None)),
        ("several", "ST", Count(2, None)),
        ("numerous^^99NETPET", "CWE", Count(3, None)),
        ("innumerable", "ST", Count(3, None)),
        ("diffuse", "ST", Count(3, None)),
        (">=4", "ST", Count(4, None)),
    ],
)
def test_how_many_lesions_a_row_stands_for(value, kind, count):
    assert row(oru(SSTR, own("lesion-count", "1", value, kind))).count == count


@pytest.mark.parametrize(
    ("word", "relation"),
    [("fdg-lower", Relation.FDG_LOWER), ("fdg-equal", Relation.FDG_EQUAL), ("fdg-higher", Relation.FDG_HIGHER)],
)
def test_the_readers_word_for_fdg_against_sstr(word, relation):
    assert row(oru(FDG, own("relative-uptake", "1", word))).relation is relation


@pytest.mark.parametrize("nature", Nature)
def test_what_a_row_is(nature):
    assert row(oru(FDG, own("nature", "1", nature.value))).nature is nature


@pytest.mark.parametrize(("word", "value"), [("yes", True), ("no", False)])
def test_whether_the_members_of_a_row_are_paired(word, value):
    assert row(oru(FDG, own("paired", "1", word))).paired is value


@pytest.mark.parametrize(("word", "value"), [("yes", True), ("no", False)])
def test_whether_a_lesion_was_in_the_field_of_view(word, value):
    assert row(oru(FDG, NEGATIVE, own("in-field", "1", word))).finding.in_field is value


@pytest.mark.parametrize("side", ["24028007", "7771000", "51440002"])
def test_a_side(side):
    assert row(oru(FDG, ("CWE", "272741003^Laterality^SCT", "1", f"{side}^Side^SCT"))).laterality == side


@pytest.mark.parametrize(
    "site",
    [code.split("^")[0] for code in canonical().mappings[0].form.tables["sites"]],
)
def test_a_site(site):
    assert row(oru(FDG, ("CWE", "363698007^Finding site^SCT", "1", f"{site}^Site^SCT"))).site == site


def test_the_sites_of_the_clinical_contract_are_all_there():
    assert len(canonical().mappings[0].form.tables["sites"]) == 21


def test_an_interval_without_any_bound_says_nothing():
    assert interval_text(Interval(None, None)) == ""


def test_a_tracking_uid():
    uid = "2.25.54930188285360043366174129075465106905.1"

    assert row(oru(FDG, ("ST", "112040^Tracking UID^DCM", "1", uid))).tracking_uid == uid


@pytest.mark.parametrize("code", ["uptake^Uptake^99netpet", "UPTAKE^^99NETPET", "U1^Call^L^uptake^Uptake^99NETPET"])
def test_a_code_is_known_in_any_case_and_as_an_alternate(code):
    assert row(oru(FDG, ("CWE", code, "1", "10828004^Positive^SCT"))).finding.uptake is Uptake.POSITIVE


def test_parts_of_a_row_are_that_row_and_rows_come_in_their_own_order():
    lesions = [("ST", "112039^Tracking Identifier^DCM", key, f"L{key}") for key in ("10.1", "2.1", "b", "1.1")]
    found = report(oru(FDG, *lesions, ("CWE", "uptake^Uptake^99NETPET", "2.7", "260385009^Negative^SCT")))

    assert [lesion.row for lesion in found.rows] == ["1", "2", "10", "b"]
    assert found.rows[1].tracking_id == "L2.1"
    assert found.rows[1].finding.uptake is Uptake.NEGATIVE
