"""A mapping of FHIR reports that does not hold together is refused, and told what to write."""

import pytest
from fhir_bodies import CANONICAL, changed, site

from adapter.mapping.errors import MappingFileError

WRONG = {
    "rows of nothing": (("  lesion: [lesion^Lesion^99NETPET]", "  members: true"), "told apart by"),
    "an OBX": (("uptake: {code: [uptake^Uptake^99NETPET]", "uptake: {obx: [uptake^Uptake^99NETPET]"), "write `code`"),
    "a field": (("{code: [nature^Nature of the lesion^99NETPET]", "{field: OBX-5"), "write `code`"),
    "a position to match": (("- path: Observation.code", "- path: OBX-3"), "a path into the resources"),
    "a position in the header": (("acquired: [effective]", "acquired: [OBR-7]"), "a path into the resources"),
    "a position as condition": (("lookup: calls}", "lookup: calls, when: {OBR-4: [x]}}"), "a path into the resources"),
    "a position as key": (("  kind: fhir\n", "  kind: fhir\n  key: OBX-4\n"), "a path into the resources"),
    "a position as path": (("{fhirpath: bodySite,", "{fhirpath: OBX-5,"), "a path into the resources"),
    "a path that is none": (("{fhirpath: bodySite,", "{fhirpath: 'bodySite.where(',"), "no path of the subset"),
    "a status elsewhere": (("  zone: UTC", "  status: {field: category}\n  zone: UTC"), "needs a `lookup` table"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mapping_that_does_not_hold_together_is_refused_with_a_cure(name):
    pair, said = WRONG[name]
    with pytest.raises(MappingFileError, match=said):
        changed(pair)


def test_a_mapping_of_v2_has_no_paths_and_no_codes_of_observations():
    v2 = (
        CANONICAL.split("rows:")[0]
        + "rows: {kind: obx-subid, key: {parts: 1}}\n"
        + "lesion:"
        + CANONICAL.split("\nlesion:")[1]
    )

    with pytest.raises(MappingFileError) as refused:
        site(v2)
    said = str(refused.value)
    assert "this mapping reads HL7 v2: write `obx` or `field`" in said
    assert "this mapping reads HL7 v2: write a position (`OBR-4.1`)" in said
