"""A code table leaves as a FHIR ConceptMap and comes back as the same table; what is not one to one does not."""

import pytest
from fhir.resources.R4B.conceptmap import ConceptMap
from mapping_messages import MAPPINGS, SITE, site

from adapter.mapping.concept_map import ConceptMapError, concept_map, table_of
from adapter.mapping.site_mapping import site_mapping

CANONICAL = site_mapping((MAPPINGS / "canonical.yaml").read_bytes(), "canonical.yaml")


@pytest.mark.parametrize("table", CANONICAL.form.tables)
def test_every_table_of_the_canonical_mapping_goes_out_and_comes_back(table):
    resource = concept_map(CANONICAL, table)
    ConceptMap.model_validate(resource)
    assert table_of(resource) == CANONICAL.form.tables[table]


def test_a_code_that_means_a_snomed_ct_code_names_its_system():
    (group,) = concept_map(CANONICAL, "sides")["group"]
    assert group["source"] == group["target"] == "http://snomed.info/sct"


def test_a_word_without_system_has_no_source():
    (group,) = concept_map(CANONICAL, "therapy")["group"]
    assert group == {
        "element": [
            {"code": "no", "target": [{"code": "no", "equivalence": "relatedto"}]},
            {"code": "yes", "target": [{"code": "yes", "equivalence": "relatedto"}]},
        ]
    }


def test_the_same_table_has_the_same_address_for_ever():
    assert concept_map(CANONICAL, "calls")["url"] == concept_map(CANONICAL, "calls")["url"]
    assert concept_map(CANONICAL, "calls")["url"] != concept_map(CANONICAL, "sides")["url"]


def test_a_local_system_goes_out_under_the_uri_that_the_mapping_gives_it():
    with pytest.raises(ConceptMapError, match="99STE has no URI"):
        concept_map(site(SITE), "tracers")
    named = site(SITE + "systems: {99STE: [STELSE, 'urn:oid:1.2.3']}\n")
    resource = concept_map(named, "tracers")
    assert resource["group"][0]["source"] == "urn:oid:1.2.3"
    assert table_of(resource) == {"PETGA68^^urn:oid:1.2.3": "68Ga-DOTATATE", "PETFDG^^urn:oid:1.2.3": "18F-FDG"}


def test_a_table_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConceptMapError, match="it has: tracers, nature, sites"):
        concept_map(site(SITE), "calls")


def element(**members):
    one = {"code": "A", "target": [{"code": "positive", "equivalence": "equal"}]} | members
    return {"resourceType": "ConceptMap", "group": [{"source": "http://loinc.org", "element": [one]}]}


def test_a_map_made_elsewhere_is_read_where_it_is_one_to_one():
    assert table_of(element(display="Alpha")) == {"A^Alpha^LN": "positive"}


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"resourceType": "ValueSet"}, "no ConceptMap"),
        ({"resourceType": "ConceptMap"}, "holds no element"),
        ({"resourceType": "ConceptMap", "group": {}}, "group is a list"),
        ({"resourceType": "ConceptMap", "group": ["x"]}, "group is a list"),
        ({"resourceType": "ConceptMap", "group": [{"source": 1}]}, "source is text"),
        (element(code=""), "needs a code, and one target"),
        (element(target=[]), r"group\[0\].element\[0\]: needs a code, and one target"),
        (element(target=[{"code": "x", "equivalence": "wider"}]), "needs a code, and one target"),
        (element(target=[{"equivalence": "equal"}]), "a target without code"),
        (element(code="A^B"), "write this entry by hand"),
    ],
)
def test_what_is_not_one_to_one_is_refused_with_its_place(resource, said):
    with pytest.raises(ConceptMapError, match=said):
        table_of(resource)


def test_a_code_that_stands_there_twice_is_refused():
    resource = element()
    resource["group"] *= 2
    with pytest.raises(ConceptMapError, match="a second time"):
        table_of(resource)
