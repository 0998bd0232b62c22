from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest
from fhir_scores import RENDERING, every_kind_of_score, lesion, report, score, source

from adapter.fhir.bundle import digest, render_publication, searchset, withdrawn
from adapter.fhir.check import check
from adapter.fhir.json_text import from_json, to_json
from adapter.fhir.operation_outcome import information
from adapter.fhir.rendering import Confirmation
from adapter.fhir.resource import RenderError
from adapter.scoring.report import TracerKind
from adapter.store.resources import without_version

LATER = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CONFIRMED = replace(RENDERING, confirmation=Confirmation("Dr\x00 Roe", LATER))


def publication(*lesions, rendering=RENDERING, **facts):
    return render_publication(score(*lesions, **facts), rendering)


def kinds(resources):
    return [resource["resourceType"] for resource in resources]


def test_each_resource_comes_after_those_that_it_points_to():
    assert kinds(publication(lesion("L1"), lesion("L2"))) == [
        "Device",
        "Observation",
        "Observation",
        "Observation",
        "Provenance",
    ]


def test_every_reference_to_a_resource_of_ours_leads_to_one_sent_before_it():
    sent = set()
    for resource in publication(lesion("L1"), lesion("L2")):
        assert set(references(resource)) <= sent
        sent.add(f"{resource['resourceType']}/{resource['id']}")


def references(element):
    if isinstance(element, dict):
        found = [element["reference"]] if "reference" in element else []
        return found + [one for value in element.values() for one in references(value)]
    return [one for value in element for one in references(value)] if isinstance(element, list) else []


@pytest.mark.parametrize("name", every_kind_of_score())
def test_two_renderings_of_one_score_are_byte_identical(name):
    one, other = (render_publication(every_kind_of_score()[name], RENDERING) for _ in range(2))

    assert to_json(list(one)) == to_json(list(other))
    assert digest(one) == digest(other)


def test_what_is_made_of_one_rendering_leaves_the_next_one_as_it_was():
    first = publication(lesion("L1"), lesion("L2"))
    before = to_json(list(first))

    for one in withdrawn(first, ()):
        without_version(one)

    assert to_json(list(publication(lesion("L1"), lesion("L2")))) == before


def test_what_the_store_gives_back_has_the_same_digest():
    resources = publication()

    assert digest([from_json(to_json(resource)) for resource in resources]) == digest(resources)


def test_no_id_depends_on_the_message_that_brought_the_report():
    sources = {"sstr": report(TracerKind.SSTR, message="m7"), "fdg": report(TracerKind.FDG, message="m9")}

    assert publication() == publication(**sources)


def test_the_order_of_rows_changes_nothing():
    rows = [lesion("L1"), lesion("L2"), lesion("L3")]

    assert len({digest(publication(*order)) for order in permutations(rows)}) == 1


def test_a_correction_keeps_every_id():
    before, after = publication(), publication(grade="P5", corrected=True)

    assert [one["id"] for one in before] == [one["id"] for one in after]
    assert digest(before) != digest(after)


def test_ids_of_two_scores_have_nothing_in_common_but_the_device():
    one, other = publication(), publication(id="0d0f3c52-6d55-5a55-9d0c-1f4d6f3f7c11")

    assert {resource["id"] for resource in one} & {resource["id"] for resource in other} == {one[0]["id"]}


def test_a_score_that_cannot_be_rendered_sends_nothing():
    with pytest.raises(RenderError):
        publication(id="not an id")


def test_a_lesion_that_a_correction_took_back_is_withdrawn():
    before, now = publication(lesion("L1"), lesion("L2")), publication(lesion("L1"))

    (gone,) = withdrawn(before, now)

    assert (gone["id"], gone["status"]) == (before[2]["id"], "entered-in-error")
    check(gone)


def test_a_score_that_no_longer_stands_is_withdrawn_with_all_its_lesions():
    assert kinds(withdrawn(publication(), ())) == ["Observation", "Observation"]


def test_what_is_withdrawn_says_so_to_readers_of_the_text_alone():
    for gone in withdrawn(publication(), ()):
        assert "WITHDRAWN" in gone["text"]["div"]
        assert "WITHDRAWN" in gone["note"][0]["text"]


