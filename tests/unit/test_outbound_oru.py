"""What a result says is what the score's Observation says, under the order and the patient of the report."""

from dataclasses import replace

import pytest
from fhir_scores import JANE, RENDERING
from oru_results import AGREEMENT, AT, SCORES, publication
from oru_site import Site

from adapter.fhir.rendering import Confirmation
from adapter.outbound.plans.oru_message import UnwritableResultError


async def test_a_score_goes_back_under_the_order_of_its_report():
    site = Site()

    await site.deliver(publication())

    (message,) = site.ehr.messages
    (obr,) = message.all("OBR")
    assert (obr.field(2), obr.field(3), obr.value(25)) == ("PL-fdg^KIS", "ACC-FDG-1^RIS", "P")
    assert message.first("PID").field(3) == "123456^^^HOSP&1.2.276.0.76.3.1.999&ISO^MR"
    assert site.ehr.rows()["ACC-FDG-1^RIS", "netpet-score", ""] == "P2a"


async def test_the_rows_say_what_the_observation_says():
    site = Site()

    await site.deliver(publication("policy"))

    said = {(code, sub): value for (_, code, sub), value in site.ehr.rows().items()}
    assert said["group", ""] == "P2-4"
    assert said["base-grade", ""] == "3"
    assert said["equality-tolerance", ""] == "0.10"
    assert said["scan-interval", ""] == "7"
    assert said["target-lesion", "1"] == "L1"
    assert [said["positivity-basis", sub] for sub in "123"] == ["the reader's call", "liver", "spleen"]
    assert said["algorithm-version", ""] == SCORES["policy"].result.algorithm_version
    assert said["explanation", ""].endswith("Not confirmed by a person.")
    assert "not CE-marked" in said["disclaimer", ""]


@pytest.mark.parametrize("name", sorted(SCORES))
async def test_every_score_can_be_said(name):
    site = Site()

    await site.deliver(publication(name))

    if name == "retracted":
        assert site.ehr.received == []
    else:
        result = SCORES[name].result
        assert site.ehr.messages[0].all("OBX")[0].value(5) == (result.grade or result.outcome.value)


async def test_bounds_are_a_range_and_reasons_a_row_each():
    site = Site()

    await site.deliver(publication("bounds only"))

    rows = {(obx.value(3), obx.value(4)): obx.field(5) for obx in site.ehr.messages[0].all("OBX")}
    assert rows["bounds", ""].startswith("^")
    assert {rows[key].split("^")[0] for key in rows if key[0] == "reason"} == set(SCORES["bounds only"].result.reasons)


async def test_what_is_unknown_has_no_row():
    site = Site()

    await site.deliver(publication("nothing stated"))

    codes = {obx.value(3) for obx in site.ehr.messages[0].all("OBX")}
    assert not codes & {"group", "base-grade", "suffix", "bounds", "scan-range"}


async def test_a_tracer_without_a_verified_code_is_sent_in_words_and_an_unknown_one_not_at_all():
    named, unknown = Site(), Site()
    score = SCORES["P5"]
    sstr = replace(score.sstr.report, study=replace(score.sstr.report.study, tracer="68Ga-DOTATOC"))

    await named.deliver(publication("P5", sstr=replace(score.sstr, report=sstr)))
    await unknown.deliver(publication("unknown tracer"))

    assert named.ehr.rows()["ACC-FDG-1^RIS", "sstr-tracer", ""] == "68Ga-DOTATOC"
    assert "sstr-tracer" not in {obx.value(3) for obx in unknown.ehr.messages[0].all("OBX")}


async def test_a_confirmed_score_is_final_and_says_so():
    site = Site()
    confirmed = replace(RENDERING, confirmation=Confirmation("Dr Ada Roe", AT))

    await site.deliver(publication(rendering=confirmed))

    assert site.ehr.statuses == ["F"]
    assert "Confirmed by a named person." in site.ehr.rows()["ACC-FDG-1^RIS", "explanation", ""]


async def test_of_a_missing_study_the_other_ones_order_is_answered():
    site = Site()

    await site.deliver(publication("no FDG study"))

    assert site.ehr.messages[0].first("OBR").value(3) == "ACC-SSTR-1"


async def test_an_authority_that_is_known_by_its_oid_alone_is_said_once():
    site = Site()
    known = replace(JANE, authority="1.2.3", authority_oid="1.2.3", birth_date="19600101")
    score = SCORES["P5"]
    halves = {
        name: replace(kept, report=replace(kept.report, patient=known))
        for name, kept in (("sstr", score.sstr), ("fdg", score.fdg))
    }

    await site.deliver(publication("P5", **halves))

    pid = site.ehr.messages[0].first("PID")
    assert (pid.field(3), pid.value(7)) == ("123456^^^&1.2.3&ISO^MR", "19600101")


async def test_a_result_that_the_ehr_cannot_read_is_a_lasting_fault_of_the_settings():
    site = Site(agreement=replace(AGREEMENT, envelope=replace(AGREEMENT.envelope, character_set="8859/1")))
    known = replace(JANE, value="Ł-1")
    score = SCORES["P5"]
    fdg = replace(score.fdg, report=replace(score.fdg.report, patient=known))
    sstr = replace(score.sstr, report=replace(score.sstr.report, patient=known))

    error = await site.refused(publication("P5", fdg=fdg, sstr=sstr))

    assert error.permanent
    assert "PID" in str(error)
    assert site.sent.kept == []


async def test_a_publication_without_its_score_is_never_sent_as_something():
    site = Site()

    with pytest.raises(UnwritableResultError):
        await site.deliver(replace(publication(), score=None))
    with pytest.raises(UnwritableResultError):
        await site.deliver(replace(publication(), resources=()))
