"""Every fact of the canonical form, from the segment that carries it to the content model."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from mapping_messages import FDG, MSH, NEGATIVE, PID, POSITIVE, SSTR, canonical, obr, oru, outcome, own, report, row

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
    ("kind", "text", "interval"),
    [
        ("NM", "23.4", exactly("23.4")),
        ("ST", "23.4", exactly("23.4")),
        ("SN", "^23.4", exactly("23.4")),
        ("SN", "^4^-^9", Interval(Decimal(4), Decimal(9))),
        ("SN", "<^2.5", Interval.below(Decimal("2.5"))),
        ("SN", "<=^2.5", Interval.below(Decimal("2.5"), inclusive=True)),
        ("SN", ">^12", Interval.above(Decimal(12))),
        ("SN", ">=^12", Interval.above(Decimal(12), inclusive=True)),
        ("NM", "0", exactly("0")),
        ("NM", "-1.5", exactly("-1.5")),
    ],
)
def test_an_suv_is_a_number_a_range_or_a_comparator_and_nonsense_is_left_to_scoring(kind, text, interval):
    observation = (kind, "126401^SUVbw^DCM", "1", text, "g/mL{SUVbw}^^UCUM")

    assert row(oru(SSTR, observation)).finding.suv == suv(interval)


def test_an_suv_that_could_not_be_computed_is_passed_on_as_no_number():
    found = row(oru(SSTR, POSITIVE, ("NM", "126401^SUVbw^DCM", "1", "NaN", "g/mL")))

    assert found.finding.uptake is Uptake.POSITIVE
    assert found.finding.suv.value.low.is_nan()


@pytest.mark.parametrize(
    "unit", ["g/mL{SUVbw}^^UCUM", "g/mL", "1", "g/ml{SUVbw}", "{SUVbw}g/mL", "^g/mL", "x^y^L^g/mL"]
)
def test_the_units_of_an_suv_by_body_weight(unit):
    found = report(oru(SSTR, ("NM", "126401^SUVbw^DCM", "1", "8", unit)))

    assert found.rows[0].finding.suv == suv(exactly("8"))
    assert found.notes == ()


@pytest.mark.parametrize("unit", ["kBq/mL^^UCUM", "%ID/g", "g/mL{SUVlbm}", "mm"])
def test_an_suv_in_a_foreign_unit_is_kept_and_marked_unusable(unit):
    found = report(oru(SSTR, ("NM", "126401^SUVbw^DCM", "1", "8", unit)))

    assert found.rows[0].finding.suv == suv(exactly("8"), supported=False)
    assert found.notes == ("unit not supported OBX[2]-6: lesion.suv",)


def test_an_suv_without_a_unit_is_accepted_with_a_note():
    found = report(oru(SSTR, ("NM", "126401^SUVbw^DCM", "1", "8")))

    assert found.rows[0].finding.suv == suv(exactly("8"))
    assert found.notes == ("unit missing OBX[2]-6: lesion.suv",)


@pytest.mark.parametrize(
    ("code", "kind", "unit"),
    [
        ("126402", SuvType.LEAN_BODY_MASS, "g/mL{SUVlbm}"),
        ("126403", SuvType.BODY_SURFACE, "cm2/ml{SUVbsa}"),
        ("126404", SuvType.IDEAL_WEIGHT, "g/mL{SUVibw}"),
        ("126405", SuvType.LEAN_BODY_MASS_JANMA, "g/mL"),
        ("126406", SuvType.LEAN_BODY_MASS_JAMES, "1"),
    ],
)
def test_an_suv_keeps_its_own_normalisation(code, kind, unit):
    assert row(oru(SSTR, ("NM", f"{code}^SUV^DCM", "1", "8", unit))).finding.suv == suv(exactly("8"), kind)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_normalisations_in_one_row_body_weight_is_taken_and_the_other_named(order):
    both = [("NM", "126401^SUVbw^DCM", "1", "8", "g/mL"), ("NM", "126402^SUVlbm^DCM", "1", "6", "g/mL")]
    found = report(oru(SSTR, *both[::order]))

    assert found.rows[0].finding.suv == suv(exactly("8"))
    assert len(found.notes) == 1
    assert "another value is preferred" in found.notes[0]


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


@pytest.mark.parametrize(
    ("kind", "text", "unit", "millimetres"),
    [
        ("NM", "23", "mm^^UCUM", "23"),
        ("NM", "2.3", "cm^^UCUM", "23"),
        ("ST", "23", "mm", "23"),
        ("ST", "1.2 x 0.9 cm", "", "12"),
        ("ST", "1.2 x 0.9", "cm", "12"),
        ("TX", "4mmx6mm", "", "6"),
    ],
)
def test_a_size_is_the_long_axis_in_millimetres(kind, text, unit, millimetres):
    found = report(oru(FDG, (kind, "103339001^Long axis^SCT", "1", text, unit)))

    assert found.rows[0].size_mm == Decimal(millimetres)
    assert found.notes == ()


def test_a_size_without_a_unit_is_millimetres_with_a_note():
    found = report(oru(FDG, ("NM", "103339001^Long axis^SCT", "1", "23")))

    assert found.rows[0].size_mm == Decimal(23)
    assert found.notes == ("unit missing OBX[2]-6: lesion.size_mm",)


@pytest.mark.parametrize("code", ["uptake^Uptake^99netpet", "UPTAKE^^99NETPET", "U1^Call^L^uptake^Uptake^99NETPET"])
def test_a_code_is_known_in_any_case_and_as_an_alternate(code):
    assert row(oru(FDG, ("CWE", code, "1", "10828004^Positive^SCT"))).finding.uptake is Uptake.POSITIVE


def test_parts_of_a_row_are_that_row_and_rows_come_in_their_own_order():
    lesions = [("ST", "112039^Tracking Identifier^DCM", key, f"L{key}") for key in ("10.1", "2.1", "b", "1.1")]
    found = report(oru(FDG, *lesions, ("CWE", "uptake^Uptake^99NETPET", "2.7", "260385009^Negative^SCT")))

    assert [lesion.row for lesion in found.rows] == ["1", "2", "10", "b"]
    assert found.rows[1].tracking_id == "L2.1"
    assert found.rows[1].finding.uptake is Uptake.NEGATIVE


def test_a_patient_is_the_first_identifier_with_its_authority_by_oid_where_it_has_one():
    pid = "PID|1||77^^^HOSP&1.2.3&ISO^MR~88^^^NHS^NH||DOE^JANE||1960"

    assert report(oru(FDG, pid=pid)).patient == PatientIdentity("77", "HOSP", "1.2.3", "MR", None)


@pytest.mark.parametrize("birth", ["", "unknown", "196001", '""'])
def test_a_birth_date_that_is_no_day_is_left_out(birth):
    assert report(oru(FDG, pid=f"PID|1||1^^^HOSP||DOE^JANE||{birth}")).patient.birth_date is None


@pytest.mark.parametrize(
    ("head", "accession"),
    [
        ("OBR|1|PL1|FILL1|81555-5^PET^LN|||20261119||||||||||||||||||F", "FILL1"),
        ("OBR|1|PL1||81555-5^PET^LN|||20261119|||||||||||ACC18|||||||F", "ACC18"),
        ("OBR|1|PL1||81555-5^PET^LN|||20261119||||||||||||||||||F", "PL1"),
    ],
)
def test_the_accession_is_the_filler_number_else_obr_18_else_the_placer_number(head, accession):
    assert report(oru(FDG, head=head)).accession == accession


def test_the_order_is_found_in_orc_where_obr_has_none():
    message = oru(FDG, head="ORC|RE|PL9\rOBR|1||FILL1||||20261119||||||||||||||||||F")

    assert report(message).order == "PL9"


def test_the_report_has_its_own_time_in_obr_22():
    head = "OBR|1|PL1|FILL1|81555-5^PET^LN|||20261119|||||||||||||||20261121083000+0000|||F"

    assert report(oru(FDG, head=head)).issued == datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


def test_a_time_without_an_offset_has_that_of_the_message():
    found = report(oru(FDG, head=obr(time="202611190005")))

    assert found.study.acquired.isoformat() == "2026-11-19T00:05:00+01:00"
    assert found.notes == ()


def test_a_time_without_any_offset_has_the_zone_of_the_mapping_and_a_note():
    found = report(oru(FDG, head=obr(time="20261119"), msh=MSH.replace("+0100", "")))

    assert found.study.acquired.isoformat() == "2026-11-19T00:00:00+00:00"
    assert found.notes == ("no time zone OBR[1]-7: UTC taken", "no time zone MSH[1]-7: UTC taken")


@pytest.mark.parametrize("time", ["", "2026", "202611"])
def test_an_acquisition_without_a_day_is_not_known(time):
    found = report(oru(FDG, head=obr(time=time)))

    assert found.study.acquired is None
    assert found.notes == (("names no day OBR[1]-7",) if time else ())


def test_a_report_without_any_time_has_none():
    assert report(oru(FDG, msh=MSH.replace("20261120101500+0100", ""))).issued is None


def test_the_patient_named_twice_alike_is_one_patient():
    message = oru(FDG) + "\r" + PID.replace("19600101", "") + "\r" + oru(SSTR, head=obr("ACC-2")).split("\r", 2)[2]

    assert len(outcome(message).reports) == 2