def test_withdrawing_twice_changes_nothing():
    once = withdrawn(publication(), ())

    assert withdrawn(once, ()) == once


def test_nothing_is_withdrawn_where_nothing_went_away():
    assert withdrawn(publication(), publication(corrected=True)) == ()


def provenance(rendering=RENDERING, **facts):
    return publication(rendering=rendering, **facts)[-1]


def test_provenance_points_to_the_score_and_says_when_its_newest_message_was_kept():
    newest = replace(report(TracerKind.FDG), source=source("m2", LATER))
    found = provenance(fdg=newest)

    assert found["target"][0]["reference"] == f"Observation/{score().id}"
    assert found["recorded"] == "2026-11-21T08:00:00Z"


def sources(resource):
    return [entity["what"]["identifier"]["value"] for entity in resource["entity"]]


def test_provenance_names_reports_message_and_mapping():
    assert sources(provenance()) == ["ACC-SSTR-1", "MSG00001", "ab" * 32, "canonical@1", "cd" * 32, "ACC-FDG-1"]


def test_provenance_says_which_version_of_the_report_was_read():
    words = provenance()["entity"][0]["what"]["display"]

    assert words == "SSTR PET report, final, issued 2026-11-20T10:11:15+01:00"


def test_a_report_that_names_no_time_of_issue_is_named_without():
    fdg = report(TracerKind.FDG)
    fdg = replace(fdg, report=replace(fdg.report, issued=None))

    assert provenance(fdg=fdg)["entity"][-1]["what"]["display"] == "FDG PET report, final"


def test_a_message_without_control_id_is_named_by_its_hash():
    bundle = replace(source(), control_id="\x00")
    found = provenance(sstr=replace(report(TracerKind.SSTR), source=bundle), fdg=None)

    assert sources(found)[1] == "ab" * 32


def agents(resource):
    return [agent["type"]["coding"][0]["code"] for agent in resource["agent"]]


def test_software_put_the_score_together_and_nobody_verified_it():
    assert agents(provenance()) == ["assembler"]


def test_who_confirmed_the_score_is_its_verifier():
    found = provenance(CONFIRMED)

    assert agents(found) == ["assembler", "verifier"]
    assert found["agent"][1]["who"] == {"type": "Practitioner", "display": "Dr Roe"}


def test_a_confirmation_is_recorded_when_it_was_made():
    assert provenance(CONFIRMED)["recorded"] == "2026-11-21T08:00:00Z"


def test_a_confirmation_by_nobody_is_refused():
    with pytest.raises(RenderError):
        provenance(replace(RENDERING, confirmation=Confirmation(" ", LATER)))


def test_a_time_of_keeping_without_a_zone_is_refused():
    with pytest.raises(RenderError):
        provenance(fdg=replace(report(TracerKind.FDG), source=source("m2", datetime(2026, 11, 21))))  # noqa: DTZ001 - the fault


def test_whether_it_was_a_create_or_an_update_is_left_to_the_destination():
    assert "activity" not in provenance()


def test_a_page_of_a_search_counts_all_matches_and_leads_on():
    resources = publication()
    links = {"self": "http://localhost/fhir/Observation", "next": "http://localhost/fhir/Observation?page=2"}

    bundle = searchset("http://localhost/fhir/", resources, 40, links)

    check(bundle)
    assert (bundle["total"], [link["relation"] for link in bundle["link"]]) == (40, ["self", "next"])
    assert bundle["entry"][2]["fullUrl"] == f"http://localhost/fhir/Observation/{score().id}"


def test_a_search_without_matches_has_no_entries():
    bundle = searchset("http://localhost/fhir", (), 0, {})

    check(bundle)
    assert bundle == {"resourceType": "Bundle", "type": "searchset", "total": 0}


def test_a_warning_travels_as_the_outcome_of_the_search():
    bundle = searchset("http://localhost/fhir", (information("A parameter was ignored."),), 0, {})

    check(bundle)
    assert bundle["entry"][0]["search"] == {"mode": "outcome"}
